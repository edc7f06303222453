#include "kernels/kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace rondo::kernels {

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::kReference:
      return "reference";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "?";
}

#if defined(__x86_64__)

namespace {

Isa ask_cpu() {
  uint32_t eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return Isa::kReference;
  constexpr uint32_t kFma = 1u << 12, kOsXsave = 1u << 27, kAvx = 1u << 28;
  constexpr uint32_t kBaseline = kFma | kOsXsave | kAvx;
  if ((ecx & kBaseline) != kBaseline) return Isa::kReference;

  // The operating system must save the registers too: XCR0 says which.
  uint32_t xcr0, xcr0_high;
  __asm__("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
  constexpr uint32_t kYmmState = 0x6, kZmmState = 0xe6;
  if ((xcr0 & kYmmState) != kYmmState) return Isa::kReference;

  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return Isa::kReference;
  constexpr uint32_t kAvx2 = 1u << 5;
  constexpr uint32_t kAvx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
  if ((ebx & kAvx2) == 0) return Isa::kReference;
  if ((ebx & kAvx512) != kAvx512 || (xcr0 & kZmmState) != kZmmState) return Isa::kAvx2;
  return Isa::kAvx512;
}

}  // namespace

Isa detect_isa() {
  static const Isa found = ask_cpu();  // under a hypervisor each question costs microseconds
  return found;
}

#else

Isa detect_isa() { return Isa::kReference; }

#endif

}  // namespace rondo::kernels
