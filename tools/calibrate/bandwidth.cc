#include "tools/calibrate/bandwidth.h"
#include <cstring>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace rondo::calibrate {
namespace {

#if defined(__x86_64__)

// Writes store zeros. 512 bytes a round: eight vectors of 64 bytes, or sixteen of 32 in two groups of eight.
#define RONDO_CLOBBERS                                                                                              \
  "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
      "xmm12", "xmm13", "xmm14", "xmm15"
#define RONDO_EIGHT(one, reg, base, a, b, c, d, e, f, g, h)                                                     \
  one(a, base, reg "0") one(b, base, reg "1") one(c, base, reg "2") one(d, base, reg "3") one(e, base, reg "4") \
      one(f, base, reg "5") one(g, base, reg "6") one(h, base, reg "7")
#define RONDO_LOAD(offset, base, reg) "vmovups " offset "(%" base "), %%" reg "\n"
#define RONDO_STORE(offset, base, reg) "vmovups %%" reg ", " offset "(%" base ")\n"
#define RONDO_512(one, base) RONDO_EIGHT(one, "zmm", base, "0", "64", "128", "192", "256", "320", "384", "448")
#define RONDO_256_LOW(one, base) RONDO_EIGHT(one, "ymm", base, "0", "32", "64", "96", "128", "160", "192", "224")
#define RONDO_256_HIGH(one, base) RONDO_EIGHT(one, "ymm", base, "256", "288", "320", "352", "384", "416", "448", "480")

#define RONDO_WALK(function, body)                                                     \
  void function(std::byte* data, std::byte* to, uint64_t bytes) {                      \
    std::byte* const end = data + bytes;                                               \
    __asm__ volatile("vzeroall\n.p2align 5\n1:\n" body                                 \
                     "add $512, %0\n add $512, %1\n cmp %2, %0\n jb 1b\n vzeroupper\n" \
                     : "+r"(data), "+r"(to)                                            \
                     : "r"(end)                                                        \
                     : RONDO_CLOBBERS);                                                \
  }
RONDO_WALK(read_avx512, RONDO_512(RONDO_LOAD, "0"))
RONDO_WALK(write_avx512, RONDO_512(RONDO_STORE, "0"))
RONDO_WALK(copy_avx512, RONDO_512(RONDO_LOAD, "0") RONDO_512(RONDO_STORE, "1"))
RONDO_WALK(read_avx2, RONDO_256_LOW(RONDO_LOAD, "0") RONDO_256_HIGH(RONDO_LOAD, "0"))
RONDO_WALK(write_avx2, RONDO_256_LOW(RONDO_STORE, "0") RONDO_256_HIGH(RONDO_STORE, "0"))
RONDO_WALK(copy_avx2, RONDO_256_LOW(RONDO_LOAD, "0") RONDO_256_LOW(RONDO_STORE, "1") RONDO_256_HIGH(RONDO_LOAD, "0")
                          RONDO_256_HIGH(RONDO_STORE, "1"))
#endif

void walk_words(Traffic traffic, std::byte* data, uint64_t bytes) {
  if (traffic == Traffic::kCopy) {
    std::memcpy(data + bytes / 2, data, bytes / 2);
  } else if (traffic == Traffic::kWrite) {
    std::memset(data, 1, bytes);
  } else {
    uint64_t sum[4] = {};
    for (uint64_t at = 0; at < bytes; at += sizeof sum) {
      uint64_t words[4];
      std::memcpy(words, data + at, sizeof words);
      for (int i = 0; i < 4; ++i) sum[i] += words[i];
    }
    __asm__ volatile("" : : "r"(sum[0] + sum[1] + sum[2] + sum[3]));
  }
  __asm__ volatile("" : : "r"(data) : "memory");
}

}  // namespace

cli::AlignedBytes working_set(uint64_t bytes) {
  constexpr uint64_t kHugePage = uint64_t{2} << 20, kPage = 4096;
  cli::AlignedBytes memory(bytes, bytes >= kHugePage ? kHugePage : kPage);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= kHugePage && memory.data() != nullptr) (void)::madvise(memory.data(), bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void walk_memory(Traffic traffic, kernels::Isa isa, std::byte* data, uint64_t bytes) {
#if defined(__x86_64__)
  using Walk = void (*)(std::byte*, std::byte*, uint64_t);
  constexpr Walk kAvx512[] = {read_avx512, write_avx512, copy_avx512};
  constexpr Walk kAvx2[] = {read_avx2, write_avx2, copy_avx2};
  if (isa != kernels::Isa::kReference) {
    const uint64_t part = traffic == Traffic::kCopy ? bytes / 2 : bytes;
    const Walk walk = (isa == kernels::Isa::kAvx512 ? kAvx512 : kAvx2)[static_cast<size_t>(traffic)];
    return walk(data, data + (bytes - part), part);
  }
#endif
  (void)isa;
  walk_words(traffic, data, bytes);
}

}  // namespace rondo::calibrate
