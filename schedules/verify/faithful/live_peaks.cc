#include <algorithm>
#include "schedules/verify/faithful/recount.h"

namespace rondo::proof {
namespace {

// How many bytes of one arena come alive or die before a position.
struct PeakChange {
  uint32_t position = 0;
  int64_t bytes = 0;
};

class LiveWalker : public Walker {
 public:
  explicit LiveWalker(const Engine& engine)
      : engine_(engine),
        born_(engine.cells.count(), kNone),
        last_use_(engine.cells.count(), 0),
        handed_on_(engine.cells.recuts().empty() ? 0 : engine.cells.count(), 0),
        changes_(engine.schedule.arenas.size()),
        position_(engine.schedule.ops.size(), 0) {
    const std::vector<uint32_t>& order = engine.order[static_cast<int>(Part::kReplay)];
    for (uint32_t i = 0; i < order.size(); ++i) position_[order[i]] = i;
  }

  void begin_part(Part part, const Writers&) override { part_ = part; }

  // Bytes live on in the cell that carries them; those that it writes over are dead by now.
  void recut(const Recut& recut) override {
    for (const Link& link : engine_.cells.links(recut)) {
      if (born_[link.before] == kNone) continue;
      handed_on_[link.before] += link.bytes;
      if (engine_.cells.carries(link.cell)) {
        born_[link.cell] = born_[link.before];
        last_use_[link.cell] = last_use_[link.before];
      } else {
        live(static_cast<uint16_t>(engine_.cells.base_of(link.cell)), link.bytes, born_[link.before],
             last_use_[link.before] + 1);
      }
    }
  }

  void read(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers&) override {
    if (!counted(operand)) return;
    for (const CellRun& run : runs)
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) last_use_[cell] = position_[op];
  }

  // A byte that an op reads and writes is alive once at that op: the earlier life
  // ends just before it.
  void write(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers&) override {
    if (!counted(operand)) return;
    uint32_t now = position_[op];
    uint16_t arena = engine_.schedule.operands[operand].base;
    for (const CellRun& run : runs) {
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        if (born_[cell] == now) continue;
        if (born_[cell] != kNone) live(arena, bytes(cell), born_[cell], std::min(last_use_[cell] + 1, now));
        born_[cell] = last_use_[cell] = now;
      }
    }
  }

  void end_part(Part part, const Writers&) override {
    if (part != Part::kReplay) return;
    for (uint32_t cell = 0; cell < born_.size(); ++cell)
      if (born_[cell] != kNone)
        live(static_cast<uint16_t>(engine_.cells.base_of(cell)), bytes(cell), born_[cell], last_use_[cell] + 1);
  }

  std::vector<uint64_t> peaks() {
    std::vector<uint64_t> peaks;
    for (std::vector<PeakChange>& changes : changes_) {
      std::sort(changes.begin(), changes.end(),
                [](const PeakChange& a, const PeakChange& b) { return a.position < b.position; });
      int64_t bytes = 0, peak = 0;
      for (size_t i = 0; i < changes.size(); ++i) {
        bytes += changes[i].bytes;
        if (i + 1 == changes.size() || changes[i + 1].position != changes[i].position) peak = std::max(peak, bytes);
      }
      peaks.push_back(static_cast<uint64_t>(peak));
    }
    return peaks;
  }

 private:
  bool counted(uint32_t operand) const {
    uint16_t base = engine_.schedule.operands[operand].base;
    return part_ == Part::kReplay && engine_.schedule.is_arena(base) && engine_.schedule.arenas[base].prepared == 0;
  }

  // What is left of it in its era.
  uint64_t bytes(uint32_t cell) const {
    return engine_.cells.bytes(cell) - (handed_on_.empty() ? 0 : handed_on_[cell]);
  }

  void live(uint16_t arena, uint64_t bytes, uint32_t begin, uint32_t end) {
    add(arena, begin, static_cast<int64_t>(bytes));
    add(arena, end, -static_cast<int64_t>(bytes));
  }

  void add(uint16_t arena, uint32_t position, int64_t bytes) {
    std::vector<PeakChange>& changes = changes_[arena];
    // Cells of one operand mostly live and die together.
    for (size_t back = 1; back <= 2 && back <= changes.size(); ++back) {
      PeakChange& known = changes[changes.size() - back];
      if (known.position != position) continue;
      known.bytes += bytes;
      return;
    }
    changes.push_back({position, bytes});
  }

  const Engine& engine_;
  Part part_ = Part::kPrepare;
  std::vector<uint32_t> born_, last_use_;         // per cell, positions
  std::vector<uint64_t> handed_on_;               // per cell, bytes that later eras took over; empty without eras
  std::vector<std::vector<PeakChange>> changes_;  // per arena
  std::vector<uint32_t> position_;
};

}  // namespace

std::vector<uint64_t> live_peaks(const Engine& engine) {
  LiveWalker walker(engine);
  engine.walk(walker);
  return walker.peaks();
}

}  // namespace rondo::proof
