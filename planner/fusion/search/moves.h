// Random changes to an arrangement: the neighbourhood of the local search.
//
// The moves are those of the strong contest solvers: merge two linked groups, merge the
// consumers of one tensor, split a group, move (steal) operators between groups,
// recompute a producer in its consumer, drop a copy, retain tensors between two groups
// or stop retaining them; and one that was seen in proven optima (exhaust.h): a tensor that
// must be stored is made once more for its next reader, in a step of its own between the
// two that finds its inputs in fast memory and leaves its output there. A move may propose something that no schedule
// allows; Arrangement::prepare and apply say so.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/fusion/cost/random.h"
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

class Moves {
 public:
  Moves(Oracle& oracle, Random& random) : oracle_(oracle), net_(oracle.network()), random_(random) {}

  // False when the drawn move does not apply at the drawn place.
  bool propose(const Arrangement& arrangement, Edit& edit);

  // The merge of two groups, each the only stage of its chain or not; the second joins
  // the first. `copy` leaves the second where it is as well (recompute).
  Edit merge(const Arrangement& arrangement, uint32_t slot, uint32_t stage, uint32_t other_slot, uint32_t other_stage,
             bool copy);
  // `tensor` and, if `all`, whatever else the producer makes for the consumer stays in
  // fast memory between the two stages, which become neighbours. False when it cannot be.
  bool retain(const Arrangement& arrangement, uint32_t slot, uint32_t stage, uint32_t other_slot, uint32_t other_stage,
              uint32_t tensor, bool all, Edit& edit);

 private:
  struct Site {
    uint32_t slot = 0, stage = 0;
    bool operator==(const Site&) const = default;
  };
  class Draft;

  uint32_t any(size_t count) { return random_.below(static_cast<uint32_t>(count)); }
  Site site_of(const Arrangement& arrangement, uint32_t op);
  bool linked_sites(const Arrangement& arrangement, Site& from, Site& to, uint32_t& op, uint32_t& other_op);
  bool propose_merge(const Arrangement& arrangement, Edit& edit);
  bool propose_merge_consumers(const Arrangement& arrangement, Edit& edit);
  bool propose_steal(const Arrangement& arrangement, Edit& edit);
  bool propose_recompute(const Arrangement& arrangement, Edit& edit);
  bool propose_drop(const Arrangement& arrangement, Edit& edit);
  bool propose_split(const Arrangement& arrangement, Edit& edit);
  bool propose_retain(const Arrangement& arrangement, Edit& edit);
  bool propose_repeat(const Arrangement& arrangement, Edit& edit);
  bool propose_release(const Arrangement& arrangement, Edit& edit);
  std::vector<uint32_t> part_of(const std::vector<uint32_t>& operators, uint32_t op);

  Oracle& oracle_;
  const Network& net_;
  Random& random_;
};

}  // namespace rondo::fusion
