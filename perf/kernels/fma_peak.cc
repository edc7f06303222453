#include "perf/kernels/fma_peak.h"

#include <immintrin.h>

namespace rondo::perf {
namespace {

// Sixteen independent sums: more than latency times throughput of any FMA unit.
__attribute__((target("avx512f"))) void fma512(long rounds) {
  __m512 s0 = _mm512_set1_ps(1.0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  __m512 t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0;
  const __m512 m = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(1e-3f);
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vfmadd213ps %9, %8, %0\n vfmadd213ps %9, %8, %1\n vfmadd213ps %9, %8, %2\n vfmadd213ps %9, %8, %3\n"
        "vfmadd213ps %9, %8, %4\n vfmadd213ps %9, %8, %5\n vfmadd213ps %9, %8, %6\n vfmadd213ps %9, %8, %7\n"
        : "+v"(s0), "+v"(s1), "+v"(s2), "+v"(s3), "+v"(s4), "+v"(s5), "+v"(s6), "+v"(s7)
        : "v"(m), "v"(b));
    __asm__ volatile(
        "vfmadd213ps %9, %8, %0\n vfmadd213ps %9, %8, %1\n vfmadd213ps %9, %8, %2\n vfmadd213ps %9, %8, %3\n"
        "vfmadd213ps %9, %8, %4\n vfmadd213ps %9, %8, %5\n vfmadd213ps %9, %8, %6\n vfmadd213ps %9, %8, %7\n"
        : "+v"(t0), "+v"(t1), "+v"(t2), "+v"(t3), "+v"(t4), "+v"(t5), "+v"(t6), "+v"(t7)
        : "v"(m), "v"(b));
  }
}

__attribute__((target("avx2,fma"))) void fma256(long rounds) {
  __m256 s0 = _mm256_set1_ps(1.0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  __m256 t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0;
  const __m256 m = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-3f);
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vfmadd213ps %7, %6, %0\n vfmadd213ps %7, %6, %1\n vfmadd213ps %7, %6, %2\n"
        "vfmadd213ps %7, %6, %3\n vfmadd213ps %7, %6, %4\n vfmadd213ps %7, %6, %5\n"
        : "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5)
        : "x"(m), "x"(b));
    __asm__ volatile(
        "vfmadd213ps %7, %6, %0\n vfmadd213ps %7, %6, %1\n vfmadd213ps %7, %6, %2\n"
        "vfmadd213ps %7, %6, %3\n vfmadd213ps %7, %6, %4\n vfmadd213ps %7, %6, %5\n"
        : "+x"(t0), "+x"(t1), "+x"(t2), "+x"(t3), "+x"(t4), "+x"(t5)
        : "x"(m), "x"(b));
  }
}

}  // namespace

void run_fma(kernels::Isa isa, long rounds) { isa == kernels::Isa::kAvx512 ? fma512(rounds) : fma256(rounds); }

double fma_flops(kernels::Isa isa, long rounds) {
  return static_cast<double>(rounds) * (isa == kernels::Isa::kAvx512 ? kFmaPeakFlops512 : kFmaPeakFlops256);
}

}  // namespace rondo::perf
