// The published text form of a placed stream: what notes and golden files hash.
#pragma once
#include <string>
#include <vector>
#include "planner/tile/tile_form.h"

namespace rondo::testing {

std::vector<std::string> stream_text(const Graph& graph, const std::vector<FusedGroup>& groups,
                                     const tiling::MicroProgram& program, const tiling::PlacedProgram& placed);
// sha256 of the lines, each ended by a newline.
std::string stream_digest(const std::vector<std::string>& lines);

}  // namespace rondo::testing
