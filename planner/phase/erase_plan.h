// When stale values are subtracted: at once, or spread over the half-layers in which a
// neuron or a head is to spare.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/lifetimes.h"
#include "planner/phase/phase_schedule.h"

namespace rondo::phase {

// What each half-layer of a placement does besides erasing.
struct HalfLayerWork {
  std::vector<uint32_t> born;      // dims that come to rest after it, averages not among them
  std::vector<uint32_t> averages;  // and those
  std::vector<uint32_t> dying;     // dims at rest that it is the last to read
  std::vector<uint32_t> passed;    // dims whose slot a persist of it reads: one passthrough each
  uint32_t heads = 0;              // of its lookups
  uint32_t neurons = 0;            // ReGLU
};
std::vector<HalfLayerWork> half_layer_work(const GateGraph& graph, uint32_t layers,
                                           std::span<const uint32_t> phase_of_op, std::span<const Lifetime> lives);

struct EraseLimits {
  uint32_t columns = 0;  // slots, and twice the heads of a half-layer
  uint32_t neurons = 0;  // of a half-layer
};

constexpr int32_t kNeverErased = Lifetime::kForever;

// The half-layer that subtracts each dim, kNeverErased for those that need not go, or
// nothing when the limits cannot be kept. Erases as early as a neuron or head is to
// spare, which in the modes delayed and fused finds a plan whenever there is one: stale
// values are alike, an earlier erasure leaves more clean slots to every later half-layer,
// and only an erasure in the half-layer of a passthrough of the same slot is free, which
// happens at death or not at all.
std::optional<std::vector<int32_t>> plan_erases(const GateGraph& graph, std::span<const HalfLayerWork> work,
                                                std::span<const Lifetime> lives, Mode mode, const EraseLimits& limits);

// Least columns, then fewest neurons at that many columns (`columns` 0) or at those given.
// Nothing when `columns` is too few.
struct LazyPlan {
  EraseLimits limits;
  std::vector<int32_t> erase_of_dim;
};
std::optional<LazyPlan> plan_lazy(const GateGraph& graph, std::span<const HalfLayerWork> work,
                                  std::span<const Lifetime> lives, Mode mode, uint32_t columns);

}  // namespace rondo::phase
