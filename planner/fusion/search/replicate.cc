#include "planner/fusion/search/replicate.h"
#include <algorithm>
#include <bit>
#include <iterator>
#include <map>

namespace rondo::fusion {
namespace {

constexpr uint32_t kNone = ~uint32_t{0};
// A block is tried on so many likenesses at most: more are reached in later rounds.
constexpr size_t kMostLikenesses = 64;

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

size_t place_in(const std::vector<uint32_t>& sorted, uint32_t value) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), value);
  return at != sorted.end() && *at == value ? static_cast<size_t>(at - sorted.begin()) : sorted.size();
}

}  // namespace

Replicator::Replicator(const Network& net) : net_(net) {
  for (const NetworkOperator& op : net.operators) {
    uint64_t hash = mix(op.matmul ? 3 : 5, std::bit_cast<uint64_t>(op.base_cost));
    for (const uint32_t tensor : op.inputs)
      hash = mix(mix(hash, static_cast<uint64_t>(net.width[tensor])), static_cast<uint64_t>(net.height[tensor]));
    plain_.push_back(mix(hash, static_cast<uint64_t>(net.width[op.output])));
  }
  std::map<uint64_t, uint32_t> classes;
  for (uint32_t op = 0; op < net.operators.size(); ++op) {
    uint64_t hash = plain_[op];
    for (const uint32_t tensor : net.operators[op].inputs)
      hash = mix(hash, net.producer[tensor] == Network::kGraphInput ? 7 : plain_[net.producer[tensor]]);
    uint64_t users = 0;  // a sum: their order says nothing
    for (const uint32_t user : net.consumers[net.operators[op].output]) users += mix(11, plain_[user]);
    colour_.push_back(mix(hash, users));
    const auto [at, fresh] = classes.try_emplace(colour_.back(), static_cast<uint32_t>(likenesses_.size()));
    if (fresh) likenesses_.emplace_back();
    likenesses_[at->second].push_back(op);
    class_of_.push_back(at->second);
    useful_ = useful_ || likenesses_[at->second].size() > 1;
  }
}

bool Replicator::alike(uint32_t op, uint32_t other) const {
  return plain_[op] == plain_[other] && net_.operators[op].inputs.size() == net_.operators[other].inputs.size();
}

// block: ascending, block[0] goes to `anchor`. An operator's place is fixed by a mapped
// neighbour; where several fit, the one as far from the anchor as the original is from
// its own, else the first.
bool Replicator::map_block(const std::vector<uint32_t>& block, uint32_t anchor, std::vector<uint32_t>& image) const {
  image.assign(block.size(), kNone);
  std::vector<std::pair<uint32_t, uint32_t>> tensors;  // original, image
  std::vector<size_t> open;
  const auto taken = [&](uint32_t op) { return std::find(image.begin(), image.end(), op) != image.end(); };
  const auto assign = [&](size_t at, uint32_t op) {
    if (image[at] != kNone) return image[at] == op;
    if (!alike(block[at], op) || taken(op) || place_in(block, op) != block.size()) return false;
    image[at] = op;
    open.push_back(at);
    return true;
  };
  if (!assign(0, anchor)) return false;
  size_t mapped = 0;
  while (mapped < block.size()) {
    if (open.empty()) {
      // Pieces that hang together by nothing inside the block: by their distance alone.
      const auto at = static_cast<size_t>(std::find(image.begin(), image.end(), kNone) - image.begin());
      const uint64_t guess = uint64_t{anchor} + block[at] - block[0];
      if (guess >= net_.operators.size() || !assign(at, static_cast<uint32_t>(guess))) return false;
    }
    const size_t at = open.back();
    open.pop_back();
    ++mapped;
    const NetworkOperator &from = net_.operators[block[at]], &to = net_.operators[image[at]];
    const auto pair_up = [&](uint32_t tensor, uint32_t other) {
      for (const auto& [original, its_image] : tensors)
        if (original == tensor) return its_image == other;
      tensors.emplace_back(tensor, other);
      const uint32_t maker = net_.producer[tensor], other_maker = net_.producer[other];
      if ((maker == Network::kGraphInput) != (other_maker == Network::kGraphInput)) return false;
      if (maker != Network::kGraphInput)
        if (const size_t place = place_in(block, maker); place != block.size() && !assign(place, other_maker))
          return false;
      for (const uint32_t user : net_.consumers[tensor]) {
        const size_t place = place_in(block, user);
        if (place == block.size() || image[place] != kNone) continue;
        const std::vector<uint32_t>& users = net_.consumers[other];
        const uint64_t guess = uint64_t{anchor} + user - block[0];
        bool found = guess < net_.operators.size() &&
                     std::binary_search(users.begin(), users.end(), static_cast<uint32_t>(guess)) &&
                     assign(place, static_cast<uint32_t>(guess));
        for (size_t i = 0; !found && i < std::min<size_t>(users.size(), kMostLikenesses); ++i)
          found = colour_[users[i]] == colour_[user] && assign(place, users[i]);
        if (!found) return false;
      }
      return true;
    };
    for (size_t i = 0; i < from.inputs.size(); ++i)
      if (!pair_up(from.inputs[i], to.inputs[i])) return false;
    if (!pair_up(from.output, to.output)) return false;
  }
  return true;
}

uint32_t Replicator::replicate(Arrangement& arrangement, Oracle& oracle, size_t first, size_t last,
                               uint64_t& work) const {
  std::vector<std::vector<Stage>> pattern;
  std::vector<uint32_t> slots, block;
  for (size_t at = first; at < last; ++at) {
    slots.push_back(arrangement.order()[at]);
    pattern.push_back(arrangement.chain(slots.back()).stages);
    for (const Stage& stage : pattern.back())
      block.insert(block.end(), stage.group->operators.begin(), stage.group->operators.end());
  }
  std::sort(block.begin(), block.end());
  block.erase(std::unique(block.begin(), block.end()), block.end());
  const std::vector<uint32_t>& anchors = likenesses_[class_of_[block[0]]];
  uint32_t copies = 0;
  std::vector<uint32_t> image;
  for (size_t i = 0; i < std::min(anchors.size(), kMostLikenesses); ++i) {
    if (anchors[i] == block[0] || !map_block(block, anchors[i], image)) continue;
    std::vector<uint32_t> sorted = image;
    std::sort(sorted.begin(), sorted.end());
    Edit edit;
    for (const uint32_t op : sorted)
      for (const uint32_t slot : arrangement.holders(op))
        if (std::find(edit.removed.begin(), edit.removed.end(), slot) == edit.removed.end())
          edit.removed.push_back(slot);
    bool overlaps = false;  // the original must stay as it is
    for (const uint32_t slot : edit.removed)
      overlaps = overlaps || std::find(slots.begin(), slots.end(), slot) != slots.end();
    if (overlaps) continue;
    ++work;
    const auto mapped = [&](uint32_t op) { return image[place_in(block, op)]; };
    for (const std::vector<Stage>& stages : pattern) {
      std::vector<Stage> copy;
      for (const Stage& stage : stages) {
        std::vector<uint32_t> operators;
        for (const uint32_t op : stage.group->operators) operators.push_back(mapped(op));
        std::sort(operators.begin(), operators.end());
        Stage to{oracle.group(operators), {}};
        for (const uint32_t tensor : stage.retained)
          to.retained.push_back(net_.operators[mapped(net_.producer[tensor])].output);
        copy.push_back(std::move(to));
      }
      edit.added.push_back(std::move(copy));
    }
    for (const uint32_t slot : edit.removed) {  // what else ran with the old block
      std::vector<Stage> rest;
      for (const Stage& stage : arrangement.chain(slot).stages) {
        std::vector<uint32_t> operators;
        std::set_difference(stage.group->operators.begin(), stage.group->operators.end(), sorted.begin(), sorted.end(),
                            std::back_inserter(operators));
        if (!operators.empty()) rest.push_back({oracle.group(operators), stage.retained});
      }
      if (!rest.empty()) edit.added.push_back(std::move(rest));
    }
    std::vector<Chain> chains;
    Arrangement::Gain gain;
    if (!arrangement.prepare(oracle, edit, chains, gain) || gain.latency <= 1e-11 * arrangement.latency()) continue;
    copies += arrangement.apply(edit, std::move(chains));
  }
  return copies;
}

}  // namespace rondo::fusion
