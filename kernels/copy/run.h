// Dense runs of bytes, written once over a vector type; gather copies its rows with
// them too.
#pragma once
#include <cstddef>
#include "kernels/vector/avx2.h"

namespace rondo::kernels {
namespace {

// Fewer than 32 bytes: two overlapping moves of the same power of two, none
// beyond the run.
RONDO_KERNEL_INLINE void copy_short(const std::byte* src, std::byte* dst, int64_t bytes) {
  if (bytes >= 16) {
    const __m128i head = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src));
    const __m128i tail = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + bytes - 16));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst), head);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + bytes - 16), tail);
  } else if (bytes >= 8) {
    uint64_t head, tail;
    __builtin_memcpy(&head, src, 8);
    __builtin_memcpy(&tail, src + bytes - 8, 8);
    __builtin_memcpy(dst, &head, 8);
    __builtin_memcpy(dst + bytes - 8, &tail, 8);
  } else if (bytes >= 4) {
    uint32_t head, tail;
    __builtin_memcpy(&head, src, 4);
    __builtin_memcpy(&tail, src + bytes - 4, 4);
    __builtin_memcpy(dst, &head, 4);
    __builtin_memcpy(dst + bytes - 4, &tail, 4);
  } else {
    for (int64_t i = 0; i < bytes; ++i) dst[i] = src[i];
  }
}

template <class V>
void copy_run(const std::byte* src, std::byte* dst, int64_t bytes) {
  constexpr int64_t kBytes = V::kLanes * 4;
  if (bytes < 32) return copy_short(src, dst, bytes);
  if (bytes < kBytes) {
    const auto head = Avx2::load(src), tail = Avx2::load(src + bytes - 32);
    Avx2::store(dst, head);
    Avx2::store(dst + bytes - 32, tail);
    return;
  }
  // The tail overlaps the last whole vector; src and dst do not overlap.
  const auto tail = V::load(src + bytes - kBytes);
  int64_t i = 0;
  for (; i + 4 * kBytes <= bytes; i += 4 * kBytes) {
    const auto v0 = V::load(src + i), v1 = V::load(src + i + kBytes);
    const auto v2 = V::load(src + i + 2 * kBytes), v3 = V::load(src + i + 3 * kBytes);
    V::store(dst + i, v0);
    V::store(dst + i + kBytes, v1);
    V::store(dst + i + 2 * kBytes, v2);
    V::store(dst + i + 3 * kBytes, v3);
  }
  for (; i + kBytes <= bytes; i += kBytes) V::store(dst + i, V::load(src + i));
  if (i < bytes) V::store(dst + bytes - kBytes, tail);
}

}  // namespace
}  // namespace rondo::kernels
