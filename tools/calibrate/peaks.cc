#include "tools/calibrate/peaks.h"
#include "tools/calibrate/sampling.h"

namespace rondo::calibrate {

#if defined(__x86_64__)
namespace {

// Twelve independent sums of the form s = m s + b, which stay near 1: at least latency
// times throughput of every unit known (4 cycles, 2 a cycle), and with m and b fewer
// than the sixteen registers of AVX2. Inline assembly, so that no compiler merges or
// splits them, and so that one file can hold every instruction set.
constexpr uint32_t kSums = 12;
#define RONDO_SUMS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"
#define RONDO_EACH_SUM(one) \
  one("0") one("1") one("2") one("3") one("4") one("5") one("6") one("7") one("8") one("9") one("10") one("11")

#define RONDO_PEAK_LOOP(function, instruction, reg, broadcast, element)                              \
  void function(uint64_t rounds) {                                                                   \
    const element m = static_cast<element>(0.999), b = static_cast<element>(0.001);                  \
    __asm__ volatile(broadcast " %1, %%" reg "12\n" broadcast " %2, %%" reg                          \
                               "13\n"                                                                \
                               "vpxor %%xmm0, %%xmm0, %%xmm0\n vpxor %%xmm1, %%xmm1, %%xmm1\n"       \
                               "vpxor %%xmm2, %%xmm2, %%xmm2\n vpxor %%xmm3, %%xmm3, %%xmm3\n"       \
                               "vpxor %%xmm4, %%xmm4, %%xmm4\n vpxor %%xmm5, %%xmm5, %%xmm5\n"       \
                               "vpxor %%xmm6, %%xmm6, %%xmm6\n vpxor %%xmm7, %%xmm7, %%xmm7\n"       \
                               "vpxor %%xmm8, %%xmm8, %%xmm8\n vpxor %%xmm9, %%xmm9, %%xmm9\n"       \
                               "vpxor %%xmm10, %%xmm10, %%xmm10\n vpxor %%xmm11, %%xmm11, %%xmm11\n" \
                               ".p2align 5\n1:\n" RONDO_EACH_SUM(instruction)                        \
                                   RONDO_EACH_SUM(instruction) "dec %0\n jnz 1b\n vzeroupper\n"      \
                     : "+r"(rounds)                                                                  \
                     : "m"(m), "m"(b)                                                                \
                     : "cc", "xmm12", "xmm13", RONDO_SUMS);                                          \
  }

#define RONDO_F32_SCALAR(sum) "vfmadd213ss %%xmm13, %%xmm12, %%xmm" sum "\n"
#define RONDO_F64_SCALAR(sum) "vfmadd213sd %%xmm13, %%xmm12, %%xmm" sum "\n"
#define RONDO_F32_AVX2(sum) "vfmadd213ps %%ymm13, %%ymm12, %%ymm" sum "\n"
#define RONDO_F64_AVX2(sum) "vfmadd213pd %%ymm13, %%ymm12, %%ymm" sum "\n"
#define RONDO_F32_AVX512(sum) "vfmadd213ps %%zmm13, %%zmm12, %%zmm" sum "\n"
#define RONDO_F64_AVX512(sum) "vfmadd213pd %%zmm13, %%zmm12, %%zmm" sum "\n"
RONDO_PEAK_LOOP(f32_scalar, RONDO_F32_SCALAR, "xmm", "vbroadcastss", float)
RONDO_PEAK_LOOP(f64_scalar, RONDO_F64_SCALAR, "ymm", "vbroadcastsd", double)
RONDO_PEAK_LOOP(f32_avx2, RONDO_F32_AVX2, "ymm", "vbroadcastss", float)
RONDO_PEAK_LOOP(f64_avx2, RONDO_F64_AVX2, "ymm", "vbroadcastsd", double)
RONDO_PEAK_LOOP(f32_avx512, RONDO_F32_AVX512, "zmm", "vbroadcastss", float)
RONDO_PEAK_LOOP(f64_avx512, RONDO_F64_AVX512, "zmm", "vbroadcastsd", double)

// SSE2 has no fused multiply-add: a multiplication and an addition, two flops as well.
void f32_baseline(uint64_t rounds) {
  const float m = 0.999f, b = 0.001f;
#define RONDO_MUL_ADD(sum) "mulss %%xmm12, %%xmm" sum "\n addss %%xmm13, %%xmm" sum "\n"
  __asm__ volatile("movss %1, %%xmm12\n movss %2, %%xmm13\n1:\n" RONDO_EACH_SUM(RONDO_MUL_ADD)
                       RONDO_EACH_SUM(RONDO_MUL_ADD) "dec %0\n jnz 1b\n"
                   : "+r"(rounds)
                   : "m"(m), "m"(b)
                   : "cc", "xmm12", "xmm13", RONDO_SUMS);
}

PeakLoop loop(const char* name, DType dtype, double elements, void (*run)(uint64_t)) {
  return {name,
          "12 independent chains of fused multiply-adds in registers, " + std::to_string(static_cast<int>(elements)) +
              " element" + (elements == 1 ? "" : "s") + " each",
          dtype, 2.0 * 2 * kSums * elements, run};
}

}  // namespace

std::vector<PeakLoop> peak_loops(kernels::Isa isa) {
  if (isa == kernels::Isa::kReference) {
    PeakLoop baseline = loop("f32_scalar", DType::kF32, 1, f32_baseline);
    baseline.method = "12 independent chains of a multiplication and an addition in registers, 1 element each";
    return {baseline};
  }
  std::vector<PeakLoop> loops = {
      loop("f32_scalar", DType::kF32, 1, f32_scalar), loop("f64_scalar", DType::kF64, 1, f64_scalar),
      loop("f32_avx2", DType::kF32, 8, f32_avx2), loop("f64_avx2", DType::kF64, 4, f64_avx2)};
  if (isa >= kernels::Isa::kAvx512) {
    loops.push_back(loop("f32_avx512", DType::kF32, 16, f32_avx512));
    loops.push_back(loop("f64_avx512", DType::kF64, 8, f64_avx512));
  }
  return loops;
}

double core_clock_mhz() {
  constexpr double kCyclesPerRound = 8 * 3;
  const Rate rate = sample_rate(kCyclesPerRound, 1e-3, [](uint64_t rounds) {
    uint64_t x = 3;
    __asm__ volatile(
        "1:\n imul %1, %1\n imul %1, %1\n imul %1, %1\n imul %1, %1\n"
        "imul %1, %1\n imul %1, %1\n imul %1, %1\n imul %1, %1\n dec %0\n jnz 1b\n"
        : "+r"(rounds), "+r"(x)
        :
        : "cc");
  });
  return rate.value * 1e-6;
}

#else

std::vector<PeakLoop> peak_loops(kernels::Isa) { return {}; }
double core_clock_mhz() { return 0; }

#endif

}  // namespace rondo::calibrate
