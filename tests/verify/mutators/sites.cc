#include "tests/verify/mutators/sites.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace rondo {
namespace {

std::string_view kernel_of(const Schedule& s, const Op& op) {
  return op.kernel == kNoKernel ? std::string_view() : s.name(s.kernels[op.kernel].name);
}

}  // namespace

bool is_copy(const Schedule& s, uint32_t op) { return kernel_of(s, s.ops[op]) == "copy"; }
bool is_product(const Schedule& s, uint32_t op) { return kernel_of(s, s.ops[op]) == "matmul"; }
uint32_t operand_index(const Schedule& s, uint32_t op, uint32_t slot) { return s.ops[op].first_operand + slot; }
const Operand& operand_of(const Schedule& s, uint32_t op, uint32_t slot) {
  return s.operands[operand_index(s, op, slot)];
}
bool is_load(const Schedule& s, uint32_t op) { return is_copy(s, op) && s.is_arena(operand_of(s, op, 1).base); }
bool is_output_store(const Schedule& s, uint32_t op) {
  return is_copy(s, op) && !s.is_arena(operand_of(s, op, 1).base);
}
bool touches_lane_arena(const Schedule& s, const Stream& stream) {
  for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
    for (uint32_t i = 0; i < s.ops[op].operand_count; ++i) {
      uint16_t base = operand_of(s, op, i).base;
      if (s.is_arena(base) && s.arenas[base].owner_kind == static_cast<uint8_t>(OwnerKind::kLane)) return true;
    }
  return false;
}
uint32_t stream_of(const Schedule& s, uint32_t op) {
  for (uint32_t stream = 0; stream < s.streams.size(); ++stream)
    if (op >= s.streams[stream].first_op && op < s.streams[stream].first_op + s.streams[stream].op_count) return stream;
  return kNone;
}
uint32_t signals_of(const Schedule& s, uint32_t token) {
  uint32_t total = 0;
  for (const Op& op : s.ops) total += (op.signals[0] == token) + (op.signals[1] == token);
  return total;
}

uint32_t add_view(Schedule& s, const View& view) {
  s.views.push_back(view);
  return static_cast<uint32_t>(s.views.size() - 1);
}
uint32_t add_value(Schedule& s, const Value& value) {
  s.values.push_back(value);
  return static_cast<uint32_t>(s.values.size() - 1);
}
NameId add_name(Schedule& s, const char* name) {
  s.names.emplace_back(name);
  return static_cast<NameId>(s.names.size() - 1);
}

void silence(Schedule& s, uint32_t index) {
  Op& op = s.ops[index];
  auto first = static_cast<std::ptrdiff_t>(op.first_operand);
  s.operands.erase(s.operands.begin() + first, s.operands.begin() + first + op.operand_count);
  if (!s.labels.empty()) s.labels.erase(s.labels.begin() + first, s.labels.begin() + first + op.operand_count);
  for (uint32_t later = index + 1; later < s.ops.size(); ++later) s.ops[later].first_operand -= op.operand_count;
  op.kernel = kNoKernel;
  op.operand_count = 0;
  op.flags = 0;
  std::fill(std::begin(op.params), std::end(op.params), 0);
}

void insert_copy_of(Schedule& s, uint32_t stream, uint32_t before, uint32_t from) {
  Op op = s.ops[from];
  std::vector<Operand> operands(s.operands.begin() + op.first_operand,
                                s.operands.begin() + op.first_operand + op.operand_count);
  std::vector<OperandLabel> labels(s.labels.begin() + op.first_operand,
                                   s.labels.begin() + op.first_operand + op.operand_count);
  op.waits[0] = op.waits[1] = {};
  op.signals[0] = op.signals[1] = kNone;
  op.signal_kinds[0] = op.signal_kinds[1] = 0;
  uint32_t first = before < s.ops.size() ? s.ops[before].first_operand : static_cast<uint32_t>(s.operands.size());
  s.operands.insert(s.operands.begin() + first, operands.begin(), operands.end());
  s.labels.insert(s.labels.begin() + first, labels.begin(), labels.end());
  op.first_operand = first;
  for (uint32_t later = before; later < s.ops.size(); ++later) s.ops[later].first_operand += op.operand_count;
  s.ops.insert(s.ops.begin() + before, op);
  ++s.streams[stream].op_count;
  for (uint32_t other = stream + 1; other < s.streams.size(); ++other) ++s.streams[other].first_op;
}

uint64_t extend(Schedule& s, uint16_t arena, uint64_t bytes) {
  uint64_t end = s.arenas[arena].bytes;
  s.arenas[arena].bytes += bytes;
  s.spaces[s.arenas[arena].space].capacity_bytes += bytes;
  return end;
}

std::vector<uint32_t> readers_of(const Schedule& s, uint32_t from, uint32_t slot) {
  const Operand place = operand_of(s, from, slot);
  std::vector<uint32_t> operands;
  for (uint32_t op = from + 1; op < s.ops.size(); ++op) {
    bool overwritten = false;
    for (uint32_t i = 0; i < s.ops[op].operand_count; ++i) {
      const Operand& operand = operand_of(s, op, i);
      if (operand.base != place.base || operand.offset_bytes != place.offset_bytes) continue;
      if (operand.access != kWrite) operands.push_back(operand_index(s, op, i));
      overwritten |= operand.access != kRead;
    }
    if (overwritten) break;
  }
  return operands;
}

uint32_t op_of_operand(const Schedule& s, uint32_t operand) {
  for (uint32_t op = 0; op < s.ops.size(); ++op)
    if (operand >= s.ops[op].first_operand && operand < s.ops[op].first_operand + s.ops[op].operand_count) return op;
  return kNone;
}

bool one_stream(const Schedule& s) { return s.streams.size() == 1; }

}  // namespace rondo
