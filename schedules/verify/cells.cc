#include "schedules/verify/cells.h"

#include <algorithm>
#include "schedules/verify/bounded_probes.h"
#include "schedules/verify/cut_cells.h"
#include "schedules/verify/cut_eras.h"
#include "schedules/verify/scalars.h"

namespace rondo::proof {

Cells::Cells(const Schedule& schedule, const std::vector<uint8_t>& skip, const std::vector<uint32_t>& op_of_operand,
             Budget& budget, const EraOptions& eras)
    : schedule_(schedule) {
  CellCutter cutter(*this, schedule, skip, op_of_operand, budget);
  EraCutter(*this, cutter, schedule, op_of_operand, eras).cut();
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
