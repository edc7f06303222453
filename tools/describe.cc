#include "tools/describe.h"
#include <algorithm>
#include "rondo/contracts.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

std::string or_number(std::string_view name, const char* what, uint32_t number) {
  return name.empty() ? std::string(what) + " " + std::to_string(number) : std::string(name);
}

std::string hexadecimal(uint64_t number) {
  std::string digits;
  do digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
  while ((number >>= 4) != 0);
  return "0x" + digits;
}

}  // namespace

std::string base_name(const Schedule& schedule, uint32_t base) {
  if (base >= schedule.base_count()) return "base " + std::to_string(base);
  if (schedule.is_arena(base)) return or_number(schedule.name(schedule.arenas[base].name), "arena", base);
  return or_number(schedule.name(schedule.binding_of(base).name), "binding",
                   base - static_cast<uint32_t>(schedule.arenas.size()));
}

std::string stream_name(const Schedule& schedule, uint32_t stream) {
  if (stream >= schedule.streams.size()) return "?";
  return or_number(schedule.name(schedule.streams[stream].name), "stream", stream);
}

std::string kernel_name(const Schedule& schedule, const Op& op) {
  if (op.kernel == kNoKernel) return "sync";
  if (op.kernel >= schedule.kernels.size()) return "?";
  return std::string(schedule.name(schedule.kernels[op.kernel].name));
}

std::string phase_name(const Schedule& schedule, uint32_t phase) {
  if (phase >= schedule.phases.size()) return "";
  return or_number(schedule.name(schedule.phases[phase].name), "phase", phase);
}

std::string role_name(uint8_t role) {
  constexpr const char* kNames[] = {"input", "output", "constant", "state", "table"};
  return role < std::size(kNames) ? kNames[role] : "?";
}

std::string space_kind_name(uint8_t kind) {
  constexpr const char* kNames[] = {"host", "scratch", "device"};
  return kind < std::size(kNames) ? kNames[kind] : "?";
}

std::string engine_name(uint8_t engine) {
  constexpr const char* kNames[] = {"compute", "copy in", "copy out"};
  return engine < std::size(kNames) ? kNames[engine] : "?";
}

std::string dtype_name(uint8_t dtype) {
  return is_dtype(dtype) ? std::string(info(static_cast<DType>(dtype)).name) : "?";
}

uint32_t stream_of(const Schedule& schedule, uint32_t op) {
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    const Stream& candidate = schedule.streams[stream];
    if (op >= candidate.first_op && op - candidate.first_op < candidate.op_count) return stream;
  }
  return kNone;
}

std::string op_title(const Schedule& schedule, uint32_t op) {
  std::string text = "op " + std::to_string(op);
  if (op >= schedule.ops.size()) return text;
  text += " (" + kernel_name(schedule, schedule.ops[op]);
  if (const uint32_t stream = stream_of(schedule, op); stream != kNone)
    text += ", stream " + stream_name(schedule, stream);
  if (op < schedule.op_lines.size()) text += ", line " + std::to_string(schedule.op_lines[op]);
  return text + ")";
}

std::string value_text(const Schedule& schedule, const Value& value) {
  if (value.tensor >= schedule.tensors.size()) return "?";
  const Tensor& tensor = schedule.tensors[value.tensor];
  std::string text = std::string(schedule.name(tensor.name)) + "[";
  for (uint32_t axis = 0; axis < tensor.rank && axis < kMaxRank; ++axis) {
    if (axis != 0) text += ", ";
    text += std::to_string(value.low[axis]) + ":" + std::to_string(uint64_t{value.low[axis]} + value.extent[axis]);
  }
  text += "]";
  if (value.version != 0) text += "#" + std::to_string(value.version);
  return text;
}

std::string operand_text(const Schedule& schedule, const Op& op, uint32_t operand) {
  const uint64_t index = uint64_t{op.first_operand} + operand;
  if (index >= schedule.operands.size()) return "?";
  std::string name = std::to_string(operand);
  if (const Contract* contract = find_contract(kernel_name(schedule, op)))
    if (operand < contract->operand_count) name = contract->operands[operand].name;
  const Operand& record = schedule.operands[index];
  const std::string base = base_name(schedule, record.base);
  std::string text = name + "=";
  if (index < schedule.labels.size() && schedule.labels[index].value < schedule.values.size()) {
    text += value_text(schedule, schedule.values[schedule.labels[index].value]);
    // A binding is the tensor it holds; in an arena, where it lies is news.
    if (schedule.is_arena(record.base)) text += "@" + base + "+" + hexadecimal(record.offset_bytes);
    return text;
  }
  text += base + "+" + hexadecimal(record.offset_bytes);
  if (record.view < schedule.views.size()) {
    const View& view = schedule.views[record.view];
    text += " " + dtype_name(view.dtype) + " " +
            shape_text(std::span(view.extent, std::min<uint32_t>(view.rank, kMaxRank)));
  }
  return text;
}

std::string graph_signature(const Graph& graph) {
  std::string inputs, outputs;
  for (const GraphTensor& tensor : graph.tensors) {
    if (tensor.role != TensorRole::kInput && tensor.role != TensorRole::kOutput) continue;
    std::string& list = tensor.role == TensorRole::kInput ? inputs : outputs;
    list += (list.empty() ? "" : ", ") + tensor.name + " " + shape_text(tensor.shape);
  }
  return inputs + " -> " + outputs;
}

}  // namespace rondo::cli
