// Eight f32 lanes: what a kernel file built for AVX2 and FMA computes with.
//
// Same members as Avx512, so that kernels/*/vector.h is written once. A masked
// lane is neither read nor written. Where an operand may be NaN, `max` and `min`
// return their second operand, which is how the callers let NaN through.
#pragma once
#include <immintrin.h>
#include <cstdint>
#include "kernels/vector/inline.h"

namespace rondo::kernels {
namespace {

struct Avx2 {
  using F = __m256;
  using Mask = __m256i;
  static constexpr int kLanes = 8;

  // Lanes [0, count); count in [0, 8].
  static RONDO_KERNEL_INLINE Mask first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }

  static RONDO_KERNEL_INLINE F zero() { return _mm256_setzero_ps(); }
  static RONDO_KERNEL_INLINE F set(float value) { return _mm256_set1_ps(value); }
  static RONDO_KERNEL_INLINE F broadcast(const void* p) { return _mm256_broadcast_ss(static_cast<const float*>(p)); }
  static RONDO_KERNEL_INLINE F load(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
  static RONDO_KERNEL_INLINE F load(const void* p, Mask mask) {
    return _mm256_maskload_ps(static_cast<const float*>(p), mask);
  }
  static RONDO_KERNEL_INLINE void store(void* p, F v) { _mm256_storeu_ps(static_cast<float*>(p), v); }
  static RONDO_KERNEL_INLINE void store(void* p, Mask mask, F v) {
    _mm256_maskstore_ps(static_cast<float*>(p), mask, v);
  }

  static RONDO_KERNEL_INLINE F add(F a, F b) { return _mm256_add_ps(a, b); }
  static RONDO_KERNEL_INLINE F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static RONDO_KERNEL_INLINE F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static RONDO_KERNEL_INLINE F div(F a, F b) { return _mm256_div_ps(a, b); }
  static RONDO_KERNEL_INLINE F sqrt(F a) { return _mm256_sqrt_ps(a); }
  static RONDO_KERNEL_INLINE F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }    // a b + c
  static RONDO_KERNEL_INLINE F fms(F a, F b, F c) { return _mm256_fmsub_ps(a, b, c); }    // a b - c
  static RONDO_KERNEL_INLINE F fnma(F a, F b, F c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
  static RONDO_KERNEL_INLINE F max(F a, F b) { return _mm256_max_ps(a, b); }
  static RONDO_KERNEL_INLINE F min(F a, F b) { return _mm256_min_ps(a, b); }
  static RONDO_KERNEL_INLINE F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  // Lanes of a where x is negative (by its sign bit), else of b.
  static RONDO_KERNEL_INLINE F where_negative(F x, F a, F b) { return _mm256_blendv_ps(b, a, x); }
  // a, which has no sign, with the sign of x.
  static RONDO_KERNEL_INLINE F with_sign_of(F x, F a) {
    return _mm256_or_ps(_mm256_and_ps(_mm256_set1_ps(-0.0f), x), a);
  }
  // NaN in the lanes where a is, else 0; and NaN where either is, of two such.
  static RONDO_KERNEL_INLINE F nan_of(F a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
  static RONDO_KERNEL_INLINE F either(F a, F b) { return _mm256_or_ps(a, b); }
  // Neighbours 2i and 2i + 1 exchanged; a b - c in even lanes, a b + c in odd ones.
  static RONDO_KERNEL_INLINE F swap_pairs(F a) { return _mm256_permute_ps(a, 0xb1); }
  static RONDO_KERNEL_INLINE F fmaddsub(F a, F b, F c) { return _mm256_fmaddsub_ps(a, b, c); }
  // Lanes outside the mask become `fill`.
  static RONDO_KERNEL_INLINE F keep(Mask mask, F a, F fill) {
    return _mm256_blendv_ps(fill, a, _mm256_castsi256_ps(mask));
  }
  // To the nearest integer, ties to even.
  static RONDO_KERNEL_INLINE F round(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  // a * 2^exponent for integral exponents in [-150, 129], rounded once where
  // |a| is in [0.5, 2]: the first factor keeps a normal.
  static RONDO_KERNEL_INLINE F scale(F a, F exponent) {
    const __m256i whole = _mm256_cvtps_epi32(exponent);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    return _mm256_mul_ps(_mm256_mul_ps(a, power_of_two(half)), power_of_two(_mm256_sub_epi32(whole, half)));
  }

  static RONDO_KERNEL_INLINE float first_lane(F a) { return _mm256_cvtss_f32(a); }
  // The sums of four vectors, in an order of their own.
  static RONDO_KERNEL_INLINE void store_sums(float* p, F a, F b, F c, F d) {
    const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
  }

  // Halves are added onto halves: the order is the same whatever the compiler.
  static RONDO_KERNEL_INLINE float sum(F a) {
    const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
  }
  static RONDO_KERNEL_INLINE float largest(F a) {
    const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
  }

 private:
  static RONDO_KERNEL_INLINE F power_of_two(__m256i exponent) {  // in [-126, 127]
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
  }
};

}  // namespace
}  // namespace rondo::kernels
