#include "runtime/trace/live_bytes.h"

#include <algorithm>

namespace rondo {
namespace {

struct Run {
  uint64_t begin = 0, end = 0;
};

struct Touch {
  uint32_t position = 0;
  bool write = false;
  Run run;
};

// Runs of adjacent bytes of a box, clipped to the arena. False above `limit` runs.
bool add_runs(const Operand& operand, const View& view, uint64_t arena_bytes, uint64_t limit, uint32_t position,
              bool write, std::vector<Touch>& touches) {
  uint64_t run = block_bytes(view);
  uint32_t outer = std::min<uint32_t>(view.rank, kMaxRank);
  for (uint32_t axis = 0; axis < outer; ++axis)
    if (view.extent[axis] == 0) return true;
  while (outer > 0 && (view.extent[outer - 1] == 1 || view.stride_bytes[outer - 1] == static_cast<int64_t>(run)))
    run *= view.extent[--outer];
  uint32_t index[kMaxRank] = {};
  while (true) {
    uint64_t begin = operand.offset_bytes;
    for (uint32_t axis = 0; axis < outer; ++axis) begin += index[axis] * static_cast<uint64_t>(view.stride_bytes[axis]);
    if (begin < arena_bytes) touches.push_back({position, write, {begin, begin + std::min(run, arena_bytes - begin)}});
    if (touches.size() > limit) return false;
    uint32_t axis = outer;
    while (axis > 0 && (view.stride_bytes[axis - 1] == 0 || ++index[axis - 1] == view.extent[axis - 1]))
      index[--axis] = 0;
    if (axis == 0) return true;
  }
}

bool is_write(uint8_t access) {
  switch (static_cast<Access>(access)) {
    case Access::kWrite:
    case Access::kUpdate:
    case Access::kWork:
    case Access::kIndexedWrite:
      return true;
    default:
      return false;
  }
}
bool is_read(uint8_t access) {
  switch (static_cast<Access>(access)) {
    case Access::kRead:
    case Access::kUpdate:
    case Access::kIndexedRead:
      return true;
    default:
      return false;
  }
}

// The life of the bytes between two neighbouring cuts.
struct Cell {
  uint32_t first = kNone;  // position of the write that began it; kNone before any
  uint32_t last = 0;       // position of its last use
};

}  // namespace

std::optional<std::vector<uint64_t>> live_bytes(const Schedule& schedule, const std::vector<uint32_t>& order,
                                                uint32_t arena, uint64_t run_limit) {
  const uint64_t arena_bytes = schedule.arenas[arena].bytes;
  std::vector<Touch> touches;  // by position; reads of an op before its writes
  for (uint32_t position = 0; position < order.size(); ++position) {
    const Op& op = schedule.ops[order[position]];
    for (const bool write : {false, true})
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        if (operand.base != arena || !(write ? is_write(operand.access) : is_read(operand.access))) continue;
        if (!add_runs(operand, schedule.views[operand.view], arena_bytes, run_limit, position, write, touches))
          return std::nullopt;
      }
  }
  // Cut so that every access covers each cell wholly or not at all.
  std::vector<uint64_t> cuts;
  for (const Touch& touch : touches) {
    cuts.push_back(touch.run.begin);
    cuts.push_back(touch.run.end);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  std::vector<Cell> cells(cuts.size());
  std::vector<int64_t> change(order.size() + 1, 0);
  const auto bury = [&](size_t index) {
    const Cell& cell = cells[index];
    if (cell.first == kNone || cell.first > cell.last) return;
    const auto bytes = static_cast<int64_t>(cuts[index + 1] - cuts[index]);
    change[cell.first] += bytes;
    change[cell.last + 1] -= bytes;
  };
  uint64_t visits = 0;
  for (const Touch& touch : touches) {
    auto index = static_cast<size_t>(std::lower_bound(cuts.begin(), cuts.end(), touch.run.begin) - cuts.begin());
    for (; index < cuts.size() && cuts[index] < touch.run.end; ++index) {
      if (++visits > 16 * run_limit) return std::nullopt;
      Cell& cell = cells[index];
      if (!touch.write) {
        if (cell.first != kNone) cell.last = touch.position;
        continue;
      }
      // A byte that one op reads and writes is live there once.
      const bool read_here = cell.first != kNone && cell.first <= cell.last && cell.last == touch.position;
      bury(index);
      cell = {read_here ? touch.position + 1 : touch.position, touch.position};
    }
  }
  for (size_t index = 0; index + 1 < cuts.size(); ++index) bury(index);

  std::vector<uint64_t> live(order.size());
  int64_t bytes = 0;
  for (size_t position = 0; position < order.size(); ++position)
    live[position] = static_cast<uint64_t>(bytes += change[position]);
  return live;
}

}  // namespace rondo
