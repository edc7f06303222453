#include "schedules/verify/shadow.h"

#include <algorithm>
#include <map>
#include "schedules/structure/sentence.h"

namespace rondo::proof {
namespace {

enum Defined : uint8_t { kUndefined = 0, kUnderGuard = 1, kAlways = 2 };

// 16 bytes: four cells a cache line.
struct CellState {
  uint32_t writer = kNone;   // op; kNone: nobody in this part
  uint32_t readers = kNone;  // an op, or kManyReaders + an index into the lists
  uint32_t guard = 0;        // of kUnderGuard
  uint16_t format = 0;
  uint8_t defined = kUndefined;
  uint8_t succeeds = 0;  // cells of earlier eras, not yet written over
};
static_assert(sizeof(CellState) == 16);
constexpr uint32_t kManyReaders = 0x80000000u;
constexpr uint16_t kMixedFormat = 0xffff;

struct Reader {
  uint32_t key, op;
};

// How bytes were written: equal ids mean that reading gives back what was written.
class Formats {
 public:
  explicit Formats(const Schedule& schedule) : schedule_(schedule), of_view_(schedule.views.size(), kMixedFormat) {}

  uint16_t of(const Operand& operand) {
    uint16_t& known = of_view_[operand.view];
    if (known != kMixedFormat) return known;
    const View& view = schedule_.views[operand.view];
    if (static_cast<Layout>(view.layout) == Layout::kRows) return known = of_dtype(static_cast<DType>(view.dtype));
    // Blocks must lie where they were written: at the same phase of the block size.
    const uint64_t block = block_bytes(view);
    bool whole = static_cast<uint64_t>(view.offset_step_bytes) % block == 0;
    for (uint32_t axis = 0; axis < view.rank; ++axis)
      whole &= view.extent[axis] <= 1 || static_cast<uint64_t>(view.stride_bytes[axis]) % block == 0;
    const std::string name =
        sentence(info(static_cast<DType>(view.dtype)).name, " panels of ", view.block_columns, " columns");
    if (whole) return intern(sentence(name, " ", operand.offset_bytes % block), name);
    return intern(sentence(name, " of v", operand.view, " at ", operand.offset_bytes), name);
  }
  uint16_t of_dtype(DType dtype) {
    const std::string name = sentence(info(dtype).name, " rows");
    return intern(name, name);
  }
  std::vector<std::string> take_names() { return std::move(names_); }

 private:
  uint16_t intern(const std::string& key, const std::string& name) {
    if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
    if (names_.size() == kMixedFormat) return kMixedFormat;  // too many to tell apart: nobody may read it
    names_.push_back(name);
    return ids_[key] = static_cast<uint16_t>(names_.size() - 1);
  }
  const Schedule& schedule_;
  std::vector<uint16_t> of_view_;
  std::map<std::string, uint16_t> ids_;  // ordered: no file can fill one bucket
  std::vector<std::string> names_;
};

class Shadow {
 public:
  Shadow(const Engine& engine, Cells& cells, uint32_t cap)
      : engine_(engine),
        schedule_(engine.schedule),
        cells_(cells),
        budget_(engine.budget),
        cap_(std::max(cap, 1u)),
        formats_(engine.schedule),
        state_(cells.count()) {}

  Evidence examine() {
    for (const Part part : {Part::kPrepare, Part::kReplay}) {
      if (!examine_part(part)) break;
    }
    if (!budget_.exhausted()) examine_outputs();
    evidence_.formats = formats_.take_names();
    return std::move(evidence_);
  }

 private:
  template <class T>
  void keep(Capped<T>& list, const T& item) {
    if (list.kept.size() < cap_) {
      list.kept.push_back(item);
    } else {
      ++list.dropped;
    }
  }

  void define(uint32_t footprint, uint16_t format) {
    for (const CellRun& run : cells_.footprint_runs(footprint))
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        state_[cell].defined = run.guard == 0 ? kAlways : kUnderGuard;
        state_[cell].guard = run.guard;
        state_[cell].format = format;
      }
  }

  // Between the parts only prepared arenas keep their bytes.
  void begin_part(Part part) {
    for (uint32_t cell = 0; cell < state_.size(); ++cell) {
      CellState& state = state_[cell];
      state.writer = state.readers = kNone;
      const uint32_t base = cells_.base_of(cell);
      if (!schedule_.is_arena(base) || !schedule_.arenas[base].prepared) state.defined = kUndefined;
    }
    reader_lists_.clear();
    free_lists_.clear();
    written_.assign(schedule_.base_count(), 0);
    for (const uint32_t op : engine_.order[static_cast<int>(part)])
      for (uint32_t i = 0; i < schedule_.ops[op].operand_count; ++i) {
        const Operand& operand = schedule_.operands[schedule_.ops[op].first_operand + i];
        if (writes(operand.access)) written_[operand.base] = 1;
      }
    checked_.assign(cells_.footprint_count(), 0);
    if (part == Part::kPrepare) return;  // states and outputs belong to replays
    for (uint32_t base = static_cast<uint32_t>(schedule_.arenas.size()); base < schedule_.base_count(); ++base)
      if (cells_.filled(base) != kNone)
        define(cells_.filled(base), formats_.of_dtype(static_cast<DType>(schedule_.binding_of(base).dtype)));
  }

  bool examine_part(Part part) {
    begin_part(part);
    HappensBefore before(schedule_, part, engine_.stream_of_op, budget_);
    hb_ = &before;
    const std::vector<uint32_t>& order = engine_.order[static_cast<int>(part)];
    size_t next_recut = part == Part::kReplay ? 0 : cells_.recuts().size();
    for (uint32_t position = 0; position < order.size(); ++position) {
      const uint32_t op_index = order[position];
      for (; next_recut < cells_.recuts().size() && cells_.recuts()[next_recut].position == position; ++next_recut)
        if (!take_over(cells_.recuts()[next_recut], op_index)) return false;
      const Op& op = schedule_.ops[op_index];
      if (!before.start(op_index)) return false;
      const uint32_t end = op.first_operand + op.operand_count;
      for (uint32_t operand = op.first_operand; operand < end; ++operand)
        if (reads(schedule_.operands[operand].access) && !read(before, op_index, operand)) return false;
      for (uint32_t operand = op.first_operand; operand < end; ++operand) {
        if (!writes(schedule_.operands[operand].access)) continue;
        examine_overlap(op_index, operand);
        if (!write(before, op_index, operand)) return false;
      }
      if (!before.finish(op_index)) return false;
    }
    evidence_.unordered_signallers.insert(evidence_.unordered_signallers.end(), before.unordered_signallers().begin(),
                                          before.unordered_signallers().end());
    evidence_.broken_windows.insert(evidence_.broken_windows.end(), before.broken_windows().begin(),
                                    before.broken_windows().end());
    return true;
  }

  // Cells of a new era go on from those of earlier ones.
  bool take_over(const Recut& recut, uint32_t op) {
    for (const Link& link : cells_.links(recut)) {
      if (!budget_.spend(1, op)) return false;
      CellState& state = state_[link.cell];
      if (!cells_.carries(link.cell)) {
        state.succeeds = 1;
        continue;
      }
      state = state_[link.before];
      if (state.readers == kNone || (state.readers & kManyReaders) == 0) continue;
      std::vector<Reader> readers = reader_lists_[state.readers & ~kManyReaders];
      if (!budget_.spend(readers.size(), op)) return false;
      state.readers = kManyReaders | take_list();
      reader_lists_[state.readers & ~kManyReaders] = std::move(readers);
    }
    return true;
  }

  bool read(const HappensBefore& before, uint32_t op, uint32_t operand_index) {
    const Operand& operand = schedule_.operands[operand_index];
    const std::span<const CellRun> runs = cells_.runs(operand_index);
    if (runs.empty()) return true;
    const bool changes = written_[operand.base] != 0;
    uint8_t& checked = checked_[cells_.footprint(operand_index)];
    // What nobody writes in this part is looked at once: there is no race to find.
    if (!changes && checked) return true;
    const uint16_t format = formats_.of(operand);
    bool told_undefined = false, told_format = false;
    for (const CellRun& run : runs) {
      if (!budget_.spend(run.count, op)) return false;
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        CellState& state = state_[cell];
        if (state.writer != kNone && !before.done(state.writer))
          race({op, operand_index, state.writer, cell, false, true});
        if (state.defined != kAlways &&
            (state.defined == kUndefined || run.guard == 0 || !cells_.implies(run.guard, state.guard))) {
          if (!told_undefined)
            keep(evidence_.undefined_reads,
                 UndefinedRead{op, operand_index, cell, state.defined == kUndefined ? kNone : state.writer});
          told_undefined = true;
        } else if (state.format != format || format == kMixedFormat) {
          if (!told_format)
            keep(evidence_.reinterpretations,
                 Reinterpretation{op, operand_index, cell, state.writer, state.format, format});
          told_format = true;
        }
        if (changes && !add_reader(state, before.reader_key(op), op)) return false;
      }
    }
    if (!told_undefined && !told_format) checked = 1;
    return true;
  }

  bool write(const HappensBefore& before, uint32_t op, uint32_t operand_index) {
    const Operand& operand = schedule_.operands[operand_index];
    const uint16_t format = formats_.of(operand);
    const auto access = static_cast<Access>(operand.access);
    for (const CellRun& run : cells_.runs(operand_index)) {
      if (!budget_.spend(run.count, op)) return false;
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        CellState& state = state_[cell];
        if (state.writer != kNone && state.writer != op && !before.done(state.writer))
          race({op, operand_index, state.writer, cell, true, true});
        if (state.readers != kNone && !check_readers(before, state, op, operand_index, cell)) return false;
        if (state.succeeds != 0 && !check_succeeded(before, state, op, operand_index, cell)) return false;
        state.writer = op;
        if (access == Access::kWork) {
          state.defined = kUndefined;
        } else if (access == Access::kIndexedWrite) {
          // Which rows are written is not known: what was defined stays so.
          if (state.defined != kUndefined && state.format != format) state.format = kMixedFormat;
        } else if (run.guard == 0) {
          state.defined = kAlways;
          state.guard = 0;
          state.format = format;
        } else if (state.defined == kAlways) {
          if (state.format != format) state.format = kMixedFormat;
        } else {
          const bool adds = state.defined == kUnderGuard && state.format == format;
          state.guard = cells_.joined(cell, adds ? state.guard : 0, run.guard);
          state.defined = cells_.always(cell, state.guard) ? kAlways : kUnderGuard;
          state.format = format;
        }
      }
    }
    return true;
  }

  bool add_reader(CellState& state, uint32_t key, uint32_t op) {
    if (state.readers == kNone || state.readers == op) {
      state.readers = op;
      return true;
    }
    if ((state.readers & kManyReaders) == 0) {
      const uint32_t other = state.readers, other_key = chain_of(other);
      if (key != kNone && other_key == key) {
        if (!hb_->unordered_key(key)) state.readers = op;
        return true;
      }
      const uint32_t list = take_list();
      reader_lists_[list].assign(1, Reader{other_key, other});
      state.readers = kManyReaders | list;
    }
    std::vector<Reader>& list = reader_lists_[state.readers & ~kManyReaders];
    // Sorted by key; readers that nothing stands for (kNone) come last, one is enough.
    const auto at =
        std::lower_bound(list.begin(), list.end(), key, [](const Reader& r, uint32_t k) { return r.key < k; });
    if (at != list.end() && at->key == key) {
      if (key != kNone && !hb_->unordered_key(key)) at->op = op;
      return budget_.spend(1, op);
    }
    const auto moved = static_cast<uint64_t>(list.end() - at);
    list.insert(at, Reader{key, op});
    return budget_.spend(1 + moved / 8, op);
  }

  uint32_t take_list() {
    if (free_lists_.empty()) {
      reader_lists_.emplace_back();
      return static_cast<uint32_t>(reader_lists_.size() - 1);
    }
    const uint32_t list = free_lists_.back();
    free_lists_.pop_back();
    return list;
  }

  // The first write of an era to a cell, against who touched its bytes last before.
  bool check_succeeded(const HappensBefore& before, CellState& state, uint32_t op, uint32_t operand, uint32_t cell) {
    state.succeeds = 0;
    for (const Link& link : cells_.links(cell)) {
      const CellState& old = state_[link.before];
      if (!budget_.spend(1, op)) return false;
      if (old.writer != kNone && !before.done(old.writer)) race({op, operand, old.writer, cell, true, true});
      if (old.readers == kNone) continue;
      const auto check = [&](uint32_t reader) {
        if (!before.reads_done(reader)) race({op, operand, reader, cell, true, false});
      };
      if ((old.readers & kManyReaders) == 0) {
        check(old.readers);
        continue;
      }
      const std::vector<Reader>& list = reader_lists_[old.readers & ~kManyReaders];
      if (!budget_.spend(list.size(), op)) return false;
      for (const Reader& reader : list) check(reader.op);
    }
    return true;
  }

  bool check_readers(const HappensBefore& before, CellState& state, uint32_t op, uint32_t operand, uint32_t cell) {
    const auto check = [&](uint32_t reader) {
      if (reader != op && !before.reads_done(reader)) race({op, operand, reader, cell, true, false});
    };
    bool within_budget = true;
    if ((state.readers & kManyReaders) == 0) {
      check(state.readers);
    } else {
      std::vector<Reader>& list = reader_lists_[state.readers & ~kManyReaders];
      within_budget = budget_.spend(list.size(), op);
      for (const Reader& reader : list) check(reader.op);
      list.clear();
      free_lists_.push_back(state.readers & ~kManyReaders);
    }
    state.readers = kNone;
    return within_budget;
  }

  void race(const Race& race) {
    // One finding for two ops and a base, however many cells they share.
    if (race.op == last_race_op_ && race.other == last_race_other_) return;
    last_race_op_ = race.op;
    last_race_other_ = race.other;
    for (auto it = evidence_.races.kept.rbegin(); it != evidence_.races.kept.rend() && it->op == race.op; ++it)
      if (it->other == race.other && cells_.base_of(it->cell) == cells_.base_of(race.cell)) return;
    keep(evidence_.races, race);
  }

  // Two operands of one op, the first written.
  void examine_overlap(uint32_t op_index, uint32_t operand_index) {
    const Op& op = schedule_.ops[op_index];
    const Operand& written = schedule_.operands[operand_index];
    const Contract* contract = engine_.contract(op);
    const std::span<const CellRun> runs = cells_.runs(operand_index);
    if (runs.empty()) return;
    for (uint32_t slot = 0; slot < op.operand_count; ++slot) {
      const uint32_t other_index = op.first_operand + slot;
      const Operand& other = schedule_.operands[other_index];
      if (other_index == operand_index || other.base != written.base) continue;
      if (writes(other.access) && other_index < operand_index) continue;  // seen from the other side
      const uint32_t cell = shared_cell(runs, cells_.runs(other_index), op_index);
      if (cell == kNone) continue;
      const uint32_t written_slot = operand_index - op.first_operand;
      const bool declared = contract != nullptr && written_slot < contract->operand_count &&
                            contract->operands[written_slot].may_equal == static_cast<int>(slot) &&
                            written.offset_bytes == other.offset_bytes && written.view == other.view &&
                            !writes(other.access);
      if (!declared) keep(evidence_.overlaps, Overlap{op_index, operand_index, other_index, cell});
    }
  }

  // A cell in both, or kNone.
  uint32_t shared_cell(std::span<const CellRun> a, std::span<const CellRun> b, uint32_t op) {
    if (a.empty() || b.empty()) return kNone;
    if (a.size() == 1 && b.size() == 1) {
      const uint32_t first = std::max(a[0].first, b[0].first);
      return first < std::min(a[0].first + a[0].count, b[0].first + b[0].count) ? first : kNone;
    }
    if (!budget_.spend(a.size() + b.size(), op)) return kNone;
    const auto sorted = [](std::span<const CellRun> runs) {
      std::vector<CellRun> copy(runs.begin(), runs.end());
      std::sort(copy.begin(), copy.end(), [](const CellRun& x, const CellRun& y) { return x.first < y.first; });
      return copy;
    };
    const std::vector<CellRun> left = sorted(a), right = sorted(b);
    for (size_t i = 0, j = 0; i < left.size() && j < right.size();) {
      const uint32_t first = std::max(left[i].first, right[j].first);
      const uint32_t left_end = left[i].first + left[i].count, right_end = right[j].first + right[j].count;
      if (first < std::min(left_end, right_end)) return first;
      (left_end < right_end ? i : j) += 1;
    }
    return kNone;
  }

  void examine_outputs() {
    for (uint32_t base = static_cast<uint32_t>(schedule_.arenas.size()); base < schedule_.base_count(); ++base) {
      if (static_cast<Role>(schedule_.binding_of(base).role) != Role::kOutput) continue;
      if (engine_.set != nullptr && written_[base] == 0) continue;  // another member's
      UndefinedOutput missing{base, 0, 0, kNone};
      for (const CellRun& run : cells_.footprint_runs(cells_.whole(base)))
        for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
          if (state_[cell].defined == kAlways) continue;
          const CellBox box = cells_.box(cell);
          if (missing.bytes == 0 || box.offset_bytes < missing.offset_bytes) {
            missing.offset_bytes = box.offset_bytes;
            missing.writer = state_[cell].defined == kUnderGuard ? state_[cell].writer : kNone;
          }
          missing.bytes += box.rows * box.row_bytes;
        }
      if (missing.bytes != 0) keep(evidence_.undefined_outputs, missing);
    }
  }

  uint32_t chain_of(uint32_t op) const { return hb_->reader_key(op); }

  const Engine& engine_;
  const Schedule& schedule_;
  Cells& cells_;
  Budget& budget_;
  const uint32_t cap_;
  const HappensBefore* hb_ = nullptr;
  Formats formats_;
  Evidence evidence_;
  std::vector<CellState> state_;
  std::vector<uint8_t> written_;  // per base: by an op of the part at hand
  std::vector<uint8_t> checked_;  // per footprint: read once without fault in this part
  std::vector<std::vector<Reader>> reader_lists_;
  std::vector<uint32_t> free_lists_;
  uint32_t last_race_op_ = kNone, last_race_other_ = kNone;
};

}  // namespace

Evidence examine(const Engine& engine, Cells& cells, uint32_t findings_per_rule) {
  return Shadow(engine, cells, findings_per_rule).examine();
}

bool Writers::write(const CellRun& run, uint32_t operand, bool indexed, const Cells& cells, Budget& budget,
                    uint32_t op) {
  if (run.guard == 0 && !indexed) {
    std::fill_n(newest_.begin() + run.first, run.count, operand);
    return true;
  }
  // A layer is about as much memory as this many visits of a cell may cost.
  constexpr uint64_t kUnitsPerLayer = 4;
  for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
    Writer writer{operand, run.guard, indexed, newest_[cell]};
    // What lies wholly under the new write shows no more.
    while (!indexed && is_layer(writer.older) && !at(writer.older).indexed &&
           cells.implies(at(writer.older).guard, run.guard))
      writer.older = at(writer.older).older;
    if (layers_.empty() || layers_.back() != writer) {
      if (!budget.spend(kUnitsPerLayer, op)) return false;
      layers_.push_back(writer);
    }
    newest_[cell] = kFirstLayer + static_cast<uint32_t>(layers_.size() - 1);
  }
  return true;
}

void Writers::take_over(const Recut& recut, const Cells& cells) {
  for (const Link& link : cells.links(recut))
    if (cells.carries(link.cell)) newest_[link.cell] = newest_[link.before];
}

void Engine::walk(Walker& walker) const {
  Writers writers(cells.count());
  for (const Part part : {Part::kPrepare, Part::kReplay}) {
    if (part == Part::kReplay)
      for (uint32_t cell = 0; cell < writers.size(); ++cell) {
        const uint32_t base = cells.base_of(cell);
        if (!schedule.is_arena(base) || !schedule.arenas[base].prepared) writers.forget(cell);
      }
    walker.begin_part(part, writers);
    const std::vector<uint32_t>& ops = order[static_cast<int>(part)];
    size_t next_recut = part == Part::kReplay ? 0 : cells.recuts().size();
    for (uint32_t position = 0; position < ops.size(); ++position) {
      const uint32_t op_index = ops[position];
      for (; next_recut < cells.recuts().size() && cells.recuts()[next_recut].position == position; ++next_recut) {
        const Recut& recut = cells.recuts()[next_recut];
        if (!budget.spend(recut.links, op_index)) return;
        writers.take_over(recut, cells);
        walker.recut(recut);
      }
      const Op& op = schedule.ops[op_index];
      const uint32_t end = op.first_operand + op.operand_count;
      uint64_t units = 0;
      for (uint32_t operand = op.first_operand; operand < end; ++operand) {
        const std::span<const CellRun> runs = cells.runs(operand);
        for (const CellRun& run : runs) units += run.count;
        if (reads(schedule.operands[operand].access)) walker.read(op_index, operand, runs, writers);
      }
      if (!budget.spend(units, op_index)) return;
      for (uint32_t operand = op.first_operand; operand < end; ++operand) {
        if (!writes(schedule.operands[operand].access)) continue;
        const std::span<const CellRun> runs = cells.runs(operand);
        walker.write(op_index, operand, runs, writers);
        const bool indexed = schedule.operands[operand].access == static_cast<uint8_t>(Access::kIndexedWrite);
        for (const CellRun& run : runs)
          if (!writers.write(run, operand, indexed, cells, budget, op_index)) return;
      }
    }
    walker.end_part(part, writers);
  }
}

}  // namespace rondo::proof
