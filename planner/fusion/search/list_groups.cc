#include "planner/fusion/search/list_groups.h"
#include <bit>
#include "planner/fusion/cost/demand.h"

namespace rondo::fusion {
namespace {

class Lister {
 public:
  Lister(const Network& net, uint64_t most, const std::function<bool()>& stop)
      : net_(net), most_(most), stop_(stop), near_(net.operators.size(), 0) {
    for (uint32_t tensor = 0; tensor < net.size.size(); ++tensor) {
      OperatorSet touching = net.producer[tensor] == Network::kGraphInput ? 0 : bit(net.producer[tensor]);
      for (const uint32_t op : net.consumers[tensor]) touching |= bit(op);
      each_of(touching, [&](uint32_t op) { near_[op] |= touching; });
    }
  }

  GroupList run() {
    list_.complete = true;
    for (size_t last = net_.operators.size(); last-- > 0;) include(0, last, bit(last) - 1);
    return std::move(list_);
  }

 private:
  // Operators that hang together with those of `from` through operators of `among`.
  OperatorSet reach(OperatorSet from, OperatorSet among) const {
    OperatorSet reached = from;
    for (OperatorSet open = from; open != 0;) {
      const auto op = static_cast<size_t>(std::countr_zero(open));
      const OperatorSet fresh = near_[op] & among & ~reached;
      reached |= fresh;
      open = (open & ~bit(op)) | fresh;
    }
    return reached;
  }

  void include(OperatorSet set, size_t op, OperatorSet undecided) {
    if (!list_.complete) return;
    if (++list_.looked_at > most_ || (stop_ && list_.looked_at % 256 == 0 && stop_())) {
      list_.complete = false;
      return;
    }
    set |= bit(op);
    members_.clear();
    each_of(set, [&](uint32_t member) { members_.push_back(member); });
    if (!find_demand(net_, members_, true).possible) return;
    const OperatorSet first = set & ~(set - 1);
    if (reach(first, set) == set) list_.sets.push_back(set);
    while (list_.complete) {
      const OperatorSet reached = reach(first, set | undecided);
      if ((set & ~reached) != 0) return;  // a part that nothing can connect any more
      const OperatorSet candidates = reached & undecided;
      if (candidates == 0) return;
      const auto next = static_cast<size_t>(63 - std::countl_zero(candidates));
      undecided &= bit(next) - 1;
      include(set, next, undecided);
    }
  }

  const Network& net_;
  const uint64_t most_;
  const std::function<bool()>& stop_;
  std::vector<OperatorSet> near_;  // by operator: those that touch a tensor it touches
  std::vector<uint32_t> members_;
  GroupList list_;
};

}  // namespace

GroupList list_groups(const Network& net, uint64_t most, const std::function<bool()>& stop) {
  if (net.operators.size() > 64) return {};
  return Lister(net, most, stop).run();
}

}  // namespace rondo::fusion
