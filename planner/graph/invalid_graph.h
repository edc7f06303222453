// What is wrong with a graph, and where.
#pragma once
#include <string>
#include <utility>

#include "rondo/result.h"

namespace rondo {

inline Error invalid_graph(std::string message, const Place& place) {
  return make_error(ErrorCode::kInvalidGraph, std::move(message), place);
}

}  // namespace rondo
