// A01: the operands of one op do not overlap where one of them is written.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_overlap(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  findings.drop("A01", walked.evidence.overlaps.dropped);
  for (const Overlap& overlap : walked.evidence.overlaps.kept) {
    if (!findings.wants("A01")) continue;
    const Op& op = schedule.ops[overlap.op];
    const Contract* contract = walked.engine.contract(op);
    const CellBox box = walked.engine.cells.box(overlap.cell);
    findings.add(
        "A01", Level::kSafe, {overlap.op},
        sentence(op_name(schedule, overlap.op), ": ", operand_name(contract, overlap.operand - op.first_operand),
                 " is written and overlaps ", operand_name(contract, overlap.other - op.first_operand), " at ",
                 range_name(schedule, box.base, box.offset_bytes, box.row_bytes)));
  }
}

}  // namespace

const SafeRule kOverlapRule = {
    {"A01", Level::kSafe, "operands of one op overlap only as its contract says",
     "A written operand shares no may-byte with another operand of its op, except that a result may lie exactly on "
     "the source that its contract names: same base, same offset, same view."},
    nullptr,
    check_overlap};

}  // namespace rondo::proof
