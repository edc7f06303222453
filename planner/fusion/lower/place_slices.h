// Addresses: where each subgraph of a solution keeps its slices.
//
// Fast memory holds exactly what the working set counts. What a subgraph leaves for the
// next one stands packed at one end of it, what it was left itself at the other, and
// everything else between, at round addresses as far as there is room; ends alternate from
// subgraph to subgraph. So nothing is ever moved, no hole need be left, and whatever fits
// by the sum of its sizes fits by its addresses.
// Slices that the working set does not count lie apart, in granules: what is made and used
// up between two kernels, and broadcast operands. docs/decisions/0064 says why. All sizes
// and offsets are elements.
// Thread safety: plain values and pure functions.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/fusion/lower/meaning.h"
#include "planner/fusion/lower/subgraph_steps.h"
#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {

enum class Memory : uint8_t {
  kFast,
  kGranules,
  kSlow,  // the tensor's own place in slow memory: a result that the next subgraph was left and does not read
};

// Where a slice of a tensor lies from `offset` on, row after row or column after column,
// without gaps.
struct Spot {
  uint32_t tensor = 0;
  Slice slice;
  Memory memory = Memory::kFast;
  int64_t offset = 0;
  int64_t size = 0;     // the most it ever has
  int64_t second = -1;  // the offset of a second slot, used in turns with the first; -1: there is none
};

// Where one slice of a broadcast operand is brought, when its box changes.
struct AsideSpot {
  uint32_t home = 0;
  Slice slice;
  int64_t offset = 0;  // in the granules
};

// A broadcast operand as a matrix, and the part of it that a slice of its operator needs.
Tensor aside_shape(const Home& home);
Slice aside_slice(const Home& home, Slice slice);

struct SubgraphPlaces {
  SubgraphSteps steps;
  std::vector<Spot> loads;         // by load
  std::vector<Spot> results;       // by execution
  std::vector<Spot> entering;      // whole tensors that the subgraph before left
  std::vector<uint32_t> sent_out;  // outputs that go to slow memory tile by tile
  std::vector<AsideSpot> asides;

  // Where a reader finds `slice` of a tensor, or a box that contains it. Precondition:
  // some operator of the subgraph reads it so.
  const Spot& find(const Problem& problem, uint32_t tensor, const Slice& slice) const;
};

struct Places {
  std::vector<SubgraphPlaces> subgraphs;
  int64_t fast_extent = 0;     // one past the highest address used
  int64_t granule_extent = 0;  // the same of the granules
  // By tensor: it is written to slow memory; and some of what is written there is never read.
  std::vector<uint8_t> in_slow, unread;
};

// With `second_slots`, what the working sets leave free gives slices that are brought in or
// sent out again and again a second slot, so that copies need not wait for kernels: first
// those that move with k, then other loads, then results. Precondition: evaluate() accepts
// the solution.
Places place_slices(const Problem& problem, const Solution& solution, const Meaning& meaning,
                    bool second_slots = false);

}  // namespace rondo::fusion
