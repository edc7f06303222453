// E01: rows that are written do not overlap, and no op works for years.
#include <utility>
#include "rondo/footprint.h"
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

// Elements one op may step over. The largest honest op known, a 16,384^3 product,
// has 2^42; a step of 1 ns makes 2^48 three days.
constexpr uint64_t kMostSteps = uint64_t{1} << 48;

// The axis whose steps fall into what the axes inside it cover, or kNone.
uint32_t overlapping_axis(const View& view) {
  uint32_t axes[kMaxRank];
  uint32_t count = 0;
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    if (view.extent[axis] == 0) return kNone;
    if (view.extent[axis] > 1) axes[count++] = axis;
  }
  for (uint32_t i = 1; i < count; ++i)  // four at most: by insertion
    for (uint32_t j = i; j > 0 && view.stride_bytes[axes[j]] < view.stride_bytes[axes[j - 1]]; --j)
      std::swap(axes[j], axes[j - 1]);
  uint64_t covered = block_bytes(view);
  for (uint32_t i = 0; i < count; ++i) {
    const auto stride = static_cast<uint64_t>(view.stride_bytes[axes[i]]);
    if (stride < covered) return axes[i];
    covered += (view.extent[axes[i]] - 1) * stride;
  }
  return kNone;
}

// Whether a dimension only says how many rows a table chooses from: they cost nothing.
bool is_chosen_from(const Contract& contract, std::string_view name) {
  bool chosen = false;
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const OperandContract& operand = contract.operands[i];
    for (uint32_t word = 0; word < word_count(operand.dims); ++word) {
      if (word_at(operand.dims, word) != name) continue;
      if (operand.indexed_by < 0 || word > 0) return false;
      chosen = true;
    }
  }
  return chosen;
}

// The product of all dimensions of an op that are not 0, capped.
uint64_t steps_of(const Contract& contract, const OpExtents& extents) {
  unsigned __int128 steps = 1;
  const auto multiply = [&](uint64_t extent) {
    if (extent > 1 && steps <= kMostSteps) steps *= extent;
  };
  for (uint32_t i = 0; i < extents.named_count; ++i)
    if (!is_chosen_from(contract, extents.named[i].name)) multiply(extents.named[i].extent);
  for (uint32_t i = 0; i < extents.leading_count; ++i) multiply(extents.leading[i].extent);
  return steps > kMostSteps ? kMostSteps + 1 : static_cast<uint64_t>(steps);
}

void check_extents(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  std::vector<uint32_t> overlapping(schedule.views.size());
  for (uint32_t i = 0; i < schedule.views.size(); ++i) overlapping[i] = overlapping_axis(schedule.views[i]);
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!writes(operand.access) || overlapping[operand.view] == kNone || !findings.wants("E01")) return;
    const uint32_t axis = overlapping[operand.view];
    findings.add("E01", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), ", view v",
                          operand.view, ", is written and its steps of ",
                          schedule.views[operand.view].stride_bytes[axis], " bytes along axis ", axis, " overlap"));
  });
  std::vector<uint8_t> endless(tables.first_of_form.size(), 0);
  for (uint32_t form = 0; form < endless.size(); ++form) {
    const Op& op = schedule.ops[tables.first_of_form[form]];
    const Contract* contract = tables.contract(op);
    const auto extents = contract != nullptr ? extents_of(*contract, schedule, op) : std::nullopt;
    endless[form] = extents && steps_of(*contract, *extents) > kMostSteps;
  }
  for (uint32_t op_index = 0; op_index < schedule.ops.size(); ++op_index) {
    if (!endless[tables.form_of_op[op_index]] || !findings.wants("E01")) continue;
    findings.add("E01", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", tables.contract(schedule.ops[op_index])->name,
                          " over its extents takes more than 2^48 steps"));
  }
}

}  // namespace

const SafeRule kExtentsRule = {
    {"E01", Level::kSafe, "rows that are written do not overlap, and an op's work is bounded",
     "Sorted by stride, each axis of a written view steps over everything the axes inside it cover (a stride of 0 "
     "or less than a row would write the same byte twice, in an order nobody fixed). The product of an op's "
     "extents, but for the rows that a table chooses from, is at most 2^48: four bytes read 2^32 times are in bounds "
     "and race with nothing, and compute for "
     "years."},
    check_extents};

}  // namespace rondo::proof
