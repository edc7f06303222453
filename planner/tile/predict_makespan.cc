#include "planner/tile/predict_makespan.h"

#include <algorithm>
#include "planner/tile/find_conflicts.h"
#include "rondo/contracts.h"

namespace rondo::tiling {
namespace {

// The extent of a dimension of the contract, or the product of "...", at this call.
double factor_of(const MicroProgram& micro, const Compute& compute, const Contract& contract, std::string_view factor) {
  if (factor == "size" || factor == "index") return static_cast<double>(size_of(DType::kF32));
  if (factor == "pairs") {
    const auto extent = [&](std::string_view dim) {
      return static_cast<uint64_t>(factor_of(micro, compute, contract, dim));
    };
    bool causal = false;
    for (uint32_t i = 0; i < contract.params.size(); ++i)
      causal |= contract.params[i].name == "mask" && compute.params[i] != 0;
    return static_cast<double>(pairs_of(extent("m"), extent("s"), causal));
  }
  if (factor == "acc") return (compute.flags & kOpAccumulate) != 0 ? 1 : 0;
  for (uint32_t use = 0; use < compute.use_count; ++use) {
    const PieceUse& operand = micro.uses[compute.first_use + use];
    const std::string_view dims = contract.operands[use].dims;
    const uint32_t words = word_count(dims);
    const bool leading = words != 0 && word_at(dims, 0) == "...";
    // Named dimensions are the last ones; "..." is what comes before them.
    const uint32_t named = words - (leading ? 1 : 0);
    if (leading && factor == "...") {
      double product = 1;
      for (uint32_t axis = 0; axis + named < operand.rank; ++axis) product *= operand.extent[axis];
      return product;
    }
    for (uint32_t word = leading ? 1 : 0; word < words; ++word)
      if (word_at(dims, word) == factor) return operand.extent[operand.rank - (words - word)];
  }
  return 1;
}

double value_of(const MicroProgram& micro, const Compute& compute, const Contract& contract, const Formula& formula) {
  double sum = 0;
  for (const Term& term : formula) {
    double product = static_cast<double>(term.coefficient);
    if (product == 0) continue;
    for (uint32_t word = 0; word < word_count(term.factors); ++word)
      product *= factor_of(micro, compute, contract, word_at(term.factors, word));
    sum += product;
  }
  return sum;
}

}  // namespace

double cost_of(const MicroProgram& micro, const PlacedOp& op, const Machine& machine) {
  if (op.kind != PlacedKind::kCompute) {
    const KernelCost* cost = machine.cost("copy");
    return cost == nullptr ? 0
                           : cost->fixed_ns + cost->ns_per_byte * 2 * static_cast<double>(micro.pieces[op.index].bytes);
  }
  const Compute& compute = micro.computes[op.index];
  const KernelCost* cost = machine.cost(compute.kernel);
  const Contract* contract = find_contract(compute.kernel);
  if (cost == nullptr || contract == nullptr) return 0;
  double time = cost->fixed_ns;
  if (cost->ns_per_flop != 0) time += cost->ns_per_flop * value_of(micro, compute, *contract, contract->flops);
  if (cost->ns_per_byte != 0) time += cost->ns_per_byte * value_of(micro, compute, *contract, contract->bytes);
  return time;
}

// The event model of planner/claims serves a schedule, along its streams, tokens and costs. A
// placed list has none of them, and lowering every candidate to get them takes longer than
// the prediction: what an op waits for are positions in the list.
Prediction predict_makespan(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                            const Machine& machine) {
  const Conflicts conflicts = find_conflicts(graph, micro, program);
  const Queues queues(machine);
  std::vector<double> free_at(program.lanes * Queues::kPerLane, 0), done(program.ops.size());
  Prediction prediction;
  for (uint32_t i = 0; i < program.ops.size(); ++i) {
    const PlacedOp& op = program.ops[i];
    double& free = free_at[queues.of(micro, op)];
    double start = free;
    for (uint32_t j = conflicts.first[i]; j < conflicts.first[i + 1]; ++j) {
      const uint32_t before = conflicts.before[j];
      start = std::max(start, done[before] + (program.ops[before].lane != op.lane ? machine.token_ns : 0));
    }
    const double cost = cost_of(micro, op, machine);
    done[i] = free = start + cost;
    prediction.sequential += cost;
    prediction.makespan = std::max(prediction.makespan, done[i]);
  }
  return prediction;
}

}  // namespace rondo::tiling
