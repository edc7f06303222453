// The arithmetic ceilings of a core: fused multiply-adds from registers.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "kernels/kernel.h"
#include "rondo/dtype.h"

namespace rondo::calibrate {

// A loop of independent multiply-adds of one element type at one vector width.
struct PeakLoop {
  std::string name;    // "f32_avx512", "f64_scalar": as figures call it
  std::string method;  // one sentence
  DType dtype = DType::kF32;
  double flops_per_round = 0;
  void (*run)(uint64_t rounds) = nullptr;
};

// Those this CPU can run, narrow to wide; empty where the build knows none.
std::vector<PeakLoop> peak_loops(kernels::Isa isa);

// The clock of the core the caller runs on, over about a millisecond: a chain of
// multiplications, three cycles each. 0 where the build has no such loop.
double core_clock_mhz();

}  // namespace rondo::calibrate
