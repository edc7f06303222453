// C01: a replay may be cut into launches at the cuts that the file lists.
#include <algorithm>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

// How many cuts lie at or before a phase: launches are numbered by it.
uint32_t launch_of(const Schedule& schedule, const Op& op) {
  const auto after = std::upper_bound(schedule.cuts.begin(), schedule.cuts.end(), uint32_t{op.phase},
                                      [](uint32_t phase, const Cut& cut) { return phase < cut.phase; });
  return static_cast<uint32_t>(after - schedule.cuts.begin());
}

std::string phase_name(const Schedule& schedule, uint32_t phase) {
  std::string text = sentence("phase ", phase);
  if (phase < schedule.phases.size() && schedule.phases[phase].name != 0)
    text += sentence(" '", schedule.name(schedule.phases[phase].name), "'");
  return text;
}

std::string cut_name(const Schedule& schedule, uint32_t launch) {
  return "the cut before " + phase_name(schedule, schedule.cuts[launch - 1].phase);
}

template <class Visit>
void each_replayed(const Schedule& schedule, const Visit& visit) {
  for (const Stream& stream : schedule.streams)
    if (stream.part == static_cast<uint8_t>(Part::kReplay))
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) visit(stream, op);
}

// A launch ends when all its ops have completed: none may wait for a later launch.
void check_cuts_tables(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  if (schedule.cuts.empty()) return;
  // Per token, the signallers in the order of their streams: of one that is not a join
  // (one stream, rule T01) the n-th signal is the n-th of the list.
  std::vector<uint32_t> first(schedule.tokens.size() + 1, 0);
  each_replayed(schedule, [&](const Stream&, uint32_t op) {
    for (const uint32_t token : schedule.ops[op].signals)
      if (token != kNone) ++first[token + 1];
  });
  for (size_t token = 0; token < schedule.tokens.size(); ++token) first[token + 1] += first[token];
  std::vector<uint32_t> signallers(first.back()), used(first.begin(), first.end() - 1);
  each_replayed(schedule, [&](const Stream& stream, uint32_t op) {
    for (const uint32_t token : schedule.ops[op].signals)
      if (token != kNone) signallers[used[token]++] = op;
    if (op == stream.first_op) return;
    const Op& before = schedule.ops[op - 1];
    if (schedule.ops[op].phase >= before.phase || !findings.wants("C01")) return;
    findings.add("C01", Level::kSafe, {op, op - 1},
                 sentence(op_name(schedule, op), " is of ", phase_name(schedule, schedule.ops[op].phase),
                          " and follows one of ", phase_name(schedule, before.phase), ": the file has cuts"));
  });
  each_replayed(schedule, [&](const Stream&, uint32_t op) {
    for (const Wait& wait : schedule.ops[op].waits) {
      if (wait.token == kNone || wait.count == 0) continue;
      const uint32_t sent = first[wait.token + 1] - first[wait.token];
      if (wait.count > sent) continue;  // H08
      uint32_t last = signallers[first[wait.token] + wait.count - 1];
      if (schedule.tokens[wait.token].join)
        for (uint32_t i = first[wait.token]; i < first[wait.token + 1]; ++i)
          if (launch_of(schedule, schedule.ops[signallers[i]]) > launch_of(schedule, schedule.ops[last]))
            last = signallers[i];
      const uint32_t later = launch_of(schedule, schedule.ops[last]);
      if (later <= launch_of(schedule, schedule.ops[op]) || !findings.wants("C01")) continue;
      findings.add("C01", Level::kSafe, {op, last},
                   sentence(op_name(schedule, op), " waits for ", wait.count, " of ", token_name(schedule, wait.token),
                            ", which ", op_name(schedule, last), " signals after ", cut_name(schedule, later)));
    }
  });
}

// Scratch is undefined when a launch begins.
class ScratchAcrossCuts final : public Walker {
 public:
  ScratchAcrossCuts(const Engine& engine, Findings& findings) : engine_(engine), findings_(findings) {}

  void begin_part(Part part, const Writers&) override { active_ = part == Part::kReplay; }

  void read(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers& writers) override {
    if (!watched(operand)) return;
    const Schedule& schedule = engine_.schedule;
    const uint32_t launch = launch_of(schedule, schedule.ops[op]);
    for (const CellRun& run : runs)
      for (uint32_t cell = run.first; cell < run.first + run.count; ++cell)
        // Where a scalar may leave bytes of the cell as they were, older writers show.
        for (uint32_t id = writers.newest(cell); id != kNone; id = writers.at(id).older) {
          const uint32_t writer = engine_.op_of(writers.at(id).operand);
          if (launch_of(schedule, schedule.ops[writer]) >= launch) continue;
          report(op, operand, cell, writer);
          return;
        }
  }

  void write(uint32_t, uint32_t, std::span<const CellRun>, const Writers&) override {}

 private:
  bool watched(uint32_t operand) const {
    const Schedule& schedule = engine_.schedule;
    const uint32_t base = schedule.operands[operand].base;
    return active_ && schedule.is_arena(base) && schedule.arenas[base].prepared == 0 &&
           schedule.spaces[schedule.arenas[base].space].kind == static_cast<uint8_t>(SpaceKind::kScratch);
  }

  void report(uint32_t op, uint32_t operand, uint32_t cell, uint32_t writer) {
    if (!findings_.wants("C01")) return;
    const Schedule& schedule = engine_.schedule;
    const CellBox box = engine_.cells.box(cell);
    findings_.add(
        "C01", Level::kSafe, {op, writer},
        sentence(op_name(schedule, op), ": ",
                 operand_name(engine_.contract(schedule.ops[op]), operand - schedule.ops[op].first_operand), " reads ",
                 range_name(schedule, box.base, box.offset_bytes, box.row_bytes), ", which ", op_name(schedule, writer),
                 " wrote before ", cut_name(schedule, launch_of(schedule, schedule.ops[writer]) + 1),
                 ": scratch does not outlive a launch"));
  }

  const Engine& engine_;
  Findings& findings_;
  bool active_ = false;
};

void check_cuts_walk(const Walked& walked, Findings& findings) {
  // Who wrote a byte is the same in every run only where nothing races.
  if (walked.schedule.cuts.empty() || !walked.evidence.races.empty()) return;
  ScratchAcrossCuts walker(walked.engine, findings);
  walked.engine.walk(walker);
}

}  // namespace

const SafeRule kCutsRule = {
    {"C01", Level::kSafe, "a launch may end at every listed cut",
     "A cut is a phase before which a launch on a device may end; the next begins when every op of the phases before "
     "has completed, and finds scratch undefined. So in a file with cuts phases do not decrease along a stream of the "
     "replay, no op waits for a signal that is sent after a later cut than its own, and no op reads from scratch what "
     "was written before a cut that it follows. Where a scalar may leave part of such bytes unwritten after the cut, "
     "they count as written before it."},
    check_cuts_tables,
    check_cuts_walk};

}  // namespace rondo::proof
