// H01: two ops that touch the same byte, one writing it, are ordered.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_race(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  findings.drop("H01", walked.evidence.races.dropped);
  for (const Race& race : walked.evidence.races.kept) {
    if (!findings.wants("H01")) continue;
    const CellBox box = walked.engine.cells.box(race.cell);
    findings.add("H01", Level::kSafe, {race.op, race.other},
                 sentence(op_name(schedule, race.op), race.writes ? " writes " : " reads ",
                          range_name(schedule, box.base, box.offset_bytes, box.row_bytes), " that ",
                          op_name(schedule, race.other), race.other_writes ? " writes" : " reads",
                          ", and neither is before the other"));
  }
}

}  // namespace

const SafeRule kRaceRule = {
    {"H01", Level::kSafe, "conflicting accesses are ordered",
     "Two accesses to one may-byte, at least one of them writing, need a path of stream order and waits from the "
     "completion of one to the beginning of the other; a `read` signal suffices where the earlier only reads. "
     "Vector clocks decide it exactly for files that obey T01, and checking each access against the last writer and "
     "the readers since decides it for all pairs (lemma L2 of docs/verifier.md)."},
    nullptr,
    check_race};

}  // namespace rondo::proof
