#include "schedules/extents/rows_walked.h"

#include <algorithm>

namespace rondo {
namespace {

struct Walked {
  uint64_t rows = 0, elements = 0;
};

// Saturates: extents of a file may be anything.
uint64_t product(uint64_t a, uint64_t b) {
  uint64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? UINT64_MAX : result;
}

Walked walked(const View& view) {
  Walked of{1, 1};
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    if (axis + 1 < view.rank) of.rows = product(of.rows, view.extent[axis]);
    of.elements = product(of.elements, view.extent[axis]);
  }
  return of;
}

}  // namespace

uint64_t rows_walked(const Contract& contract, std::span<const View* const> views) {
  Walked read, written;
  for (uint32_t i = 0; i < contract.operand_count && i < views.size(); ++i) {
    const OperandContract& operand = contract.operands[i];
    if (views[i] == nullptr || operand.use == Use::kTable || operand.indexed_by >= 0) continue;
    Walked& of = operand.use == Use::kResult ? written : read;
    if (of.elements == 0) of = walked(*views[i]);
  }
  return std::max<uint64_t>(read.elements > written.elements ? read.rows : written.rows, 1);
}

}  // namespace rondo
