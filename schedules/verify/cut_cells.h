// Cuts the bytes of a schedule into cells: footprints, then regions, then bands and columns.
//
// A footprint is a place and a view that operands share. Its pieces lie in regions, runs of
// pieces whose spans hang together; a region has rows of one pitch, is cut into bands along
// the first and last rows of its pieces, and each band into columns. What Cells is made with;
// nothing else uses it. Spends units of the budget for whatever it makes, and stops when an
// allowance or the budget is spent.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/verify/budget.h"
#include "schedules/verify/cells.h"
#include "schedules/verify/footprint_boxes.h"

namespace rondo::proof {

// What a footprint is made from: an operand's place, all or the filled part of a
// binding, or a cell of an earlier era, whose edges the era at hand must keep.
struct FootprintKey {
  enum class Source : uint8_t { kOperand, kWhole, kFilled, kCell };

  uint64_t offset_bytes = 0;
  uint32_t view = 0;  // kCell: the cell
  uint16_t base = 0;
  Source source = Source::kOperand;
};

// For every value of the scalar, or for some only.
enum class When : uint8_t { kAlways, kSometimes };

struct Piece {
  uint64_t low, end;
  uint32_t footprint;
  uint16_t base;
  When when;
};

struct PendingRun {
  uint32_t footprint;
  CellRun run;
};

class CellCutter {
 public:
  CellCutter(Cells& cells, const Schedule& schedule, const std::vector<uint8_t>& skip,
             const std::vector<uint32_t>& op_of_operand, Budget& budget)
      : cells_(cells), schedule_(schedule), skip_(skip), op_of_operand_(op_of_operand), budget_(budget) {}

  // Of all operands, and of whole outputs and states.
  void find_footprints();
  uint32_t add_footprint(const FootprintKey& key, uint32_t operand);
  uint32_t footprint_count() const { return static_cast<uint32_t>(keys_.size()); }
  const FootprintKey& key(uint32_t footprint) const { return keys_[footprint]; }
  uint32_t uses(uint32_t footprint) const { return uses_[footprint]; }
  void count_use(uint32_t footprint) { ++uses_[footprint]; }

  // Of the footprints from `first` on.
  bool add_pieces(uint32_t first, std::vector<Piece>& pieces);
  static void sort_pieces(std::vector<Piece>& pieces);
  // Sorted pieces of one base.
  bool cut_pieces(std::span<const Piece> pieces);

  // False beyond what is allowed for the attempt at hand, and beyond the budget.
  bool spend(uint64_t units, uint32_t footprint) {
    if (units > allowance_) return false;
    allowance_ -= units;
    const uint32_t operand = first_operand_[footprint];
    return budget_.spend(units, operand == kNone ? kNone : op_of_operand_[operand]);
  }
  void allow(uint64_t units) { allowance_ = units; }
  void allow_all() { allowance_ = UINT64_MAX; }
  bool exhausted() const { return budget_.exhausted(); }

  // How far the tables were filled.
  struct Mark {
    size_t regions, bands, cells, pending, recuts, links;
  };
  Mark mark() const;
  void go_back(const Mark& mark);
  // What was found since; until the next cut.
  std::span<const PendingRun> runs_since(const Mark& mark) const { return std::span(pending_).subspan(mark.pending); }
  // Cells that operands touch in the runs found since.
  uint64_t visits_since(const Mark& mark) const;

  // The last step: runs by footprint, in the order they were found.
  void gather_runs();
  // Instead of it, when the cut stopped: the footprints were numbered; gives each no run.
  void abandon();

 private:
  // A rectangle in the rows of a region.
  struct Rect {
    uint64_t row, rows, column, width;
    uint32_t footprint, guard;
  };

  FootprintBoxes boxes_of(uint32_t footprint) const;
  uint64_t choose_pitch(std::span<const Piece> pieces) const;
  void add_run(uint64_t at, uint64_t bytes, uint64_t pitch, uint32_t footprint, uint32_t guard);
  bool add_rects(const StridedBox& box, uint64_t low, uint64_t pitch, uint32_t footprint, uint32_t guard);
  uint32_t guard_in_region(const FootprintBoxes& made, uint32_t footprint, uint64_t low, uint64_t pitch);
  bool cut_region(std::span<const Piece> pieces, uint64_t end);
  uint32_t cell_at(uint32_t band, uint64_t column) const;

  Cells& cells_;
  const Schedule& schedule_;
  const std::vector<uint8_t>& skip_;
  const std::vector<uint32_t>& op_of_operand_;
  Budget& budget_;
  uint64_t allowance_ = UINT64_MAX;
  std::vector<FootprintKey> keys_;       // per footprint
  std::vector<uint32_t> first_operand_;  // per footprint; kNone: made for a binding
  std::vector<uint32_t> uses_;           // per footprint
  std::vector<Rect> rects_;              // of the region at hand, as are the next four
  std::vector<uint64_t> rows_;
  std::vector<std::pair<uint32_t, uint64_t>> cuts_;
  std::vector<uint32_t> cell_of_cut_, band_first_cut_;
  std::vector<PendingRun> pending_;
};

}  // namespace rondo::proof
