// One panel, written once over a vector type; matmul uses it for right operands
// that it packs on the fly.
#pragma once
#include "kernels/pack/pack.h"
#include "kernels/vector/transpose.h"

namespace rondo::kernels {
namespace {

template <class V>
void pack_rows(const PanelShape& p) {
  constexpr int64_t kBytes = V::kLanes * 4;
  for (int64_t at = 0; at < p.width; at += V::kLanes) {
    const std::byte* src = p.src + at * 4;
    std::byte* dst = p.dst + at * 4;
    if (at + V::kLanes <= p.columns) {
      for (int64_t row = 0; row < p.k; ++row) V::store(dst + row * p.dst_k_bytes, V::load(src + row * p.src_k_bytes));
      continue;
    }
    const int64_t left = p.columns > at ? p.columns - at : 0;
    const auto from = V::first(left);
    // A panel may be narrower than the vector (nr = 8).
    const int64_t room = (p.width - at) * 4;
    const auto to = V::first(room < kBytes ? p.width - at : V::kLanes);
    for (int64_t row = 0; row < p.k; ++row)
      V::store(dst + row * p.dst_k_bytes, to, V::load(src + row * p.src_k_bytes, from));
  }
}

RONDO_KERNEL_INLINE void pack_columns(const PanelShape& p) {
  for (int64_t column = 0; column < p.width; column += 8) {
    const int64_t left = p.columns > column ? p.columns - column : 0;
    for (int64_t row = 0; row < p.k; row += 8)
      transpose_block(p.src + column * p.src_n_bytes + row * 4, p.src_n_bytes, left < 8 ? left : 8,
                      p.dst + row * p.dst_k_bytes + column * 4, p.dst_k_bytes, p.k - row < 8 ? p.k - row : 8, 8);
  }
}

RONDO_KERNEL_INLINE void pack_elements(const PanelShape& p) {
  for (int64_t row = 0; row < p.k; ++row) {
    float* to = reinterpret_cast<float*>(p.dst + row * p.dst_k_bytes);
    const std::byte* from = p.src + row * p.src_k_bytes;
    for (int64_t column = 0; column < p.columns; ++column)
      __builtin_memcpy(to + column, from + column * p.src_n_bytes, 4);
    for (int64_t column = p.columns; column < p.width; ++column) to[column] = 0.0f;
  }
}

template <class V>
void pack_panel(const PanelShape& p) {
  if (p.src_n_bytes == 4 || p.columns <= 1)
    pack_rows<V>(p);
  else if (p.src_k_bytes == 4)
    pack_columns(p);
  else
    pack_elements(p);
}

}  // namespace
}  // namespace rondo::kernels
