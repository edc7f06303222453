#include "planner/tile/choose_panel.h"

#include <algorithm>
#include <tuple>

namespace rondo::tiling {

Panel choose_panel(uint32_t rows, uint32_t columns, uint32_t depth, uint64_t room) {
  Panel best;
  const auto turns = [](uint64_t tiles, uint64_t step) { return (tiles + step - 1) / step; };
  const auto brought = [&](const Panel& panel) {
    return depth * (rows * turns(columns, panel.columns) + columns * turns(rows, panel.rows));
  };
  const auto rank = [&](const Panel& panel) {
    return std::tuple(brought(panel), uint64_t{panel.rows} * panel.columns, panel.columns);
  };
  for (uint32_t r = 1; r <= rows && uint64_t{2} * r + 1 <= room; ++r) {
    // r * c + r + c <= room, and no wider than what as few turns need
    const auto widest = static_cast<uint32_t>(std::min<uint64_t>(columns, (room - r) / (r + uint64_t{1})));
    if (widest == 0) break;
    const auto even = static_cast<uint32_t>(turns(columns, turns(columns, widest)));
    const Panel panel{static_cast<uint32_t>(turns(rows, turns(rows, r))), even};
    if (rank(panel) < rank(best)) best = panel;
  }
  return best;
}

}  // namespace rondo::tiling
