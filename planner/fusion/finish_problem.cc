#include "planner/fusion/finish_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

using Fault = std::optional<ProblemFault>;

template <class... Words>
Fault fault(const char* key, int64_t entry, const Words&... words) {
  return ProblemFault{ErrorCode::kInvalidGraph, key, entry, sentence(words...)};
}

std::string shape(const Tensor& tensor) { return sentence(tensor.width, " x ", tensor.height); }

Fault check_machine(const Problem& problem) {
  if (problem.capacity < 1 || problem.capacity > kMaxElements)
    return fault("fast_memory_capacity", -1, "a capacity of ", problem.capacity, " elements; it must be 1 to ",
                 kMaxElements);
  if (!std::isfinite(problem.bandwidth) || problem.bandwidth <= 0)
    return fault("slow_memory_bandwidth", -1, "the bandwidth must be a finite number above 0");
  if (problem.native < 1 || problem.native > std::numeric_limits<int32_t>::max())
    return fault("native_granularity", -1, "a native granularity of ", problem.native, "; it must be 1 to ",
                 std::numeric_limits<int32_t>::max());
  return {};
}

Fault check_sizes(const Problem& problem) {
  constexpr int64_t kMaxExtent = std::numeric_limits<int32_t>::max();
  int64_t elements = 0;
  for (size_t tensor = 0; tensor < problem.tensors.size(); ++tensor) {
    const Tensor& t = problem.tensors[tensor];
    const auto entry = static_cast<int64_t>(tensor);
    if (t.width < 1 || t.width > kMaxExtent)
      return fault("widths", entry, "tensor ", tensor, " has width ", t.width, "; it must be 1 to ", kMaxExtent);
    if (t.height < 1 || t.height > kMaxExtent)
      return fault("heights", entry, "tensor ", tensor, " has height ", t.height, "; it must be 1 to ", kMaxExtent);
    if (t.size() > kMaxElements - elements)
      return fault("widths", entry, "with tensor ", tensor, " (", shape(t), ") the tensors have more than ",
                   kMaxElements, " elements together");
    elements += t.size();
  }
  return {};
}

Fault check_operator(const Problem& problem, size_t op) {
  const Operator& o = problem.operators[op];
  const auto entry = static_cast<int64_t>(op);
  const size_t count = problem.tensors.size();
  const bool matmul = o.type == OperatorType::kMatMul;
  const char* kind = matmul ? "MatMul " : "Pointwise ";
  if (!std::isfinite(o.base_cost) || o.base_cost < 0)
    return fault("base_costs", entry, "the base cost of operator ", op, " must be a finite number, 0 or more");
  if (matmul && o.inputs.size() != 2)
    return fault("inputs", entry, kind, op, " has ", o.inputs.size(), " inputs; a MatMul has 2");
  if (o.inputs.empty()) return fault("inputs", entry, kind, op, " has no inputs; a Pointwise has at least 1");
  for (uint32_t tensor : o.inputs)
    if (tensor >= count)
      return fault("inputs", entry, "operator ", op, " reads tensor ", tensor, "; there are ", count,
                   " tensors, from 0");
  if (o.output >= count)
    return fault("outputs", entry, "operator ", op, " makes tensor ", o.output, "; there are ", count,
                 " tensors, from 0");
  const Tensor& out = problem.tensors[o.output];
  if (matmul) {
    const Tensor& lhs = problem.tensors[o.inputs[0]];
    const Tensor& rhs = problem.tensors[o.inputs[1]];
    if (lhs.width != rhs.height || out.height != lhs.height || out.width != rhs.width)
      return fault("inputs", entry, "MatMul ", op, ": an LHS of ", shape(lhs), " (width x height) and an RHS of ",
                   shape(rhs), " do not make ", shape(out),
                   ": the LHS's width is the RHS's height, the output has the LHS's height and the RHS's width");
  } else {
    for (uint32_t tensor : o.inputs)
      if (problem.tensors[tensor] != out)
        return fault("inputs", entry, "Pointwise ", op, ": input tensor ", tensor, " is ",
                     shape(problem.tensors[tensor]), ", the output is ", shape(out));
  }
  return {};
}

// Follows producers among operators that never became ready: each has one, so the walk
// runs into itself.
std::string some_cycle(const Problem& problem, const std::vector<uint32_t>& missing) {
  auto op = static_cast<uint32_t>(std::find_if(missing.begin(), missing.end(), [](uint32_t n) { return n != 0; }) -
                                  missing.begin());
  std::vector<uint32_t> walk;
  std::vector<bool> seen(problem.operators.size(), false);
  while (!seen[op]) {
    seen[op] = true;
    walk.push_back(op);
    for (uint32_t tensor : problem.operators[op].inputs) {
      const int32_t producer = problem.producer[tensor];
      if (producer >= 0 && missing[producer] != 0) {
        op = static_cast<uint32_t>(producer);
        break;
      }
    }
  }
  // The walk went against the arrows.
  std::string text = std::to_string(op);
  constexpr int kMostNamed = 8;
  int named = 0;
  for (auto at = walk.rbegin(); at != walk.rend(); ++at) {
    if (++named > kMostNamed && *at != op) {
      text += " -> ...";
      break;
    }
    text += " -> " + std::to_string(*at);
    if (*at == op) break;
  }
  return text;
}

Fault connect(Problem& problem) {
  problem.producer.assign(problem.tensors.size(), -1);
  problem.consumers.assign(problem.tensors.size(), {});
  for (size_t op = 0; op < problem.operators.size(); ++op) {
    const Operator& o = problem.operators[op];
    int32_t& producer = problem.producer[o.output];
    if (producer >= 0)
      return fault("outputs", static_cast<int64_t>(op), "tensor ", o.output, " is made twice, by operators ", producer,
                   " and ", op);
    producer = static_cast<int32_t>(op);
    for (uint32_t tensor : o.inputs) {
      std::vector<uint32_t>& readers = problem.consumers[tensor];
      if (readers.empty() || readers.back() != op) readers.push_back(static_cast<uint32_t>(op));
    }
  }
  // Kahn's algorithm; `missing`: inputs of an operator that are not made yet.
  std::vector<uint32_t> missing(problem.operators.size(), 0);
  std::vector<uint32_t> ready;
  for (size_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
    if (problem.producer[tensor] >= 0)
      for (uint32_t reader : problem.consumers[tensor]) ++missing[reader];
  for (size_t op = 0; op < missing.size(); ++op)
    if (missing[op] == 0) ready.push_back(static_cast<uint32_t>(op));
  for (size_t at = 0; at < ready.size(); ++at)
    for (uint32_t reader : problem.consumers[problem.operators[ready[at]].output])
      if (--missing[reader] == 0) ready.push_back(reader);
  if (ready.size() == missing.size()) return {};
  const auto stuck = std::find_if(missing.begin(), missing.end(), [](uint32_t n) { return n != 0; });
  return fault("inputs", stuck - missing.begin(), "operators feed themselves: ", some_cycle(problem, missing));
}

Fault check_capacity(const Problem& problem) {
  for (size_t op = 0; op < problem.operators.size(); ++op) {
    const int64_t least = least_working_set(problem, static_cast<uint32_t>(op));
    if (least > problem.capacity)
      return ProblemFault{ErrorCode::kDoesNotFit, "fast_memory_capacity", -1,
                          sentence("the capacity of ", problem.capacity, " elements is too small for operator ", op,
                                   ", which needs at least ", least, " (its inputs and output, one element of each)")};
  }
  return {};
}

}  // namespace

int64_t least_working_set(const Problem& problem, uint32_t op) {
  const Operator& o = problem.operators[op];
  // The operands of a MatMul are cut differently, even where they are one tensor, unless
  // there is nothing to cut.
  if (o.type == OperatorType::kMatMul && problem.tensors[o.inputs[0]].size() > 1) return 3;
  std::vector<uint32_t> inputs = o.inputs;
  std::sort(inputs.begin(), inputs.end());
  return std::unique(inputs.begin(), inputs.end()) - inputs.begin() + 1;
}

std::optional<ProblemFault> find_fault(Problem& problem) {
  if (Fault found = check_machine(problem)) return found;
  if (Fault found = check_sizes(problem)) return found;
  for (size_t op = 0; op < problem.operators.size(); ++op)
    if (Fault found = check_operator(problem, op)) return found;
  if (Fault found = connect(problem)) return found;
  return check_capacity(problem);
}

Status finish_problem(Problem& problem) {
  std::optional<ProblemFault> found = find_fault(problem);
  if (!found) return {};
  return make_error(found->code, std::move(found->message));
}

}  // namespace rondo::fusion
