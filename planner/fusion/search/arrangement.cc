#include "planner/fusion/search/arrangement.h"
#include <algorithm>
#include <span>

namespace rondo::fusion {
namespace {

bool found_in(const std::vector<uint32_t>& sorted, uint32_t value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}
bool lists(const std::vector<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}
void sort_unique(std::vector<uint32_t>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// What the next stage can use of what this one makes.
void filter_retained(Stage& stage, const Stage* next) {
  if (next == nullptr) {
    stage.retained.clear();
    return;
  }
  sort_unique(stage.retained);
  const Demand& demand = stage.group->demand;
  std::erase_if(stage.retained, [&](uint32_t tensor) {
    return !lists(next->group->demand.inputs, tensor) ||
           (!lists(demand.outputs, tensor) && !lists(demand.inner, tensor));
  });
}

// Fills needs, stores and latency.
bool finish_chain(Oracle& oracle, Chain& chain) {
  const Network& net = oracle.network();
  const std::vector<uint32_t> nothing;
  const std::vector<uint32_t>* entering = &nothing;
  chain.latency = chain.guide = 0;
  for (const Stage& stage : chain.stages) {
    const Price& price = oracle.price(*stage.group, *entering, stage.retained);
    if (!price.possible()) return false;
    chain.latency += price.latency;
    chain.guide += price.latency + kTrafficWeight * price.traffic;
    for (const uint32_t tensor : stage.group->demand.inputs)
      if (net.producer[tensor] != Network::kGraphInput && !found_in(*entering, tensor) && !lists(chain.stores, tensor))
        chain.needs.push_back(tensor);
    for (const uint32_t tensor : stage.group->demand.outputs)
      if (!found_in(stage.retained, tensor)) chain.stores.push_back(tensor);
    entering = &stage.retained;
  }
  sort_unique(chain.needs);
  sort_unique(chain.stores);
  return true;
}

}  // namespace

size_t Arrangement::groups() const {
  size_t count = 0;
  for (const Chain& chain : chains_) count += chain.stages.size();
  return count;
}

std::optional<Arrangement> Arrangement::singletons(Oracle& oracle, uint32_t* culprit) {
  const Network& net = oracle.network();
  Arrangement arrangement(net);
  for (uint32_t op = 0; op < net.operators.size(); ++op) {
    Chain chain;
    chain.stages.push_back({oracle.group({&op, 1}), {}});
    if (!finish_chain(oracle, chain)) {
      if (culprit != nullptr) *culprit = op;
      return std::nullopt;
    }
    arrangement.latency_ += chain.latency;
    arrangement.guide_ += chain.guide;
    arrangement.order_.push_back(op);
    arrangement.chains_.push_back(std::move(chain));
    arrangement.hold(op, true);
  }
  return arrangement;
}

bool Arrangement::prepare(Oracle& oracle, Edit& edit, std::vector<Chain>& chains, Gain& gain) const {
  gain = {};
  for (const uint32_t slot : edit.removed) gain.latency += chains_[slot].latency, gain.guide += chains_[slot].guide;
  chains.clear();
  for (std::vector<Stage>& stages : edit.added) {
    Chain chain;
    for (size_t at = 0; at < stages.size(); ++at) {
      filter_retained(stages[at], at + 1 < stages.size() ? &stages[at + 1] : nullptr);
      const bool cut = stages[at].retained.empty();
      chain.stages.push_back(std::move(stages[at]));
      if (!cut) continue;
      if (!finish_chain(oracle, chain)) return false;
      gain.latency -= chain.latency;
      gain.guide -= chain.guide;
      chains.push_back(std::move(chain));
      chain = {};
    }
  }
  return true;
}

void Arrangement::hold(uint32_t slot, bool add) {
  for (const Stage& stage : chains_[slot].stages)
    for (const uint32_t op : stage.group->operators) {
      std::vector<uint32_t>& slots = holders_[op];
      const auto at = std::find(slots.begin(), slots.end(), slot);
      if (add && at == slots.end()) slots.push_back(slot);
      if (!add && at != slots.end()) slots.erase(at);
    }
}

bool Arrangement::apply(const Edit& edit, std::vector<Chain>&& chains) {
  std::vector<Chain> taken;
  for (const uint32_t slot : edit.removed) {
    hold(slot, false);
    taken.push_back(std::move(chains_[slot]));
    chains_[slot] = {};
  }
  // The new chains take the removed places in the order: it stays nearly topological,
  // and the pass below mostly succeeds at the first try.
  std::vector<uint32_t> slots;
  for (size_t at = 0; at < chains.size(); ++at) {
    uint32_t slot = 0;
    if (at < edit.removed.size()) {
      slot = edit.removed[at];
    } else if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else {
      slot = static_cast<uint32_t>(chains_.size());
      chains_.emplace_back();
    }
    chains_[slot] = std::move(chains[at]);
    hold(slot, true);
    slots.push_back(slot);
  }
  // That every operator still runs need not be asked: each leads to a graph output, which
  // must be stored, through tensors that must be there.
  std::vector<uint32_t> previous = std::move(order_), order;
  order_.clear();
  for (const uint32_t slot : previous)
    if (!lists(edit.removed, slot))
      order_.push_back(slot);
    else
      for (size_t at = 0; at < slots.size(); ++at)
        if (slots[at] == slot || (slot == edit.removed.front() && at >= edit.removed.size()))
          order_.push_back(slots[at]);
  if (find_order(order)) {
    for (const Chain& chain : taken) latency_ -= chain.latency, guide_ -= chain.guide;
    for (const uint32_t slot : slots) latency_ += chains_[slot].latency, guide_ += chains_[slot].guide;
    for (size_t at = chains.size(); at < edit.removed.size(); ++at) free_.push_back(edit.removed[at]);
    order_ = std::move(order);
    return true;
  }
  for (const uint32_t slot : slots) {
    hold(slot, false);
    chains_[slot] = {};
  }
  for (size_t at = edit.removed.size(); at < slots.size(); ++at) free_.push_back(slots[at]);
  for (size_t at = 0; at < taken.size(); ++at) {
    chains_[edit.removed[at]] = std::move(taken[at]);
    hold(edit.removed[at], true);
  }
  order_ = std::move(previous);
  return false;
}

bool Arrangement::find_order(std::vector<uint32_t>& order) const {
  thread_local std::vector<uint8_t> stored;
  thread_local std::vector<uint32_t> waiting, still;
  stored.assign(net_->size.size(), 0);
  order.clear();
  order.reserve(order_.size());
  waiting = order_;
  while (!waiting.empty()) {
    still.clear();
    for (const uint32_t slot : waiting) {
      const Chain& chain = chains_[slot];
      bool ready = true;
      for (const uint32_t tensor : chain.needs)
        if (stored[tensor] == 0) {
          ready = false;
          break;
        }
      if (!ready) {
        still.push_back(slot);
        continue;
      }
      for (const uint32_t tensor : chain.stores) stored[tensor] = 1;
      order.push_back(slot);
    }
    if (still.size() == waiting.size()) return false;
    waiting.swap(still);
  }
  for (uint32_t op = 0; op < net_->operators.size(); ++op) {
    const uint32_t tensor = net_->operators[op].output;
    if (net_->graph_output[tensor] != 0 && stored[tensor] == 0) return false;
  }
  return true;
}

void Arrangement::reorder(Random& random) {
  std::vector<std::vector<uint32_t>> readers(net_->size.size());  // chains by tensor they need
  std::vector<uint32_t> lacking(chains_.size(), 0), ready, order;
  std::vector<uint8_t> stored(net_->size.size(), 0);
  for (const uint32_t slot : order_) {
    lacking[slot] = static_cast<uint32_t>(chains_[slot].needs.size());
    for (const uint32_t tensor : chains_[slot].needs) readers[tensor].push_back(slot);
    if (lacking[slot] == 0) ready.push_back(slot);
  }
  const auto shuffle = [&](size_t from) {
    for (size_t at = ready.size(); at > from + 1; --at)
      std::swap(ready[at - 1], ready[from + random.below(static_cast<uint32_t>(at - from))]);
  };
  shuffle(0);
  while (!ready.empty()) {
    const uint32_t slot = ready.back();
    ready.pop_back();
    order.push_back(slot);
    const size_t from = ready.size();
    for (const uint32_t tensor : chains_[slot].stores) {
      if (stored[tensor] != 0) continue;  // stored by an earlier copy of its producer
      stored[tensor] = 1;
      for (const uint32_t reader : readers[tensor])
        if (--lacking[reader] == 0) ready.push_back(reader);
    }
    shuffle(from);
  }
  order_ = std::move(order);
}

void Arrangement::resum() {
  latency_ = guide_ = 0;
  for (const uint32_t slot : order_) latency_ += chains_[slot].latency, guide_ += chains_[slot].guide;
}

bool Arrangement::better_than(const Arrangement& other) const {
  // Running sums: differences below their rounding are none.
  const double margin = 1e-11 * other.latency_;
  return latency_ < other.latency_ - margin ||
         (latency_ <= other.latency_ + margin && guide_ < other.guide_ - 1e-11 * other.guide_);
}

Solution solution_of(const Arrangement& arrangement, Oracle& oracle) {
  const Network& net = arrangement.network();
  Solution solution;
  for (const uint32_t slot : arrangement.order()) {
    const std::vector<uint32_t> nothing;
    const std::vector<uint32_t>* entering = &nothing;
    for (const Stage& stage : arrangement.chain(slot).stages) {
      const Demand& demand = stage.group->demand;
      const Price& price = oracle.price(*stage.group, *entering, stage.retained);
      const Granularity& g = price.granularity;
      Subgraph subgraph;
      for (const uint32_t op : stage.group->operators) subgraph.operators.push_back(net.original[op]);
      subgraph.w = g.w;
      subgraph.h = g.h;
      subgraph.k = g.k;
      subgraph.retained = stage.retained;
      subgraph.order =
          traversal_order(g.traversal, (demand.grid_height + g.h - 1) / g.h, (demand.grid_width + g.w - 1) / g.w);
      solution.subgraphs.push_back(std::move(subgraph));
      entering = &stage.retained;
    }
  }
  return solution;
}

std::optional<Arrangement> arrangement_of(const Solution& solution, Oracle& oracle) {
  const Network& net = oracle.network();
  std::vector<uint32_t> rank(net.original.size());
  for (uint32_t op = 0; op < net.original.size(); ++op) rank[net.original[op]] = op;
  std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
  if (!arrangement) return std::nullopt;
  Edit edit;
  edit.removed = arrangement->order();
  edit.added.emplace_back();
  for (const Subgraph& subgraph : solution.subgraphs) {
    std::vector<uint32_t> operators;
    for (const uint32_t op : subgraph.operators) operators.push_back(rank[op]);
    std::sort(operators.begin(), operators.end());
    edit.added.back().push_back({oracle.group(operators), subgraph.retained});
  }
  std::vector<Chain> chains;
  Arrangement::Gain gain;
  if (!arrangement->prepare(oracle, edit, chains, gain) || !arrangement->apply(edit, std::move(chains)))
    return std::nullopt;
  return arrangement;
}

}  // namespace rondo::fusion
