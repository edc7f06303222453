// One graph taken as far as micro-ops, unchained, for tests of single passes.
#pragma once
#include "planner/tile/chain_groups.h"
#include "planner/tile/place_first_fit.h"
#include "planner/tile/place_pinned.h"
#include "planner/tile/tile_groups.h"
#include "tests/planner/tile/tile_graphs.h"

namespace rondo::testing {

struct TileStream {
  Graph graph;
  std::vector<FusedGroup> groups;
  tiling::MicroProgram program;

  explicit TileStream(Graph of, uint32_t longest_chain = 1) : graph(std::move(of)), groups(fuse_epilogues(graph)) {
    const direct::TensorViews views = direct::view_tensors(graph);
    std::vector<tiling::Chain> chains = tiling::chain_groups(graph, views, groups, longest_chain);
    for (tiling::Chain& chain : chains) chain.rows = 32;
    program = std::move(*tiling::tile_groups(graph, views, groups, chains, {}));
  }
  Result<tiling::PlacedProgram> seed(uint64_t tiles, bool label = false) const {
    return tiling::place_first_fit(graph, program, tiles * kTileBytes, label);
  }
  Result<tiling::PlacedProgram> pinned(uint64_t tiles, tiling::Victim victim, bool keep_results = false) const {
    tiling::PinnedOptions options;
    options.scratch_bytes = tiles * kTileBytes;
    options.victim = victim;
    options.keep_results = keep_results;
    return tiling::place_pinned(graph, program, options);
  }
};

}  // namespace rondo::testing
