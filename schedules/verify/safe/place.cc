// M10: every operand lies where its op may use it so.
#include "rondo/residence.h"
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

constexpr const char* kKindNames[] = {"host", "scratch", "device"};
constexpr const char* kRoleNames[] = {"an input", "an output", "a constant", "state", "a table"};

void check_place(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  std::vector<SpaceKind> kind_of_base;
  for (const Arena& arena : schedule.arenas)
    kind_of_base.push_back(static_cast<SpaceKind>(schedule.spaces[arena.space].kind));
  for (const Binding& binding : schedule.bindings) {
    const uint16_t space = space_of(schedule, binding);
    kind_of_base.push_back(space == 0xffff ? SpaceKind::kHost : static_cast<SpaceKind>(schedule.spaces[space].kind));
  }
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    const Contract* contract = tables.contract(op);
    const bool arena = schedule.is_arena(operand.base);
    const SpaceKind kind = kind_of_base[operand.base];
    const auto part = static_cast<Part>(schedule.streams[tables.stream_of_op[op_index]].part);
    std::string fault;
    if (contract != nullptr && slot < contract->operand_count &&
        (contract->operands[slot].spaces & set_of(kind)) == 0) {
      fault =
          sentence("lies in ", kKindNames[static_cast<int>(kind)], " memory, which ", contract->name, " cannot use");
    } else if (arena && schedule.backend == "cpu" && kind == SpaceKind::kDevice) {
      fault = "lies in device memory, backend cpu has host and scratch";
    } else if (writes(operand.access)) {
      if (arena) {
        if (part == Part::kReplay && schedule.arenas[operand.base].prepared)
          fault =
              sentence("is written in replay, ", base_name(schedule, operand.base), " is prepared and read-only there");
      } else {
        const auto role = static_cast<Role>(schedule.binding_of(operand.base).role);
        if (role != Role::kOutput && role != Role::kState) {
          fault = sentence("is written, ", base_name(schedule, operand.base), " is ",
                           kRoleNames[static_cast<int>(role)], " and read-only");
        } else if (part == Part::kPrepare) {
          fault = sentence("is written in prepare, ", base_name(schedule, operand.base), " belongs to replays");
        }
      }
    }
    if (fault.empty() || !findings.wants("M10")) return;
    findings.add("M10", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(contract, slot), " ", fault));
  });
}

}  // namespace

const SafeRule kPlaceRule = {
    {"M10", Level::kSafe, "every operand lies where its op may use it so",
     "The contract allows the kind of memory, and the backend has it (cpu: host and scratch). Inputs and "
     "outputs are host memory; constants, tables and states lie in the device's where the schedule has a space of kind "
     "device, else in the host's. Inputs, constants and tables are never written; what `prepare` wrote into prepared "
     "arenas is "
     "read-only in `replay`, else the second replay would differ from the first; `prepare` writes no output and "
     "no state."},
    check_place};

}  // namespace rondo::proof
