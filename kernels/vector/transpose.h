// Transposition of f32 blocks of up to 8 x 8 in AVX2 registers; AVX-512 files use
// it too, since the moves are bound by loads and stores.
#pragma once
#include "kernels/vector/avx2.h"

namespace rondo::kernels {
namespace {

// dst[i][j] = src[j][i] for i < dst_rows <= 8, j < src_rows <= 8, and 0 for
// src_rows <= j < dst_columns <= 8. Nothing else is read or written.
RONDO_KERNEL_INLINE void transpose_block(const std::byte* src, int64_t src_stride_bytes, int64_t src_rows,
                                         std::byte* dst, int64_t dst_stride_bytes, int64_t dst_rows,
                                         int64_t dst_columns) {
  __m256 in[8], out[8];
  if (src_rows == 8 && dst_rows == 8) {
    RONDO_UNROLL
    for (int j = 0; j < 8; ++j) in[j] = Avx2::load(src + j * src_stride_bytes);
  } else {
    const __m256i lanes = Avx2::first(dst_rows);
    RONDO_UNROLL
    for (int j = 0; j < 8; ++j) in[j] = j < src_rows ? Avx2::load(src + j * src_stride_bytes, lanes) : Avx2::zero();
  }
  __m256 pair[8], quad[8];
  RONDO_UNROLL
  for (int j = 0; j < 8; j += 2) {
    pair[j] = _mm256_unpacklo_ps(in[j], in[j + 1]);
    pair[j + 1] = _mm256_unpackhi_ps(in[j], in[j + 1]);
  }
  RONDO_UNROLL
  for (int j = 0; j < 8; j += 4) {
    quad[j] = _mm256_shuffle_ps(pair[j], pair[j + 2], 0x44);
    quad[j + 1] = _mm256_shuffle_ps(pair[j], pair[j + 2], 0xee);
    quad[j + 2] = _mm256_shuffle_ps(pair[j + 1], pair[j + 3], 0x44);
    quad[j + 3] = _mm256_shuffle_ps(pair[j + 1], pair[j + 3], 0xee);
  }
  RONDO_UNROLL
  for (int j = 0; j < 4; ++j) {
    out[j] = _mm256_permute2f128_ps(quad[j], quad[j + 4], 0x20);
    out[j + 4] = _mm256_permute2f128_ps(quad[j], quad[j + 4], 0x31);
  }
  if (dst_rows == 8 && dst_columns == 8) {
    RONDO_UNROLL
    for (int i = 0; i < 8; ++i) Avx2::store(dst + i * dst_stride_bytes, out[i]);
  } else {
    const __m256i lanes = Avx2::first(dst_columns);
    RONDO_UNROLL
    for (int i = 0; i < 8; ++i)
      if (i < dst_rows) Avx2::store(dst + i * dst_stride_bytes, lanes, out[i]);
  }
}

}  // namespace
}  // namespace rondo::kernels
