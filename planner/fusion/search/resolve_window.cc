#include "planner/fusion/search/resolve_window.h"
#include <algorithm>
#include <bit>
#include <unordered_map>
#include <unordered_set>
#include "planner/fusion/ceil_div.h"
#include "planner/fusion/search/operator_set.h"

namespace rondo::fusion {
namespace {

struct Best {
  double cost = 0;
  Situation from;
  OperatorSet group = 0;  // operators run, recomputed ones included
};

class Window {
 public:
  Window(const Arrangement& arrangement, Oracle& oracle, const WindowLimits& limits)
      : arrangement_(arrangement), oracle_(oracle), net_(oracle.network()), limits_(limits) {}

  // False when the window is too large or empty.
  bool collect(size_t first, size_t last) {
    const std::vector<uint32_t>& order = arrangement_.order();
    for (size_t at = first; at < last; ++at) {
      slots_.push_back(order[at]);
      present_ += arrangement_.chain(order[at]).latency;
      for (const Stage& stage : arrangement_.chain(order[at]).stages)
        operators_.insert(operators_.end(), stage.group->operators.begin(), stage.group->operators.end());
    }
    std::sort(operators_.begin(), operators_.end());
    operators_.erase(std::unique(operators_.begin(), operators_.end()), operators_.end());
    if (operators_.empty() || operators_.size() > std::min(limits_.operators, 64u)) return false;

    std::vector<uint8_t> stored(net_.size.size(), 0), wanted(net_.size.size(), 0);
    for (size_t at = 0; at < order.size(); ++at) {
      const Chain& chain = arrangement_.chain(order[at]);
      if (at < first)
        for (const uint32_t tensor : chain.stores) stored[tensor] = 1;
      if (at >= last)
        for (const uint32_t tensor : chain.needs) wanted[tensor] = 1;
    }
    const size_t count = operators_.size();
    all_ = count == 64 ? ~OperatorSet{0} : bit(count) - 1;
    before_.assign(count, 0), after_.assign(count, 0), near_.assign(count, 0), above_.assign(count, 0),
        least_.assign(count, 0);
    for (uint32_t index = 0; index < count; ++index) {
      const NetworkOperator& op = net_.operators[operators_[index]];
      for (const uint32_t tensor : op.inputs) {
        if (const int32_t maker = index_of(net_.producer[tensor]); maker >= 0) {
          before_[index] |= bit(static_cast<size_t>(maker));
          after_[static_cast<size_t>(maker)] |= bit(index);
          near_[index] |= bit(static_cast<size_t>(maker));
        } else if (net_.producer[tensor] != Network::kGraphInput && stored[tensor] == 0) {
          return false;  // cannot happen in a valid order
        }
        for (const uint32_t other : net_.consumers[tensor])
          if (const int32_t at = index_of(other); at >= 0) near_[index] |= bit(static_cast<size_t>(at));
      }
      near_[index] &= ~bit(index);
      // What was stored before the window need not be stored again, but is not tracked:
      // the window stores it once more if it makes it. That loses nothing in practice.
      if (net_.graph_output[op.output] != 0 || wanted[op.output] != 0) wanted_ |= bit(index);
      const auto tiles = [&](int64_t extent) { return static_cast<double>(ceil_div(extent, net_.native)); };
      least_[index] = op.base_cost * tiles(net_.width[op.output]) * tiles(net_.height[op.output]);
    }
    for (uint32_t index = 0; index < count; ++index) {
      near_[index] |= after_[index];
      above_[index] = before_[index];
      each_of(before_[index], [&](uint32_t maker) { above_[index] |= above_[maker]; });
    }
    return true;
  }

  // The groups of the best schedule, or nothing.
  std::optional<std::vector<Stage>> solve(uint64_t& work, bool& complete) {
    complete = false;
    std::vector<std::vector<Situation>> layers(operators_.size() + 1);
    best_[Situation{}] = {};
    layers[0].push_back({});
    for (size_t layer = 0; layer < operators_.size(); ++layer) {
      // The greedy order inside a layer does not matter: every step leads to a later one.
      std::stable_sort(layers[layer].begin(), layers[layer].end(),
                       [](const Situation& a, const Situation& b) { return a.done < b.done; });
      OperatorSet grown = ~OperatorSet{0};
      for (const Situation& state : layers[layer]) {
        if (state.done != grown) grow(grown = state.done);
        const double cost = best_[state].cost;
        for (const OperatorSet set : sets_) {
          if (++work_ % 512 == 0 && limits_.stop && limits_.stop()) return work += work_, std::nullopt;
          if (work_ > limits_.steps || best_.size() > limits_.states || too_many_) return work += work_, std::nullopt;
          step(state, cost, set, layers);
        }
      }
    }
    work += work_;
    complete = true;
    const auto end = best_.find(Situation{all_, 0, 0});
    if (end == best_.end() || end->second.cost >= present_ * (1 - 1e-12)) return std::nullopt;
    std::vector<Stage> stages;
    for (Situation state = end->first; state.done != 0;) {
      const Best& best = best_[state];
      stages.push_back({oracle_.group(numbers(best.group)), tensors(state.resident)});
      state = best.from;
    }
    std::reverse(stages.begin(), stages.end());
    return stages;
  }

  const std::vector<uint32_t>& slots() const { return slots_; }

 private:
  int32_t index_of(uint32_t op) const {
    if (op == Network::kGraphInput) return -1;
    const auto at = std::lower_bound(operators_.begin(), operators_.end(), op);
    return at != operators_.end() && *at == op ? static_cast<int32_t>(at - operators_.begin()) : -1;
  }
  std::vector<uint32_t> numbers(OperatorSet set) const {
    std::vector<uint32_t> list;
    each_of(set, [&](uint32_t index) { list.push_back(operators_[index]); });
    return list;
  }
  std::vector<uint32_t> tensors(OperatorSet set) const {
    std::vector<uint32_t> list;
    each_of(set, [&](uint32_t index) { list.push_back(net_.operators[operators_[index]].output); });
    std::sort(list.begin(), list.end());
    return list;
  }

  // Every connected set of operators that may follow `done`, up to the limits.
  void grow(OperatorSet done) {
    sets_.clear();
    std::unordered_set<OperatorSet> seen;
    each_of(all_ & ~done, [&](uint32_t index) {
      if ((before_[index] & ~done) == 0 && seen.insert(bit(index)).second) sets_.push_back(bit(index));
    });
    // In a wide graph the sets of one state would use up the whole budget, and time.
    const size_t most_sets = std::clamp<size_t>(limits_.steps / 8, 64, 4'000);
    for (size_t at = 0; at < sets_.size(); ++at) {
      const OperatorSet set = sets_[at];
      OperatorSet around = 0;
      each_of(set, [&](uint32_t index) { around |= near_[index]; });
      // A neighbour comes with what it still waits for, so that every set that is connected
      // in the end is reached.
      each_of(around & ~(done | set), [&](uint32_t index) {
        const OperatorSet larger = set | ((above_[index] | bit(index)) & ~done);
        if (sets_.size() < most_sets && static_cast<uint32_t>(std::popcount(larger)) <= limits_.group_size &&
            seen.insert(larger).second)
          sets_.push_back(larger);
      });
      if (sets_.size() >= most_sets) {
        too_many_ = true;
        break;
      }
    }
    work_ += sets_.size() / 4;  // about what growing them costs beside pricing them
  }

  void step(const Situation& state, double cost, OperatorSet set, std::vector<std::vector<Situation>>& layers) {
    // What it reads and nobody stored must be resident, or is made again here.
    OperatorSet group = set;
    for (OperatorSet open = set; open != 0;) {
      OperatorSet lacking = 0;
      each_of(open, [&](uint32_t index) { lacking |= before_[index] & state.missing & ~state.resident & ~group; });
      group |= lacking;
      open = lacking;
    }
    const GroupPointer pointer = oracle_.group(numbers(group));
    if (!pointer->demand.possible) return;
    const OperatorSet done = state.done | set;
    double rest = 0;
    each_of(all_ & ~done, [&](uint32_t index) { rest += least_[index]; });

    OperatorSet inner = 0, outer = 0;  // of the group: used inside; for the next step to use
    each_of(group, [&](uint32_t index) {
      if ((after_[index] & group) != 0) inner |= bit(index);
      if ((after_[index] & ~done) != 0) outer |= bit(index);
    });
    const std::vector<uint32_t> entering = tensors(state.resident);
    // Every choice of what to retain, of at most four tensors that fit.
    OperatorSet choice = 0;
    each_of(outer, [&](uint32_t index) {
      if (std::popcount(choice) < 4 && net_.size[net_.operators[operators_[index]].output] < net_.capacity)
        choice |= bit(index);
    });
    for (OperatorSet retained = choice;; retained = (retained - 1) & choice) {
      const Price& price = oracle_.price(*pointer, entering, tensors(retained));
      const double sum = cost + price.latency;
      if (price.possible() && sum + rest < present_ * (1 - 1e-12)) {
        const OperatorSet stored = group & ~inner & ~retained;
        Situation next{done, (state.missing | (group & ~stored)) & ~stored, retained};
        // What was stored before stays stored, whatever a later copy of its producer does.
        next.missing &= ~(state.done & ~state.missing);
        OperatorSet live = 0;
        each_of(next.missing, [&](uint32_t index) {
          if ((wanted_ >> index & 1) != 0 || (after_[index] & ~done) != 0) live |= bit(index);
        });
        next.missing = live;
        // A tensor that others want must be stored when it is made: a later copy of its
        // producer would be made for a consumer, which uses it up.
        const bool lost = (live & wanted_) != 0;
        if (!lost && !(done == all_ && retained != 0) && std::popcount(live) <= 6)
          keep(next, {sum, state, group}, layers);
      }
      if (retained == 0) break;
    }
  }

  void keep(const Situation& state, const Best& best, std::vector<std::vector<Situation>>& layers) {
    const auto [at, fresh] = best_.try_emplace(state, best);
    if (fresh)
      layers[static_cast<size_t>(std::popcount(state.done))].push_back(state);
    else if (best.cost < at->second.cost)
      at->second = best;
  }

  const Arrangement& arrangement_;
  Oracle& oracle_;
  const Network& net_;
  const WindowLimits& limits_;
  std::vector<uint32_t> slots_, operators_;
  // By operator of the window: makers of its inputs, users, linked ones, all it waits for.
  std::vector<OperatorSet> before_, after_, near_, above_;
  std::vector<double> least_;  // compute that cannot be avoided
  OperatorSet all_ = 0, wanted_ = 0;
  double present_ = 0;
  std::unordered_map<Situation, Best, SituationHash> best_;
  std::vector<OperatorSet> sets_;
  uint64_t work_ = 0;
  bool too_many_ = false;
};

}  // namespace

WindowResult resolve_window(Arrangement& arrangement, Oracle& oracle, size_t first, size_t last,
                            const WindowLimits& limits, uint64_t& work) {
  Window window(arrangement, oracle, limits);
  if (!window.collect(first, last)) return WindowResult::kGaveUp;
  bool complete = false;
  std::optional<std::vector<Stage>> stages = window.solve(work, complete);
  if (!stages) return complete ? WindowResult::kBest : WindowResult::kGaveUp;
  Edit edit;
  edit.removed = window.slots();
  edit.added.push_back(*std::move(stages));
  std::vector<Chain> chains;
  Arrangement::Gain gain;
  if (!arrangement.prepare(oracle, edit, chains, gain) || gain.latency <= 0 ||
      !arrangement.apply(edit, std::move(chains)))
    return WindowResult::kGaveUp;
  return WindowResult::kImproved;
}

}  // namespace rondo::fusion
