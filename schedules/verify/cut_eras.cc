#include "schedules/verify/cut_eras.h"

#include <algorithm>
#include <set>

namespace rondo::proof {
namespace {

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

}  // namespace

void EraCutter::cut() {
  cutter_.find_footprints();
  if (!eras_.replay_order.empty()) find_prepared();
  std::vector<Piece> pieces;
  pieces.reserve(cutter_.footprint_count());
  if (!cutter_.add_pieces(0, pieces)) return;
  CellCutter::sort_pieces(pieces);
  for (size_t first = 0; first < pieces.size();) {
    size_t last = first + 1;
    while (last < pieces.size() && pieces[last].base == pieces[first].base) ++last;
    if (!cut_base({pieces.data() + first, last - first})) return;
    first = last;
  }
  std::sort(cells_.recuts_.begin(), cells_.recuts_.end(),
            [](const Recut& a, const Recut& b) { return a.position < b.position; });
  cutter_.gather_runs();
}

// All of a base at once where that is cheap or the only way, else in eras.
bool EraCutter::cut_base(std::span<const Piece> pieces) {
  const uint32_t base = pieces[0].base;
  if (!may_have_eras(pieces)) return cutter_.cut_pieces(pieces);
  uint64_t uses = 0;
  for (const Piece& piece : pieces) uses += std::max(1u, cutter_.uses(piece.footprint));
  const CellCutter::Mark start = cutter_.mark();
  uint64_t most_visits = UINT64_MAX;
  if (!eras_.always) {
    cutter_.allow(kTrialUnits * uses + kFreeUnits);
    const bool done = cutter_.cut_pieces(pieces);
    cutter_.allow_all();
    if (cutter_.exhausted()) return false;
    if (done) {
      most_visits = cutter_.visits_since(start);
      if (most_visits <= kFewVisits * uses + kFreeUnits) return true;
    }
    cutter_.go_back(start);
  }
  if (!eras_.always) cutter_.allow(kEraUnits * uses + kFreeUnits);
  const bool done = cut_in_eras(base);
  cutter_.allow_all();
  if (cutter_.exhausted()) return false;
  if (done && cutter_.visits_since(start) <= most_visits / 2) {
    cells_.in_eras_[base] = 1;
    return true;
  }
  cutter_.go_back(start);
  for (const auto& [operand, footprint] : renamed_) cells_.footprint_of_[operand] = footprint;
  return cutter_.cut_pieces(pieces);
}

// What replay alone touches, all of it whatever the scalars are.
bool EraCutter::may_have_eras(std::span<const Piece> pieces) const {
  const uint32_t base = pieces[0].base;
  return !eras_.replay_order.empty() && schedule_.is_arena(base) && schedule_.arenas[base].prepared == 0 &&
         touched_in_prepare_[base] == 0 &&
         std::all_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.when == When::kAlways; });
}

void EraCutter::find_prepared() {
  touched_in_prepare_.assign(schedule_.base_count(), 0);
  for (const Stream& stream : schedule_.streams) {
    if (stream.part != static_cast<uint8_t>(Part::kPrepare)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
      for (uint32_t i = 0; i < schedule_.ops[op].operand_count; ++i)
        touched_in_prepare_[schedule_.operands[schedule_.ops[op].first_operand + i].base] = 1;
  }
}

// The operands of all bases that have footprints, each base's in canonical order.
std::span<const uint32_t> EraCutter::uses_in_order(uint32_t base) {
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
    era_footprint_.assign(cutter_.footprint_count(), kNone);
  }
  return {ordered_uses_.data() + first_use_[base], first_use_[base + 1] - first_use_[base]};
}

bool EraCutter::cut_in_eras(uint32_t base) {
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
size_t EraCutter::end_of_era(std::span<const uint32_t> uses, size_t first) const {
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
bool EraCutter::cut_era(std::span<const uint32_t> uses, ByteOwners& owners) {
  const auto first_footprint = cutter_.footprint_count();
  name_footprints(uses, first_footprint);
  std::vector<Piece> pieces;
  if (!cutter_.add_pieces(first_footprint, pieces)) return false;
  const CellCutter::Mark start = cutter_.mark();
  std::vector<Link> links;
  if (!cut_and_link(pieces, start, owners, links)) return false;
  std::set<uint32_t> kept;  // earlier cells
  each_unclear(links, start.cells, [&](const Link& link) { kept.insert(link.before); });
  if (!kept.empty()) {
    cutter_.go_back(start);
    const auto first_kept = cutter_.footprint_count();
    for (const uint32_t cell : kept) {
      const CellBox box = cells_.box(cell);
      cutter_.add_footprint({box.offset_bytes, cell, static_cast<uint16_t>(box.base), FootprintKey::Source::kCell},
                            kNone);
    }
    if (!cutter_.add_pieces(first_kept, pieces) || !cut_and_link(pieces, start, owners, links)) return false;
    bool clear = true;
    each_unclear(links, start.cells, [&](const Link&) { clear = false; });
    if (!clear) return false;
  }
  cells_.carries_.resize(cells_.count());
  for (size_t i = 0; i < first_touch_.size(); ++i) cells_.carries_[start.cells + i] = first_touch_[i] == Touch::kInPart;
  if (!links.empty()) {
    cells_.recuts_.push_back({position_[op_of(uses.front())], static_cast<uint32_t>(start.cells),
                              static_cast<uint32_t>(first_touch_.size()), static_cast<uint32_t>(cells_.links_.size()),
                              static_cast<uint32_t>(links.size())});
    cells_.links_.insert(cells_.links_.end(), links.begin(), links.end());
  }
  owners.take_over(boxes_, static_cast<uint32_t>(start.cells));
  return cutter_.spend(owners.runs() / 8, first_footprint);
}

// Gives the operands of an era footprints of their own, and lists in `touches_` in what
// order those are first read or changed in part, and first written whole. Of one op reads
// come first.
void EraCutter::name_footprints(std::span<const uint32_t> uses, uint32_t first_footprint) {
  touches_.clear();
  std::vector<uint8_t> seen;  // by footprint: bits
  for (size_t first = 0, end = 0; first < uses.size(); first = end) {
    for (; end < uses.size() && op_of(uses[end]) == op_of(uses[first]); ++end) {
      uint32_t& footprint = cells_.footprint_of_[uses[end]];
      renamed_.emplace_back(uses[end], footprint);
      uint32_t& now = era_footprint_[footprint];
      if (now == kNone || now < first_footprint) {
        const FootprintKey key = cutter_.key(footprint);
        now = cutter_.add_footprint(key, uses[end]);
        seen.push_back(0);
      }
      cutter_.count_use(now);
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
bool EraCutter::cut_and_link(std::vector<Piece>& pieces, const CellCutter::Mark& start, const ByteOwners& owners,
                             std::vector<Link>& links) {
  CellCutter::sort_pieces(pieces);
  if (!cutter_.cut_pieces(pieces)) return false;
  const size_t count = cells_.count() - start.cells;
  first_touch_.assign(count, Touch::kNot);
  const std::span<const PendingRun> found = cutter_.runs_since(start);
  std::vector<PendingRun> runs(found.begin(), found.end());
  std::stable_sort(runs.begin(), runs.end(),
                   [](const PendingRun& a, const PendingRun& b) { return a.footprint < b.footprint; });
  for (const FirstTouch& touch : touches_) {
    auto run = std::lower_bound(runs.begin(), runs.end(), touch.footprint,
                                [](const PendingRun& a, uint32_t footprint) { return a.footprint < footprint; });
    for (; run != runs.end() && run->footprint == touch.footprint; ++run) {
      if (!cutter_.spend(run->run.count, touch.footprint)) return false;
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
  if (!cutter_.spend(kRunUnits * runs_of_cells, touches_.front().footprint)) return false;
  links = owners.shared(boxes_, static_cast<uint32_t>(start.cells));
  return cutter_.spend(links.size(), touches_.front().footprint);
}

// Links of cells that are not written whole first and are no part of one earlier cell.
template <class Visit>
void EraCutter::each_unclear(const std::vector<Link>& links, size_t first_cell, const Visit& visit) const {
  for (size_t first = 0, end = 0; first < links.size(); first = end) {
    while (end < links.size() && links[end].cell == links[first].cell) ++end;
    const size_t at = links[first].cell - first_cell;
    if (first_touch_[at] == Touch::kWhole) continue;
    if (end - first == 1 && links[first].bytes == boxes_[at].rows * boxes_[at].row_bytes) continue;
    for (size_t i = first; i < end; ++i) visit(links[i]);
  }
}

}  // namespace rondo::proof
