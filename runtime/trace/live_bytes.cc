#include "runtime/trace/live_bytes.h"

#include <algorithm>
#include "runtime/roofline/runs.h"

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
  return runtime::for_each_run(view, operand.offset_bytes, [&](uint64_t begin, uint64_t bytes) {
    if (begin < arena_bytes)
      touches.push_back({position, write, {begin, begin + std::min(bytes, arena_bytes - begin)}});
    return touches.size() <= limit;
  });
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
