#include "schedules/verify/faithful/value_walk.h"

#include <algorithm>

namespace rondo::proof {
namespace {

// A pair costs about as much as this many visits of a cell; writers that take turns in
// the cells of a reader are what makes a labelled file slow to check.
constexpr uint64_t kUnitsPerPair = 4;

class ValueWalker : public Walker {
 public:
  ValueWalker(Facts& facts, std::span<const std::unique_ptr<ValueObserver>> rules)
      : facts_(facts), schedule_(facts.schedule), rules_(rules) {}

  void begin_part(Part part, const Writers&) override {
    written_.assign(schedule_.base_count(), 0);
    op_ = kNone;
    for (const auto& rule : rules_) rule->begin(part);
  }

  void read(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers& writers) override {
    enter(op);
    if (facts_.is_empty(operand)) return;
    if (!facts_.engine.cells.shadowed(schedule_.operands[operand].base)) {
      tell(op, operand, kNone, judge(operand, kNone));
      return;
    }
    last_ = kNone - 1;
    last_judged_ = Agreement::kYes;
    told_.clear();
    uint32_t last_id = kNone - 1, last_guard = 0;
    for (const CellRun& run : runs) {
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        uint32_t id = writers.newest(cell);
        if (id == kNone) note_start_reader(operand, cell, run.guard);
        if (id == last_id && run.guard == last_guard && last_judged_ != Agreement::kBytewise) continue;
        if (!Writers::is_layer(id)) {
          read_writer(op, operand, id, cell, false);
          last_id = id;
          last_guard = run.guard;
          continue;
        }
        last_id = kNone - 1;
        read_layers(op, operand, id, cell, run.guard, writers);
      }
    }
  }

  void write(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers& writers) override {
    enter(op);
    written_[schedule_.operands[operand].base] = 1;
    uint32_t last = kNone;
    for (const CellRun& run : runs) {
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
        if (!start_reader_.empty() && start_reader_[cell].operand != kNone) change(op, operand, cell, run.guard);
        const auto overwrite = [&](uint32_t previous) {
          if (previous == last || previous == kNone) return;
          last = previous;
          for (const auto& rule : rules_) rule->overwriting({op, operand, previous});
        };
        // Not yet written in its era: over what earlier ones left.
        if (writers.newest(cell) == kNone && !facts_.engine.cells.recuts().empty())
          for (const Link& link : facts_.engine.cells.links(cell)) overwrite(writers.newest_operand(link.before));
        else
          overwrite(writers.newest_operand(cell));
      }
    }
  }

  void end_part(Part part, const Writers& writers) override {
    if (part != Part::kReplay) return;
    for (uint32_t base = static_cast<uint32_t>(schedule_.arenas.size()); base < schedule_.base_count(); ++base) {
      const auto role = static_cast<Role>(schedule_.binding_of(base).role);
      if (role != Role::kOutput && role != Role::kState) continue;
      // An output that another member writes; a state that this replay leaves as it was.
      if (written_[base] == 0 && (role == Role::kState || facts_.engine.set != nullptr)) continue;
      uint32_t last = kNone - 1;
      for (const CellRun& run : facts_.engine.cells.footprint_runs(facts_.engine.cells.whole(base))) {
        for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
          for (uint32_t id = writers.newest(cell);;) {
            const Writers::Writer writer = writers.at(id);
            if (writer.operand == kNone && role == Role::kState) break;
            if (writer.operand != last) {
              last = writer.operand;
              Agreement agreed = judge_end(base, last);
              for (const auto& rule : rules_) rule->output(base, last, agreed);
            }
            // That every byte of an output is written is proven (O01).
            if (writer.hides_older() || facts_.engine.cells.always(cell, writer.guard) || writer.older == kNone) break;
            id = writer.older;
          }
        }
      }
    }
  }

 private:
  void enter(uint32_t op) {
    if (op == op_) return;
    op_ = op;
    for (const auto& rule : rules_) rule->op(op);
  }

  // One writer that may show in a cell, where the reader looks.
  void read_writer(uint32_t op, uint32_t operand, uint32_t writer, uint32_t cell, bool layered) {
    if (writer == last_ && last_judged_ != Agreement::kBytewise) return;
    if (std::find(told_.begin(), told_.end(), writer) != told_.end()) return;
    facts_.engine.budget.spend(kUnitsPerPair, op);
    Agreement judged = judge(operand, writer);
    if (judged == Agreement::kBytewise) judged = judge_cell(op, operand, writer, cell);
    bool bytewise = judged == Agreement::kBytewise;
    if (bytewise) judged = Agreement::kYes;
    if (writer != last_ || judged != Agreement::kYes) tell(op, operand, writer, judged);
    last_ = writer;
    last_judged_ = bytewise ? Agreement::kBytewise : judged;
    // Writers that lie over each other come back in each cell.
    if (layered && !bytewise && told_.size() < kMostTold) told_.push_back(writer);
  }

  // From the newest writer down to the one beyond which the reader cannot see.
  void read_layers(uint32_t op, uint32_t operand, uint32_t id, uint32_t cell, uint32_t guard, const Writers& writers) {
    const Cells& cells = facts_.engine.cells;
    for (;;) {
      const Writers::Writer writer = writers.at(id);
      if (writer.operand == kNone) note_start_reader(operand, cell, guard);
      read_writer(op, operand, writer.operand, cell, true);
      if (writer.hides_older() || !facts_.engine.budget.spend(1, op)) return;
      if (!writer.indexed && (cells.always(cell, writer.guard) || (guard != 0 && cells.implies(guard, writer.guard))))
        return;
      id = writer.older;
      // What is read is defined (M04): where nothing was there at the start, the writers
      // above made all of it.
      if (id == kNone && !starts_defined(cells.base_of(cell))) return;
    }
  }

  bool starts_defined(uint32_t base) const {
    return !schedule_.is_arena(base) && schedule_.binding_of(base).role != static_cast<uint8_t>(Role::kOutput);
  }

  // Reads of what a state held at the start: of two that no guard compares, both stand.
  void note_start_reader(uint32_t operand, uint32_t cell, uint32_t guard) {
    const Cells& cells = facts_.engine.cells;
    if (!starts_defined(cells.base_of(cell))) return;
    if (start_reader_.empty()) start_reader_.resize(cells.count());
    StartReader& known = start_reader_[cell];
    if (known.operand == kNone || cells.implies(known.guard, guard))
      known = {operand, guard};
    else if (!cells.implies(guard, known.guard))
      known.guard = 0;
  }

  // One name would have two contents: what was read, and what is written now.
  void change(uint32_t op, uint32_t operand, uint32_t cell, uint32_t guard) {
    const StartReader reader = start_reader_[cell];
    const Value *read = facts_.value(reader.operand), *written = facts_.value(operand);
    if (read == nullptr || written == nullptr || facts_.root(*read) != facts_.root(*written)) return;
    if (facts_.engine.cells.apart(reader.guard, guard)) return;
    start_reader_[cell].operand = kNone;
    for (const auto& rule : rules_) rule->changing({op, operand, reader.operand});
  }

  // The tensor that a binding holds at the start, if the operand names one that does.
  bool holds_at_start(uint32_t base, uint32_t tensor) const {
    return !schedule_.is_arena(base) && schedule_.tensors[tensor].base == base &&
           schedule_.binding_of(base).role != static_cast<uint8_t>(Role::kOutput);
  }

  Agreement judge(uint32_t operand, uint32_t writer) const {
    const Value* named = facts_.value(operand);
    if (named == nullptr || !facts_.label_holds(operand)) return Agreement::kYes;  // M05 has reported it
    uint32_t base = schedule_.operands[operand].base;
    if (writer == kNone) {
      if (!holds_at_start(base, facts_.root(*named))) return Agreement::kOtherTensor;
      // A sum does not go on from what the host bound: that is no step of it.
      if (schedule_.operands[operand].access == static_cast<uint8_t>(Access::kUpdate)) return Agreement::kOtherVersion;
      return agreement(facts_.map(operand), dense_map(schedule_, named->tensor));
    }
    const Value* written = facts_.value(writer);
    if (written == nullptr) return Agreement::kOtherTensor;
    if (!facts_.label_holds(writer)) return Agreement::kYes;
    if (schedule_.operands[operand].access == static_cast<uint8_t>(Access::kUpdate))
      return judge_update(operand, writer);
    return agreement(facts_.map(operand), facts_.map(writer));
  }

  // An update names what it writes; the bytes it finds hold the step before, of the same box.
  Agreement judge_update(uint32_t operand, uint32_t writer) const {
    const Value &after = *facts_.value(operand), &before = *facts_.value(writer);
    if (after.tensor != before.tensor) return Agreement::kOtherTensor;
    bool follows = before.version != 0 && (after.version == 0 || after.version == before.version + 1);
    if (!follows) return Agreement::kOtherVersion;
    if (!same_box(after, before)) return Agreement::kOtherBox;
    AddressMap map = facts_.map(operand);
    map.version = before.version;
    return agreement(map, facts_.map(writer));
  }

  // What a base is left with: the tensor based on it, finished and in its place.
  Agreement judge_end(uint32_t base, uint32_t writer) const {
    if (writer == kNone) return Agreement::kOtherTensor;
    const Value* written = facts_.value(writer);
    if (written == nullptr || !facts_.label_holds(writer)) return Agreement::kOtherTensor;
    if (schedule_.tensors[facts_.root(*written)].base != base) return Agreement::kOtherTensor;
    return agreement(dense_map(schedule_, written->tensor), facts_.map(writer));
  }

  // Every byte of a cell, a run of elements at a time, where the maps alone do not decide.
  Agreement judge_cell(uint32_t op, uint32_t operand, uint32_t writer, uint32_t cell) const {
    CellBox box = facts_.engine.cells.box(cell);
    AddressMap reader = facts_.map(operand);
    AddressMap source = writer == kNone ? dense_map(schedule_, facts_.value(operand)->tensor) : facts_.map(writer);
    for (uint64_t row = 0; row < box.rows; ++row) {
      uint64_t first = box.offset_bytes + row * box.pitch_bytes;
      for (uint64_t at = 0; at < box.row_bytes;) {
        if (!facts_.engine.budget.spend(1, op)) return Agreement::kBytewise;  // B01 says so
        uint64_t run = agreeing_bytes(reader, source, first + at, box.row_bytes - at);
        if (run == 0) return Agreement::kOtherAddress;
        at += run;
      }
    }
    return Agreement::kBytewise;
  }

  void tell(uint32_t op, uint32_t operand, uint32_t writer, Agreement agreed) {
    if (writer != kNone) {
      uint32_t position = facts_.position[op];
      if (facts_.first_read[writer] == kNone) facts_.first_read[writer] = position;
      facts_.last_read[writer] = position;
      if (SetContext* set = facts_.engine.set; set != nullptr && writer < set->prepare_operands) set->read[writer] = 1;
    }
    Reading reading{op, operand, writer, agreed};
    for (const auto& rule : rules_) rule->reading(reading);
    if (agreed != Agreement::kYes) diagnose(reading);
  }

  // What became of the value that the reader names: looked up for the first few
  // mismatches only, in all operands that write its tensor.
  void diagnose(const Reading& reading) {
    constexpr uint64_t kMostWork = uint64_t{1} << 20;
    if (diagnosis_work_ > kMostWork) return;
    if (writers_of_tensor_.empty()) index_writers();
    const Value& named = *facts_.value(reading.operand);
    const uint32_t root = facts_.root(named);
    diagnosis_work_ += 16 + writers_of_tensor_[root].size();
    AddressMap map = facts_.map(reading.operand);
    bool update = schedule_.operands[reading.operand].access == static_cast<uint8_t>(Access::kUpdate);
    uint32_t base = schedule_.operands[reading.operand].base;
    uint32_t part = part_of(reading.op), maker = kNone;
    uint32_t home = schedule_.tensors[root].base;
    bool made = home != kNone && holds_at_start(home, root);
    for (uint32_t writer : writers_of_tensor_[root]) {
      uint32_t op = facts_.engine.op_of(writer);
      const Value& written = *facts_.value(writer);
      bool wanted_version = update
                                ? written.version != 0 && (named.version == 0 || named.version == written.version + 1)
                                : written.version == named.version;
      if (!wanted_version || !facts_.label_holds(writer)) continue;
      made = true;
      if (writer == reading.operand || schedule_.operands[writer].base != base) continue;
      if (part_of(op) > part || (part_of(op) == part && facts_.position[op] >= facts_.position[reading.op])) continue;
      AddressMap written_map = facts_.map(writer);
      map.version = written.version;
      Agreement agreed = agreement(map, written_map);
      if (agreed != Agreement::kYes && agreed != Agreement::kBytewise) continue;
      if (maker == kNone || later(writer, maker)) maker = writer;
    }
    if (maker != kNone && reading.writer != kNone && reading.writer != maker && later(reading.writer, maker)) {
      for (const auto& rule : rules_) rule->loss({reading.operand, maker, reading.writer});
    } else if (!made) {
      for (const auto& rule : rules_) rule->never_made(reading.operand);
    }
  }

  uint32_t part_of(uint32_t op) const { return schedule_.streams[facts_.engine.stream_of(op)].part; }
  bool later(uint32_t a, uint32_t b) const {
    uint32_t op_a = facts_.engine.op_of(a), op_b = facts_.engine.op_of(b);
    if (part_of(op_a) != part_of(op_b)) return part_of(op_a) > part_of(op_b);
    return facts_.position[op_a] > facts_.position[op_b];
  }

  void index_writers() {
    writers_of_tensor_.resize(schedule_.tensors.size());
    for (uint32_t operand = 0; operand < schedule_.operands.size(); ++operand)
      if (const Value* value = facts_.value(operand); value != nullptr && writes(schedule_.operands[operand].access))
        writers_of_tensor_[facts_.root(*value)].push_back(operand);
  }

  Facts& facts_;
  const Schedule& schedule_;
  std::span<const std::unique_ptr<ValueObserver>> rules_;
  uint32_t op_ = kNone;
  uint32_t last_ = kNone - 1;  // the writer told of last, of the operand at hand
  Agreement last_judged_ = Agreement::kYes;
  static constexpr size_t kMostTold = 8;
  std::vector<uint32_t> told_;    // writers told of for the operand at hand, where several may show
  std::vector<uint8_t> written_;  // per base: by an op of the part at hand
  // Per cell of a state: who has read what it held at the start, in which part of it.
  struct StartReader {
    uint32_t operand = kNone, guard = 0;
  };
  std::vector<StartReader> start_reader_;
  uint64_t diagnosis_work_ = 0;
  std::vector<std::vector<uint32_t>> writers_of_tensor_;
};

}  // namespace

Facts::Facts(const Engine& the_engine, Findings& the_findings)
    : engine(the_engine), schedule(the_engine.schedule), findings(the_findings) {
  size_t operands = schedule.operands.size();
  refuted.assign(operands, 0);
  bad_label_.assign(operands, 0);
  first_read.assign(operands, kNone);
  last_read.assign(operands, kNone);
  position.assign(schedule.ops.size(), 0);
  for (const std::vector<uint32_t>& order : engine.order)
    for (uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
}

void mark_bad_label(Facts& facts, uint32_t operand) {
  facts.bad_label_[operand] = 1;
  facts.refute(operand);
}

std::string Facts::place_text(uint32_t operand) const {
  const Operand& at = schedule.operands[operand];
  return base_name(schedule, at.base) + " at byte " + with_commas(at.offset_bytes);
}

void walk_values(Facts& facts, std::span<const std::unique_ptr<ValueObserver>> rules) {
  ValueWalker walker(facts, rules);
  facts.engine.walk(walker);
  if (facts.engine.budget.exhausted()) return;  // B01 says so; the rest is not known
  for (const auto& rule : rules) rule->end();
}

}  // namespace rondo::proof
