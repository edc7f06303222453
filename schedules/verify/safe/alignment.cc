// M02: every element an op touches is aligned for its kernel.
#include <algorithm>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_alignment(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    const View& view = schedule.views[operand.view];
    const Contract* contract = tables.contract(op);
    const uint64_t element = size_of(static_cast<DType>(view.dtype));
    uint64_t needed = element;
    if (static_cast<Layout>(view.layout) == Layout::kPanels && contract != nullptr && slot < contract->operand_count)
      needed = std::max<uint64_t>(needed, contract->operands[slot].panel_align);
    const uint64_t guaranteed = schedule.is_arena(operand.base) ? schedule.arenas[operand.base].align_bytes
                                                                : schedule.binding_of(operand.base).align_bytes;
    std::string fault;
    if (operand.offset_bytes % needed != 0) {
      fault = sentence("offset ", operand.offset_bytes, " is not a multiple of ", needed);
    } else if (guaranteed % needed != 0) {
      fault = sentence("needs alignment ", needed, ", ", base_name(schedule, operand.base), " guarantees ", guaranteed);
    } else if (view.offset_step_bytes != 0 && static_cast<uint64_t>(view.offset_step_bytes) % needed != 0) {
      fault = sentence("offset step ", view.offset_step_bytes, " is not a multiple of ", needed);
    }
    for (uint32_t axis = 0; fault.empty() && axis < view.rank; ++axis)
      if (view.extent[axis] > 1 && static_cast<uint64_t>(view.stride_bytes[axis]) % element != 0)
        fault = sentence("stride ", view.stride_bytes[axis], " along axis ", axis, " is not a multiple of ", element);
    if (fault.empty() || !findings.wants("M02")) return;
    findings.add("M02", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(contract, slot), ": ", fault));
  });
}

}  // namespace

const SafeRule kAlignmentRule = {
    {"M02", Level::kSafe, "every operand is aligned as its kernel needs",
     "Offsets, strides and scalar steps are multiples of the element; the offset of a packed operand is a multiple "
     "of what the contract asks (64); and the base guarantees at least as much. Sizes need not be multiples of "
     "anything: ragged edges are ordinary."},
    check_alignment};

}  // namespace rondo::proof
