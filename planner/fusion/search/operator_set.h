// Sets of up to 64 operators as the bits of one word, and where a traversal stands in terms
// of them.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rondo::fusion {

// Bit i: operator i of the network, or of the window where a search looks at one.
using OperatorSet = uint64_t;

constexpr OperatorSet bit(size_t index) { return OperatorSet{1} << index; }

// In ascending order.
template <class Do>
void each_of(OperatorSet set, Do&& act) {
  for (; set != 0; set &= set - 1) act(static_cast<uint32_t>(std::countr_zero(set)));
}

struct Situation {
  OperatorSet done = 0, missing = 0, resident = 0;  // computed; of those, stored nowhere; kept from the last subgraph
  bool operator==(const Situation&) const = default;
};
struct SituationHash {
  size_t operator()(const Situation& at) const {
    uint64_t hash = at.done * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 31) ^ at.missing) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 29) ^ at.resident) * 0x94d049bb133111eb;
    return hash ^ (hash >> 32);
  }
};

}  // namespace rondo::fusion
