#include "planner/claims/live_peaks.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "rondo/footprint.h"

namespace rondo {
namespace {

bool live_write(const Operand& operand) {
  const auto access = static_cast<Access>(operand.access);
  return access == Access::kWrite || access == Access::kUpdate || access == Access::kWork ||
         access == Access::kIndexedWrite;
}
bool live_read(const Operand& operand) {
  const auto access = static_cast<Access>(operand.access);
  return access == Access::kRead || access == Access::kUpdate || access == Access::kIndexedRead;
}

using Run = std::pair<uint64_t, uint64_t>;  // bytes from ... to

// Runs of adjacent bytes of a box that lies still, in no particular order.
void add_still_runs(const Operand& operand, const View& view, std::vector<Run>& runs) {
  uint64_t run = block_bytes(view);
  uint32_t outer = view.rank;  // axes [outer, rank) are folded into the run
  while (outer > 0 && (view.extent[outer - 1] == 1 || view.stride_bytes[outer - 1] == static_cast<int64_t>(run)))
    run *= view.extent[--outer];
  if (run == 0) return;
  uint32_t index[kMaxRank] = {};
  while (true) {
    uint64_t begin = operand.offset_bytes;
    for (uint32_t axis = 0; axis < outer; ++axis) {
      if (view.extent[axis] == 0) return;
      begin += index[axis] * static_cast<uint64_t>(view.stride_bytes[axis]);
    }
    runs.push_back({begin, begin + run});
    uint32_t axis = outer;
    while (axis > 0 && (view.stride_bytes[axis - 1] == 0 || ++index[axis - 1] == view.extent[axis - 1]))
      index[--axis] = 0;
    if (axis == 0) return;
  }
}

// The shifts that a view's scalar may give it, first and last.
std::pair<uint64_t, uint64_t> shifts_of(const Schedule& schedule, const View& view) {
  if (view.scalar == kNone || view.offset_step_bytes == 0 || view.offset_modulus <= 0) return {0, 0};
  const Scalar& scalar = schedule.scalars[view.scalar];
  int64_t low = view.offset_scale * scalar.min + view.offset_bias;
  int64_t high = view.offset_scale * scalar.max + view.offset_bias;
  if (low > high) std::swap(low, high);
  const auto all = std::pair(uint64_t{0}, static_cast<uint64_t>(view.offset_modulus - 1));
  if (low < 0 || high - low >= view.offset_modulus || low % view.offset_modulus > high % view.offset_modulus)
    return all;
  return {static_cast<uint64_t>(low % view.offset_modulus), static_cast<uint64_t>(high % view.offset_modulus)};
}

// The same of a box wherever its scalar may move it.
void add_runs(const Schedule& schedule, Operand operand, View view, std::vector<Run>& runs) {
  const auto [first, last] = shifts_of(schedule, view);
  const auto step = static_cast<uint64_t>(view.offset_step_bytes);
  operand.offset_bytes += first * step;
  // Along an axis that it walks anyway it is one longer box.
  for (uint32_t axis = 0; axis < view.rank && first != last; ++axis)
    if (view.stride_bytes[axis] == view.offset_step_bytes) {
      view.extent[axis] += static_cast<uint32_t>(last - first);
      return add_still_runs(operand, view, runs);
    }
  for (uint64_t shift = first; shift <= last; ++shift, operand.offset_bytes += step)
    add_still_runs(operand, view, runs);
}

// How the bytes that are live change with the position, and the most they come to.
class LiveBytes {
 public:
  explicit LiveBytes(size_t positions) : change_(positions + 2, 0) {}

  // `bytes` live from `first` to `last`; none where they were never read in their life and
  // it begins after them (see Life).
  void add(uint64_t bytes, uint32_t first, uint32_t last) {
    if (first == kNone || first > last) return;
    change_[first] += static_cast<int64_t>(bytes);
    change_[last + 1] -= static_cast<int64_t>(bytes);
    low_ = std::min<size_t>(low_, first);
    high_ = std::max<size_t>(high_, last + 1);
  }
  // Of what was added since the last time it was asked.
  uint64_t take_peak() {
    int64_t live = 0, peak = 0;
    for (size_t at = low_; at <= high_ && low_ < change_.size(); ++at) {
      peak = std::max(peak, live += change_[at]);
      change_[at] = 0;
    }
    low_ = SIZE_MAX, high_ = 0;
    return static_cast<uint64_t>(peak);
  }

 private:
  std::vector<int64_t> change_;
  size_t low_ = SIZE_MAX, high_ = 0;
};

// From its write to its last read so far. After an op that reads and overwrites a byte the
// next life begins one position later, so that at the op itself it counts once.
struct Life {
  uint32_t first = kNone;  // kNone: never written
  uint32_t last = 0;
  bool operator==(const Life&) const = default;

  Life overwritten(uint32_t position) const {
    const bool read_now = first != kNone && first <= last && last == position;
    return {read_now ? position + 1 : position, position};
  }
};

// An operand of the arena at hand, read or written.
struct Touch {
  uint32_t position = 0;
  uint32_t footprint = 0;
  bool write = false;
};

// What a footprint is known by.
struct Box {
  uint64_t offset_bytes = 0;
  uint32_t view = 0;
  bool operator==(const Box&) const = default;
};
struct BoxHash {
  size_t operator()(const Box& box) const {
    uint64_t hash = (box.offset_bytes ^ (uint64_t{box.view} << 40)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
  }
};

// The different boxes of one arena, as runs of bytes.
struct Footprints {
  std::vector<std::vector<Run>> runs;  // of each sorted
  std::vector<uint64_t> uses;
};

// Cut along the edges of all runs: every footprint is whole cells. Best where the boxes are
// tiles of one grid.
class LifeOfCells {
 public:
  explicit LifeOfCells(const Footprints& footprints) {
    for (const auto& runs : footprints.runs)
      for (const Run& run : runs) cuts_.insert(cuts_.end(), {run.first, run.second});
    std::sort(cuts_.begin(), cuts_.end());
    cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
    for (size_t i = 0; i < footprints.runs.size(); ++i) {
      std::vector<std::pair<uint32_t, uint32_t>>& cells = cells_.emplace_back();
      uint32_t first = 0;
      for (const Run& run : footprints.runs[i]) {
        first = cells.empty() ? cell_at(run.first) : cell_from(first, run.first);
        cells.emplace_back(first, cell_from(first, run.second));
        visits_ += footprints.uses[i] * (cells.back().second - cells.back().first);
      }
    }
  }
  uint64_t visits() const { return visits_; }

  void walk(const std::vector<Touch>& touches, LiveBytes& live) {
    std::vector<Life> lives(cuts_.size());
    for (const Touch& touch : touches)
      for (const auto& [first, end] : cells_[touch.footprint])
        for (uint32_t cell = first; cell < end; ++cell) {
          Life& life = lives[cell];
          if (!touch.write) {
            if (life.first != kNone) life.last = touch.position;
            continue;
          }
          live.add(cuts_[cell + 1] - cuts_[cell], life.first, life.last);
          life = life.overwritten(touch.position);
        }
    for (size_t cell = 0; cell + 1 < cuts_.size(); ++cell)
      live.add(cuts_[cell + 1] - cuts_[cell], lives[cell].first, lives[cell].last);
  }

 private:
  uint32_t cell_at(uint64_t cut) const {
    return static_cast<uint32_t>(std::lower_bound(cuts_.begin(), cuts_.end(), cut) - cuts_.begin());
  }
  // The same where a cell from which to look begins at the cut or before. The rows of a tile lie close
  // together: doubling steps find the next one in fewer than a search through all cuts takes.
  uint32_t cell_from(uint32_t from, uint64_t cut) const {
    size_t low = from, step = 1;
    for (; low + step < cuts_.size() && cuts_[low + step] < cut; step *= 2) low += step;
    const auto begin = cuts_.begin() + static_cast<ptrdiff_t>(low);
    const auto end = cuts_.begin() + static_cast<ptrdiff_t>(std::min(low + step + 1, cuts_.size()));
    return static_cast<uint32_t>(std::lower_bound(begin, end, cut) - cuts_.begin());
  }
  std::vector<uint64_t> cuts_;
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> cells_;  // by footprint
  uint64_t visits_ = 0;
};

// Runs of bytes with one life, made and cut as the touches come: what is written whole is
// one again. Best where one stretch serves many layouts in turn.
class LifeOfRuns {
 public:
  explicit LifeOfRuns(LiveBytes& live) : live_(live) {}

  void read(const Run& run, uint32_t position) {
    for (auto at = overlapping(run.first); at != runs_.end() && at->first < run.second; ++at) {
      if (at->second.life.last == position) continue;
      at = cut_to(at, run);
      at->second.life.last = position;
    }
  }
  void write(const Run& run, uint32_t position) {
    auto at = overlapping(run.first);
    if (at != runs_.end() && at->first == run.first && at->second.end == run.second) {
      bury(at->first, at->second);
      at->second.life = at->second.life.overwritten(position);
      return;
    }
    // Stretches that begin a life together; more than one only where a part was just read.
    made_.clear();
    uint64_t next = run.first;
    const auto add = [&](uint64_t low, uint64_t end, Life life) {
      if (low >= end) return;
      if (!made_.empty() && made_.back().second.life == life)
        made_.back().second.end = end;
      else
        made_.push_back({low, {end, life}});
    };
    const Life fresh = Life().overwritten(position);
    while (at != runs_.end() && at->first < run.second) {
      at = cut_to(at, run);
      add(next, at->first, fresh);
      bury(at->first, at->second);
      add(at->first, at->second.end, at->second.life.overwritten(position));
      next = at->second.end;
      at = runs_.erase(at);
    }
    add(next, run.second, fresh);
    for (const auto& each : made_) runs_.emplace_hint(at, each.first, each.second);
  }
  void end() {
    for (const auto& [low, held] : runs_) bury(low, held);
  }

 private:
  struct Held {
    uint64_t end;
    Life life;
  };
  using Runs = std::map<uint64_t, Held>;

  Runs::iterator overlapping(uint64_t low) {
    auto at = runs_.upper_bound(low);
    if (at != runs_.begin() && std::prev(at)->second.end > low) --at;
    return at;
  }
  // The part of a run inside another, as a run of its own.
  Runs::iterator cut_to(Runs::iterator at, const Run& run) {
    if (at->first < run.first) {
      const Held rest = at->second;
      at->second.end = run.first;
      at = runs_.emplace_hint(std::next(at), run.first, rest);
    }
    if (at->second.end > run.second) {
      const Held rest = at->second;
      at->second.end = run.second;
      runs_.emplace_hint(std::next(at), run.second, rest);
    }
    return at;
  }
  void bury(uint64_t low, const Held& held) { live_.add(held.end - low, held.life.first, held.life.last); }

  LiveBytes& live_;
  Runs runs_;
  std::vector<std::pair<uint64_t, Held>> made_;
};

// Reads of an op come before its writes.
void list_touches(const Schedule& schedule, const std::vector<uint32_t>& order, const auto& visit) {
  for (uint32_t position = 0; position < order.size(); ++position) {
    const Op& op = schedule.ops[order[position]];
    for (const bool write : {false, true})
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        if (!schedule.is_arena(operand.base) || schedule.arenas[operand.base].prepared != 0) continue;
        if (write ? live_write(operand) : live_read(operand)) visit(operand, position, write);
      }
  }
}

uint64_t live_peak_of(const std::vector<Touch>& touches, const Footprints& footprints, LiveBytes& live) {
  // A visit of a cell takes a few nanoseconds, a run of the map about ten times as long.
  constexpr uint64_t kCellsPerRun = 8;
  uint64_t runs = 0;
  for (size_t i = 0; i < footprints.runs.size(); ++i) runs += footprints.uses[i] * footprints.runs[i].size();
  if (LifeOfCells cells(footprints); cells.visits() <= kCellsPerRun * runs) {
    cells.walk(touches, live);
    return live.take_peak();
  }
  LifeOfRuns lives(live);
  for (const Touch& touch : touches)
    for (const Run& run : footprints.runs[touch.footprint])
      touch.write ? lives.write(run, touch.position) : lives.read(run, touch.position);
  lives.end();
  return live.take_peak();
}

}  // namespace

std::vector<uint64_t> live_peaks(const Schedule& schedule, const std::vector<uint32_t>& order) {
  const size_t arenas = schedule.arenas.size();
  struct Placed {
    uint64_t offset_bytes;
    uint32_t view, position;
    bool write;
  };
  std::vector<uint32_t> first(arenas + 1, 0);
  list_touches(schedule, order, [&](const Operand& operand, uint32_t, bool) { ++first[operand.base + 1]; });
  for (size_t arena = 0; arena < arenas; ++arena) first[arena + 1] += first[arena];
  std::vector<Placed> placed(first.back());
  std::vector<uint32_t> next(first.begin(), first.end() - 1);
  list_touches(schedule, order, [&](const Operand& operand, uint32_t position, bool write) {
    placed[next[operand.base]++] = {operand.offset_bytes, operand.view, position, write};
  });

  std::vector<uint64_t> peaks(arenas, 0);
  LiveBytes live(order.size());
  for (size_t arena = 0; arena < arenas; ++arena) {
    Footprints footprints;
    std::unordered_map<Box, uint32_t, BoxHash> known;
    std::vector<Touch> touches;
    for (uint32_t i = first[arena]; i < first[arena + 1]; ++i) {
      const Placed& at = placed[i];
      const auto [found, added] =
          known.try_emplace(Box{at.offset_bytes, at.view}, static_cast<uint32_t>(footprints.runs.size()));
      if (added) {
        Operand operand;
        operand.offset_bytes = at.offset_bytes;
        footprints.runs.emplace_back();
        footprints.uses.push_back(0);
        add_runs(schedule, operand, schedule.views[at.view], footprints.runs.back());
        std::sort(footprints.runs.back().begin(), footprints.runs.back().end());
      }
      ++footprints.uses[found->second];
      touches.push_back({at.position, found->second, at.write});
    }
    peaks[arena] = live_peak_of(touches, footprints, live);
  }
  return peaks;
}

}  // namespace rondo
