// M04: no op reads a byte that nobody has defined.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

// What `prepare` may read beside arenas: constants only. Everything else is bound
// for a replay, after prepare has run.
void check_defined_tables(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!reads(operand.access) || schedule.is_arena(operand.base)) return;
    if (static_cast<Part>(schedule.streams[tables.stream_of_op[op_index]].part) != Part::kPrepare) return;
    const auto role = static_cast<Role>(schedule.binding_of(operand.base).role);
    if (role == Role::kConstant || role == Role::kOutput || role == Role::kState || !findings.wants("M04")) return;
    findings.add("M04", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), " reads ",
                          base_name(schedule, operand.base), " in prepare, where only constants are bound"));
  });
}

void check_defined_walk(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  findings.drop("M04", walked.evidence.undefined_reads.dropped);
  for (const UndefinedRead& read : walked.evidence.undefined_reads.kept) {
    if (!findings.wants("M04")) continue;
    const Op& op = schedule.ops[read.op];
    const CellBox box = walked.engine.cells.box(read.cell);
    std::string message = sentence(op_name(schedule, read.op), ": ",
                                   operand_name(walked.engine.contract(op), read.operand - op.first_operand), " reads ",
                                   range_name(schedule, box.base, box.offset_bytes, box.row_bytes));
    if (read.writer == kNone) {
      findings.add("M04", Level::kSafe, {read.op}, message + ", which nothing has written");
    } else {
      message += sentence(", which ", op_name(schedule, read.writer), " writes for some values of a scalar only");
      findings.add("M04", Level::kSafe, {read.op, read.writer}, message);
    }
  }
}

}  // namespace

const SafeRule kDefinedRule = {
    {"M04", Level::kSafe, "every byte that is read is defined",
     "Undefined when a replay begins: every arena byte that `prepare` did not write, and every output; defined: "
     "inputs, constants, tables, and of a state the part declared filled. The may-bytes of a read lie inside what "
     "was must-written before, or inside a write (or filled part) bounded by the same scalar expression from the "
     "same origin with the same stride. Work operands leave undefined bytes behind. In `prepare` only constants and "
     "what it wrote itself are defined."},
    check_defined_tables,
    check_defined_walk};

}  // namespace rondo::proof
