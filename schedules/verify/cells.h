// Shadow memory without state: which cells each operand touches.
//
// The bytes of every base that some op writes (and of every state and output) are
// cut along the edges of all operands into *cells*, so that an operand is a whole
// number of cells and two operands overlap iff they share one. Cells are
// rectangles of `rows` rows, `row_bytes` each, `pitch_bytes` apart, so a tile of
// 128 rows is usually one cell. Boxes of other pitches fall back to single rows.
//
// Where an arena serves many layouts one after another, a cut along the edges of all of
// them is crumbs. Such an arena is cut in *eras*: stretches of the canonical order, each
// with cells of its own, made of the operands of that stretch alone. A Recut tells what
// the cells of an era take over from those before it. An operand is of one era.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/verify/budget.h"

namespace rondo::proof {

// Consecutive cells [first, first + count). Where `guard` is not 0 the cells are
// touched only for some values of a scalar: see Guard.
struct CellRun {
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t guard = 0;
};

// A cell as bytes: `rows` runs of `row_bytes`, starting `pitch_bytes` apart.
struct CellBox {
  uint32_t base = 0;
  uint64_t offset_bytes = 0;
  uint64_t row_bytes = 0;
  uint64_t rows = 1;
  uint64_t pitch_bytes = 0;
};

// Which bytes of a cell a scalar s lets an operand touch.
enum class GuardKind : uint8_t {
  kNone,     // all, always
  kRows,     // those in rows below scale * s + bias, a row being `stride_bytes` from `origin_bytes` on
  kColumns,  // those in columns below it, columns counted within the rows of the region
  kWindow,   // those in the rows [(scale * s + bias) mod modulus, + rows)
  kOther,    // something else: comparable to the same footprint only
};
struct Guard {
  GuardKind kind = GuardKind::kNone;
  uint32_t scalar = kNone;
  int64_t scale = 0, bias = 0, rows = 0;
  int64_t modulus = 0;  // kWindow whose shift reaches it; 0: never
  uint64_t origin_bytes = 0, stride_bytes = 0;
  uint32_t footprint = kNone;  // kWindow and kOther
  bool operator==(const Guard&) const = default;
};

// Bytes that a cell covers and that one of an earlier era covered last.
struct Link {
  uint32_t cell = 0, before = 0;
  uint64_t bytes = 0;
};

// Before the op at `position` of the canonical order of the replay the cells of an arena
// become [first_cell, first_cell + cells).
struct Recut {
  uint32_t position = 0;
  uint32_t first_cell = 0, cells = 0;
  uint32_t first_link = 0, links = 0;
};

struct EraOptions {
  // In the canonical order, where there is one; without it every base is cut once.
  std::span<const uint32_t> replay_order = {};
  uint32_t least_operands = 256;  // of an arena in an era, about; fewer where a phase ends
  bool always = false;            // also where one cut does as well: for tests
};

class Cells {
 public:
  // `skip[operand]` marks operands whose address is not to be trusted (out of
  // bounds): they touch nothing. Spends one unit a cut; stops when exhausted.
  Cells(const Schedule& schedule, const std::vector<uint8_t>& skip, const std::vector<uint32_t>& op_of_operand,
        Budget& budget, const EraOptions& eras = {});

  // Whether the cells of a base are kept at all: not for inputs, constants and
  // tables, whose bytes are what the host gave throughout.
  bool shadowed(uint32_t base) const { return shadowed_[base] != 0; }

  // The cells of an operand (by its index in Schedule::operands); no runs for an
  // empty box, a hint, or a base without shadow.
  std::span<const CellRun> runs(uint32_t operand) const { return footprint_runs(footprint_of_[operand]); }
  // Operands with equal base, offset and view share a footprint; kNone: none.
  uint32_t footprint(uint32_t operand) const { return footprint_of_[operand]; }
  uint32_t footprint_count() const { return static_cast<uint32_t>(first_run_.size()) - 1; }
  std::span<const CellRun> footprint_runs(uint32_t footprint) const {
    if (footprint == kNone) return {};
    return {runs_.data() + first_run_[footprint], first_run_[footprint + 1] - first_run_[footprint]};
  }
  // All bytes of an output or state; for a state the part filled when a replay
  // begins. kNone for other bases.
  uint32_t whole(uint32_t base) const { return whole_[base]; }
  uint32_t filled(uint32_t base) const { return filled_[base]; }

  // In the order of their positions.
  std::span<const Recut> recuts() const { return recuts_; }
  std::span<const Link> links(const Recut& recut) const { return {links_.data() + recut.first_link, recut.links}; }
  // Of one cell; none for those of a first era.
  std::span<const Link> links(uint32_t cell) const;
  // Whether a cell of a later era goes on with what is known of the one cell that it is a
  // part of, or of none. Otherwise the first op of the era that touches it writes all of it.
  bool carries(uint32_t cell) const { return cell < carries_.size() && carries_[cell] != 0; }
  // Whether a base is cut in eras.
  bool in_eras(uint32_t base) const { return in_eras_[base] != 0; }

  uint32_t count() const { return static_cast<uint32_t>(band_of_.size()); }
  CellBox box(uint32_t cell) const;
  uint32_t base_of(uint32_t cell) const { return regions_[bands_[band_of_[cell]].region].base; }
  uint64_t bytes(uint32_t cell) const {
    const CellBox cell_box = box(cell);
    return cell_box.rows * cell_box.row_bytes;
  }
  const Guard& guard(uint32_t id) const { return guards_[id]; }
  // Whether bytes touched under `reader` are a subset of those touched under `writer`.
  bool implies(uint32_t reader, uint32_t writer) const;
  // Whether a cell is touched whole under a guard, for every value of its scalar.
  bool always(uint32_t cell, uint32_t guard) const;
  // The guard under which a cell is defined once it is written under `write`, when
  // it was defined under `before` (0: not at all; never unconditionally).
  uint32_t joined(uint32_t cell, uint32_t before, uint32_t write);
  // Whether no byte is touched under both, whatever the scalar is. False says nothing.
  bool apart(uint32_t a, uint32_t b) const;

 private:
  struct Region {
    uint32_t base;
    uint64_t low, pitch;
  };
  struct Band {
    uint32_t region;
    uint64_t row, rows;
    uint32_t first_cell;
  };
  friend class CellCutter;
  friend class EraCutter;
  // The last row a cell reaches into, counted as the guard counts them.
  uint64_t last_row(uint32_t cell, const Guard& guard) const;
  uint32_t intern(const Guard& guard);

  const Schedule& schedule_;
  std::vector<uint8_t> shadowed_, in_eras_;
  std::vector<uint32_t> footprint_of_, whole_, filled_;
  std::vector<uint32_t> first_run_;
  std::vector<CellRun> runs_;
  std::vector<Region> regions_;
  std::vector<Band> bands_;
  std::vector<uint32_t> band_of_;         // per cell
  std::vector<uint64_t> column_, width_;  // per cell, bytes
  std::vector<uint8_t> carries_;          // per cell, where there are eras
  std::vector<Recut> recuts_;
  std::vector<Link> links_;  // by cell
  std::vector<Guard> guards_{Guard{}};
  std::multimap<uint64_t, uint32_t> guard_ids_;  // by hash; ordered: no file can fill one bucket
};

}  // namespace rondo::proof
