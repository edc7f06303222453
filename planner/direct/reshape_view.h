// A reshape without a copy.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "planner/direct/tensor_views.h"

namespace rondo::direct {

// The view `x`, of shape `from`, under the shape `to` of equally many elements; nothing
// where strides cannot say it. Labels that it needs are added.
//
// Axes fall into the smallest runs that have equally many elements in both shapes. A run
// is split or merged within the label: merging needs label axes that follow one another,
// all but the first of them whole; splitting needs the label axis to begin and end at
// multiples of what is split off.
std::optional<TensorView> reshape_view(const TensorView& x, const std::vector<uint32_t>& from,
                                       const std::vector<uint32_t>& to, Labels& labels);

// Each axis of the label keeps within the rows of the last axis of the tensor, or walks
// whole ones: only then can rows lie apart from each other.
bool has_strides_with_pitch(const Label& label, const GraphTensor& root);

}  // namespace rondo::direct
