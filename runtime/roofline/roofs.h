// What a worker of this machine reaches at best: the lines of a roofline.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::runtime {

struct ComputeRoof {
  std::string name;  // "f32_avx512": element type, instruction set
  double gflops = 0;
};

// A level of memory, smallest first. Level 0 serves every byte that an operand
// touches, level i the bytes that the cache of level i - 1 does not hold.
struct MemoryRoof {
  std::string name;          // "l1", ..., "dram"
  uint64_t cache_bytes = 0;  // what it holds; 0: all there is
  bool shared = false;       // one for all workers, not one each
  double gbytes_per_s = 0;
};

// Rates are those of one worker while all of them are at work. Nothing in them: not
// known, and nothing is compared.
struct Roofs {
  std::string device;
  double clock_mhz = 0;  // 0: not known
  std::vector<ComputeRoof> compute;
  std::vector<MemoryRoof> memory;

  bool known() const { return !compute.empty() && !memory.empty(); }
  // 0 for none of that name.
  double peak(std::string_view name) const {
    for (const ComputeRoof& roof : compute)
      if (roof.name == name) return roof.gflops;
    return 0;
  }
};

}  // namespace rondo::runtime
