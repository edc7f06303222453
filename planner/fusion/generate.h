// Problems of the contest's family, made from a seed: for tests, measurements and for
// trying a solver at sizes that nobody published.
//
// The same options give the same problem on every host. A problem has exactly the number
// of operators that is asked for; what a family's blocks do not fill is a tail of
// Pointwise operators, as the contest's own problems have.
// Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "planner/fusion/problem.h"

namespace rondo::fusion {

enum class Family : uint8_t {
  kMixed,          // blocks of all the others, one after another
  kChain,          // MatMul and Pointwise in a row
  kAttention,      // heads in parallel on one input, summed
  kExperts,        // gated feed-forward experts in parallel on one input, summed
  kSharedWeights,  // chains of three MatMuls that share two weights, summed
  kReduction,      // a tree of Pointwise operators over many inputs
  kBranches,       // two unequal paths joined, three and more in parallel
  kResidual,       // MatMul, Pointwise, MatMul, Pointwise that adds the input
  kDiamond,        // Pointwise forks that join again
};
struct FamilyName {
  Family family;
  std::string_view name;
};
std::span<const FamilyName> families();

struct GenerateOptions {
  uint64_t seed = 1;
  uint32_t operators = 32;
  Family family = Family::kMixed;
  int64_t native = 128;
  bool ragged = false;  // extents that are no multiples of native
};

inline constexpr uint32_t kMaxGenerated = 100'000;

// kInvalidArgument for more than kMaxGenerated operators or a native granularity that is
// not 2 to 4096.
Result<Problem> generate(const GenerateOptions& options);

}  // namespace rondo::fusion
