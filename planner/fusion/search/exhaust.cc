#include "planner/fusion/search/exhaust.h"
#include <algorithm>
#include <queue>
#include <unordered_map>
#include "planner/fusion/search/list_groups.h"
#include "planner/fusion/search/operator_set.h"

namespace rondo::fusion {
namespace {

// Prices are exact to some 1e-12; a hundred of them add up. What is cheaper by less than
// this is not cheaper.
constexpr double kRoundedDown = 1 - 1e-10;
constexpr uint32_t kNoNode = ~uint32_t{0};

struct Candidate {
  GroupPointer group;
  OperatorSet set = 0;
  OperatorSet needs = 0;            // makers of what it reads
  OperatorSet outputs = 0;          // whose output it stores unless retained
  double floor = 0;                 // whatever is resident
  std::vector<OperatorSet> retain;  // what it may keep, nothing first
};

struct Node {
  Situation at;
  double cost = 0;
  uint32_t from = kNoNode, subgraph = 0;
  bool closed = false;
};
struct Open {
  double least, cost;
  uint32_t node;
  // The least first; of equals the one that is further on.
  bool operator<(const Open& than) const {
    return least != than.least ? least > than.least : cost != than.cost ? cost < than.cost : node > than.node;
  }
};

}  // namespace

class Exhaust::Search {
 public:
  Search(const Network& net, const PricingOptions& options, const ExhaustLimits& limits)
      : net_(net),
        limits_(limits),
        oracle_(net, options, limits.sets),
        weightless_(net, {options.divisible, options.thorough, true}, limits.sets) {}

  uint64_t run(double known, uint64_t steps, const std::function<bool()>& stop) {
    known_ = known;
    const uint64_t first = steps_;
    uint64_t asked = 0;
    const auto halted = [&] {
      if (steps_ - first >= steps) return true;
      return stop && ++asked % 4 == 0 && stop();
    };
    if (!ended_ && !listed_) list(stop);
    while (!ended_ && nodes_.empty() && !halted()) {
      if (added_ == sets_.size())
        begin();
      else if (!add(sets_[added_++]))
        give_up();
    }
    while (!ended_ && !nodes_.empty() && !halted())
      if (expanding_ != kNoNode || advance()) expand(halted);
    return steps_ - first;
  }

  bool ended_ = false, complete_ = false;
  double least_ = 0;
  std::vector<Stage> found_;
  std::vector<Candidate> subgraphs_;
  std::vector<Node> nodes_;

 private:
  struct PriceKey {
    uint32_t subgraph;
    OperatorSet entering, retained;
    bool operator==(const PriceKey&) const = default;
  };
  struct PriceHash {
    size_t operator()(const PriceKey& key) const {
      return SituationHash{}({key.entering, key.retained, key.subgraph + 1});
    }
  };

  void give_up() { ended_ = true; }

  std::vector<uint32_t> numbers(OperatorSet set) const {
    std::vector<uint32_t> list;
    each_of(set, [&](uint32_t op) { list.push_back(op); });
    return list;
  }
  std::vector<uint32_t> tensors(OperatorSet set) const {
    std::vector<uint32_t> list;
    each_of(set, [&](uint32_t op) { list.push_back(net_.operators[op].output); });
    std::sort(list.begin(), list.end());
    return list;
  }
  int64_t size_of(OperatorSet set) const {
    int64_t size = 0;
    each_of(set, [&](uint32_t op) { size += net_.size[net_.operators[op].output]; });
    return size;
  }

  void list(const std::function<bool()>& stop) {
    listed_ = true;
    GroupList list = list_groups(net_, limits_.sets, stop);
    steps_ += list.looked_at;
    if (!list.complete || list.sets.empty() || list.sets.size() > limits_.groups) return give_up();
    sets_ = std::move(list.sets);
    const size_t count = net_.operators.size();
    all_ = count == 64 ? ~OperatorSet{0} : bit(count) - 1;
    below_.assign(count, 0);
    for (size_t op = count; op-- > 0;) {
      const uint32_t output = net_.operators[op].output;
      if (net_.graph_output[output] != 0) wanted_ |= bit(op);
      if (net_.size[output] < net_.capacity) retainable_ |= bit(op);
      for (const uint32_t reader : net_.consumers[output]) below_[op] |= bit(reader) | below_[reader];
    }
  }

  void begin() {
    share_out();
    nodes_.push_back({});
    known_nodes_[{}] = 0;
    open_.push({left(0), 0, 0});
  }

  // False when the bookkeeping ends: more than 64 inputs, or too many sets to retain.
  bool add(OperatorSet set) {
    Candidate subgraph{oracle_.group(numbers(set)), set, 0, 0, 0, {}};
    const Demand& demand = subgraph.group->demand;
    if (!demand.possible) return true;
    if (demand.inputs.size() > 64) return false;
    std::vector<uint32_t> entering;
    for (const uint32_t input : demand.inputs) {
      const uint32_t maker = net_.producer[input];
      if (maker == Network::kGraphInput) continue;
      subgraph.needs |= bit(maker);
      if ((retainable_ >> maker & 1) != 0) entering.push_back(input);
    }
    for (const uint32_t output : demand.outputs) subgraph.outputs |= bit(net_.producer[output]);
    const ProvenPrice& least = weightless_.proven_price(*subgraph.group, entering, tensors(set & retainable_));
    count_prices();
    if (!least.price.possible()) return true;
    subgraph.floor = least.floor;
    // Nothing, then every set that fits beside a tile of one element.
    const OperatorSet products = set & retainable_;
    for (OperatorSet kept = products;; kept = (kept - 1) & products) {
      if (size_of(kept) < net_.capacity) subgraph.retain.push_back(kept);
      if (kept == 0) break;
      if (++choices_ > limits_.states) return false;
    }
    std::reverse(subgraph.retain.begin(), subgraph.retain.end());
    subgraphs_.push_back(std::move(subgraph));
    return true;
  }

  // Shares of the operators (header), several ways; the greatest sum is kept.
  void share_out() {
    const size_t count = net_.operators.size();
    std::vector<double> alone(count, 0);  // the cheapest subgraph with it: what it weighs
    std::vector<std::vector<uint32_t>> holders(count);
    for (uint32_t at = 0; at < subgraphs_.size(); ++at)
      each_of(subgraphs_[at].set, [&](uint32_t op) {
        const double floor = subgraphs_[at].floor;
        alone[op] = holders[op].empty() ? floor : std::min(alone[op], floor);
        holders[op].push_back(at);
      });
    double best = -1;
    for (uint32_t way = 0; way < 6; ++way) {
      std::vector<double> share(count, 0), given(subgraphs_.size(), 0);
      // First in proportion, then what is left, forwards or backwards.
      if (way < 4) {
        std::vector<double> part(subgraphs_.size(), 1);
        for (uint32_t at = 0; at < subgraphs_.size(); ++at) {
          double weight = 0;
          each_of(subgraphs_[at].set, [&](uint32_t op) { weight += way < 2 ? alone[op] : 1; });
          part[at] = weight > 0 ? subgraphs_[at].floor / weight : 0;
        }
        for (uint32_t op = 0; op < count; ++op) {
          double least = Price::kImpossible;
          for (const uint32_t at : holders[op]) least = std::min(least, part[at]);
          share[op] = least * (way < 2 ? alone[op] : 1);
        }
        for (uint32_t op = 0; op < count; ++op)
          for (const uint32_t at : holders[op]) given[at] += share[op];
      }
      for (size_t turn = 0; turn < count; ++turn) {
        const size_t op = way % 2 == 0 ? turn : count - 1 - turn;
        double more = Price::kImpossible;
        for (const uint32_t at : holders[op]) more = std::min(more, subgraphs_[at].floor - given[at]);
        more = std::max(0.0, more);
        share[op] += more;
        for (const uint32_t at : holders[op]) given[at] += more;
      }
      double sum = 0;
      for (double& one : share) sum += one *= kRoundedDown;
      if (sum > best) best = sum, shares_ = share;
    }
  }

  double left(OperatorSet done) const {
    double sum = 0;
    each_of(all_ & ~done, [&](uint32_t op) { sum += shares_[op]; });
    return sum;
  }

  double floor_of(uint32_t at, OperatorSet entering, OperatorSet retained) {
    const auto [known, fresh] = prices_.try_emplace({at, entering, retained}, 0.0);
    if (fresh) {
      known->second = oracle_.proven_price(*subgraphs_[at].group, tensors(entering), tensors(retained)).floor;
      count_prices();
    }
    return known->second;
  }

  void count_prices() {
    const uint64_t looked_at = oracle_.floors() + weightless_.floors();
    steps_ += 1 + (looked_at - floors_) / 8;
    floors_ = looked_at;
  }

  // Takes the most promising situation; false when it is not to be expanded.
  bool advance() {
    if (open_.empty()) {  // everything was looked at or costs at least what is known
      least_ = std::max(least_, known_);
      ended_ = complete_ = true;
      return false;
    }
    const Open open = open_.top();
    open_.pop();
    Node& node = nodes_[open.node];
    if (node.closed || node.cost != open.cost) return false;
    node.closed = true;
    least_ = std::max(least_, open.least);
    if (least_ >= known_ * kRoundedDown) {
      least_ = std::max(least_, known_);
      ended_ = complete_ = true;
      return false;
    }
    if (is_end(node.at)) {
      ended_ = complete_ = true;
      for (uint32_t at = open.node; nodes_[at].from != kNoNode; at = nodes_[at].from)
        found_.push_back({subgraphs_[nodes_[at].subgraph].group, tensors(nodes_[at].at.resident)});
      std::reverse(found_.begin(), found_.end());
      return false;
    }
    expanding_ = open.node;
    next_ = 0;
    return true;
  }

  // Every subgraph that may follow; goes on later where it was halted.
  template <class Halted>
  void expand(const Halted& halted) {
    const Situation at = nodes_[expanding_].at;
    const double so_far = nodes_[expanding_].cost;
    const OperatorSet there = (at.done & ~at.missing) | at.resident;
    const int64_t held = size_of(at.resident);
    for (; next_ < subgraphs_.size(); ++next_) {
      const Candidate& subgraph = subgraphs_[next_];
      if (next_ % 16 == 0) ++steps_;
      if ((subgraph.needs & ~there) != 0) continue;
      const double rest = left(at.done | subgraph.set);
      if (so_far + subgraph.floor + rest >= known_ * kRoundedDown) continue;
      const bool gains = (subgraph.set & ~at.done) != 0 || (subgraph.outputs & at.missing) != 0;
      for (const OperatorSet kept : subgraph.retain) {
        if (kept == 0 && !gains) continue;
        if (held + (kept == 0 ? 0 : size_of(kept)) > net_.capacity) continue;
        ++steps_;
        const double cost = so_far + floor_of(next_, at.resident, kept);
        if (cost + rest >= known_ * kRoundedDown) continue;
        reach(step(at, subgraph, kept), cost, rest, expanding_, next_);
      }
      if (halted()) return void(++next_);
    }
    expanding_ = kNoNode;
    if (nodes_.size() > limits_.states) give_up();
  }

  Situation step(const Situation& at, const Candidate& subgraph, OperatorSet kept) const {
    const OperatorSet stored = (at.done & ~at.missing) | (subgraph.outputs & ~kept);
    Situation next{at.done | subgraph.set, 0, kept};
    const OperatorSet open = (all_ & ~next.done) | (wanted_ & ~stored);
    each_of(next.done & ~stored, [&](uint32_t op) {
      if (((below_[op] | bit(op)) & open) != 0) next.missing |= bit(op);
    });
    return next;
  }
  bool is_end(const Situation& at) const { return at.done == all_ && (at.missing & wanted_) == 0; }

  void reach(const Situation& at, double cost, double rest, uint32_t from, uint32_t subgraph) {
    const auto [place, fresh] = known_nodes_.try_emplace(at, static_cast<uint32_t>(nodes_.size()));
    if (fresh)
      nodes_.push_back({at, cost, from, subgraph, false});
    else if (Node& node = nodes_[place->second]; cost < node.cost && !node.closed)
      node.cost = cost, node.from = from, node.subgraph = subgraph;
    else
      return;
    open_.push({cost + rest, cost, place->second});
  }

  const Network& net_;
  const ExhaustLimits limits_;
  Oracle oracle_, weightless_;
  bool listed_ = false;
  std::vector<OperatorSet> sets_;  // that can be subgraphs
  size_t added_ = 0;               // of these, made candidates or dropped
  OperatorSet all_ = 0, wanted_ = 0, retainable_ = 0;
  std::vector<OperatorSet> below_;  // by operator: all that depend on it
  std::vector<double> shares_;
  std::unordered_map<Situation, uint32_t, SituationHash> known_nodes_;
  std::unordered_map<PriceKey, double, PriceHash> prices_;
  std::priority_queue<Open> open_;
  uint32_t expanding_ = kNoNode, next_ = 0;  // the situation at hand, and which subgraph comes next
  double known_ = 0;
  uint64_t steps_ = 0, floors_ = 0, choices_ = 0;
};

Exhaust::Exhaust(const Network& net, const PricingOptions& options, const ExhaustLimits& limits)
    : search_(std::make_unique<Search>(net, options, limits)) {}
Exhaust::~Exhaust() = default;
uint64_t Exhaust::run(double known, uint64_t steps, const std::function<bool()>& stop) {
  return search_->run(known, steps, stop);
}
bool Exhaust::ended() const { return search_->ended_; }
bool Exhaust::complete() const { return search_->complete_; }
double Exhaust::least() const { return search_->least_; }
const std::vector<Stage>& Exhaust::found() const { return search_->found_; }
uint64_t Exhaust::groups() const { return search_->subgraphs_.size(); }
uint64_t Exhaust::states() const { return search_->nodes_.size(); }

double exhaustive_bound(const Problem& problem, double known, uint64_t steps) {
  const Network net = make_network(problem);
  Exhaust exhaust(net, {});
  exhaust.run(known, steps);
  return std::min(known, exhaust.least());
}

}  // namespace rondo::fusion
