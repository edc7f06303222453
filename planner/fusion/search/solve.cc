#include "planner/fusion/search/solve.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/anneal.h"
#include "planner/fusion/search/exhaust.h"
#include "planner/fusion/search/merge_greedily.h"
#include "planner/fusion/search/replicate.h"
#include "planner/fusion/search/resolve_window.h"

namespace rondo::fusion {
namespace {

// Of each of an island's two tables; about 400 MB for four islands when full.
constexpr size_t kOracleEntries = 100'000;
// Proposals of an island in the first round, the second figure an operator; each round
// makes a quarter more, up to the longest. Not tuned to a problem: short rounds first give
// early improvements, long ones cool slowly enough for a hundred operators.
constexpr uint64_t kFirstRound = 2'000, kFirstRoundOfAnOperator = 20, kLongestRound = 400'000;

// Steps of the exhaustive search before the first round: enough to end on a dozen operators
// and on most narrow graphs, some 0.05 s. Then it goes on beside the rounds. A step costs a
// quarter of a proposal or a little more, so it counts as that.
constexpr uint64_t kFirstExhaustion = 100'000, kStepsOfAProposal = 4;
// What is as good as a bound: the figures of either are rounded sums.
constexpr double kAsGood = 1 + 1e-9;

struct Island {
  std::unique_ptr<Oracle> oracle;
  Random random{0};
  std::optional<Arrangement> current;
  uint64_t work = 0;
};

class Solver {
 public:
  Solver(const Problem& problem, const SolveOptions& options)
      : problem_(problem),
        options_(options),
        net_(make_network(problem)),
        replicator_(net_),
        exhaust_(net_, {options.divisible, true}, exhaust_limits(options)) {}

  Result<Solved> run() {
    islands_.resize(std::max(1u, options_.islands));
    for (size_t index = 0; index < islands_.size(); ++index) {
      islands_[index].oracle = std::make_unique<Oracle>(net_, PricingOptions{options_.divisible, true}, kOracleEntries);
      islands_[index].random = Random(options_.seed * 0x9e3779b97f4a7c15 + index);
    }
    uint32_t culprit = 0;
    std::optional<Arrangement> start = Arrangement::singletons(*islands_[0].oracle, &culprit);
    if (!start) return does_not_fit(culprit);
    best_ = *start;
    if (const Status status = publish("one operator a group"); !status.ok()) return status.error();
    singletons_ = *std::move(start);

    Arrangement merged = *singletons_;
    solved_.work += merge_greedily(merged, *islands_[0].oracle, islands_[0].random, {0, 0, options_.stop});
    offer(merged);
    if (const Status status = publish("greedy mergers"); !status.ok()) return status.error();
    // The whole graph at once, where it is narrow enough.
    WindowLimits whole;
    whole.steps = 100'000;
    whole.stop = options_.stop;
    if (options_.work != 0) whole.steps = std::min(whole.steps, options_.work / 4);
    resolve_window(merged, *islands_[0].oracle, 0, merged.order().size(), whole, solved_.work);
    offer(merged);
    if (const Status status = publish("downsets of the graph"); !status.ok()) return status.error();
    if (!finished()) exhaust(options_.work == 0 ? kFirstExhaustion : std::min(kFirstExhaustion, options_.work / 2));
    if (const Status status = take_exhausted(); !status.ok()) return status.error();
    for (Island& island : islands_) island.current = *best_;

    for (; !finished(); ++solved_.rounds) {
      if (const Status status = round(); !status.ok()) return status.error();
    }
    solved_.complete = !stopped();
    solved_.least = std::min(exhaust_.least(), solved_.latency);
    solved_.optimal = optimal();
    for (const Island& island : islands_) solved_.groups_priced += island.oracle->priced();
    return std::move(solved_);
  }

 private:
  static ExhaustLimits exhaust_limits(const SolveOptions& options) {
    ExhaustLimits limits;
    if (options.work != 0) limits.sets = std::min(limits.sets, options.work / 4);
    return limits;
  }

  bool stopped() const { return options_.stop && options_.stop(); }
  bool finished() const {
    return stopped() || solved_.latency <= options_.good_enough * (1 + 1e-12) || optimal() ||
           (options_.work != 0 && solved_.work >= options_.work) || net_.operators.size() < 2;
  }

  bool optimal() const { return solved_.latency <= exhaust_.least() * kAsGood; }

  // One task may do this while the islands are at work: nothing here is theirs.
  void exhaust(uint64_t steps) {
    if (!exhaust_.ended()) exhaust_work_ = exhaust_.run(solved_.latency, steps, options_.stop) / kStepsOfAProposal;
  }

  // What the exhaustive search has found, once it has ended.
  Status take_exhausted() {
    solved_.work += exhaust_work_;
    exhaust_work_ = 0;
    if (!exhaust_.complete() || exhaust_.found().empty() || exhausted_taken_) return {};
    exhausted_taken_ = true;
    Oracle& oracle = *islands_[0].oracle;
    std::vector<uint32_t> entering;
    for (const Stage& stage : exhaust_.found()) {  // so that the best k of each is known
      oracle.proven_price(*stage.group, entering, stage.retained);
      entering = stage.retained;
    }
    Arrangement arrangement = *best_;
    Edit edit{arrangement.order(), {exhaust_.found()}};
    std::vector<Chain> chains;
    Arrangement::Gain gain;
    if (!arrangement.prepare(oracle, edit, chains, gain) || !arrangement.apply(edit, std::move(chains))) return {};
    offer(arrangement);
    return publish("all solutions");
  }

  Error does_not_fit(uint32_t op) const {
    const uint32_t number = net_.original[op];
    return make_error(ErrorCode::kDoesNotFit, "operator " + std::to_string(number) + " needs at least " +
                                                  std::to_string(least_working_set(problem_, number)) +
                                                  " elements of fast memory, there are " +
                                                  std::to_string(problem_.capacity) +
                                                  (options_.divisible ? " (and w, h and k must divide)" : ""));
  }

  void offer(const Arrangement& arrangement) {
    if (arrangement.better_than(*best_)) best_ = arrangement;
  }

  // Hands the best arrangement out if it is better than what was handed out last.
  Status publish(const char* stage) {
    if (solved_.latency != 0 && best_->latency() >= solved_.latency * (1 - 1e-12)) return {};
    Solution solution = solution_of(*best_, *islands_[0].oracle);
    const Result<Evaluation> evaluation = evaluate(problem_, solution, {options_.divisible});
    if (!evaluation.ok())
      return make_error(ErrorCode::kBug, "the solver made an invalid solution: " + evaluation.error().message);
    if (solved_.latency != 0 && evaluation->latency >= solved_.latency) return {};
    solved_.latency = evaluation->latency;
    solved_.solution = std::move(solution);
    if (options_.improved) options_.improved(solved_.solution, progress(stage));
    return {};
  }

  SolveProgress progress(const char* stage) const {
    return {solved_.latency, solved_.work, solved_.rounds, std::min(exhaust_.least(), solved_.latency), stage};
  }

  Status round() {
    const double growth = std::pow(1.25, static_cast<double>(std::min<uint64_t>(solved_.rounds, 40)));
    const uint64_t first = std::max<uint64_t>(kFirstRound, kFirstRoundOfAnOperator * net_.operators.size());
    auto proposals = static_cast<uint64_t>(static_cast<double>(first) * growth);
    proposals = std::min(proposals, kLongestRound);
    if (options_.work != 0) proposals = std::min(proposals, (options_.work - solved_.work) / islands_.size() + 1);
    // The exhaustive search first: with few threads the last task is waited for.
    const bool exhausting = !exhaust_.ended();
    const size_t tasks = islands_.size() + (exhausting ? 1 : 0);
    const auto task = [&](size_t number) {
      if (exhausting && number == 0) return exhaust(proposals * kStepsOfAProposal);
      const size_t index = number - (exhausting ? 1 : 0);
      improve(islands_[index], index, proposals);
    };
    if (options_.run_all)
      options_.run_all(tasks, task);
    else
      for (size_t number = 0; number < tasks; ++number) task(number);
    for (Island& island : islands_) {
      solved_.work += island.work;
      offer(*island.current);
    }
    if (Status status = publish("annealing"); !status.ok()) return status;
    if (Status status = take_exhausted(); !status.ok()) return status;
    if (options_.progress) options_.progress(progress("annealing"));
    return {};
  }

  // One island's part of a round: a start and a temperature, drawn.
  void improve(Island& island, size_t index, uint64_t proposals) {
    Random& random = island.random;
    island.work = 0;
    const uint32_t start = random.below(8);
    if (index == 0 || start < 4) {
      island.current = *best_;
    } else if (start == 4) {
      Arrangement fresh = *singletons_;
      const double noise = 0.25 * std::pow(2.0, random.below(5)), power = 0.5 * random.below(4);
      island.work += merge_greedily(fresh, *island.oracle, random, {noise, power, options_.stop});
      island.current = std::move(fresh);
    }
    AnnealOptions options;
    options.proposals = proposals;
    // Between a fiftieth and twice the latency of a group: which is best differs by problem
    // more than anything else.
    options.hot = 0.02 * std::pow(100.0, random.unit());
    options.stop = options_.stop;
    island.work += anneal(*island.current, *island.oracle, random, options);
    resolve_windows(island, proposals / 4);
    // Not always: where all blocks are alike, what none of them has is found less often.
    if (random.below(2) == 0) replicate(island);
  }

  // Pieces of what annealing left, each solved exactly: what single moves cannot reach.
  void resolve_windows(Island& island, uint64_t steps) {
    Random& random = island.random;
    WindowLimits limits;
    limits.stop = options_.stop;
    const uint64_t end = island.work + steps;
    for (uint32_t tries = 0; island.work < end && tries < 1'000 && !stopped(); ++tries) {
      if (tries % 4 == 0) island.current->reorder(random);
      const size_t chains = island.current->order().size();
      const size_t wide = std::min<size_t>(chains, 1 + random.below(6));
      const size_t first = random.below(static_cast<uint32_t>(chains - wide + 1));
      limits.operators = 8u << random.below(4);
      limits.steps = std::min<uint64_t>(2'000u << random.below(4), end - island.work);
      resolve_window(*island.current, *island.oracle, first, first + wide, limits, island.work);
      ++island.work;
    }
    island.current->resum();
  }

  // What one block of the graph has and its likenesses have not, for pieces of one to four
  // neighbouring chains, each once, until nothing more is gained.
  void replicate(Island& island) {
    if (!replicator_.useful()) return;
    island.current->reorder(island.random);
    for (size_t wide = 1; wide <= 4; ++wide)
      for (size_t first = 0; first + wide <= island.current->order().size() && !stopped(); ++first)
        replicator_.replicate(*island.current, *island.oracle, first, first + wide, island.work);
    island.current->resum();
  }

  const Problem& problem_;
  const SolveOptions& options_;
  const Network net_;
  const Replicator replicator_;
  Exhaust exhaust_;
  uint64_t exhaust_work_ = 0;
  bool exhausted_taken_ = false;
  std::vector<Island> islands_;
  std::optional<Arrangement> best_, singletons_;
  Solved solved_;
};

}  // namespace

Result<Solved> solve(const Problem& problem, const SolveOptions& options) {
  if (options.work == 0 && !options.stop)
    return make_error(ErrorCode::kInvalidArgument, "solve needs a work limit or a stop function");
  if (problem.operators.empty()) return Solved{};
  return Solver(problem, options).run();
}

}  // namespace rondo::fusion
