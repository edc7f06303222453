#include "schedules/verify/cells.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include "schedules/verify/byte_owners.h"
#include "schedules/verify/engine.h"
#include "schedules/verify/scalars.h"

namespace rondo::proof {
namespace {

// A box before it is cut: `run` contiguous bytes, repeated along up to five axes
// (four of the view and one for a scalar's shift), smallest stride first.
struct Axis {
  uint64_t extent = 0, stride_bytes = 0;
};
struct Box {
  uint64_t low = 0;  // offset in the base
  uint64_t run = 0;  // 0: empty
  std::array<Axis, kMaxRank + 1> axes = {};
  uint32_t axis_count = 0;

  void add(uint64_t extent, uint64_t stride_bytes) {
    if (extent == 0) run = 0;
    if (extent > 1 && stride_bytes > 0) axes[axis_count++] = {extent, stride_bytes};
  }
  // Contiguous and overlapping axes melt into the run, dense ones into each other.
  void normalise() {
    if (run == 0) return;
    for (uint32_t i = 1; i < axis_count; ++i)  // five at most: by insertion
      for (uint32_t j = i; j > 0 && axes[j].stride_bytes < axes[j - 1].stride_bytes; --j)
        std::swap(axes[j], axes[j - 1]);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < axis_count; ++i) {
      const Axis axis = axes[i];
      if (axis.stride_bytes <= run) {
        run += (axis.extent - 1) * axis.stride_bytes;
      } else if (kept > 0 && axis.stride_bytes == axes[kept - 1].extent * axes[kept - 1].stride_bytes) {
        axes[kept - 1].extent *= axis.extent;
      } else {
        axes[kept++] = axis;
      }
    }
    axis_count = kept;
  }
  uint64_t span() const {
    if (run == 0) return 0;
    uint64_t bytes = run;
    for (uint32_t i = 0; i < axis_count; ++i) bytes += (axes[i].extent - 1) * axes[i].stride_bytes;
    return bytes;
  }
};

// What a footprint is made from: an operand's place, all or the filled part of a
// binding, or a cell of an earlier era, whose edges the era at hand must keep.
enum class Source : uint8_t { kOperand, kWhole, kFilled, kCell };
struct Key {
  uint64_t offset_bytes = 0;
  uint32_t view = 0;  // kCell: the cell
  uint16_t base = 0;
  Source source = Source::kOperand;
};

// The bytes touched for every value of the scalar, and those for some values only.
enum class Part : uint8_t { kAlways, kSometimes };

struct Pieces {
  Box always, sometimes;
  Guard guard;              // of `sometimes`: kRows until the region is known, then made exact
  uint64_t inner_span = 0;  // bytes of one step of the guarded axis
  bool outermost = false;   // the guarded axis has the largest stride
};

Pieces pieces_of_view(const Schedule& schedule, const View& view, uint64_t offset_bytes, uint32_t footprint) {
  Pieces pieces;
  const auto effect = scalar_effect(schedule, view);
  if (!effect) return pieces;
  const bool bounded = view.scalar != kNone && view.extent_axis < view.rank;
  const bool shifted = view.scalar != kNone && effect->shift_low != effect->shift_high;
  const auto step = static_cast<uint64_t>(view.offset_step_bytes);
  const auto box = [&](uint64_t first, uint64_t end) {
    Box made;
    made.low = offset_bytes;
    made.run = block_bytes(view);
    for (uint32_t axis = 0; axis < view.rank; ++axis) {
      const auto stride = static_cast<uint64_t>(view.stride_bytes[axis]);
      if (bounded && axis == view.extent_axis) {
        made.low += first * stride;
        made.add(end - first, stride);
      } else {
        made.add(view.extent[axis], stride);
      }
    }
    if (view.scalar != kNone && step != 0) {
      made.low += effect->shift_low * step;
      made.add(effect->shift_high - effect->shift_low + 1, step);
    }
    made.normalise();
    return made;
  };
  Guard& guard = pieces.guard;
  guard.kind = GuardKind::kOther;
  guard.footprint = footprint;
  guard.scalar = view.scalar;
  // Rows are counted from where a shift that is always the same puts the first.
  guard.origin_bytes = offset_bytes + (shifted ? 0 : effect->shift_low * step);
  if (!bounded && !shifted) {
    pieces.always = box(0, 0);
    return pieces;
  }
  // The other axes: how far they reach from one step of the scalar's to the next.
  const uint64_t guarded_stride = shifted ? step : static_cast<uint64_t>(view.stride_bytes[view.extent_axis]);
  guard.stride_bytes = guarded_stride;
  pieces.inner_span = block_bytes(view);
  pieces.outermost = true;
  uint64_t window_rows = 1;
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    const auto stride = static_cast<uint64_t>(view.stride_bytes[axis]);
    if ((!shifted && axis == view.extent_axis) || view.extent[axis] <= 1) continue;
    if (shifted && stride == step && window_rows == 1) {
      window_rows = view.extent[axis];
      continue;
    }
    if (stride >= guarded_stride) pieces.outermost = false;
    pieces.inner_span += (view.extent[axis] - 1) * stride;
  }
  if (shifted) {
    pieces.sometimes = box(0, effect->extent_high);
    if (!bounded) {
      guard.kind = GuardKind::kWindow;
      guard.scale = view.offset_scale;
      guard.bias = view.offset_bias;
      guard.rows = static_cast<int64_t>(window_rows);
      if (effect->wraps) {
        guard.modulus = view.offset_modulus;
      } else {
        // Below the modulus throughout, up to a multiple of it that the shift leaves out.
        const auto range = affine_range(schedule.scalars[view.scalar], view.offset_scale, view.offset_bias);
        guard.bias -= range->low - static_cast<int64_t>(effect->shift_low);
      }
    }
    return pieces;
  }
  pieces.always = box(0, effect->extent_low);
  pieces.sometimes = box(effect->extent_low, effect->extent_high);
  guard.kind = GuardKind::kRows;
  guard.scale = view.extent_scale;
  guard.bias = view.extent_bias;
  return pieces;
}

Pieces pieces_of_binding(const Schedule& schedule, const Binding& binding, Source source) {
  Pieces pieces;
  const uint64_t bytes = bytes_of(binding);
  if (source == Source::kWhole || binding.filled_scalar == kNone || binding.rank == 0) {
    pieces.always.run = bytes;
    return pieces;
  }
  const auto range = affine_range(schedule.scalars[binding.filled_scalar], binding.filled_scale, binding.filled_bias);
  if (!range) return pieces;
  const uint64_t row_bytes = bytes / binding.shape[0];
  // Up to the last row: of rows that are never filled the guard says so, and what
  // is appended to it may reach them.
  const uint64_t low = clamp_extent(range->low, binding.shape[0]);
  pieces.always.run = low * row_bytes;
  pieces.sometimes.low = low * row_bytes;
  pieces.sometimes.run = bytes - low * row_bytes;
  pieces.guard = {.kind = GuardKind::kRows,
                  .scalar = binding.filled_scalar,
                  .scale = binding.filled_scale,
                  .bias = binding.filled_bias,
                  .stride_bytes = row_bytes};
  pieces.inner_span = row_bytes;
  pieces.outermost = true;
  return pieces;
}

Pieces pieces_of_cell(const CellBox& cell) {
  Pieces pieces;
  pieces.always.low = cell.offset_bytes;
  pieces.always.run = cell.row_bytes;
  pieces.always.add(cell.rows, cell.pitch_bytes);
  pieces.always.normalise();
  return pieces;
}

struct Piece {
  uint64_t low, end;
  uint32_t footprint;
  uint16_t base;
  Part part;
};

// A rectangle in the rows of a region.
struct Rect {
  uint64_t row, rows, column, width;
  uint32_t footprint, guard;
};

// What one rectangle or one cut costs, in units: about 100 bytes and 60 ns each, so
// that a file at the limit stays below half a gigabyte a million operands.
constexpr uint64_t kCutUnits = 16;

// Eras are tried where one cut takes more than this of each operand of an arena to make, or
// more visits of each to walk; and left again when they take more than kEraUnits. A run of
// bytes that eras are compared by costs kRunUnits: about 60 bytes.
constexpr uint64_t kTrialUnits = 8;
constexpr uint64_t kFewVisits = 6;
constexpr uint64_t kEraUnits = 32;
constexpr uint64_t kRunUnits = 2;
constexpr uint64_t kFreeUnits = uint64_t{1} << 16;
// An era ends with a phase where it has this part of its length by then, and without one
// at so many times its length: layouts change with phases, and hardly within them.
constexpr size_t kPartWithPhase = 16;
constexpr size_t kTimesWithoutPhase = 16;

// Entries of a hash table looked at before something new is made instead: a file
// made to collide costs no more than this.
constexpr uint32_t kMostProbes = 64;

struct PendingRun {
  uint32_t footprint;
  CellRun run;
};

uint64_t mix(uint64_t value) {
  value *= 0x9e3779b97f4a7c15ull;
  return value ^ (value >> 29);
}

}  // namespace

// Makes the tables of a Cells: footprints, then regions, then bands and columns.
class CellCutter {
 public:
  CellCutter(Cells& cells, const Schedule& schedule, const std::vector<uint8_t>& skip,
             const std::vector<uint32_t>& op_of_operand, Budget& budget, const EraOptions& eras)
      : cells_(cells), schedule_(schedule), skip_(skip), op_of_operand_(op_of_operand), budget_(budget), eras_(eras) {}

  void cut() {
    find_footprints();
    if (!eras_.replay_order.empty()) find_prepared();
    std::vector<Piece> pieces;
    pieces.reserve(keys_.size());
    if (!add_pieces(0, pieces)) return;
    sort_pieces(pieces);
    for (size_t first = 0; first < pieces.size();) {
      size_t last = first + 1;
      while (last < pieces.size() && pieces[last].base == pieces[first].base) ++last;
      if (!cut_base({pieces.data() + first, last - first})) return;
      first = last;
    }
    std::sort(cells_.recuts_.begin(), cells_.recuts_.end(),
              [](const Recut& a, const Recut& b) { return a.position < b.position; });
    gather_runs();
  }

  // The footprints were numbered before the cut stopped; give each no run.
  void abandon() {
    cells_.first_run_.assign(keys_.size() + 1, 0);
    cells_.runs_.clear();
    cells_.recuts_.clear();
  }

 private:
  // False beyond what is allowed for the attempt at hand, and beyond the budget.
  bool spend(uint64_t units, uint32_t footprint) {
    if (units > allowance_) return false;
    allowance_ -= units;
    const uint32_t operand = first_operand_[footprint];
    return budget_.spend(units, operand == kNone ? kNone : op_of_operand_[operand]);
  }

  Pieces pieces_of(uint32_t footprint) const {
    const Key& key = keys_[footprint];
    if (key.source == Source::kOperand)
      return pieces_of_view(schedule_, schedule_.views[key.view], key.offset_bytes, footprint);
    if (key.source == Source::kCell) return pieces_of_cell(cells_.box(key.view));
    return pieces_of_binding(schedule_, schedule_.binding_of(key.base), key.source);
  }

  uint32_t add_footprint(const Key& key, uint32_t operand) {
    keys_.push_back(key);
    first_operand_.push_back(operand);
    uses_.push_back(0);
    return static_cast<uint32_t>(keys_.size() - 1);
  }

  // Of the footprints from `first` on.
  bool add_pieces(uint32_t first, std::vector<Piece>& pieces) {
    for (uint32_t footprint = first; footprint < keys_.size(); ++footprint) {
      if (!spend(1, footprint)) return false;
      const Pieces made = pieces_of(footprint);
      for (const Part part : {Part::kAlways, Part::kSometimes}) {
        const Box& box = part == Part::kAlways ? made.always : made.sometimes;
        if (box.run == 0) continue;
        pieces.push_back({box.low, box.low + box.span(), footprint, keys_[footprint].base, part});
      }
    }
    return true;
  }
  static void sort_pieces(std::vector<Piece>& pieces) {
    std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
      if (a.base != b.base) return a.base < b.base;
      if (a.low != b.low) return a.low < b.low;
      return a.footprint < b.footprint;
    });
  }

  // Sorted pieces of one base. A region is a run of pieces whose spans hang together.
  bool cut_pieces(std::span<const Piece> pieces) {
    for (size_t first = 0; first < pieces.size();) {
      uint64_t end = pieces[first].end;
      size_t last = first + 1;
      for (; last < pieces.size() && pieces[last].low < end; ++last) end = std::max(end, pieces[last].end);
      if (!cut_region(pieces.subspan(first, last - first), end)) return false;
      first = last;
    }
    return true;
  }

  // All of a base at once where that is cheap or the only way, else in eras.
  bool cut_base(std::span<const Piece> pieces) {
    const uint32_t base = pieces[0].base;
    if (!may_have_eras(pieces)) return cut_pieces(pieces);
    uint64_t uses = 0;
    for (const Piece& piece : pieces) uses += std::max(1u, uses_[piece.footprint]);
    const Mark start = mark();
    uint64_t most_visits = UINT64_MAX;
    if (!eras_.always) {
      allowance_ = kTrialUnits * uses + kFreeUnits;
      const bool done = cut_pieces(pieces);
      allowance_ = UINT64_MAX;
      if (budget_.exhausted()) return false;
      if (done) {
        most_visits = visits_since(start);
        if (most_visits <= kFewVisits * uses + kFreeUnits) return true;
      }
      go_back(start);
    }
    if (!eras_.always) allowance_ = kEraUnits * uses + kFreeUnits;
    const bool done = cut_in_eras(base);
    allowance_ = UINT64_MAX;
    if (budget_.exhausted()) return false;
    if (done && visits_since(start) <= most_visits / 2) {
      cells_.in_eras_[base] = 1;
      return true;
    }
    go_back(start);
    for (const auto& [operand, footprint] : renamed_) cells_.footprint_of_[operand] = footprint;
    return cut_pieces(pieces);
  }

  // What replay alone touches, all of it whatever the scalars are.
  bool may_have_eras(std::span<const Piece> pieces) const {
    const uint32_t base = pieces[0].base;
    return !eras_.replay_order.empty() && schedule_.is_arena(base) && schedule_.arenas[base].prepared == 0 &&
           touched_in_prepare_[base] == 0 &&
           std::all_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.part == Part::kAlways; });
  }
  void find_prepared() {
    touched_in_prepare_.assign(schedule_.base_count(), 0);
    for (const Stream& stream : schedule_.streams) {
      if (stream.part != static_cast<uint8_t>(rondo::Part::kPrepare)) continue;
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        for (uint32_t i = 0; i < schedule_.ops[op].operand_count; ++i)
          touched_in_prepare_[schedule_.operands[schedule_.ops[op].first_operand + i].base] = 1;
    }
  }

  // How far the tables were filled.
  struct Mark {
    size_t regions, bands, cells, pending, recuts, links;
  };
  Mark mark() const {
    return {cells_.regions_.size(), cells_.bands_.size(),  cells_.band_of_.size(),
            pending_.size(),        cells_.recuts_.size(), cells_.links_.size()};
  }
  void go_back(const Mark& mark) {
    cells_.regions_.resize(mark.regions);
    cells_.bands_.resize(mark.bands);
    cells_.band_of_.resize(mark.cells);
    cells_.column_.resize(mark.cells);
    cells_.width_.resize(mark.cells);
    cells_.carries_.resize(std::min(cells_.carries_.size(), mark.cells));
    pending_.resize(mark.pending);
    cells_.recuts_.resize(mark.recuts);
    cells_.links_.resize(mark.links);
  }
  uint64_t visits_since(const Mark& mark) const {
    uint64_t visits = 0;
    for (size_t i = mark.pending; i < pending_.size(); ++i)
      visits += uint64_t{std::max(1u, uses_[pending_[i].footprint])} * pending_[i].run.count;
    return visits;
  }

  uint32_t op_of(uint32_t operand) const { return op_of_operand_[operand]; }

  // The operands of all bases that have footprints, each base's in canonical order.
  std::span<const uint32_t> uses_in_order(uint32_t base) {
    if (first_use_.empty()) {
      first_use_.assign(schedule_.base_count() + 1, 0);
      position_.assign(schedule_.ops.size(), 0);
      const auto each = [&](const auto& visit) {
        for (const uint32_t op : eras_.replay_order)
          for (uint32_t i = 0; i < schedule_.ops[op].operand_count; ++i) {
            const uint32_t operand = schedule_.ops[op].first_operand + i;
            if (cells_.footprint_of_[operand] != kNone) visit(operand);
          }
      };
      each([&](uint32_t operand) { ++first_use_[schedule_.operands[operand].base + 1]; });
      for (size_t i = 1; i < first_use_.size(); ++i) first_use_[i] += first_use_[i - 1];
      std::vector<uint32_t> next(first_use_.begin(), first_use_.end() - 1);
      ordered_uses_.resize(first_use_.back());
      each([&](uint32_t operand) { ordered_uses_[next[schedule_.operands[operand].base]++] = operand; });
      for (uint32_t i = 0; i < eras_.replay_order.size(); ++i) position_[eras_.replay_order[i]] = i;
      era_footprint_.assign(keys_.size(), kNone);
    }
    return {ordered_uses_.data() + first_use_[base], first_use_[base + 1] - first_use_[base]};
  }

  bool cut_in_eras(uint32_t base) {
    const std::span<const uint32_t> uses = uses_in_order(base);
    renamed_.clear();
    if (!eras_.always && end_of_era(uses, 0) == uses.size()) return false;
    ByteOwners owners;
    for (size_t first = 0; first < uses.size();) {
      const size_t end = end_of_era(uses, first);
      if (!cut_era(uses.subspan(first, end - first), owners)) return false;
      first = end;
    }
    return true;
  }

  // Between ops; where a phase ends if one does in time.
  size_t end_of_era(std::span<const uint32_t> uses, size_t first) const {
    const size_t length = std::max(1u, eras_.least_operands);
    const size_t least = eras_.always ? length : std::max<size_t>(1, length / kPartWithPhase);
    const size_t most = eras_.always ? length : kTimesWithoutPhase * length;
    size_t end = first + 1;
    for (; end < uses.size(); ++end) {
      const uint32_t op = op_of(uses[end]), before = op_of(uses[end - 1]);
      if (op == before || end - first < least) continue;
      if (schedule_.ops[op].phase != schedule_.ops[before].phase || end - first >= most) break;
    }
    return end;
  }

  // Cells of one era: the operands' edges, and those of earlier cells only where what is
  // read, or changed in part, came from several of them.
  bool cut_era(std::span<const uint32_t> uses, ByteOwners& owners) {
    const auto first_footprint = static_cast<uint32_t>(keys_.size());
    name_footprints(uses, first_footprint);
    std::vector<Piece> pieces;
    if (!add_pieces(first_footprint, pieces)) return false;
    const Mark start = mark();
    std::vector<Link> links;
    if (!cut_and_link(pieces, start, owners, links)) return false;
    std::set<uint32_t> kept;  // earlier cells
    each_unclear(links, start.cells, [&](const Link& link) { kept.insert(link.before); });
    if (!kept.empty()) {
      go_back(start);
      const auto first_kept = static_cast<uint32_t>(keys_.size());
      for (const uint32_t cell : kept) {
        const CellBox box = cells_.box(cell);
        add_footprint({box.offset_bytes, cell, static_cast<uint16_t>(box.base), Source::kCell}, kNone);
      }
      if (!add_pieces(first_kept, pieces) || !cut_and_link(pieces, start, owners, links)) return false;
      bool clear = true;
      each_unclear(links, start.cells, [&](const Link&) { clear = false; });
      if (!clear) return false;
    }
    cells_.carries_.resize(cells_.count());
    for (size_t i = 0; i < first_touch_.size(); ++i)
      cells_.carries_[start.cells + i] = first_touch_[i] == Touch::kInPart;
    if (!links.empty()) {
      cells_.recuts_.push_back({position_[op_of(uses.front())], static_cast<uint32_t>(start.cells),
                                static_cast<uint32_t>(first_touch_.size()), static_cast<uint32_t>(cells_.links_.size()),
                                static_cast<uint32_t>(links.size())});
      cells_.links_.insert(cells_.links_.end(), links.begin(), links.end());
    }
    owners.take_over(boxes_, static_cast<uint32_t>(start.cells));
    return spend(owners.runs() / 8, first_footprint);
  }

  // Gives the operands of an era footprints of their own, and lists in `touches_` in what
  // order those are first read or changed in part, and first written whole. Of one op reads
  // come first.
  void name_footprints(std::span<const uint32_t> uses, uint32_t first_footprint) {
    touches_.clear();
    std::vector<uint8_t> seen;  // by footprint: bits
    for (size_t first = 0, end = 0; first < uses.size(); first = end) {
      for (; end < uses.size() && op_of(uses[end]) == op_of(uses[first]); ++end) {
        uint32_t& footprint = cells_.footprint_of_[uses[end]];
        renamed_.emplace_back(uses[end], footprint);
        uint32_t& now = era_footprint_[footprint];
        if (now == kNone || now < first_footprint) {
          const Key key = keys_[footprint];
          now = add_footprint(key, uses[end]);
          seen.push_back(0);
        }
        ++uses_[now];
        footprint = now;
      }
      for (const bool whole : {false, true})
        for (size_t i = first; i < end; ++i) {
          const auto access = static_cast<Access>(schedule_.operands[uses[i]].access);
          if ((access == Access::kWrite || access == Access::kWork) != whole) continue;
          const uint32_t footprint = cells_.footprint_of_[uses[i]];
          uint8_t& bits = seen[footprint - first_footprint];
          const uint8_t bit = whole ? 2 : 1;
          if ((bits & bit) == 0) touches_.push_back({footprint, whole});
          bits |= bit;
        }
    }
  }

  // Fills first_touch_ and boxes_ (no rows: touched by no operand of the era) as well.
  bool cut_and_link(std::vector<Piece>& pieces, const Mark& start, const ByteOwners& owners, std::vector<Link>& links) {
    sort_pieces(pieces);
    if (!cut_pieces(pieces)) return false;
    const size_t count = cells_.count() - start.cells;
    first_touch_.assign(count, Touch::kNot);
    std::vector<PendingRun> runs(pending_.begin() + static_cast<ptrdiff_t>(start.pending), pending_.end());
    std::stable_sort(runs.begin(), runs.end(),
                     [](const PendingRun& a, const PendingRun& b) { return a.footprint < b.footprint; });
    for (const FirstTouch& touch : touches_) {
      auto run = std::lower_bound(runs.begin(), runs.end(), touch.footprint,
                                  [](const PendingRun& a, uint32_t footprint) { return a.footprint < footprint; });
      for (; run != runs.end() && run->footprint == touch.footprint; ++run) {
        if (!spend(run->run.count, touch.footprint)) return false;
        for (uint32_t cell = run->run.first; cell < run->run.first + run->run.count; ++cell) {
          Touch& known = first_touch_[cell - start.cells];
          if (known == Touch::kNot) known = touch.whole ? Touch::kWhole : Touch::kInPart;
        }
      }
    }
    boxes_.clear();
    uint64_t runs_of_cells = 0;
    for (size_t i = 0; i < count; ++i) {
      CellBox box = cells_.box(static_cast<uint32_t>(start.cells + i));
      if (first_touch_[i] == Touch::kNot) box.rows = 0;
      runs_of_cells += run_count(box);
      boxes_.push_back(box);
    }
    if (!spend(kRunUnits * runs_of_cells, touches_.front().footprint)) return false;
    links = owners.shared(boxes_, static_cast<uint32_t>(start.cells));
    return spend(links.size(), touches_.front().footprint);
  }

  // Links of cells that are not written whole first and are no part of one earlier cell.
  template <class Visit>
  void each_unclear(const std::vector<Link>& links, size_t first_cell, const Visit& visit) const {
    for (size_t first = 0, end = 0; first < links.size(); first = end) {
      while (end < links.size() && links[end].cell == links[first].cell) ++end;
      const size_t at = links[first].cell - first_cell;
      if (first_touch_[at] == Touch::kWhole) continue;
      if (end - first == 1 && links[first].bytes == boxes_[at].rows * boxes_[at].row_bytes) continue;
      for (size_t i = first; i < end; ++i) visit(links[i]);
    }
  }

  void find_footprints() {
    const uint32_t base_count = schedule_.base_count();
    cells_.shadowed_.assign(base_count, 0);
    cells_.in_eras_.assign(base_count, 0);
    cells_.whole_.assign(base_count, kNone);
    cells_.filled_.assign(base_count, kNone);
    for (uint32_t base = 0; base < base_count; ++base) {
      if (schedule_.is_arena(base)) {
        cells_.shadowed_[base] = 1;
        continue;
      }
      const auto role = static_cast<Role>(schedule_.binding_of(base).role);
      if (role != Role::kOutput && role != Role::kState) continue;
      cells_.shadowed_[base] = 1;
      cells_.whole_[base] = add_footprint({0, 0, static_cast<uint16_t>(base), Source::kWhole}, kNone);
      if (role == Role::kState)
        cells_.filled_[base] = add_footprint({0, 0, static_cast<uint16_t>(base), Source::kFilled}, kNone);
    }
    // Open addressing; at most half full.
    size_t capacity = 16;
    while (capacity < 2 * schedule_.operands.size()) capacity *= 2;
    std::vector<uint32_t> table(capacity, kNone);
    cells_.footprint_of_.assign(schedule_.operands.size(), kNone);
    for (uint32_t i = 0; i < schedule_.operands.size(); ++i) {
      const Operand& operand = schedule_.operands[i];
      if (skip_[i] || operand.access == static_cast<uint8_t>(Access::kHint) || !cells_.shadowed_[operand.base])
        continue;
      size_t slot = mix(mix(operand.offset_bytes + (uint64_t{operand.base} << 48)) + operand.view) & (capacity - 1);
      for (uint32_t probes = 0;; slot = (slot + 1) & (capacity - 1)) {
        uint32_t& entry = table[slot];
        if (++probes > kMostProbes) {  // made to collide: a footprint of its own does as well
          cells_.footprint_of_[i] =
              add_footprint({operand.offset_bytes, operand.view, operand.base, Source::kOperand}, i);
          break;
        }
        if (entry == kNone) {
          entry = add_footprint({operand.offset_bytes, operand.view, operand.base, Source::kOperand}, i);
        } else {
          const Key& key = keys_[entry];
          if (key.offset_bytes != operand.offset_bytes || key.view != operand.view || key.base != operand.base)
            continue;
        }
        cells_.footprint_of_[i] = entry;
        ++uses_[entry];
        break;
      }
    }
  }

  // The pitch most of the region's rows have; 0 when every piece is contiguous.
  uint64_t choose_pitch(std::span<const Piece> pieces) const {
    std::map<uint64_t, double> weight;  // ordered: no file can make it collide
    for (const Piece& piece : pieces) {
      const Pieces made = pieces_of(piece.footprint);
      const Box& box = piece.part == Part::kAlways ? made.always : made.sometimes;
      if (box.axis_count == 0) continue;
      double rows = 1 + uses_[piece.footprint];
      for (uint32_t i = 0; i < box.axis_count; ++i) rows *= static_cast<double>(box.axes[i].extent);
      weight[box.axes[0].stride_bytes] += rows;
    }
    uint64_t best = 0;
    for (const auto& [pitch, rows] : weight)
      if (best == 0 || rows > weight[best] || (rows == weight[best] && pitch < best)) best = pitch;
    return best;
  }

  // A contiguous run in the rows of a region: at most a tail, whole rows and a head.
  void add_run(uint64_t at, uint64_t bytes, uint64_t pitch, uint32_t footprint, uint32_t guard) {
    uint64_t row = at / pitch;
    const uint64_t column = at % pitch;
    if (column != 0 || bytes < pitch) {
      const uint64_t head = std::min(bytes, pitch - column);
      rects_.push_back({row++, 1, column, head, footprint, guard});
      bytes -= head;
    }
    if (bytes >= pitch) {
      rects_.push_back({row, bytes / pitch, 0, pitch, footprint, guard});
      row += bytes / pitch;
      bytes %= pitch;
    }
    if (bytes > 0) rects_.push_back({row, 1, 0, bytes, footprint, guard});
  }

  bool add_rects(const Box& box, uint64_t low, uint64_t pitch, uint32_t footprint, uint32_t guard) {
    const bool banded = box.axis_count > 0 && box.axes[0].stride_bytes == pitch && box.run <= pitch;
    const uint32_t first_axis = banded ? 1 : 0;
    std::array<uint64_t, kMaxRank + 1> index = {};
    for (;;) {
      if (!spend(kCutUnits, footprint)) return false;
      uint64_t at = box.low - low;
      for (uint32_t i = first_axis; i < box.axis_count; ++i) at += index[i] * box.axes[i].stride_bytes;
      if (!banded) {
        add_run(at, box.run, pitch, footprint, guard);
      } else {
        const uint64_t row = at / pitch, column = at % pitch, rows = box.axes[0].extent;
        const uint64_t head = std::min(box.run, pitch - column);
        rects_.push_back({row, rows, column, head, footprint, guard});
        if (head < box.run) rects_.push_back({row + 1, rows, 0, box.run - head, footprint, guard});
      }
      uint32_t axis = first_axis;
      for (; axis < box.axis_count; ++axis) {
        if (++index[axis] < box.axes[axis].extent) break;
        index[axis] = 0;
      }
      if (axis == box.axis_count) return true;
    }
  }

  // Makes the guard of a piece exact, now that the region it lies in is known.
  uint32_t guard_in_region(const Pieces& made, uint32_t footprint, uint64_t low, uint64_t pitch) {
    Guard guard = made.guard;
    const uint64_t stride = guard.stride_bytes;
    const bool by_rows = guard.kind == GuardKind::kRows || guard.kind == GuardKind::kWindow;
    if (by_rows && stride != 0 && made.outermost && guard.origin_bytes >= low) {
      const uint64_t origin = low + (guard.origin_bytes - low) / stride * stride;
      if (guard.origin_bytes - origin + made.inner_span <= stride) {
        guard.origin_bytes = origin;
        if (guard.kind == GuardKind::kRows) guard.footprint = kNone;
        return cells_.intern(guard);
      }
    }
    if (guard.kind == GuardKind::kRows && pitch != 0 && stride != 0 && stride < pitch && guard.origin_bytes >= low &&
        keys_[footprint].source == Source::kOperand) {
      // An inner axis of rows that are `pitch` apart: the column decides.
      const View& view = schedule_.views[keys_[footprint].view];
      const uint64_t column = (guard.origin_bytes - low) % pitch;
      bool in_rows = column + (uint64_t{view.extent[view.extent_axis]} - 1) * stride + block_bytes(view) <= pitch &&
                     block_bytes(view) <= stride;
      for (uint32_t axis = 0; axis < view.rank; ++axis)
        if (axis != view.extent_axis && view.extent[axis] > 1)
          in_rows = in_rows && static_cast<uint64_t>(view.stride_bytes[axis]) % pitch == 0;
      if (in_rows) {
        guard.kind = GuardKind::kColumns;
        guard.origin_bytes = column;
        guard.footprint = kNone;
        return cells_.intern(guard);
      }
    }
    Guard other;
    other.kind = GuardKind::kOther;
    other.footprint = footprint;
    return cells_.intern(other);
  }

  bool cut_region(std::span<const Piece> pieces, uint64_t end) {
    const uint64_t low = pieces[0].low;
    uint64_t pitch = choose_pitch(pieces);
    const bool flat = pitch == 0;
    if (flat) pitch = end - low;
    rects_.clear();
    for (const Piece& piece : pieces) {
      const Pieces made = pieces_of(piece.footprint);
      const uint32_t guard =
          piece.part == Part::kAlways ? 0 : guard_in_region(made, piece.footprint, low, flat ? 0 : pitch);
      if (!add_rects(piece.part == Part::kAlways ? made.always : made.sometimes, low, pitch, piece.footprint, guard))
        return false;
    }
    const auto region = static_cast<uint32_t>(cells_.regions_.size());
    cells_.regions_.push_back({pieces[0].base, low, pitch});

    rows_.clear();
    for (const Rect& rect : rects_) {
      rows_.push_back(rect.row);
      rows_.push_back(rect.row + rect.rows);
    }
    sort_unique(rows_);
    // Column cuts of each band.
    cuts_.clear();
    for (const Rect& rect : rects_) {
      const auto first = static_cast<uint32_t>(std::lower_bound(rows_.begin(), rows_.end(), rect.row) - rows_.begin());
      for (uint32_t band = first; rows_[band] < rect.row + rect.rows; ++band) {
        if (!spend(kCutUnits, rect.footprint)) return false;
        cuts_.push_back({band, rect.column});
        cuts_.push_back({band, rect.column + rect.width});
      }
    }
    sort_unique(cuts_);
    // Every cut but the last of its band starts a cell; cells are numbered in order.
    cell_of_cut_.resize(cuts_.size());
    band_first_cut_.assign(rows_.size() + 1, static_cast<uint32_t>(cuts_.size()));
    for (size_t i = cuts_.size(); i-- > 0;) band_first_cut_[cuts_[i].first] = static_cast<uint32_t>(i);
    for (size_t i = 0; i < cuts_.size(); ++i) {
      const uint32_t band = cuts_[i].first;
      if (i == 0 || cuts_[i - 1].first != band)
        cells_.bands_.push_back({region, rows_[band], rows_[band + 1] - rows_[band], cells_.count()});
      cell_of_cut_[i] = cells_.count();
      if (i + 1 == cuts_.size() || cuts_[i + 1].first != band) continue;
      cells_.band_of_.push_back(static_cast<uint32_t>(cells_.bands_.size() - 1));
      cells_.column_.push_back(cuts_[i].second);
      cells_.width_.push_back(cuts_[i + 1].second - cuts_[i].second);
    }
    for (const Rect& rect : rects_) {
      const auto first = static_cast<uint32_t>(std::lower_bound(rows_.begin(), rows_.end(), rect.row) - rows_.begin());
      for (uint32_t band = first; rows_[band] < rect.row + rect.rows; ++band) {
        const uint32_t from = cell_at(band, rect.column), to = cell_at(band, rect.column + rect.width);
        if (!pending_.empty() && pending_.back().footprint == rect.footprint &&
            pending_.back().run.guard == rect.guard && pending_.back().run.first + pending_.back().run.count == from) {
          pending_.back().run.count += to - from;
        } else {
          pending_.push_back({rect.footprint, {from, to - from, rect.guard}});
        }
      }
    }
    return true;
  }

  uint32_t cell_at(uint32_t band, uint64_t column) const {
    const auto from = cuts_.begin() + band_first_cut_[band];
    return cell_of_cut_[std::lower_bound(from, cuts_.end(), std::pair<uint32_t, uint64_t>{band, column}) -
                        cuts_.begin()];
  }

  template <class T>
  static void sort_unique(std::vector<T>& values) {
    if (!std::is_sorted(values.begin(), values.end())) std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }

  // Runs by footprint, in the order they were found.
  void gather_runs() {
    std::vector<uint32_t>& first = cells_.first_run_;
    first.assign(keys_.size() + 1, 0);
    for (const PendingRun& pending : pending_) ++first[pending.footprint + 1];
    for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
    std::vector<uint32_t> next(first.begin(), first.end() - 1);
    cells_.runs_.resize(pending_.size());
    for (const PendingRun& pending : pending_) cells_.runs_[next[pending.footprint]++] = pending.run;
  }

  Cells& cells_;
  const Schedule& schedule_;
  const std::vector<uint8_t>& skip_;
  const std::vector<uint32_t>& op_of_operand_;
  Budget& budget_;
  const EraOptions& eras_;
  uint64_t allowance_ = UINT64_MAX;
  std::vector<Key> keys_;                // per footprint
  std::vector<uint32_t> first_operand_;  // per footprint; kNone: made for a binding
  std::vector<uint32_t> uses_;           // per footprint
  std::vector<Rect> rects_;              // of the region at hand, as are the next four
  std::vector<uint64_t> rows_;
  std::vector<std::pair<uint32_t, uint64_t>> cuts_;
  std::vector<uint32_t> cell_of_cut_, band_first_cut_;
  std::vector<PendingRun> pending_;
  std::vector<uint8_t> touched_in_prepare_;             // per base
  std::vector<uint32_t> first_use_, ordered_uses_;      // of eras: see uses_in_order
  std::vector<uint32_t> position_;                      // per op, in the replay's order
  std::vector<uint32_t> era_footprint_;                 // per footprint of the first naming: its last one
  std::vector<std::pair<uint32_t, uint32_t>> renamed_;  // operand and first footprint, of the base at hand
  enum class Touch : uint8_t { kNot, kInPart, kWhole };
  struct FirstTouch {
    uint32_t footprint;
    bool whole;
  };
  std::vector<FirstTouch> touches_;  // of the era at hand, as are the next two
  std::vector<Touch> first_touch_;   // per cell
  std::vector<CellBox> boxes_;       // per cell
};

Cells::Cells(const Schedule& schedule, const std::vector<uint8_t>& skip, const std::vector<uint32_t>& op_of_operand,
             Budget& budget, const EraOptions& eras)
    : schedule_(schedule) {
  CellCutter cutter(*this, schedule, skip, op_of_operand, budget, eras);
  cutter.cut();
  if (budget.exhausted()) cutter.abandon();
}

std::span<const Link> Cells::links(uint32_t cell) const {
  const auto [first, end] = std::equal_range(links_.begin(), links_.end(), Link{.cell = cell},
                                             [](const Link& a, const Link& b) { return a.cell < b.cell; });
  return {first, end};
}

CellBox Cells::box(uint32_t cell) const {
  const Band& band = bands_[band_of_[cell]];
  const Region& region = regions_[band.region];
  return {region.base, region.low + band.row * region.pitch + column_[cell], width_[cell], band.rows, region.pitch};
}

uint32_t Cells::intern(const Guard& guard) {
  const uint64_t hash =
      mix(mix(mix(guard.origin_bytes + guard.scalar) + guard.stride_bytes) + static_cast<uint64_t>(guard.bias) +
          static_cast<uint64_t>(guard.scale) * 31 + (uint64_t{guard.footprint} << 8) +
          static_cast<uint64_t>(guard.kind) + static_cast<uint64_t>(guard.modulus) * 127);
  const auto range = guard_ids_.equal_range(hash);
  uint32_t probes = 0;
  for (auto it = range.first; it != range.second && probes < kMostProbes; ++it, ++probes)
    if (guards_[it->second] == guard) return it->second;
  guards_.push_back(guard);
  guard_ids_.emplace(hash, static_cast<uint32_t>(guards_.size() - 1));
  return static_cast<uint32_t>(guards_.size() - 1);
}

bool Cells::implies(uint32_t reader, uint32_t writer) const {
  if (reader == writer) return true;
  const Guard& a = guards_[reader];
  const Guard& b = guards_[writer];
  if (a.scalar != b.scalar || a.scale != b.scale || a.origin_bytes != b.origin_bytes ||
      a.stride_bytes != b.stride_bytes)
    return false;
  // A window that wraps lies below where it would be if it did not.
  if (b.kind == GuardKind::kRows)
    return (a.kind == GuardKind::kRows && a.bias <= b.bias) ||
           (a.kind == GuardKind::kWindow && a.bias + a.rows <= b.bias);
  if (b.kind == GuardKind::kWindow && a.kind == GuardKind::kWindow && a.modulus == b.modulus)
    return a.bias == b.bias ? a.rows <= b.rows
                            : a.modulus == 0 && a.bias > b.bias && a.bias + a.rows <= b.bias + b.rows;
  return a.kind == GuardKind::kColumns && b.kind == GuardKind::kColumns && a.bias <= b.bias;
}

bool Cells::apart(uint32_t a, uint32_t b) const {
  const Guard *low = &guards_[a], *high = &guards_[b];
  if (low->scalar != high->scalar || low->scale != high->scale || low->origin_bytes != high->origin_bytes ||
      low->stride_bytes != high->stride_bytes)
    return false;
  if (low->kind == GuardKind::kWindow && (high->kind == GuardKind::kRows || high->bias < low->bias))
    std::swap(low, high);
  if (high->kind != GuardKind::kWindow || high->modulus != 0 || low->modulus != 0) return false;
  if (low->kind == GuardKind::kRows) return low->bias <= high->bias;
  return low->kind == GuardKind::kWindow && low->bias + low->rows <= high->bias;
}

uint64_t Cells::last_row(uint32_t cell, const Guard& guard) const {
  const CellBox cell_box = box(cell);
  const uint64_t last = cell_box.offset_bytes + (cell_box.rows - 1) * cell_box.pitch_bytes + cell_box.row_bytes - 1;
  return (last - guard.origin_bytes) / guard.stride_bytes;
}

bool Cells::always(uint32_t cell, uint32_t guard) const {
  const Guard& rows = guards_[guard];
  if (rows.kind != GuardKind::kRows) return false;
  const auto range = affine_range(schedule_.scalars[rows.scalar], rows.scale, rows.bias);
  return range && range->low > 0 && last_row(cell, rows) < static_cast<uint64_t>(range->low);
}

uint32_t Cells::joined(uint32_t cell, uint32_t before, uint32_t write) {
  if (before == 0 || before == write) return write;
  const Guard prefix = guards_[before];
  const Guard window = guards_[write];
  // Rows [0, n) were defined and rows [m, m + k) are written, m <= n: now [0, m + k).
  // Where the window has wrapped, m is at least its modulus, and so is n: all rows
  // below the modulus were defined before.
  if (prefix.kind == GuardKind::kRows && window.kind == GuardKind::kWindow && prefix.scalar == window.scalar &&
      prefix.scale == window.scale && prefix.origin_bytes == window.origin_bytes &&
      prefix.stride_bytes == window.stride_bytes && window.bias <= prefix.bias &&
      (window.modulus == 0 || last_row(cell, window) < static_cast<uint64_t>(window.modulus))) {
    Guard grown = prefix;
    grown.bias = std::max(prefix.bias, window.bias + window.rows);
    return intern(grown);
  }
  if (implies(write, before)) return before;
  return write;
}

}  // namespace rondo::proof
