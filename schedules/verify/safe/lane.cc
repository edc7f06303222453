// L01: an arena is touched only by streams of the lanes that own it.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_lane(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!schedule.is_arena(operand.base)) return;
    const Arena& arena = schedule.arenas[operand.base];
    const uint32_t lane = schedule.streams[tables.stream_of_op[op_index]].lane;
    std::string owner;
    if (static_cast<OwnerKind>(arena.owner_kind) == OwnerKind::kLane && arena.owner != lane) {
      owner = sentence("lane ", arena.owner);
    } else if (static_cast<OwnerKind>(arena.owner_kind) == OwnerKind::kGroup) {
      const Group& group = schedule.groups[arena.owner];
      if (lane < group.first_lane || lane - group.first_lane >= group.lane_count)
        owner = sentence("lanes ", group.first_lane, " to ", group.first_lane + group.lane_count - 1);
    }
    if (owner.empty() || !findings.wants("L01")) return;
    findings.add("L01", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), " lies in ",
                          base_name(schedule, operand.base), " of ", owner, ", the stream runs on lane ", lane));
  });
}

}  // namespace

const SafeRule kLaneRule = {
    {"L01", Level::kSafe, "an arena is touched only by the lanes that own it",
     "An arena of a lane is used by streams of that lane, one of a group by streams of its lanes. On a device "
     "another lane cannot address it; on a CPU it would lie in another core's cache."},
    check_lane};

}  // namespace rondo::proof
