#include "schedules/verify/cut_cells.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include "schedules/verify/bounded_probes.h"
#include "schedules/verify/footprint_boxes.h"

namespace rondo::proof {
namespace {

// What one rectangle or one cut costs, in units: about 100 bytes and 60 ns each, so
// that a file at the limit stays below half a gigabyte a million operands.
constexpr uint64_t kCutUnits = 16;

template <class T>
void sort_unique(std::vector<T>& values) {
  if (!std::is_sorted(values.begin(), values.end())) std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

FootprintBoxes CellCutter::boxes_of(uint32_t footprint) const {
  const FootprintKey& key = keys_[footprint];
  if (key.source == FootprintKey::Source::kOperand)
    return boxes_of_view(schedule_, schedule_.views[key.view], key.offset_bytes, footprint);
  if (key.source == FootprintKey::Source::kCell) return boxes_of_cell(cells_.box(key.view));
  return boxes_of_binding(schedule_, schedule_.binding_of(key.base), key.source == FootprintKey::Source::kFilled);
}

uint32_t CellCutter::add_footprint(const FootprintKey& key, uint32_t operand) {
  keys_.push_back(key);
  first_operand_.push_back(operand);
  uses_.push_back(0);
  return static_cast<uint32_t>(keys_.size() - 1);
}

// Of the footprints from `first` on.
bool CellCutter::add_pieces(uint32_t first, std::vector<Piece>& pieces) {
  for (uint32_t footprint = first; footprint < keys_.size(); ++footprint) {
    if (!spend(1, footprint)) return false;
    const FootprintBoxes made = boxes_of(footprint);
    for (const When when : {When::kAlways, When::kSometimes}) {
      const StridedBox& box = when == When::kAlways ? made.always : made.sometimes;
      if (box.run == 0) continue;
      pieces.push_back({box.low, box.low + box.span(), footprint, keys_[footprint].base, when});
    }
  }
  return true;
}
void CellCutter::sort_pieces(std::vector<Piece>& pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    if (a.base != b.base) return a.base < b.base;
    if (a.low != b.low) return a.low < b.low;
    return a.footprint < b.footprint;
  });
}

// Sorted pieces of one base. A region is a run of pieces whose spans hang together.
bool CellCutter::cut_pieces(std::span<const Piece> pieces) {
  for (size_t first = 0; first < pieces.size();) {
    uint64_t end = pieces[first].end;
    size_t last = first + 1;
    for (; last < pieces.size() && pieces[last].low < end; ++last) end = std::max(end, pieces[last].end);
    if (!cut_region(pieces.subspan(first, last - first), end)) return false;
    first = last;
  }
  return true;
}

CellCutter::Mark CellCutter::mark() const {
  return {cells_.regions_.size(), cells_.bands_.size(),  cells_.band_of_.size(),
          pending_.size(),        cells_.recuts_.size(), cells_.links_.size()};
}
void CellCutter::go_back(const Mark& mark) {
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
uint64_t CellCutter::visits_since(const Mark& mark) const {
  uint64_t visits = 0;
  for (size_t i = mark.pending; i < pending_.size(); ++i)
    visits += uint64_t{std::max(1u, uses_[pending_[i].footprint])} * pending_[i].run.count;
  return visits;
}

void CellCutter::find_footprints() {
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
    cells_.whole_[base] = add_footprint({0, 0, static_cast<uint16_t>(base), FootprintKey::Source::kWhole}, kNone);
    if (role == Role::kState)
      cells_.filled_[base] = add_footprint({0, 0, static_cast<uint16_t>(base), FootprintKey::Source::kFilled}, kNone);
  }
  // Open addressing; at most half full.
  size_t capacity = 16;
  while (capacity < 2 * schedule_.operands.size()) capacity *= 2;
  std::vector<uint32_t> table(capacity, kNone);
  cells_.footprint_of_.assign(schedule_.operands.size(), kNone);
  for (uint32_t i = 0; i < schedule_.operands.size(); ++i) {
    const Operand& operand = schedule_.operands[i];
    if (skip_[i] || operand.access == static_cast<uint8_t>(Access::kHint) || !cells_.shadowed_[operand.base]) continue;
    size_t slot = mix(mix(operand.offset_bytes + (uint64_t{operand.base} << 48)) + operand.view) & (capacity - 1);
    for (uint32_t probes = 0;; slot = (slot + 1) & (capacity - 1)) {
      uint32_t& entry = table[slot];
      if (++probes > kMostProbes) {  // made to collide: a footprint of its own does as well
        cells_.footprint_of_[i] =
            add_footprint({operand.offset_bytes, operand.view, operand.base, FootprintKey::Source::kOperand}, i);
        break;
      }
      if (entry == kNone) {
        entry = add_footprint({operand.offset_bytes, operand.view, operand.base, FootprintKey::Source::kOperand}, i);
      } else {
        const FootprintKey& key = keys_[entry];
        if (key.offset_bytes != operand.offset_bytes || key.view != operand.view || key.base != operand.base) continue;
      }
      cells_.footprint_of_[i] = entry;
      ++uses_[entry];
      break;
    }
  }
}

// The pitch most of the region's rows have; 0 when every piece is contiguous.
uint64_t CellCutter::choose_pitch(std::span<const Piece> pieces) const {
  std::map<uint64_t, double> weight;  // ordered: no file can make it collide
  for (const Piece& piece : pieces) {
    const FootprintBoxes made = boxes_of(piece.footprint);
    const StridedBox& box = piece.when == When::kAlways ? made.always : made.sometimes;
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
void CellCutter::add_run(uint64_t at, uint64_t bytes, uint64_t pitch, uint32_t footprint, uint32_t guard) {
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

bool CellCutter::add_rects(const StridedBox& box, uint64_t low, uint64_t pitch, uint32_t footprint, uint32_t guard) {
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
uint32_t CellCutter::guard_in_region(const FootprintBoxes& made, uint32_t footprint, uint64_t low, uint64_t pitch) {
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
      keys_[footprint].source == FootprintKey::Source::kOperand) {
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

bool CellCutter::cut_region(std::span<const Piece> pieces, uint64_t end) {
  const uint64_t low = pieces[0].low;
  uint64_t pitch = choose_pitch(pieces);
  const bool flat = pitch == 0;
  if (flat) pitch = end - low;
  rects_.clear();
  for (const Piece& piece : pieces) {
    const FootprintBoxes made = boxes_of(piece.footprint);
    const uint32_t guard =
        piece.when == When::kAlways ? 0 : guard_in_region(made, piece.footprint, low, flat ? 0 : pitch);
    if (!add_rects(piece.when == When::kAlways ? made.always : made.sometimes, low, pitch, piece.footprint, guard))
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
      if (!pending_.empty() && pending_.back().footprint == rect.footprint && pending_.back().run.guard == rect.guard &&
          pending_.back().run.first + pending_.back().run.count == from) {
        pending_.back().run.count += to - from;
      } else {
        pending_.push_back({rect.footprint, {from, to - from, rect.guard}});
      }
    }
  }
  return true;
}

uint32_t CellCutter::cell_at(uint32_t band, uint64_t column) const {
  const auto from = cuts_.begin() + band_first_cut_[band];
  return cell_of_cut_[std::lower_bound(from, cuts_.end(), std::pair<uint32_t, uint64_t>{band, column}) - cuts_.begin()];
}

// Runs by footprint, in the order they were found.
void CellCutter::gather_runs() {
  std::vector<uint32_t>& first = cells_.first_run_;
  first.assign(keys_.size() + 1, 0);
  for (const PendingRun& pending : pending_) ++first[pending.footprint + 1];
  for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  std::vector<uint32_t> next(first.begin(), first.end() - 1);
  cells_.runs_.resize(pending_.size());
  for (const PendingRun& pending : pending_) cells_.runs_[next[pending.footprint]++] = pending.run;
}

void CellCutter::abandon() {
  cells_.first_run_.assign(keys_.size() + 1, 0);
  cells_.runs_.clear();
  cells_.recuts_.clear();
}

}  // namespace rondo::proof
