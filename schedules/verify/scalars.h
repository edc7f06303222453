// What a scalar can do to an operand over its whole range: the least and largest
// bounded extent and the least and largest shift of the offset.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include "rondo/schedule.h"

namespace rondo::proof {

// low <= high; the bounds are attained for some permitted value (for `shift` when
// it wraps: they are an enclosure).
struct ScalarEffect {
  uint64_t extent_low = 0, extent_high = 0;  // of view.extent_axis, in blocks
  uint64_t shift_low = 0, shift_high = 0;    // in steps of view.offset_step_bytes
  bool wraps = false;                        // the shift passes the modulus somewhere in the range
};

// scale * s + bias at both ends of the range; nothing where it leaves 63 bits.
struct AffineRange {
  int64_t low = 0, high = 0;
};
inline std::optional<AffineRange> affine_range(const Scalar& scalar, int64_t scale, int64_t bias) {
  const __int128 at_min = static_cast<__int128>(scale) * scalar.min + bias;
  const __int128 at_max = static_cast<__int128>(scale) * scalar.max + bias;
  const __int128 low = std::min(at_min, at_max), high = std::max(at_min, at_max);
  constexpr __int128 kLimit = __int128{1} << 62;
  if (low < -kLimit || high > kLimit) return std::nullopt;
  return AffineRange{static_cast<int64_t>(low), static_cast<int64_t>(high)};
}

inline uint64_t clamp_extent(int64_t value, uint64_t extent) {
  return value <= 0 ? 0 : std::min(static_cast<uint64_t>(value), extent);
}

// Nothing where rule R01 refuses the view: overflow, no modulus, a negative shift.
inline std::optional<ScalarEffect> scalar_effect(const Schedule& schedule, const View& view) {
  ScalarEffect effect;
  if (view.extent_axis < view.rank) effect.extent_low = effect.extent_high = view.extent[view.extent_axis];
  if (view.scalar == kNone) return effect;
  const Scalar& scalar = schedule.scalars[view.scalar];
  if (view.extent_axis < view.rank) {
    const auto range = affine_range(scalar, view.extent_scale, view.extent_bias);
    if (!range) return std::nullopt;
    effect.extent_low = clamp_extent(range->low, view.extent[view.extent_axis]);
    effect.extent_high = clamp_extent(range->high, view.extent[view.extent_axis]);
  }
  if (view.offset_step_bytes != 0) {
    const auto range = affine_range(scalar, view.offset_scale, view.offset_bias);
    if (!range || range->low < 0 || view.offset_modulus <= 0 || view.offset_step_bytes < 0) return std::nullopt;
    const auto modulus = static_cast<uint64_t>(view.offset_modulus);
    const auto low = static_cast<uint64_t>(range->low), high = static_cast<uint64_t>(range->high);
    effect.wraps = low / modulus != high / modulus;
    effect.shift_low = effect.wraps ? 0 : low % modulus;
    effect.shift_high = effect.wraps ? modulus - 1 : high % modulus;
  }
  return effect;
}

}  // namespace rondo::proof
