// Gate graphs of the project's own, with the shape of published ones: what benchmarks,
// examples and tests run on without any file of others.
//
// A profile fixes how many ops become possible in each half-layer, how wide lookups are
// and how values are shared; the seed decides who reads whom. The statistics are those of
// the interpreters of transformer-vm (Percepta, Apache-2.0): counts by half-layer, fan-in
// and fan-out; no op of theirs is repeated. A profile never changes: another shape is
// another name with another number.
// Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "planner/phase/load_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

struct GraphProfile {
  std::string_view name;  // "universal-1"
  std::string_view what;
  bool scales = false;  // wants a number of steps
};
std::span<const GraphProfile> graph_profiles();

constexpr uint32_t kMostSteps = 100'000;

// `steps`: instructions of the program that a specialised graph runs, 2 to kMostSteps; not
// used by the others. Errors: kNotFound for an unknown profile, with those there are;
// kInvalidArgument for steps out of range.
Result<AnyGraph> generate_graph(std::string_view profile, uint32_t steps, uint64_t seed);

}  // namespace rondo::phase
