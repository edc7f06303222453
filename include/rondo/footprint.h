// Which bytes a box touches: the arithmetic every floor agrees on.
#pragma once
#include <cstdint>
#include <optional>
#include "rondo/view.h"

namespace rondo {

// One past the last byte of the box counted from its first, at full extents and
// without the scalar's offset; 0 for an empty box; nothing on overflow of 63 bits
// or a negative stride. Any input is safe.
constexpr std::optional<uint64_t> span_bytes(const View& view) {
  if (view.rank > kMaxRank) return std::nullopt;
  unsigned __int128 span = block_bytes(view);
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    if (view.extent[axis] == 0) return 0;
    if (view.stride_bytes[axis] < 0) return std::nullopt;
    span += static_cast<unsigned __int128>(view.extent[axis] - 1) * static_cast<uint64_t>(view.stride_bytes[axis]);
    if (span >> 63) return std::nullopt;
  }
  return static_cast<uint64_t>(span);
}

// Bytes of all blocks of the box (gaps excluded, broadcasts counted once per
// block); nothing on overflow of 63 bits.
constexpr std::optional<uint64_t> box_bytes(const View& view) {
  unsigned __int128 bytes = block_bytes(view);
  for (uint32_t axis = 0; axis < view.rank && axis < kMaxRank; ++axis) {
    bytes *= view.extent[axis];
    if (bytes >> 63) return std::nullopt;
  }
  return static_cast<uint64_t>(bytes);
}

// The largest amount the scalar can add to the operand's offset.
constexpr uint64_t max_scalar_offset_bytes(const View& view) {
  if (view.offset_step_bytes <= 0 || view.offset_modulus <= 0) return 0;
  return static_cast<uint64_t>(view.offset_step_bytes) * static_cast<uint64_t>(view.offset_modulus - 1);
}

}  // namespace rondo
