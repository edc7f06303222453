#include "planner/fusion/search/merge_greedily.h"
#include <algorithm>
#include <cmath>
#include <queue>
#include "planner/fusion/search/moves.h"

namespace rondo::fusion {
namespace {

// Of a tensor with many consumers a group is offered to its nearest ones only.
constexpr size_t kNearestConsumers = 12;

struct Merger {
  double score;
  uint32_t slot, other;
  uint32_t version, other_version;
  bool operator<(const Merger& than) const {
    // Ties by slot, so that the outcome does not depend on the queue.
    return score != than.score ? score < than.score : (slot != than.slot ? slot > than.slot : other > than.other);
  }
};

class Greedy {
 public:
  Greedy(Arrangement& arrangement, Oracle& oracle, Random& random, const GreedyOptions& options)
      : arrangement_(arrangement),
        oracle_(oracle),
        net_(oracle.network()),
        random_(random),
        options_(options),
        moves_(oracle, random) {}

  uint64_t run() {
    versions_.assign(net_.operators.size(), 0);
    for (const uint32_t slot : arrangement_.order()) offer(slot, true);
    while (!queue_.empty() && !stopped()) {
      const Merger merger = queue_.top();
      queue_.pop();
      if (versions_[merger.slot] != merger.version || versions_[merger.other] != merger.other_version) continue;
      Edit edit = moves_.merge(arrangement_, merger.slot, 0, merger.other, 0, false);
      std::vector<Chain> chains;
      Arrangement::Gain gain;
      if (!arrangement_.prepare(oracle_, edit, chains, gain) || !arrangement_.apply(edit, std::move(chains))) continue;
      ++versions_[merger.slot];
      ++versions_[merger.other];
      offer(merger.slot, false);
    }
    retain();
    return work_;
  }

 private:
  // No latency is given for traffic here.
  bool saves(const Arrangement::Gain& gain) const {
    return gain.guide > 0 && gain.latency >= -1e-12 * arrangement_.latency();
  }

  bool stopped() {
    if (!stopped_ && options_.stop && work_ >= next_check_) {
      next_check_ = work_ + 64;
      stopped_ = options_.stop();
    }
    return stopped_;
  }

  void neighbours(uint32_t slot, std::vector<uint32_t>& slots) {
    slots.clear();
    const Demand& demand = arrangement_.chain(slot).stages[0].group->demand;
    const auto add = [&](uint32_t op) {
      const uint32_t other = arrangement_.holders(op)[0];
      if (other != slot) slots.push_back(other);
    };
    const uint32_t here = arrangement_.chain(slot).stages[0].group->operators[0];
    const auto around = [&](uint32_t tensor) {
      const std::vector<uint32_t>& consumers = net_.consumers[tensor];
      const auto middle = std::lower_bound(consumers.begin(), consumers.end(), here);
      const auto behind = static_cast<size_t>(middle - consumers.begin()), ahead = consumers.size() - behind;
      for (size_t i = behind - std::min(behind, kNearestConsumers); i < behind + std::min(ahead, kNearestConsumers);
           ++i)
        add(consumers[i]);
    };
    for (const uint32_t tensor : demand.inputs) {
      if (net_.producer[tensor] != Network::kGraphInput) add(net_.producer[tensor]);
      around(tensor);
    }
    for (const uint32_t tensor : demand.outputs) around(tensor);
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  }

  // Prices the mergers of a group. At the start each pair once.
  void offer(uint32_t slot, bool upwards_only) {
    std::vector<uint32_t> slots;
    neighbours(slot, slots);
    for (const uint32_t other : slots) {
      if (upwards_only && other < slot) continue;
      if (stopped()) return;
      Edit edit = moves_.merge(arrangement_, slot, 0, other, 0, false);
      std::vector<Chain> chains;
      Arrangement::Gain gain;
      ++work_;
      if (!arrangement_.prepare(oracle_, edit, chains, gain) || !saves(gain)) continue;
      double score = gain.guide;
      if (options_.noise > 0) score *= 1 + options_.noise * random_.unit();
      if (options_.size_power > 0)
        score /= std::pow(static_cast<double>(chains[0].stages[0].group->operators.size()), options_.size_power);
      queue_.push({score, slot, other, versions_[slot], versions_[other]});
    }
  }

  // Every tensor between two groups, the greatest saving first, until none saves.
  void retain() {
    struct Saving {
      double gain;
      uint32_t op, consumer;
    };
    std::vector<Saving> savings;
    const auto edit_for = [&](uint32_t op, uint32_t consumer, Edit& edit) {
      const uint32_t slot = arrangement_.holders(op)[0], other = arrangement_.holders(consumer)[0];
      const auto stage_in = [&](uint32_t in, uint32_t what) {
        const std::vector<Stage>& stages = arrangement_.chain(in).stages;
        for (uint32_t stage = 0; stage < stages.size(); ++stage)
          if (std::binary_search(stages[stage].group->operators.begin(), stages[stage].group->operators.end(), what))
            return stage;
        return uint32_t{0};
      };
      if (slot == other) return false;
      return moves_.retain(arrangement_, slot, stage_in(slot, op), other, stage_in(other, consumer),
                           net_.operators[op].output, true, edit);
    };
    const auto gain_of = [&](uint32_t op, uint32_t consumer) {
      Edit edit;
      std::vector<Chain> chains;
      Arrangement::Gain gain;
      ++work_;
      if (!edit_for(op, consumer, edit) || !arrangement_.prepare(oracle_, edit, chains, gain) || !saves(gain))
        return 0.0;
      return gain.guide;
    };
    for (uint32_t op = 0; op < net_.operators.size() && !stopped(); ++op)
      for (const uint32_t consumer : net_.consumers[net_.operators[op].output])
        if (net_.size[net_.operators[op].output] < net_.capacity)
          if (const double gain = gain_of(op, consumer); gain > 0) savings.push_back({gain, op, consumer});
    std::stable_sort(savings.begin(), savings.end(), [](const Saving& a, const Saving& b) { return a.gain > b.gain; });
    for (const Saving& saving : savings) {
      if (stopped()) return;
      Edit edit;
      std::vector<Chain> chains;
      Arrangement::Gain gain;
      if (!edit_for(saving.op, saving.consumer, edit) || !arrangement_.prepare(oracle_, edit, chains, gain)) continue;
      if (saves(gain)) arrangement_.apply(edit, std::move(chains));
    }
  }

  Arrangement& arrangement_;
  Oracle& oracle_;
  const Network& net_;
  Random& random_;
  const GreedyOptions& options_;
  Moves moves_;
  std::priority_queue<Merger> queue_;
  std::vector<uint32_t> versions_;
  uint64_t work_ = 0, next_check_ = 0;
  bool stopped_ = false;
};

}  // namespace

uint64_t merge_greedily(Arrangement& arrangement, Oracle& oracle, Random& random, const GreedyOptions& options) {
  return Greedy(arrangement, oracle, random, options).run();
}

}  // namespace rondo::fusion
