// The named dimensions of one op: what its contract calls m, n, k or "...", read
// from the views of its operands: for the verifier, rooflines and calibration.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include "rondo/contract.h"
#include "rondo/schedule.h"

namespace rondo {

// One dimension in elements; with a scalar, clamp(scale * s + bias, 0, extent).
struct Dim {
  std::string_view name;  // "" for one of the leading axes
  uint64_t extent = 0;
  uint32_t scalar = kNone;
  int64_t scale = 0, bias = 0;

  bool operator==(const Dim&) const = default;
};

struct OpExtents {
  std::array<Dim, 12> named = {};
  uint32_t named_count = 0;
  std::array<Dim, kMaxRank> leading = {};  // what "..." stands for
  uint32_t leading_count = 0;
  DType dtype = DType::kF32;  // of the operands that are no tables
  uint64_t index_bytes = 0;   // of an entry of the table; 0 without one
  bool causal = false;        // the op's parameter `mask`, where the contract has one

  const Dim* find(std::string_view name) const {
    for (uint32_t i = 0; i < named_count; ++i)
      if (named[i].name == name) return &named[i];
    return nullptr;
  }
};

// How many axes of `operand`'s view are leading ones ("..."), and the position of
// the first named axis; nothing where the rank does not fit the declared dims.
std::optional<uint32_t> leading_axes(const OperandContract& operand, const View& view);

// The axis of `view` that walks dimension `name` of `operand`; kNone if it has none.
uint32_t axis_of(const OperandContract& operand, const View& view, std::string_view name);

// Nothing where a rank does not fit. Does not compare operands with each other:
// the first operand laid out in rows that has a dimension decides (that is K01's
// to check).
std::optional<OpExtents> extents_of(const Contract& contract, const Schedule& schedule, const Op& op);

// The value of a cost formula at full extents; nothing on overflow of 63 bits.
std::optional<uint64_t> evaluate(const Formula& formula, const OpExtents& extents, uint16_t op_flags);

}  // namespace rondo
