#include "schedules/extents/extents.h"

namespace rondo {
namespace {

constexpr std::string_view kLeading = "...";

// Elements along one axis: for panels, all columns or rows of the blocks.
Dim dim_of(const View& view, uint32_t axis, std::string_view name) {
  Dim dim;
  dim.name = name;
  dim.extent = view.extent[axis];
  if (static_cast<Layout>(view.layout) == Layout::kPanels)
    dim.extent *= axis == 0 ? view.block_columns : view.block_rows;
  if (view.scalar != kNone && view.extent_axis == axis) {
    dim.scalar = view.scalar;
    dim.scale = view.extent_scale;
    dim.bias = view.extent_bias;
  }
  return dim;
}

}  // namespace

std::optional<uint32_t> leading_axes(const OperandContract& operand, const View& view) {
  uint32_t words = word_count(operand.dims);
  const bool open = words > 0 && word_at(operand.dims, 0) == kLeading;
  if (open) --words;
  if (view.rank < words || (!open && view.rank != words)) return std::nullopt;
  return view.rank - words;
}

uint32_t axis_of(const OperandContract& operand, const View& view, std::string_view name) {
  const auto leading = leading_axes(operand, view);
  if (!leading) return kNone;
  uint32_t axis = *leading;
  for (uint32_t i = 0; i < word_count(operand.dims); ++i) {
    const std::string_view word = word_at(operand.dims, i);
    if (word == kLeading) continue;
    if (word == name) {
      // Panels hold their columns first and are declared as "rows columns".
      if (static_cast<Layout>(view.layout) == Layout::kPanels) return view.rank == 2 ? 1 - axis : kNone;
      return axis;
    }
    ++axis;
  }
  return kNone;
}

std::optional<OpExtents> extents_of(const Contract& contract, const Schedule& schedule, const Op& op) {
  OpExtents extents;
  bool leading_known = false, dtype_known = false;
  for (uint32_t i = 0; i < contract.params.size(); ++i)
    if (contract.params[i].name == "mask") extents.causal = op.params[i] != 0;
  // Operands in rows first: a panel's columns include the padding of the last one.
  for (const bool panels : {false, true}) {
    for (uint32_t i = 0; i < op.operand_count && i < contract.operand_count; ++i) {
      const View& view = schedule.views[schedule.operands[op.first_operand + i].view];
      if ((static_cast<Layout>(view.layout) == Layout::kPanels) != panels) continue;
      const OperandContract& operand = contract.operands[i];
      const auto leading = leading_axes(operand, view);
      if (!leading) return std::nullopt;
      const auto dtype = static_cast<DType>(view.dtype);
      if (operand.use == Use::kTable) {
        extents.index_bytes = size_of(dtype);
      } else if (!dtype_known) {
        dtype_known = true;
        extents.dtype = dtype;
      }
      if (!leading_known && word_count(operand.dims) > 0 && word_at(operand.dims, 0) == kLeading) {
        leading_known = true;
        extents.leading_count = *leading;
        for (uint32_t axis = 0; axis < *leading; ++axis) extents.leading[axis] = dim_of(view, axis, {});
      }
      for (uint32_t w = 0; w < word_count(operand.dims); ++w) {
        const std::string_view name = word_at(operand.dims, w);
        if (name == kLeading || extents.find(name) != nullptr) continue;
        const uint32_t axis = axis_of(operand, view, name);
        if (axis == kNone || extents.named_count == extents.named.size()) return std::nullopt;
        extents.named[extents.named_count++] = dim_of(view, axis, name);
      }
    }
  }
  return extents;
}

std::optional<uint64_t> evaluate(const Formula& formula, const OpExtents& extents, uint16_t op_flags) {
  unsigned __int128 sum = 0;
  for (const Term& term : formula) {
    if (term.coefficient <= 0) continue;
    unsigned __int128 product = static_cast<uint64_t>(term.coefficient);
    bool known = true;
    const auto multiply = [&](uint64_t factor) {
      product *= factor;
      if (product >> 63) known = false;
    };
    bool zero = false;
    for (uint32_t i = 0; i < word_count(term.factors); ++i) {
      const std::string_view factor = word_at(term.factors, i);
      const auto take = [&](uint64_t value) {
        zero |= value == 0;
        if (known && !zero) multiply(value);
      };
      if (factor == "size") {
        take(size_of(extents.dtype));
      } else if (factor == "index") {
        take(extents.index_bytes);
      } else if (factor == "pairs") {
        const Dim *m = extents.find("m"), *s = extents.find("s");
        take(m == nullptr || s == nullptr ? 0 : pairs_of(m->extent, s->extent, extents.causal));
      } else if (factor == "acc") {
        take((op_flags & kOpAccumulate) != 0 ? 1 : 0);
      } else if (factor == kLeading) {
        for (uint32_t axis = 0; axis < extents.leading_count; ++axis) take(extents.leading[axis].extent);
      } else if (const Dim* dim = extents.find(factor)) {
        take(dim->extent);
      }
    }
    if (zero) continue;
    if (!known) return std::nullopt;
    sum += product;
    if (sum >> 63) return std::nullopt;
  }
  return static_cast<uint64_t>(sum);
}

}  // namespace rondo
