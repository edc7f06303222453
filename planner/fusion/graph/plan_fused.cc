// plan_fused: graph -> problem -> solution -> schedule, and what it cost.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/graph/graph_problem.h"
#include "planner/fusion/lower/lower_solution.h"
#include "planner/fusion/search/solve.h"
#include "planner/lanes/predict_lanes.h"
#include "rondo/plan.h"
#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

using fusion::Evaluation;
using fusion::GraphProblem;
using fusion::Solution;
using fusion::SubgraphCost;

constexpr uint32_t kLargestTile = 1024;
constexpr uint32_t kNatives[] = {32, 64, 128, 256};
constexpr double kElementBytes = 4;

Status check(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  const auto bad = [](std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); };
  if (graph.operators.empty()) return bad("graph '" + graph.name + "' has no operators: there is nothing to plan");
  if (options.native > kLargestTile)
    return bad(sentence("tiles of up to ", options.native, " rows and columns were asked for: 1 to ", kLargestTile,
                        " are allowed"));
  if (options.proposals < 1) return bad("a search of 0 proposals was asked for: at least 1 is needed");
  if (machine.backend != "cpu")
    return make_error(ErrorCode::kUnavailable, "machine '" + machine.name + "' is of backend " + machine.backend +
                                                   ": the fusion planner plans for cpu only so far");
  const MachineSpace* scratch = machine.space(SpaceKind::kScratch);
  if (scratch == nullptr || machine.space(SpaceKind::kHost) == nullptr)
    return make_error(ErrorCode::kInvalidMachine,
                      "machine '" + machine.name + "' has no space of kind scratch: fused plans need one");
  if (options.scratch_bytes > scratch->capacity_bytes)
    return bad(sentence(options.scratch_bytes, " bytes of scratch were asked for, but machine '", machine.name,
                        "' has ", scratch->capacity_bytes));
  return {};
}

std::vector<FusedPart> parts_of(const Graph& graph, const GraphProblem& made, const Solution& solution,
                                const Evaluation& cost) {
  std::vector<FusedPart> parts;
  for (size_t i = 0; i < solution.subgraphs.size(); ++i) {
    const fusion::Subgraph& subgraph = solution.subgraphs[i];
    const SubgraphCost& its = cost.subgraphs[i];
    FusedPart part;
    for (uint32_t op : subgraph.operators) part.operators.push_back(graph.operators[made.operators[op]].name);
    for (uint32_t tensor : subgraph.retained)
      part.kept.push_back(made.meaning.homes[made.meaning.tensors[tensor].home].name);
    part.tile_rows = static_cast<uint32_t>(subgraph.h);
    part.tile_columns = static_cast<uint32_t>(subgraph.w);
    part.k = static_cast<uint32_t>(subgraph.k);
    part.bytes_in = static_cast<uint64_t>(its.loaded) * 4;
    part.bytes_out = static_cast<uint64_t>(its.evicted) * 4;
    part.scratch_bytes = static_cast<uint64_t>(its.working_set) * 4;
    part.computing = its.compute;
    part.moving = its.memory;
    part.cost = its.latency;
    parts.push_back(std::move(part));
  }
  return parts;
}

// Of every matrix that lies outside, once in or once out.
double least_bytes(const GraphProblem& made) {
  std::set<uint32_t> counted;  // homes
  double elements = 0;
  for (uint32_t tensor = 0; tensor < made.problem.tensors.size(); ++tensor)
    if ((made.problem.is_output(tensor) || made.problem.is_input(tensor)) &&
        counted.insert(made.meaning.tensors[tensor].home).second)
      elements += static_cast<double>(made.problem.tensors[tensor].size());
  return elements * kElementBytes;
}

void count_ops(const Schedule& schedule, PlanSummary& summary) {
  for (const Op& op : schedule.ops) {
    if (op.kernel == kNoKernel) continue;
    ++summary.ops;
    if (schedule.name(schedule.kernels[op.kernel].name) != "copy")
      ++summary.computes;
    else
      ++(schedule.is_arena(schedule.operands[op.first_operand + 1].base) &&
                 schedule.spaces[schedule.arenas[schedule.operands[op.first_operand + 1].base].space].kind ==
                     static_cast<uint8_t>(SpaceKind::kScratch)
             ? summary.loads
             : summary.stores);
  }
  summary.micro_ops = summary.ops;
}

void read_claims(const Schedule& schedule, PlanSummary& summary) {
  for (const Claim& claim : schedule.claims) switch (static_cast<ClaimKind>(claim.kind)) {
      case ClaimKind::kBytesMoved:
        summary.bytes_moved += claim.value;
        break;
      case ClaimKind::kFlops:
        summary.flops = claim.value;
        break;
      case ClaimKind::kExtentPeak:
        if (claim.a == 0) summary.extent_bytes = claim.value;
        break;
      case ClaimKind::kLivePeak:
        if (claim.a == 0) summary.peak_bytes = claim.value;
        break;
      default:
        break;
    }
}

}  // namespace

namespace {

// How many times its cost traffic is weighed in a search; 0: alone. Where computing hides
// it, its cost says nothing of it, and a second copy engine or a neighbour does not hide it.
constexpr double kWeights[] = {1, 2, 4, 0};

class Planning {
 public:
  Planning(const Graph& graph, const Machine& machine, const PlanOptions& options)
      : graph_(graph), machine_(machine), options_(options) {}

  // The schedules decide: by makespan, then by bytes.
  Result<Plan> run() {
    std::vector<uint32_t> natives(std::begin(kNatives), std::end(kNatives));
    if (options_.native != 0) natives = {options_.native};
    searches_ = std::size(kWeights) * natives.size();
    std::optional<Plan> best;
    std::optional<Error> first_error;
    for (const uint32_t native : natives)
      for (const double weight : kWeights) {
        Result<Plan> plan = plan_with(native, weight);
        ++searched_;
        if (cancelled_) return make_error(ErrorCode::kCancelled, "the host asked to stop");
        if (!plan.ok()) {
          // Beyond the limit of operations with small tiles, perhaps not with larger ones.
          if (plan.error().code != ErrorCode::kTooComplex) return plan.error();
          if (!first_error) first_error = plan.error();
        } else if (!best || is_better(*plan, *best)) {
          best = *std::move(plan);
        }
      }
    if (!best) return *first_error;
    return *std::move(best);
  }

 private:
  // What a solution sends out and never brings in again is an output of its schedule, which
  // the host would have to bind: such plans are for want of others.
  static size_t outputs_of(const Schedule& schedule) {
    return static_cast<size_t>(std::count_if(schedule.bindings.begin(), schedule.bindings.end(), [](const Binding& it) {
      return it.role == static_cast<uint8_t>(Role::kOutput);
    }));
  }
  static bool is_better(const Plan& plan, const Plan& than) {
    if (const size_t outputs = outputs_of(plan.schedule), there = outputs_of(than.schedule); outputs != there)
      return outputs < there;
    const PlanSummary &a = plan.summary, &b = than.summary;
    const double tolerance = 1e-9 * b.makespan;
    if (std::abs(a.makespan - b.makespan) > tolerance) return a.makespan < b.makespan;
    return a.bytes_moved < b.bytes_moved;
  }

  fusion::SolveOptions search_options() {
    fusion::SolveOptions search;
    search.seed = options_.seed;
    search.work = options_.proposals;
    if (!options_.progress) return search;
    search.progress = [this](const fusion::SolveProgress& progress) {
      const double done = static_cast<double>(searched_) +
                          std::min(1.0, static_cast<double>(progress.work) / static_cast<double>(options_.proposals));
      if (!options_.progress(done / static_cast<double>(searches_), "searching")) cancelled_ = true;
    };
    search.stop = [this] { return cancelled_; };
    return search;
  }

  Result<Plan> plan_with(uint32_t native, double weight) {
    const uint64_t scratch_bytes =
        options_.scratch_bytes != 0 ? options_.scratch_bytes : machine_.space(SpaceKind::kScratch)->capacity_bytes;
    const Result<GraphProblem> made = fusion::problem_of(graph_, machine_, native, scratch_bytes);
    if (!made.ok()) return made.error();
    fusion::Problem searched = made->problem;
    if (weight == 0)
      for (fusion::Operator& op : searched.operators) op.base_cost = 0;
    else
      searched.bandwidth /= weight;
    const Result<fusion::Solved> solved = fusion::solve(searched, search_options());
    if (!solved.ok()) return solved.error();
    const Result<Evaluation> cost = fusion::evaluate(made->problem, solved->solution);
    if (!cost.ok()) return cost.error();

    fusion::LoweringOptions lowering;
    lowering.source = options_.graph_name.empty() ? graph_.name : options_.graph_name;
    lowering.machine = &machine_;
    Result<Schedule> schedule = fusion::lower_solution(made->problem, solved->solution, made->meaning, lowering);
    if (!schedule.ok()) return schedule.error();
    Plan plan;
    plan.schedule = *std::move(schedule);
    PlanSummary& summary = plan.summary;
    summary.strategy = sentence("fused, tiles of up to ", native);
    summary.parts = parts_of(graph_, *made, solved->solution, *cost);
    count_ops(plan.schedule, summary);
    read_claims(plan.schedule, summary);
    const lanes::LanePrediction predicted = lanes::predict_lanes(plan.schedule, machine_.token_ns);
    summary.makespan = predicted.makespan;
    summary.sequential = predicted.sequential;
    summary.bounds.push_back({"bytes moved", least_bytes(*made), static_cast<double>(summary.bytes_moved),
                              "every input comes in and every output goes out at least once"});
    return plan;
  }

  const Graph& graph_;
  const Machine& machine_;
  const PlanOptions& options_;
  size_t searches_ = 1, searched_ = 0;
  bool cancelled_ = false;
};

}  // namespace

Result<Plan> plan_fused(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  if (Status status = check(graph, machine, options); !status.ok()) return status.error();
  return Planning(graph, machine, options).run();
}

}  // namespace rondo
