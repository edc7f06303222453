// Groups and their prices, each worked out once.
//
// A group is interned by its set of operators; its price is remembered by the *shape*
// of the group (demand.h) and the residency, so that the blocks a graph repeats are
// priced once. One oracle belongs to one thread. When a table outgrows its budget it is
// emptied: groups still held by a caller live on.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>
#include "planner/fusion/cost/price.h"

namespace rondo::fusion {

struct Group {
  std::vector<uint32_t> operators;  // numbers of the network, ascending
  Demand demand;
};
using GroupPointer = std::shared_ptr<const Group>;

class Oracle {
 public:
  // `net` must outlive the oracle. `entries`: of each table, before it is emptied.
  Oracle(const Network& net, const PricingOptions& options, size_t entries = 400'000);

  // `operators`: ascending, distinct, not empty. Never null; group->demand.possible says
  // whether any granularity can exist.
  GroupPointer group(std::span<const uint32_t> operators);

  // `entering`: tensors the step before retained; `retained`: tensors this step retains.
  // Impossible when a retained tensor is not produced by the group.
  const Price& price(const Group& group, std::span<const uint32_t> entering, std::span<const uint32_t> retained);

  // The same with what no granularity and no order goes below; a few times as dear, kept
  // apart. Where it finds a better price than price(), price() has it from then on.
  const ProvenPrice& proven_price(const Group& group, std::span<const uint32_t> entering,
                                  std::span<const uint32_t> retained);

  const Network& network() const { return net_; }
  const PricingOptions& options() const { return options_; }
  uint64_t priced() const { return priced_; }  // granularity searches made, i.e. misses
  uint64_t floors() const { return floors_; }  // of proven prices, ProvenPrice::looked_at summed up

  // False when a tensor is not the group's to retain or lies beyond the 64th of its kind.
  static bool residency_of(const Network& net, const Demand& demand, std::span<const uint32_t> entering,
                           std::span<const uint32_t> retained, Residency& residency);

 private:
  struct SetKey {
    uint64_t low, high;
    bool operator==(const SetKey&) const = default;
  };
  struct PriceKey {
    uint64_t low, high;
    Residency residency;
    bool operator==(const PriceKey&) const = default;
  };
  struct SetHash {
    size_t operator()(const SetKey& key) const { return key.low; }
  };
  struct PriceHash {
    size_t operator()(const PriceKey& key) const;
  };

  const Network& net_;
  const PricingOptions options_;
  const size_t entries_;
  std::vector<std::pair<uint64_t, uint64_t>> marks_;  // by operator: random words whose xor names a set
  std::unordered_map<SetKey, GroupPointer, SetHash> groups_;
  std::unordered_map<PriceKey, Price, PriceHash> prices_;
  std::unordered_map<PriceKey, ProvenPrice, PriceHash> proven_;
  Price impossible_;
  ProvenPrice never_;
  uint64_t priced_ = 0, floors_ = 0;
};

}  // namespace rondo::fusion
