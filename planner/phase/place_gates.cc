#include <algorithm>

#include "planner/phase/lifetimes.h"
#include "planner/phase/placements.h"

namespace rondo::phase {
namespace {

std::vector<uint32_t> phases_of(const GateGraph& graph, const std::vector<uint32_t>& half_of_op) {
  std::vector<uint32_t> phases(half_of_op.size());
  for (size_t op = 0; op < phases.size(); ++op) phases[op] = phase_of(graph.ops[op].type, half_of_op[op]);
  return phases;
}

class Greedy {
 public:
  Greedy(const GateGraph& graph, const Windows& windows)
      : graph_(graph), low_(windows.low), high_(windows.high), half_of_(graph.ops.size(), kUnplaced) {
    for (const Dim& dim : graph.dims) unplaced_readers_.push_back(static_cast<uint32_t>(dim.consumers.size()));
    tied_.resize(graph.ops.size());
    for (const Colocation& pair : graph.colocations) tied_[pair.lookup].push_back(pair.op);
  }

  std::vector<uint32_t> run() {
    uint32_t end = 0;
    for (uint32_t high : high_) end = std::max(end, high + 1);
    std::vector<uint32_t> waiting = graph_.order;
    for (uint32_t half = 0; half < end; ++half) {
      for (uint32_t op : waiting)
        if (half_of_[op] == kUnplaced && high_[op] <= half) place(op, half);
      for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t op : waiting)
          if (half_of_[op] == kUnplaced && pays(op, half)) {
            for (uint32_t producer : cluster_) place(producer, half);
            place(op, half);
            moved = true;
          }
      }
      std::erase_if(waiting, [&](uint32_t op) { return half_of_[op] != kUnplaced; });
    }
    return phases_of(graph_, half_of_);
  }

 private:
  static constexpr uint32_t kUnplaced = ~uint32_t{0};

  void place(uint32_t op, uint32_t half) {
    half_of_[op] = half;
    for (uint32_t dim : graph_.ops[op].inputs) --unplaced_readers_[dim];
    // What is tied to a lookup runs in its layer, at the latest in the second half of it.
    for (uint32_t tied : tied_[op]) high_[tied] = std::min(high_[tied], half + 1);
  }

  // May run now, all that it reads being placed.
  bool ready(uint32_t op, uint32_t half) const {
    const OpType type = graph_.ops[op].type;
    if (half < low_[op] || (type != OpType::kPersist && half % 2 != (type == OpType::kReglu ? 1U : 0U))) return false;
    bool is_ready = true;
    for_each_producer(graph_, op, [&](uint32_t producer) {
      is_ready = is_ready && half_of_[producer] != kUnplaced &&
                 half_of_[producer] + lag(graph_.ops[producer].type, type) <= half;
    });
    for (uint32_t tied : tied_[op])
      for_each_producer(graph_, tied, [&](uint32_t producer) {
        is_ready = is_ready && (producer == op || half_of_[producer] != kUnplaced);
      });
    return is_ready;
  }

  // Frees as many resting values as it makes. cluster_: producers that must come along.
  bool pays(uint32_t op, uint32_t half) {
    // Weighing a cluster takes the square of its size; wide sums run when they must.
    constexpr size_t kLargest = 64;
    cluster_.clear();
    if (graph_.ops[op].type == OpType::kPersist && half >= low_[op]) {
      for_each_producer(graph_, op, [&](uint32_t producer) {
        if (half_of_[producer] == kUnplaced && cluster_.size() <= kLargest &&
            std::find(cluster_.begin(), cluster_.end(), producer) == cluster_.end())
          cluster_.push_back(producer);
      });
      if (cluster_.size() > kLargest) return false;
      for (uint32_t producer : cluster_)
        if (graph_.ops[producer].type == OpType::kPersist || !tied_[producer].empty() || !ready(producer, half))
          return false;
      for_each_producer(graph_, op, [&](uint32_t producer) {
        if (half_of_[producer] != kUnplaced &&
            half_of_[producer] + lag(graph_.ops[producer].type, OpType::kPersist) > half)
          cluster_.push_back(op);
      });
      if (std::find(cluster_.begin(), cluster_.end(), op) != cluster_.end()) return false;
    } else if (!ready(op, half)) {
      return false;
    }
    int64_t gain = 0;
    const auto count = [&](uint32_t each) {
      for (uint32_t dim : graph_.ops[each].outputs)
        if (unplaced_readers_[dim] != reads_of(dim, op) || graph_.is_output[dim] || unplaced_readers_[dim] == 0)
          gain -= rests(dim) ? 1 : 0;
      for (uint32_t dim : graph_.ops[each].inputs) {
        if (graph_.is_output[dim] || graph_.is_protected[dim] || made_in_cluster(dim)) continue;
        uint32_t here = reads_of(dim, op);
        bool counted = false;
        for (uint32_t other : cluster_) {
          if (reads_of(dim, other) == 0) continue;
          counted = counted || other < each;
          ++here;
        }
        if (each == op && here > 1) counted = true;
        if (!counted && unplaced_readers_[dim] == here) ++gain;
      }
    };
    for (uint32_t producer : cluster_) count(producer);
    count(op);
    return gain >= 0;
  }

  bool rests(uint32_t dim) const { return !graph_.dims[dim].consumers.empty() || graph_.is_output[dim]; }
  bool made_in_cluster(uint32_t dim) const {
    const int32_t made = graph_.dims[dim].op;
    return made != Dim::kInput &&
           std::find(cluster_.begin(), cluster_.end(), static_cast<uint32_t>(made)) != cluster_.end();
  }
  uint32_t reads_of(uint32_t dim, uint32_t op) const {
    const std::vector<uint32_t>& inputs = graph_.ops[op].inputs;
    return std::binary_search(inputs.begin(), inputs.end(), dim) ? 1 : 0;
  }

  const GateGraph& graph_;
  const std::vector<uint32_t>& low_;
  std::vector<uint32_t> high_;
  std::vector<uint32_t> half_of_;
  std::vector<uint32_t> unplaced_readers_;
  std::vector<std::vector<uint32_t>> tied_;  // of each lookup
  std::vector<uint32_t> cluster_;
};

}  // namespace

std::vector<uint32_t> place_earliest(const GateGraph& graph, const Windows& windows) {
  return phases_of(graph, windows.low);
}
std::vector<uint32_t> place_latest(const GateGraph& graph, const Windows& windows) {
  return phases_of(graph, windows.high);
}
std::vector<uint32_t> place_greedy(const GateGraph& graph, const Windows& windows) {
  return Greedy(graph, windows).run();
}

}  // namespace rondo::phase
