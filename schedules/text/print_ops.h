// One op as one line of text.
#pragma once
#include <string>
#include <vector>
#include "rondo/contract.h"
#include "rondo/schedule.h"

namespace rondo {

class OpPrinter {
 public:
  // The schedule passed the structural check and outlives this.
  explicit OpPrinter(const Schedule& schedule);

  // Without indentation and line feed.
  void append(std::string& text, uint32_t op) const;

 private:
  void append_operand(std::string& text, const Op& op, const Contract& contract, uint32_t slot) const;

  const Schedule& schedule_;
  std::vector<std::string> bases_, phases_;
  std::vector<const Contract*> contracts_;
};

// What the text leaves out: the access that the contract and the op's flags say,
// and of an indexed one its table and axis (always the first).
struct PlainAccess {
  Access access = Access::kRead;
  uint8_t aux = 0;

  bool operator==(const PlainAccess&) const = default;
};

constexpr PlainAccess plain_access(const Contract& contract, uint32_t slot, uint16_t flags) {
  if (slot >= contract.operand_count) return {};
  const OperandContract& operand = contract.operands[slot];
  const auto table = static_cast<uint8_t>(operand.indexed_by);
  switch (operand.use) {
    case Use::kSource:
      return operand.indexed_by >= 0 ? PlainAccess{Access::kIndexedRead, table} : PlainAccess{};
    case Use::kResult:
      if (operand.indexed_by >= 0) return {Access::kIndexedWrite, table};
      return {flags & kOpAccumulate ? Access::kUpdate : Access::kWrite};
    case Use::kWork:
      return {Access::kWork};
    case Use::kHint:
      return {Access::kHint};
    case Use::kTable:
      return {};
  }
  return {};
}

}  // namespace rondo
