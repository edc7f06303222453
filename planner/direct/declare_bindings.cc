#include "planner/direct/declare_bindings.h"

#include <set>
#include <string_view>

namespace rondo::direct {
namespace {

Role role_of(const GraphTensor& tensor) {
  switch (tensor.role) {
    case TensorRole::kInput:
      return Role::kInput;
    case TensorRole::kConstant:
      return Role::kConstant;
    case TensorRole::kState:
      return Role::kState;
    case TensorRole::kTable:
      return Role::kTable;
    case TensorRole::kOutput:
    case TensorRole::kIntermediate:
      break;
  }
  return Role::kOutput;
}

}  // namespace

std::string free_name(const Graph& graph, std::string wanted) {
  std::set<std::string_view> taken;
  for (const GraphTensor& tensor : graph.tensors) taken.insert(tensor.name);
  while (taken.count(wanted) != 0) wanted += "_";
  return wanted;
}

uint16_t declare_binding(const GraphTensor& tensor, ScheduleBuilder& builder) {
  const uint16_t base = builder.binding(tensor.name, role_of(tensor), tensor.dtype, tensor.shape);
  Binding& made = builder.schedule().bindings.back();
  if (tensor.role == TensorRole::kTable) {
    made.index_limit = tensor.index_limit;
    made.distinct = tensor.distinct ? 1 : 0;
  } else if (tensor.role == TensorRole::kState && tensor.filled.moves()) {
    made.filled_scalar = tensor.filled.scalar;
    made.filled_scale = 1;
    made.filled_bias = tensor.filled.plus;
  }
  return base;
}

void declare_aliases(const Graph& graph, const TensorViews& views, ScheduleBuilder& builder,
                     std::vector<uint32_t>& label_id) {
  const Labels& labels = views.labels;
  for (uint32_t label = static_cast<uint32_t>(graph.tensors.size()); label < labels.size(); ++label) {
    const GraphTensor& root = graph.tensors[labels[label].root];
    if (label_id[labels[label].root] == kNone) continue;
    std::string name = root.name + ".";
    for (uint32_t extent : labels[label].shape) name += (name.back() == '.' ? "" : "x") + std::to_string(extent);
    const uint32_t made = builder.tensor(free_name(graph, name), root.dtype, labels[label].shape);
    builder.schedule().tensors[made].alias_of = 1 + label_id[labels[label].root];
    label_id[label] = made;
  }
}

}  // namespace rondo::direct
