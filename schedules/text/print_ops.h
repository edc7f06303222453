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

// The access the text leaves out: what the contract and the op's flags say.
constexpr Access plain_access(const Contract& contract, uint32_t slot, uint16_t flags) {
  if (slot >= contract.operand_count) return Access::kRead;
  switch (contract.operands[slot].use) {
    case Use::kSource:
      return Access::kRead;
    case Use::kResult:
      return flags & kOpAccumulate ? Access::kUpdate : Access::kWrite;
    case Use::kWork:
      return Access::kWork;
    case Use::kHint:
      return Access::kHint;
  }
  return Access::kRead;
}

}  // namespace rondo
