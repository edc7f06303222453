// Where a schedule can be changed, and edits that keep its tables consistent. For the mutations.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/verify/mutators/mutators.h"

namespace rondo {

inline constexpr auto kRead = static_cast<uint8_t>(Access::kRead);
inline constexpr auto kWrite = static_cast<uint8_t>(Access::kWrite);
inline constexpr auto kUpdate = static_cast<uint8_t>(Access::kUpdate);

// ---- Queries ------------------------------------------------------------------

inline std::string at_op(uint32_t op) { return "op " + std::to_string(op); }
// Of one op: its place in the operand table, and the operand.
uint32_t operand_index(const Schedule& s, uint32_t op, uint32_t slot);
const Operand& operand_of(const Schedule& s, uint32_t op, uint32_t slot);
uint32_t op_of_operand(const Schedule& s, uint32_t operand);
uint32_t stream_of(const Schedule& s, uint32_t op);
uint32_t signals_of(const Schedule& s, uint32_t token);
bool one_stream(const Schedule& s);
bool touches_lane_arena(const Schedule& s, const Stream& stream);

bool is_copy(const Schedule& s, uint32_t op);
bool is_product(const Schedule& s, uint32_t op);
// A copy op that fills a place in an arena; one that writes a binding.
bool is_load(const Schedule& s, uint32_t op);
bool is_output_store(const Schedule& s, uint32_t op);

// In a file of one stream: where op `from` wrote, up to the next write there, the
// operands that read it.
std::vector<uint32_t> readers_of(const Schedule& s, uint32_t from, uint32_t slot);

// ---- Edits --------------------------------------------------------------------

uint32_t add_view(Schedule& s, const View& view);
uint32_t add_value(Schedule& s, const Value& value);
NameId add_name(Schedule& s, const char* name);
// Gives an operand a view, or a value, of its own: the one it has, changed by `edit`.
template <class Edit>
void edit_view(Schedule& s, uint32_t operand, const Edit& edit) {
  View view = s.views[s.operands[operand].view];
  edit(view);
  s.operands[operand].view = add_view(s, view);
}
template <class Edit>
void edit_value(Schedule& s, uint32_t operand, const Edit& edit) {
  Value value = s.values[s.labels[operand].value];
  edit(value);
  s.labels[operand].value = add_value(s, value);
}
// Turns an op into a sync that keeps its waits and signals.
void silence(Schedule& s, uint32_t index);
// Puts a copy of op `from` (waits and signals left out) before op `before` of `stream`.
void insert_copy_of(Schedule& s, uint32_t stream, uint32_t before, uint32_t from);
// Room for `bytes` more at the end of an arena, within a space that is large enough.
uint64_t extend(Schedule& s, uint16_t arena, uint64_t bytes);

// ---- All changes of one kind ----------------------------------------------------

template <class Make>
Changes each_op(const Schedule& s, const Make& make) {
  Changes changes;
  for (uint32_t op = 0; op < s.ops.size(); ++op) make(changes, op);
  return changes;
}

template <class Make>
Changes each_operand(const Schedule& s, const Make& make) {
  Changes changes;
  for (uint32_t op = 0; op < s.ops.size(); ++op)
    for (uint32_t slot = 0; slot < s.ops[op].operand_count; ++slot)
      make(changes, op, slot, at_op(op) + " operand " + std::to_string(slot));
  return changes;
}

}  // namespace rondo
