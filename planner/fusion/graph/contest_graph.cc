#include "planner/fusion/graph/contest_graph.h"

#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

std::string name_of(uint32_t tensor) { return sentence("t", tensor); }
// The first `count` inputs of a Pointwise, added up.
std::string sum_name(uint32_t output, size_t count) { return sentence("t", output, "_sum", count); }

bool is_used(const Problem& problem, uint32_t tensor) {
  return !problem.is_input(tensor) || !problem.consumers[tensor].empty();
}

TensorRole role_of(const Problem& problem, uint32_t tensor) {
  if (problem.is_output(tensor)) return TensorRole::kOutput;
  if (!problem.is_input(tensor)) return TensorRole::kIntermediate;
  for (uint32_t op : problem.consumers[tensor])
    if (!problem.is_matmul(op) || problem.operators[op].inputs[0] == tensor) return TensorRole::kInput;
  return TensorRole::kConstant;
}

Status check_sizes(const Problem& problem) {
  constexpr int64_t kMostElements = int64_t{1} << 38;  // 2^40 bytes of f32
  for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor) {
    const Tensor& it = problem.tensors[tensor];
    if (is_used(problem, tensor) && it.size() > kMostElements)
      return make_error(ErrorCode::kDoesNotFit, sentence("tensor ", tensor, " is ", it.width, " x ", it.height,
                                                         ": a schedule holds tensors of up to 2^38 elements"));
  }
  return {};
}

}  // namespace

Result<Meaning> contest_meaning(const Problem& problem) {
  if (Status status = check_sizes(problem); !status.ok()) return status.error();
  Meaning meaning;
  const auto add_home = [&](std::string name, TensorRole role, const Tensor& shape) {
    meaning.homes.push_back(
        {std::move(name), role, {static_cast<uint32_t>(shape.height), static_cast<uint32_t>(shape.width)}});
    return static_cast<uint32_t>(meaning.homes.size() - 1);
  };
  meaning.tensors.resize(problem.tensors.size());
  for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
    if (is_used(problem, tensor))
      meaning.tensors[tensor].home = add_home(name_of(tensor), role_of(problem, tensor), problem.tensors[tensor]);
  for (uint32_t op = 0; op < problem.operators.size(); ++op) {
    const Operator& it = problem.operators[op];
    const uint32_t output = meaning.tensors[it.output].home;
    std::vector<KernelCall>& calls = meaning.calls.emplace_back();
    using enum Source::Of;
    if (problem.is_matmul(op)) {
      calls.push_back({"matmul", {}, {{kInput, 0}, {kInput, 1}}, output});
      continue;
    }
    for (uint32_t input = 1; input < it.inputs.size(); ++input)
      calls.push_back(
          {"add",
           {},
           {{input == 1 ? kInput : kSoFar, 0}, {kInput, input}},
           add_home(sum_name(it.output, input + 1), TensorRole::kIntermediate, problem.tensors[it.output])});
    calls.push_back({"tanh", {}, {{calls.empty() ? kInput : kSoFar, 0}}, output});
  }
  return meaning;
}

Result<std::string> contest_graph(const Problem& problem, std::string_view name) {
  if (Status status = check_sizes(problem); !status.ok()) return status.error();
  std::string text = "# MatMul: the matrix product. Pointwise: tanh of the sum of its inputs.\n";
  text += sentence("graph: ", name, "\ntensors:\n");
  for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor) {
    const Tensor& it = problem.tensors[tensor];
    const TensorRole role = role_of(problem, tensor);
    if (!is_used(problem, tensor) || role == TensorRole::kIntermediate) continue;
    text += sentence("  ", name_of(tensor), ": {shape: [", it.height, ", ", it.width, "], role: ",
                     role == TensorRole::kOutput     ? "output"
                     : role == TensorRole::kConstant ? "constant"
                                                     : "input",
                     "}\n");
  }
  text += "operators:\n";
  const auto line = [&](std::string_view op, const std::string& inputs, const std::string& output) {
    text += sentence("  - {op: ", op, ", inputs: [", inputs, "], output: ", output, "}\n");
  };
  for (uint32_t op = 0; op < problem.operators.size(); ++op) {
    const Operator& it = problem.operators[op];
    std::string so_far = name_of(it.inputs[0]);
    if (problem.is_matmul(op)) {
      line("matmul", so_far + ", " + name_of(it.inputs[1]), name_of(it.output));
      continue;
    }
    for (size_t input = 1; input < it.inputs.size(); ++input) {
      line("add", so_far + ", " + name_of(it.inputs[input]), sum_name(it.output, input + 1));
      so_far = sum_name(it.output, input + 1);
    }
    line("tanh", so_far, name_of(it.output));
  }
  return text;
}

}  // namespace rondo::fusion
