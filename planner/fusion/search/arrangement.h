// What the search changes: a schedule as chains of groups.
//
// Tensors stay in fast memory for one step only, so a group that retains something must
// be followed at once by the group that uses it: such runs are chains. Between chains
// nothing is shared but slow memory, so the latency is a sum over chains and their order
// matters only for availability. An Edit takes chains out and puts chains in; its effect
// on the latency is local, and whether an order still exists is one pass over the chains.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>
#include "planner/fusion/cost/oracle.h"
#include "planner/fusion/cost/random.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {

struct Stage {
  GroupPointer group;
  std::vector<uint32_t> retained;  // tensors kept for the next stage, ascending; empty for the last of a chain
};

struct Chain {
  std::vector<Stage> stages;
  double latency = 0;
  double guide = 0;              // latency + kTrafficWeight * traffic: what the search goes by
  std::vector<uint32_t> needs;   // tensors it reads from slow memory that some operator makes, ascending
  std::vector<uint32_t> stores;  // tensors it leaves in slow memory, ascending
};

// Where compute binds, mergers cost nothing and gain nothing until a dozen of them free
// enough memory for a larger tile. A little of the traffic in the objective leads there.
constexpr double kTrafficWeight = 0.01;

// Chains to take out (slots, distinct) and stages to put in, cut into chains where
// nothing is retained.
struct Edit {
  std::vector<uint32_t> removed;
  std::vector<std::vector<Stage>> added;
};

class Arrangement {
 public:
  explicit Arrangement(const Network& net) : net_(&net), holders_(net.operators.size()) {}

  // One group an operator, in topological order. Fails when an operator fits at no
  // granularity; `culprit` is then its number in the network.
  static std::optional<Arrangement> singletons(Oracle& oracle, uint32_t* culprit);

  // Makes the chains of an edit: sorts and filters what is retained, cuts, prices.
  // False when a group is impossible.
  struct Gain {
    double latency = 0, guide = 0;  // saved
  };
  bool prepare(Oracle& oracle, Edit& edit, std::vector<Chain>& chains, Gain& gain) const;

  // Takes the edit when every need is met in some order and every graph output is stored,
  // so that every operator still runs; else changes nothing and returns false.
  bool apply(const Edit& edit, std::vector<Chain>&& chains);

  double latency() const { return latency_; }
  double guide() const { return guide_; }
  // Lower latency; of equal ones the lower guide.
  bool better_than(const Arrangement& other) const;
  size_t groups() const;
  const std::vector<uint32_t>& order() const { return order_; }  // slots, in a valid order
  const Chain& chain(uint32_t slot) const { return chains_[slot]; }
  // Slots of the chains that run an operator; a slot appears once.
  const std::vector<uint32_t>& holders(uint32_t op) const { return holders_[op]; }
  const Network& network() const { return *net_; }

  // Another valid order: depth first, chains that have just become ready before others,
  // so that neighbours in it are mostly neighbours in the graph.
  void reorder(Random& random);

  // Sums over the chains, anew: the running sums drift by rounding.
  void resum();

 private:
  bool find_order(std::vector<uint32_t>& order) const;
  void hold(uint32_t slot, bool add);

  const Network* net_;
  std::vector<Chain> chains_;  // by slot; an empty one is free
  std::vector<uint32_t> free_;
  std::vector<uint32_t> order_;
  std::vector<std::vector<uint32_t>> holders_;
  double latency_ = 0, guide_ = 0;
};

// The arrangement in the contest's terms: granularities at their best.
Solution solution_of(const Arrangement& arrangement, Oracle& oracle);

// The other way; nullopt when a group is impossible or the order breaks a rule.
std::optional<Arrangement> arrangement_of(const Solution& solution, Oracle& oracle);

}  // namespace rondo::fusion
