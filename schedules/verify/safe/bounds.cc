// M01: no operand reaches outside its base, whatever the scalars are.
#include "rondo/footprint.h"
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"
#include "schedules/verify/scalars.h"

namespace rondo::proof {
namespace {

// One past the last may-byte, from the base's first; 0 for a box that is always
// empty. Nothing where R01 refuses the view.
std::optional<uint64_t> end_bytes(const Schedule& schedule, const Operand& operand) {
  const View& view = schedule.views[operand.view];
  const auto effect = scalar_effect(schedule, view);
  if (!effect) return std::nullopt;
  View widest = view;
  if (view.extent_axis < view.rank) widest.extent[view.extent_axis] = static_cast<uint32_t>(effect->extent_high);
  const auto span = span_bytes(widest);
  if (!span) return std::nullopt;
  if (*span == 0) return 0;
  const unsigned __int128 end =
      static_cast<unsigned __int128>(operand.offset_bytes) + *span +
      static_cast<unsigned __int128>(effect->shift_high) * static_cast<uint64_t>(view.offset_step_bytes);
  if (end >> 63) return std::nullopt;
  return static_cast<uint64_t>(end);
}

void check(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!scalar_effect(schedule, schedule.views[operand.view])) return;  // R01 told
    const uint64_t size = bytes_of_base(schedule, operand.base);
    const auto end = end_bytes(schedule, operand);
    if (end && *end <= size) return;
    if (!findings.wants("M01")) return;
    const std::string what = end ? sentence("reaches byte ", *end) : std::string("reaches beyond 2^63 bytes");
    findings.add(
        "M01", Level::kSafe, {op_index},
        sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), " starts at byte ",
                 operand.offset_bytes, " and ", what, " of ", base_name(schedule, operand.base), ", which has ", size));
  });
}

}  // namespace

bool address_holds(const Schedule& schedule, const Operand& operand) {
  const auto end = end_bytes(schedule, operand);
  return end && *end <= bytes_of_base(schedule, operand.base);
}

const SafeRule kBoundsRule = {
    {"M01", Level::kSafe, "every byte an operand may touch lies inside its base",
     "Offset, plus the largest shift a scalar allows, plus the span of the largest box it allows, is at most the "
     "size of the arena or binding. Hints are bounded too. A box that is always empty touches nothing and may lie "
     "anywhere."},
    check};

}  // namespace rondo::proof
