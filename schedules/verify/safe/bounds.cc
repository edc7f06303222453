// M01: no operand reaches outside its base, whatever the scalars are.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_bounds(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    const uint64_t reach = tables.reach[operand.view];
    if (reach == kNowhere || address_holds(tables, operand)) return;  // R01 told of the first
    if (!findings.wants("M01")) return;
    const unsigned __int128 end = static_cast<unsigned __int128>(operand.offset_bytes) + reach;
    const std::string what = (end >> 63) == 0 ? sentence("reaches byte ", static_cast<uint64_t>(end))
                                              : std::string("reaches beyond 2^63 bytes");
    findings.add("M01", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot),
                          " starts at byte ", operand.offset_bytes, " and ", what, " of ",
                          base_name(schedule, operand.base), ", which has ", bytes_of_base(schedule, operand.base)));
  });
}

}  // namespace

bool address_holds(const Tables& tables, const Operand& operand) {
  const uint64_t reach = tables.reach[operand.view];
  if (reach == 0) return true;
  if (reach == kNowhere) return false;
  const uint64_t size = bytes_of_base(tables.schedule, operand.base);
  return operand.offset_bytes <= size && reach <= size - operand.offset_bytes;
}

const SafeRule kBoundsRule = {
    {"M01", Level::kSafe, "every byte an operand may touch lies inside its base",
     "Offset, plus the largest shift a scalar allows, plus the span of the largest box it allows, is at most the "
     "size of the arena or binding. Hints are bounded too. A box that is always empty touches nothing and may lie "
     "anywhere."},
    check_bounds};

}  // namespace rondo::proof
