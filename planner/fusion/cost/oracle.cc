#include "planner/fusion/cost/oracle.h"
#include <algorithm>
#include "planner/fusion/cost/random.h"

namespace rondo::fusion {

size_t Oracle::PriceHash::operator()(const PriceKey& key) const {
  uint64_t hash = key.low;
  for (const uint64_t word : {key.residency.entering, static_cast<uint64_t>(key.residency.entering_size),
                              key.residency.outputs, key.residency.inner}) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return hash;
}

Oracle::Oracle(const Network& net, const PricingOptions& options, size_t entries)
    : net_(net), options_(options), entries_(entries) {
  Random random(0x5eed);
  for (size_t op = 0; op < net.operators.size(); ++op) {
    const uint64_t low = random.next();
    marks_.emplace_back(low, random.next());
  }
}

GroupPointer Oracle::group(std::span<const uint32_t> operators) {
  SetKey key{0, 0};
  for (const uint32_t op : operators) key.low ^= marks_[op].first, key.high ^= marks_[op].second;
  const auto found = groups_.find(key);
  if (found != groups_.end()) return found->second;
  if (groups_.size() >= entries_) groups_.clear();
  auto group = std::make_shared<Group>();
  group->operators.assign(operators.begin(), operators.end());
  group->demand = find_demand(net_, operators);
  return groups_.emplace(key, std::move(group)).first->second;
}

bool Oracle::residency_of(const Network& net, const Demand& demand, std::span<const uint32_t> entering,
                          std::span<const uint32_t> retained, Residency& residency) {
  for (const uint32_t tensor : entering) {
    residency.entering_size += net.size[tensor];
    const auto at = std::find(demand.inputs.begin(), demand.inputs.end(), tensor);
    if (at == demand.inputs.end()) continue;
    const auto index = static_cast<size_t>(at - demand.inputs.begin());
    if (index >= 64) return false;
    residency.entering |= uint64_t{1} << index;
  }
  for (const uint32_t tensor : retained) {
    const auto output = std::find(demand.outputs.begin(), demand.outputs.end(), tensor);
    const bool is_output = output != demand.outputs.end();
    const auto inner = is_output ? demand.inner.end() : std::find(demand.inner.begin(), demand.inner.end(), tensor);
    if (!is_output && inner == demand.inner.end()) return false;
    const auto index = static_cast<size_t>(is_output ? output - demand.outputs.begin() : inner - demand.inner.begin());
    if (index >= 64) return false;
    (is_output ? residency.outputs : residency.inner) |= uint64_t{1} << index;
  }
  return true;
}

const Price& Oracle::price(const Group& group, std::span<const uint32_t> entering, std::span<const uint32_t> retained) {
  if (!group.demand.possible) return impossible_;
  PriceKey key{group.demand.shape_low, group.demand.shape_high, {}};
  if (!residency_of(net_, group.demand, entering, retained, key.residency)) return impossible_;
  const auto found = prices_.find(key);
  if (found != prices_.end()) return found->second;
  if (prices_.size() >= entries_) prices_.clear();
  ++priced_;
  return prices_.emplace(key, price_group(net_, group.demand, key.residency, options_)).first->second;
}

const ProvenPrice& Oracle::proven_price(const Group& group, std::span<const uint32_t> entering,
                                        std::span<const uint32_t> retained) {
  if (!group.demand.possible) return never_;
  PriceKey key{group.demand.shape_low, group.demand.shape_high, {}};
  if (!residency_of(net_, group.demand, entering, retained, key.residency)) return never_;
  const auto found = proven_.find(key);
  if (found != proven_.end()) return found->second;
  if (proven_.size() >= entries_) proven_.clear();
  ++priced_;
  const ProvenPrice proven = prove_price(net_, group.demand, key.residency, options_);
  floors_ += static_cast<uint64_t>(proven.looked_at);
  if (prices_.size() >= entries_) prices_.clear();
  prices_.insert_or_assign(key, proven.price);
  return proven_.emplace(key, proven).first->second;
}

}  // namespace rondo::fusion
