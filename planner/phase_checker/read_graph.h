// The two file formats, each into a graph without what is derived from it.
#pragma once
#include "planner/phase_checker/graph.h"
#include "planner/phase_checker/json_fields.h"

namespace rondo::phase_checker {

// False with the error in `fields`.
bool read_layered(const json::Node& document, JsonFields& fields, Graph& graph);
bool read_strict(const json::Node& document, JsonFields& fields, Graph& graph);

}  // namespace rondo::phase_checker
