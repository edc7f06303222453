// The shape of an operand: a box of equal blocks with byte strides.
//
// Views are interned once per file; operands name them by index. A view never
// holds an address: base and offset are the operand's. Planner, verifier and
// kernels all read sizes from here and nowhere else.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include "rondo/dtype.h"

namespace rondo {

// How the elements of one block lie in memory. The numbers are part of the format.
enum class Layout : uint8_t {
  kRows = 0,    // a block is one element; the view is an ordinary strided box
  kPanels = 1,  // packed right operand of a matmul: axis 0 counts panels of
                // `block_columns` (nr) columns, axis 1 counts groups of `block_rows`
                // (kr) rows; a block is kr x nr elements, row by row. Columns
                // beyond N in the last panel hold zero and lie inside the box.
};

struct LayoutInfo {
  Layout layout;
  std::string_view name;
  std::string_view what;
};

inline constexpr std::array<LayoutInfo, 2> kLayouts = {{
    {Layout::kRows, "rows", "one element a block; any strides"},
    {Layout::kPanels, "panels", "panels of nr columns, kr rows a block: the packed right operand of matmul"},
}};
constexpr bool is_layout(uint8_t number) { return number < kLayouts.size(); }
using LayoutSet = uint32_t;
constexpr LayoutSet set_of(Layout layout) { return LayoutSet{1} << static_cast<uint8_t>(layout); }

inline constexpr uint32_t kMaxRank = 4;
inline constexpr uint32_t kNone = 0xffffffffu;  // "no such index", wherever an index is optional

// 128 bytes. Axes are listed outermost first; only the first `rank` count, the
// rest are zero. All strides are >= 0; a stride of 0 is a read-only broadcast.
//
// With a scalar s (an integer the host sets once per replay):
//   extent[extent_axis] becomes clamp(extent_scale * s + extent_bias, 0, extent[extent_axis])
//   the operand's offset grows by offset_step_bytes * ((offset_scale * s + offset_bias) mod offset_modulus)
// Either part may be absent: extent_axis == 0xff, offset_step_bytes == 0.
struct View {
  uint32_t extent[kMaxRank] = {};       // in blocks
  int64_t stride_bytes[kMaxRank] = {};  // from block to block
  uint8_t rank = 0;                     // 0 is a single block
  uint8_t dtype = 0;                    // DType
  uint8_t layout = 0;                   // Layout
  uint8_t extent_axis = 0xff;           // the axis whose extent the scalar bounds
  uint16_t block_rows = 1;
  uint16_t block_columns = 1;
  uint32_t scalar = kNone;
  uint32_t reserved0 = 0;
  int64_t extent_scale = 0;
  int64_t extent_bias = 0;
  int64_t offset_scale = 0;
  int64_t offset_bias = 0;
  int64_t offset_modulus = 0;  // > 0 where offset_step_bytes != 0
  int64_t offset_step_bytes = 0;
  uint64_t reserved1[2] = {};

  bool operator==(const View&) const = default;
};
static_assert(sizeof(View) == 128, "the binary form stores views as they are");

constexpr uint64_t block_bytes(const View& view) {
  return uint64_t{view.block_rows} * view.block_columns * size_of(static_cast<DType>(view.dtype));
}

// The number of blocks in the box; the caller has checked that it does not overflow.
constexpr uint64_t block_count(const View& view) {
  uint64_t count = 1;
  for (uint32_t axis = 0; axis < view.rank; ++axis) count *= view.extent[axis];
  return count;
}

}  // namespace rondo
