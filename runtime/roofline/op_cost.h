// What one op is and does, in the words of its contract: for traces and rooflines.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include "rondo/schedule.h"

namespace rondo::runtime {

// Work of one op by the formulas of its contract. Empty where it is not known: a
// scalar bounds an extent, and its value was not given.
struct OpCost {
  std::optional<uint64_t> flops;
  std::optional<uint64_t> bytes;  // that the op's operands make it touch, wherever they lie
  std::string shape;              // "m=64 n=32 k=128"; leading axes as "8x16"; bounds at their most
  bool varies = false;            // with a scalar
  std::optional<DType> dtype;     // absent for sync
};

// `scalars`: the values of Schedule::scalars in the replay that is asked for, or none.
// Precondition: `schedule` is verified, and each value within the range of its scalar.
OpCost cost_of(const Schedule& schedule, const Op& op, std::span<const int64_t> scalars = {});

// "matmul", or "sync".
std::string_view kernel_name(const Schedule& schedule, const Op& op);

// The tensor the op's result is a part of, "" where the file does not say.
std::string_view result_tensor(const Schedule& schedule, const Op& op);

// `text` with every byte that is not printable UTF-8 as '?': names come from files,
// and viewers refuse what is not text.
std::string printable(std::string_view text);

}  // namespace rondo::runtime
