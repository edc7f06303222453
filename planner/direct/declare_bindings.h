// What the tensors of a graph are in a schedule: bindings of the host, and names for the
// shapes they are seen in. For every strategy.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "planner/direct/tensor_views.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

// `wanted`, with underscores behind it until no tensor of the graph is called so.
std::string free_name(const Graph& graph, std::string wanted);

// The binding of an input, constant, output, state or table; returns its base. Scalars of
// the schedule are numbered as those of the graph.
uint16_t declare_binding(const GraphTensor& tensor, ScheduleBuilder& builder);

// Names for the shapes under which elements are named that have another one where they
// lie. `label_id` holds, by label, the number of each tensor of the schedule, kNone where
// there is none; those of other labels are put in.
void declare_aliases(const Graph& graph, const TensorViews& views, ScheduleBuilder& builder,
                     std::vector<uint32_t>& label_id);

}  // namespace rondo::direct
