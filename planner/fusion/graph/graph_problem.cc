#include "planner/fusion/graph/graph_problem.h"

#include <algorithm>
#include <map>
#include <utility>

#include "planner/epilogues/pointwise_kernel.h"
#include "rondo/contracts.h"
#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

constexpr double kBytesOfElement = 4;

class Mapping {
 public:
  Mapping(const Graph& graph, const Machine& machine) : graph_(graph), machine_(machine) {}

  Result<GraphProblem> run(int64_t native, uint64_t scratch_bytes) {
    made_.problem.native = native;
    made_.problem.capacity = static_cast<int64_t>(scratch_bytes / static_cast<uint64_t>(kBytesOfElement));
    for (const GraphTensor& tensor : graph_.tensors)
      made_.meaning.homes.push_back({tensor.name, tensor.role, tensor.shape});
    for (uint32_t op = 0; op < graph_.operators.size(); ++op)
      if (Status status = add(op); !status.ok()) return status.error();
    if (Status status = check_outputs(); !status.ok()) return status.error();
    if (Status status = set_bandwidth(); !status.ok()) return status.error();
    if (Status status = finish_problem(made_.problem); !status.ok()) return in_words_of_the_graph(status.error());
    return std::move(made_);
  }

 private:
  const GraphTensor& tensor(uint32_t id) const { return graph_.tensors[id]; }

  static Error unavailable(const GraphOperator& op, const std::string& why) {
    return make_error(ErrorCode::kUnavailable,
                      sentence("the fusion planner cannot plan ", info(op.kind).name, " '", op.name, "': ", why),
                      op.place);
  }
  static std::string shape_text(const GraphTensor& tensor) {
    std::string text = "'" + tensor.name + "' [";
    for (size_t axis = 0; axis < tensor.shape.size(); ++axis)
      text += (axis == 0 ? "" : ", ") + std::to_string(tensor.shape[axis]);
    return text + "]";
  }

  // The tensor of the problem that is a matrix of the graph, its rows and columns exchanged
  // where `transposed`.
  uint32_t matrix(uint32_t id, bool transposed) {
    const auto [found, added] =
        tensors_.emplace(std::pair(id, transposed), static_cast<uint32_t>(made_.problem.tensors.size()));
    if (added) {
      const std::vector<uint32_t>& shape = tensor(id).shape;
      made_.problem.tensors.push_back({shape[transposed ? 0 : 1], shape[transposed ? 1 : 0]});
      made_.meaning.tensors.push_back({id, transposed});
    }
    return found->second;
  }

  Status check(const GraphOperator& op) const {
    if (op.kind != OperatorKind::kMatmul && !is_elementwise(op.kind))
      return unavailable(op, "it takes products of matrices and operators that go element by element");
    for (uint32_t input : op.inputs)
      if (tensor(input).dtype != DType::kF32)
        return unavailable(op, shape_text(tensor(input)) + " is " + std::string(info(tensor(input).dtype).name) +
                                   ", it computes with f32");
    if (tensor(op.output).shape.size() != 2)
      return unavailable(op, "its result " + shape_text(tensor(op.output)) + " is no matrix");
    for (uint32_t input : op.inputs) {
      const TensorRole role = tensor(input).role;
      const bool given = role == TensorRole::kInput || role == TensorRole::kConstant;
      if (!given && role != TensorRole::kIntermediate && role != TensorRole::kOutput)
        return unavailable(op, "it reads the state " + shape_text(tensor(input)));
      const bool same = op.kind == OperatorKind::kMatmul ? tensor(input).shape.size() == 2
                                                         : tensor(input).shape == tensor(op.output).shape;
      if (same) continue;
      if (op.kind == OperatorKind::kMatmul) return unavailable(op, shape_text(tensor(input)) + " is no matrix");
      if (!given) return unavailable(op, "it broadcasts " + shape_text(tensor(input)) + ", which an operator makes");
      if (tensor(input).shape.size() > 2) return unavailable(op, shape_text(tensor(input)) + " is no matrix");
    }
    if (op.kind != OperatorKind::kMatmul) return {};
    for (size_t position = 0; position < 2; ++position) {
      const TensorRole role = tensor(op.inputs[position]).role;
      if ((position == 0 ? op.transpose_a : op.transpose_b) && role != TensorRole::kInput &&
          role != TensorRole::kConstant)
        return unavailable(op,
                           "it transposes " + shape_text(tensor(op.inputs[position])) + ", which an operator makes");
    }
    return {};
  }

  Status add(uint32_t index) {
    const GraphOperator& op = graph_.operators[index];
    if (Status status = check(op); !status.ok()) return status;
    Operator made;
    KernelCall call;
    call.result = op.output;
    if (op.kind == OperatorKind::kMatmul) {
      made.type = OperatorType::kMatMul;
      made.inputs = {matrix(op.inputs[0], op.transpose_a), matrix(op.inputs[1], op.transpose_b)};
      call.kernel = "matmul";
      call.sources = {{Source::Of::kInput, 0}, {Source::Of::kInput, 1}};
    } else {
      call.kernel = pointwise_kernel(op.kind);
      if (op.kind == OperatorKind::kGelu) call.params[0] = op.gelu_tanh ? 1 : 0;
      for (uint32_t input : op.inputs) {
        if (tensor(input).shape == tensor(op.output).shape) {
          call.sources.push_back({Source::Of::kInput, static_cast<uint32_t>(made.inputs.size())});
          made.inputs.push_back(matrix(input, false));
        } else {
          call.sources.push_back({Source::Of::kAside, input});
        }
      }
      if (made.inputs.empty()) return unavailable(op, "all that it reads is broadcast");
    }
    made.output = matrix(op.output, false);
    made.base_cost = base_cost(call.kernel, made);
    made_.problem.operators.push_back(std::move(made));
    made_.meaning.calls.push_back({std::move(call)});
    made_.operators.push_back(index);
    return {};
  }

  // Of one native tile, in the machine's unit of cost.
  double base_cost(std::string_view kernel, const Operator& op) {
    const auto native = static_cast<double>(made_.problem.native);
    const double area = native * native;
    double flops = 0, elements = 0, calls = 1;
    if (op.type == OperatorType::kMatMul) {
      const auto depth = static_cast<double>(made_.problem.tensors[op.inputs[0]].width);
      calls = std::max(1.0, depth / native);
      flops = 2 * area * depth;
      elements = 2 * native * depth + area * (2 * calls - 1);
    } else {
      const auto flops_each = static_cast<double>(find_contract(kernel)->flops[0].coefficient);
      flops = flops_each * area;
      elements = area * static_cast<double>(op.inputs.size() + 1);
    }
    const KernelCost* cost = machine_.expected_cost(kernel, static_cast<uint64_t>(elements * kBytesOfElement / calls));
    if (cost == nullptr) return 0;
    computing_costs_ = true;
    return cost->fixed_ns * calls + cost->ns_per_flop * flops + cost->ns_per_byte * elements * kBytesOfElement;
  }

  // Elements a unit of cost.
  Status set_bandwidth() {
    const double tile_bytes = 2 * kBytesOfElement * static_cast<double>(made_.problem.native * made_.problem.native);
    if (const KernelCost* copy = machine_.expected_cost("copy", static_cast<uint64_t>(tile_bytes))) {
      const double cost = copy->fixed_ns + copy->ns_per_byte * tile_bytes;
      if (cost > 0) return made_.problem.bandwidth = tile_bytes / (2 * kBytesOfElement) / cost, Status();
    }
    if (const double gb_s =
            machine_.space(SpaceKind::kHost) == nullptr ? 0 : machine_.space(SpaceKind::kHost)->bandwidth_gb_s;
        gb_s > 0)
      return made_.problem.bandwidth = gb_s / kBytesOfElement, Status();
    if (computing_costs_)
      return make_error(ErrorCode::kInvalidMachine,
                        "machine '" + machine_.name +
                            "' says what kernels cost, but neither what copy costs nor the bandwidth of its host "
                            "memory: the fusion planner weighs one against the other");
    made_.problem.bandwidth = 1;
    return {};
  }

  // A problem stores at its end what no operator reads; other outputs it might never store.
  Status check_outputs() const {
    for (const GraphOperator& reader : graph_.operators)
      for (uint32_t input : reader.inputs)
        if (tensor(input).role == TensorRole::kOutput)
          return unavailable(reader, "it reads the output " + shape_text(tensor(input)));
    return {};
  }

  Error in_words_of_the_graph(Error error) const {
    if (error.code != ErrorCode::kDoesNotFit) return error;
    for (uint32_t op = 0; op < made_.problem.operators.size(); ++op) {
      const int64_t least = least_working_set(made_.problem, op);
      if (least <= made_.problem.capacity) continue;
      const GraphOperator& it = graph_.operators[made_.operators[op]];
      return make_error(ErrorCode::kDoesNotFit,
                        sentence(info(it.kind).name, " '", it.name, "' needs at least ", least * 4,
                                 " bytes of scratch, the plan may use ", made_.problem.capacity * 4),
                        it.place);
    }
    return error;
  }

  const Graph& graph_;
  const Machine& machine_;
  GraphProblem made_;
  std::map<std::pair<uint32_t, bool>, uint32_t> tensors_;
  bool computing_costs_ = false;
};

}  // namespace

Result<GraphProblem> problem_of(const Graph& graph, const Machine& machine, int64_t native, uint64_t scratch_bytes) {
  return Mapping(graph, machine).run(native, scratch_bytes);
}

}  // namespace rondo::fusion
