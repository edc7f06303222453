// The best schedule of a piece of the graph, exactly: dynamic programming over downsets.
//
// A window is a set of operators that some arrangement runs one chain after another. A
// state is what is done of it, which tensors were made but lie nowhere (their group used
// them up), and which stay in fast memory; a step adds a connected set of operators that
// are ready, recomputes what it misses, and retains any of its tensors. Of states alike
// the cheapest is kept, those that cannot beat the present cost are dropped. So the
// result is the best of all schedules of the window whose groups are connected, made of
// ready operators, and recompute only what is not stored (after the interval and downset
// programmes of the contest's solvers; the recursion over downsets is Held and Karp's).
//
// Where the graph is narrow (chains, residual blocks) the whole of it is one window.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

struct WindowLimits {
  uint32_t operators = 64;   // at most 64
  uint32_t group_size = 24;  // operators a step adds
  uint64_t states = 20'000;
  uint64_t steps = 400'000;  // groups looked at
  std::function<bool()> stop;
};

enum class WindowResult : uint8_t {
  kImproved,  // the arrangement changed
  kBest,      // nothing in the window is better: proven, within the limits on groups
  kGaveUp,    // too many states or steps, or told to stop
};

// Solves the window of the chains in places [first, last) of arrangement.order() again.
// `work` grows by the groups looked at.
WindowResult resolve_window(Arrangement& arrangement, Oracle& oracle, size_t first, size_t last,
                            const WindowLimits& limits, uint64_t& work);

}  // namespace rondo::fusion
