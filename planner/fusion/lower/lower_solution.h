// Lowering: from a solution of the fast-memory problem to the tables of a Schedule.
//
// Fast memory becomes an arena of scratch, in f32; slow memory the bindings and, for
// tensors between subgraphs, arenas of the host. Each subgraph is a phase. A copy is
// issued exactly where the cost model charges a slice, so the bytes that the verifier sums
// from the copies of a phase are 4 * (loaded + evicted) of that subgraph. Everything is
// labelled with what it holds. A tensor of which some copy in slow memory, or some result
// left in fast memory, is never read is an output.
// Thread safety: a pure function.
#pragma once
#include <cstdint>
#include <string>

#include "planner/fusion/lower/meaning.h"
#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"
#include "rondo/machine.h"
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo::fusion {

struct LoweringOptions {
  std::string source;  // what it was planned from, for the file's head
  // Its spaces, engines and costs. nullptr: a machine of the problem's capacity whose one
  // engine copies and computes. With copy engines loads, kernels and stores are streams of
  // their own, and fast memory that the solution leaves free goes to second slots.
  const Machine* machine = nullptr;
  // 1 to kMostOperations. About 600 bytes each while they are made, 190 in the schedule.
  uint64_t max_operations = uint64_t{1} << 24;
};
inline constexpr uint64_t kMostOperations = uint64_t{1} << 30;  // what the tables of a schedule number

// Errors: what evaluate() says of a solution that breaks a rule; kTooComplex above
// max_operations, kInvalidArgument where that is none. Precondition: `meaning` covers every tensor and operator.
Result<Schedule> lower_solution(const Problem& problem, const Solution& solution, const Meaning& meaning,
                                const LoweringOptions& options = {});

}  // namespace rondo::fusion
