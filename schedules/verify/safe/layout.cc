// N02: bytes are read as what they were written as.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

// Bindings that nobody may write need no walk: they hold rows of their dtype.
void check_layout_tables(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!reads(operand.access) || schedule.is_arena(operand.base)) return;
    const Binding& binding = schedule.binding_of(operand.base);
    const auto role = static_cast<Role>(binding.role);
    if (role == Role::kOutput || role == Role::kState) return;
    const View& view = schedule.views[operand.view];
    const bool rows = static_cast<Layout>(view.layout) == Layout::kRows;
    if ((rows && view.dtype == binding.dtype) || !findings.wants("N02")) return;
    findings.add(
        "N02", Level::kSafe, {op_index},
        sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), " reads ",
                 base_name(schedule, operand.base), " as ", info(static_cast<DType>(view.dtype)).name, " ",
                 kLayouts[view.layout].name, ", it holds ", info(static_cast<DType>(binding.dtype)).name, " rows"));
  });
}

void check_layout_walk(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  const Evidence& evidence = walked.evidence;
  findings.drop("N02", evidence.reinterpretations.dropped);
  for (const Reinterpretation& read : evidence.reinterpretations.kept) {
    if (!findings.wants("N02")) continue;
    const Op& op = schedule.ops[read.op];
    const CellBox box = walked.engine.cells.box(read.cell);
    const auto format = [&](uint32_t id) {
      return id < evidence.formats.size() ? evidence.formats[id] : std::string("more than one format");
    };
    std::string message = sentence(op_name(schedule, read.op), ": ",
                                   operand_name(walked.engine.contract(op), read.operand - op.first_operand), " reads ",
                                   range_name(schedule, box.base, box.offset_bytes, box.row_bytes), " as ",
                                   format(read.read_as), ", written as ", format(read.written_as));
    if (read.writer == kNone) {
      findings.add("N02", Level::kSafe, {read.op}, message);
    } else {
      findings.add("N02", Level::kSafe, {read.op, read.writer},
                   sentence(message, " by ", op_name(schedule, read.writer)));
    }
  }
}

// What the host reads from an output is what it bound it as.
void check_outputs(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    if (!writes(operand.access) || schedule.is_arena(operand.base)) return;
    const Binding& binding = schedule.binding_of(operand.base);
    const View& view = schedule.views[operand.view];
    const bool rows = static_cast<Layout>(view.layout) == Layout::kRows;
    if ((rows && view.dtype == binding.dtype) || !findings.wants("N02")) return;
    findings.add("N02", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), " writes ",
                          base_name(schedule, operand.base), " as ", info(static_cast<DType>(view.dtype)).name, " ",
                          kLayouts[view.layout].name, ", it is bound as ", info(static_cast<DType>(binding.dtype)).name,
                          " rows"));
  });
}

void check_all_tables(const Tables& tables, Findings& findings) {
  check_layout_tables(tables, findings);
  check_outputs(tables, findings);
}

}  // namespace

const SafeRule kLayoutRule = {
    {"N02", Level::kSafe, "bytes are read as the dtype and layout they were written as",
     "A byte written as (dtype, layout, block shape, position in the block) is read as the same, or by a kernel "
     "whose contract declares the conversion, which is then what writes the new form. Bindings hold rows of their "
     "dtype, before a replay and after it. There is no implicit cast and no reinterpretation."},
    check_all_tables,
    check_layout_walk};

}  // namespace rondo::proof
