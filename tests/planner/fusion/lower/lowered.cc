#include "tests/planner/fusion/lower/lowered.h"

#include <algorithm>

#include "planner/fusion/graph/contest_graph.h"
#include "planner/fusion/lower/lower_solution.h"
#include "rondo/graph.h"
#include "schedules/structure/sentence.h"
#include "tests/planner/verdict.h"
#include "tests/whole/replay_graph.h"

namespace rondo::fusion {

std::vector<Traffic> traffic_of(const Schedule& schedule) {
  std::vector<Traffic> traffic(schedule.phases.size());
  const auto is_fast = [&](const Operand& operand) {
    return schedule.is_arena(operand.base) &&
           schedule.spaces[schedule.arenas[operand.base].space].kind == static_cast<uint8_t>(SpaceKind::kScratch);
  };
  for (const Op& op : schedule.ops) {
    if (op.kernel == kNoKernel || schedule.name(schedule.kernels[op.kernel].name) != "copy") continue;
    const Operand &from = schedule.operands[op.first_operand], &to = schedule.operands[op.first_operand + 1];
    const View& view = schedule.views[to.view];
    const uint64_t bytes = block_count(view) * block_bytes(view);
    if (is_fast(from) != is_fast(to))
      (is_fast(to) ? traffic[op.phase].loaded_bytes : traffic[op.phase].evicted_bytes) += bytes;
  }
  return traffic;
}

std::vector<Traffic> traffic_of(const Evaluation& evaluation) {
  std::vector<Traffic> traffic;
  for (const SubgraphCost& cost : evaluation.subgraphs)
    traffic.push_back({static_cast<uint64_t>(cost.loaded) * 4, static_cast<uint64_t>(cost.evicted) * 4});
  return traffic;
}

namespace {

uint64_t claimed(const Schedule& schedule, ClaimKind kind, std::string_view arena) {
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(kind) && schedule.name(schedule.arenas[claim.a].name) == arena)
      return claim.value;
  return 0;
}

}  // namespace

uint64_t extent_peak(const Schedule& schedule, std::string_view name) {
  return claimed(schedule, ClaimKind::kExtentPeak, name);
}
uint64_t live_peak(const Schedule& schedule, std::string_view name) {
  return claimed(schedule, ClaimKind::kLivePeak, name);
}

std::string whole_way(const Problem& problem, const Solution& solution, const WayOptions& options, Journey* journey) {
  const Result<Evaluation> evaluation = evaluate(problem, solution);
  if (!evaluation.ok()) return "evaluate: " + evaluation.error().to_string();
  const Result<Meaning> meaning = contest_meaning(problem);
  if (!meaning.ok()) return "meaning: " + meaning.error().to_string();
  const Result<Schedule> schedule = lower_solution(problem, solution, *meaning, {.machine = options.machine});
  if (!schedule.ok()) return "lower: " + schedule.error().to_string();
  const std::vector<Traffic> moved = traffic_of(*schedule), charged = traffic_of(*evaluation);
  if (moved.size() != charged.size()) return sentence(moved.size(), " phases for ", charged.size(), " subgraphs");
  for (size_t i = 0; i < moved.size(); ++i)
    if (!(moved[i] == charged[i]))
      return sentence("subgraph ", i, " moves ", moved[i].loaded_bytes, " in, ", moved[i].evicted_bytes,
                      " out, charged are ", charged[i].loaded_bytes, " and ", charged[i].evicted_bytes);
  int64_t working_set = 0;
  for (const SubgraphCost& cost : evaluation->subgraphs) working_set = std::max(working_set, cost.working_set);
  if (options.machine == nullptr && live_peak(*schedule, "fast") > static_cast<uint64_t>(working_set) * 4)
    return sentence(live_peak(*schedule, "fast"), " bytes of fast memory are live, the largest working set has ",
                    working_set, " elements");
  if (extent_peak(*schedule, "fast") > static_cast<uint64_t>(problem.capacity) * 4)
    return sentence(extent_peak(*schedule, "fast"), " bytes of fast memory are used, there are ", problem.capacity,
                    " elements");
  const Result<std::string> text = contest_graph(problem, "problem");
  if (!text.ok()) return "graph: " + text.error().to_string();
  const Result<Graph> graph = parse_graph(*text);
  if (!graph.ok()) return "graph: " + graph.error().to_string() + "\n" + *text;
  if (journey != nullptr) journey->operations = schedule->ops.size();
  if (const std::string verdict = testing::verdict(*schedule); verdict != "faithful") return verdict;
  if (!options.replay) return "good";
  const testing::Replayed replayed = testing::replay_schedule(
      *schedule, *graph, testing::random_run(*graph, options.seed), InstructionSet::kAvx512, true);
  if (!replayed.failure.empty()) return replayed.failure;
  if (journey != nullptr) journey->worst_ratio = replayed.worst_ratio;
  if (!(replayed.worst_ratio <= 1))
    return "an output is " + std::to_string(replayed.worst_ratio) + " of its error bound away";
  return "good";
}

}  // namespace rondo::fusion
