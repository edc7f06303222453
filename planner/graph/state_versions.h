// Which tensors are a state, before or after operators that change it.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/graph.h"

namespace rondo {

// By tensor: the state that it is a version of, or kNone. Works on any order of operators;
// an operator that changes what is no state gives no version.
std::vector<uint32_t> state_versions(const Graph& graph);

// By tensor: the version of a state it is or sees through views, or kNone. What reads such
// a tensor must do so before the version is changed.
std::vector<uint32_t> versions_seen(const Graph& graph);

}  // namespace rondo
