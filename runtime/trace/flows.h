// The edges that tokens draw between ops, each once: what a trace shows as arrows.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"

namespace rondo::runtime {

// The op at position `from` of an order sends the signal that the op at `to` is the
// first to wait for.
struct Flow {
  uint32_t from = 0;
  uint32_t to = 0;
};

// In the order of `to`. `order` is the canonical one of a verified schedule.
std::vector<Flow> flows_of(const Schedule& schedule, const std::vector<uint32_t>& order);

}  // namespace rondo::runtime
