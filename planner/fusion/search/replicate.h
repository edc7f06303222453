// Solved once, copied to all: what the search found for one block of a graph is tried on
// every other block of the same form.
//
// Blocks are recognised by colours (Weisfeiler and Leman's refinement, one round, over
// type, cost, shapes and neighbours), then mapped operator by operator: an isomorphism of
// the two pieces, inputs in order, found greedily. What surrounds a block may differ, for
// whether a copy saves latency and leaves a valid schedule is decided as for any edit.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>
#include "planner/fusion/cost/random.h"
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

class Replicator {
 public:
  explicit Replicator(const Network& net);

  // False where no two operators look alike: nothing to do.
  bool useful() const { return useful_; }

  // Tries the chains in places [first, last) of arrangement.order() on all their
  // likenesses. Returns the copies made; `work` grows by the edits priced.
  uint32_t replicate(Arrangement& arrangement, Oracle& oracle, size_t first, size_t last, uint64_t& work) const;

 private:
  bool map_block(const std::vector<uint32_t>& block, uint32_t anchor, std::vector<uint32_t>& image) const;
  bool alike(uint32_t op, uint32_t other) const;

  const Network& net_;
  std::vector<uint64_t> plain_, colour_;           // by operator: by itself; with its neighbours
  std::vector<std::vector<uint32_t>> likenesses_;  // operators of one colour
  std::vector<uint32_t> class_of_;
  bool useful_ = false;
};

}  // namespace rondo::fusion
