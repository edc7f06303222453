// Runs a schedule by the book, without the verifier: what it computes, and whether
// that is the same in every run.
//
// Values are 64-bit integers that wrap, so sums do not depend on their order and
// any stale, missing or doubled term shows. Activations scramble. Order between
// ops is found by cutting: b waits for a iff b cannot begin in a run in which a
// never completes. Quadratic in ops; for schedules of a few hundred of them.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

struct ReferenceRun {
  bool hang = false;
  bool race = false;
  bool undefined = false;                      // a byte was read that nothing wrote, or an output is not whole
  std::vector<std::vector<uint64_t>> outputs;  // per output binding, element by element

  bool sound() const { return !hang && !race && !undefined; }
};

// Precondition: sound tables and operands in bounds; f32; kernels copy, pack, fill,
// relu, add and matmul.
ReferenceRun reference_run(const Schedule& schedule);

}  // namespace rondo
