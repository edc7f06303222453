#include "planner/evaluate/evaluate.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "planner/evaluate/evaluation.h"
#include "planner/graph/state_versions.h"

namespace rondo {
namespace evaluating {

uint64_t count_of(const Shape& shape) {
  uint64_t count = 1;
  for (uint32_t extent : shape) count *= extent;
  return count;
}

std::vector<uint64_t> strides_within(const Shape& in, const Shape& out) {
  std::vector<uint64_t> strides(out.size(), 0);
  uint64_t stride = 1;
  for (size_t axis = in.size(); axis-- > 0;) {
    if (in[axis] != 1) strides[axis + out.size() - in.size()] = stride;
    stride *= in[axis];
  }
  return strides;
}

uint64_t Evaluation::filled(uint32_t tensor) const {
  const GraphTensor& of = graph.tensors[tensor];
  if (!of.filled.moves()) return of.shape[0];
  return static_cast<uint64_t>(std::clamp<int64_t>(at(of.filled), 0, of.shape[0]));
}

namespace {

Compute* compute_of(OperatorKind kind) {
  switch (info(kind).family) {
    case OperatorFamily::kProduct:
      return matmul;
    case OperatorFamily::kPairwise:
      return pairwise;
    case OperatorFamily::kElementwise:
      return element_by_element;
    case OperatorFamily::kRows:
      return kind == OperatorKind::kSoftmax ? softmax : kind == OperatorKind::kLayerNorm ? layer_norm : rms_norm;
    case OperatorFamily::kReduction:
      return reduction;
    case OperatorFamily::kConcat:
      return concat;
    case OperatorFamily::kView:
      return kind == OperatorKind::kSlice ? slice : kind == OperatorKind::kReshape ? reshape : transpose;
    case OperatorFamily::kGather:
      return gather;
    case OperatorFamily::kRotary:
      return rotary;
    case OperatorFamily::kAttention:
      return attention;
    case OperatorFamily::kStateUpdate:
      break;
  }
  return nullptr;  // it goes by its state
}

// `state` is the whole state that the operator changes, else nullptr.
void compute(Evaluation& it, const GraphOperator& op, Evaluated* state, const Settle& settle) {
  Evaluated out;
  out.shape = it.graph.tensors[op.output].shape;
  out.value.assign(count_of(out.shape), 0);
  out.bound.assign(out.value.size(), 0);
  if (state != nullptr) {
    change_state(it, op, *state);
    first_rows(*state, out);
  } else {
    compute_of(op.kind)(it, op, out);
  }
  settle(op, out);
  it.tensors[op.output] = std::move(out);
}

Error wrong_size(const GraphTensor& tensor, uint64_t given) {
  return make_error(ErrorCode::kInvalidArgument,
                    "data for '" + tensor.name + "' has " + std::to_string(given) + " elements; its shape has " +
                        std::to_string(count_of(tensor.shape)),
                    tensor.place);
}

// What the caller gives for a tensor that no operator makes.
Status take_given(const GraphData& given, const GraphTensor& tensor, Evaluated& exact) {
  exact.shape = tensor.shape;
  const uint64_t count = count_of(tensor.shape);
  if (const auto state = given.states.find(tensor.name);
      tensor.role == TensorRole::kState && state != given.states.end()) {
    if (state->second.value.size() != count) return wrong_size(tensor, state->second.value.size());
    exact.value = state->second.value;
    exact.bound = state->second.bound;
    exact.row_bound = state->second.row_bound;
    if (exact.bound.size() != count) return wrong_size(tensor, exact.bound.size());
    settle_bounds(exact);
    return {};
  }
  if (tensor.dtype == DType::kF32) {
    const auto found = given.floats.find(tensor.name);
    if (found == given.floats.end() && tensor.role != TensorRole::kState)
      return make_error(ErrorCode::kNotFound, "there is no data for '" + tensor.name + "'", tensor.place);
    if (found == given.floats.end())
      exact.value.assign(count, 0);
    else
      exact.value.assign(found->second.begin(), found->second.end());
  } else {
    const auto found = given.indices.find(tensor.name);
    if (found == given.indices.end())
      return make_error(ErrorCode::kNotFound, "there are no row numbers for '" + tensor.name + "'", tensor.place);
    for (int64_t index : found->second) exact.value.push_back(static_cast<double>(index));
  }
  if (exact.value.size() != count) return wrong_size(tensor, exact.value.size());
  exact.bound.assign(count, 0);
  exact.row_bound.assign(tensor.shape.back() == 0 ? 0 : count / tensor.shape.back(), 0);
  return {};
}

Status take_scalars(const GraphData& given, Evaluation& it) {
  for (const GraphScalar& scalar : it.graph.scalars) {
    const auto found = given.scalars.find(scalar.name);
    if (found == given.scalars.end())
      return make_error(ErrorCode::kNotFound, "there is no value for scalar '" + scalar.name + "'", scalar.place);
    if (found->second < scalar.min || found->second > scalar.max)
      return make_error(ErrorCode::kInvalidArgument,
                        "scalar '" + scalar.name + "' is " + std::to_string(found->second) + "; allowed is " +
                            std::to_string(scalar.min) + " to " + std::to_string(scalar.max),
                        scalar.place);
    it.scalars.push_back(found->second);
  }
  return {};
}

}  // namespace

Result<EvaluatedTensors> evaluate(const Graph& graph, const GraphData& given, const Wanted& wanted, double factor,
                                  const Settle& settle) {
  Evaluation it{graph, factor, {}, std::vector<Evaluated>(graph.tensors.size())};
  if (Status status = take_scalars(given, it); !status.ok()) return status.error();
  std::vector<uint32_t> last_reader(graph.tensors.size(), kNone);
  for (uint32_t op = 0; op < graph.operators.size(); ++op)
    for (uint32_t tensor : graph.operators[op].inputs) last_reader[tensor] = op;
  for (uint32_t index = 0; index < graph.tensors.size(); ++index) {
    const GraphTensor& tensor = graph.tensors[index];
    if (tensor.role == TensorRole::kOutput || tensor.role == TensorRole::kIntermediate) continue;
    if (Status status = take_given(given, tensor, it.tensors[index]); !status.ok()) return status.error();
  }
  const std::vector<uint32_t> state_of = state_versions(graph);
  EvaluatedTensors states;
  const auto kept = [&](uint32_t tensor) { return wanted(graph.tensors[tensor]); };
  for (uint32_t index = 0; index < graph.operators.size(); ++index) {
    const GraphOperator& op = graph.operators[index];
    Evaluated* state = nullptr;
    if (const uint32_t root = state_of[op.output]; root != kNone)
      state = &states.try_emplace(graph.tensors[root].name, it.tensors[root]).first->second;
    compute(it, op, state, settle);
    for (uint32_t tensor : op.inputs)
      if (last_reader[tensor] == index && !kept(tensor)) it.tensors[tensor] = {};
  }
  EvaluatedTensors results;
  for (uint32_t index = 0; index < graph.tensors.size(); ++index)
    if (kept(index)) results[graph.tensors[index].name] = std::move(it.tensors[index]);
  for (auto& [name, state] : states) results[name] = std::move(state);
  return results;
}

}  // namespace evaluating

Result<EvaluatedTensors> evaluate_graph(const Graph& graph, const GraphData& given, bool outputs_only, double factor) {
  return evaluating::evaluate(
      graph, given,
      [outputs_only](const GraphTensor& tensor) { return !outputs_only || tensor.role == TensorRole::kOutput; }, factor,
      [](const GraphOperator&, Evaluated& out) { evaluating::settle_bounds(out); });
}

Result<EvaluatedTensors> evaluate_graph(const Graph& graph, const NamedData& inputs, bool outputs_only, double factor) {
  GraphData given;
  given.floats = inputs;
  return evaluate_graph(graph, given, outputs_only, factor);
}

Comparison compare(const Evaluated& expected, std::span<const float> result) {
  Comparison comparison;
  comparison.elements = expected.value.size();
  for (uint64_t i = 0; i < expected.value.size() && i < result.size(); ++i) {
    const double value = expected.value[i], got = static_cast<double>(result[i]);
    double ratio = 0;
    if (std::isnan(value) || std::isnan(got)) {
      if (!std::isnan(value) || !std::isnan(got)) ratio = std::numeric_limits<double>::infinity();
    } else if (got != value && !(std::isinf(got) && std::fabs(value) + expected.bound[i] > FLT_MAX &&
                                 std::signbit(got) == std::signbit(value))) {
      const double error = std::fabs(got - value);
      comparison.max_error = std::max(comparison.max_error, error);
      ratio = error <= expected.bound[i] && std::isinf(expected.bound[i]) ? 0 : error / expected.bound[i];
    }
    if (ratio > 1) ++comparison.outside;
    if (ratio > comparison.worst_ratio) {
      comparison.worst_ratio = ratio;
      comparison.worst_index = i;
      comparison.worst_value = value;
      comparison.worst_result = got;
    }
  }
  return comparison;
}

}  // namespace rondo
