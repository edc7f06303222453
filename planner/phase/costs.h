// What a schedule costs to run as a transformer: the formulas of transformer-vm's
// benchmarks (one token, dense weights, D columns, F neurons, L layers, V words).
#pragma once
#include <cstdint>

#include "planner/phase/phase_schedule.h"

namespace rondo::phase {

// Words of the published interpreter.
inline constexpr uint32_t kPublishedVocabulary = 915;

// L (8 D^2 + 6 F D) + 2 V D
constexpr uint64_t flops_per_token(const PhaseSchedule& schedule, uint32_t vocabulary = kPublishedVocabulary) {
  const uint64_t d = d_model_of(schedule), f = schedule.d_ffn;
  return schedule.layers * (8 * d * d + 6 * f * d) + 2 * uint64_t{vocabulary} * d;
}
// L (4 D^2 + 3 F D) + 2 V D
constexpr uint64_t parameters(const PhaseSchedule& schedule, uint32_t vocabulary = kPublishedVocabulary) {
  const uint64_t d = d_model_of(schedule), f = schedule.d_ffn;
  return schedule.layers * (4 * d * d + 3 * f * d) + 2 * uint64_t{vocabulary} * d;
}

constexpr uint64_t erasures(const PhaseSchedule& schedule) {
  uint64_t count = 0;
  for (const auto& list : schedule.erases) count += list.size();
  return count;
}

}  // namespace rondo::phase
