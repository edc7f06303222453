// Runs one kernel on one set of operands and says everything that is wrong.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "kernels/kernel.h"
#include "tests/kernels/operand_in_guarded_memory.h"
#include "tests/sweep.h"

namespace rondo::testing {

// Sweeps take every seventh case under a sanitizer.
inline constexpr uint32_t kSweepStep = kSanitized ? 7 : 1;

// An op without its memory. Operands in the order of the contract; the result is
// the one the contract says. Absent optional operands are left out.
struct KernelCase {
  std::string_view contract;
  std::vector<View> views;
  std::vector<uint32_t> params = {};
  uint32_t flags = 0;
  // The result lies on this operand (its view then is that operand's), or -1.
  int in_place = -1;
  uint32_t seed = 1;
  // Elements of f32 and f64 sources; the default is uniform in [-1, 1].
  std::function<float(std::mt19937&)> draw = {};
  // Entries of a table; the default is any row, and some beyond either end.
  std::function<int64_t(std::mt19937&)> draw_index = {};

  std::string to_string() const;
};

struct RunOf {
  std::vector<std::unique_ptr<GuardedOperand>> operands;  // in_place: the result's is the source's
  GuardedOperand* result = nullptr;
  std::vector<float> before;  // the result's elements before the run (f32)
};

// Fills, runs, and checks that nothing outside the result's box was written and
// that no source changed: adds a test failure otherwise. Reads outside die.
RunOf run_case(const KernelCase& kase, kernels::KernelFn fn, Placement placement, int64_t shift_bytes = 0);

// Uniform in [-1, 1), the same numbers with every compiler.
float uniform_float(std::mt19937& random);
double uniform_double(std::mt19937& random);

uint32_t result_of(const Contract& contract);
uint32_t bits_of(float value);

// Entries that this CPU can run; the reference ones are left out unless asked for.
std::vector<kernels::KernelEntry> kernels_to_test(std::string_view contract, bool with_reference = false);
kernels::KernelFn reference_of(std::string_view contract);

// Absolute error allowed per element of the result, given the sources of a run.
std::vector<double> allowed_error(const KernelCase& kase, const RunOf& run);

// The kernel against the reference, with every operand at both placements.
void expect_agrees_with_reference(const KernelCase& kase, const kernels::KernelEntry& entry);
void expect_all_agree_with_reference(const KernelCase& kase);

}  // namespace rondo::testing
