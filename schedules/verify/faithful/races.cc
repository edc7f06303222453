#include "schedules/verify/faithful/races.h"

#include "rondo/footprint.h"
#include "schedules/verify/faithful/address_map.h"

namespace rondo::proof {
namespace {

uint64_t end_of(const Schedule& schedule, const Operand& operand) {
  return operand.offset_bytes + span_bytes(schedule.views[operand.view]).value_or(0);
}

// In eras two operands may have different cells of the same bytes: there hulls must do.
bool share_bytes(const Schedule& schedule, const Operand& a, const Operand& b) {
  return a.base == b.base && a.offset_bytes < end_of(schedule, b) && b.offset_bytes < end_of(schedule, a);
}

bool share_a_cell(std::span<const CellRun> a, std::span<const CellRun> b) {
  constexpr size_t kMostPairs = 1 << 14;  // races are explained here, not found
  if (a.size() * b.size() > kMostPairs) return true;
  for (const CellRun& left : a)
    for (const CellRun& right : b)
      if (left.first < right.first + right.count && right.first < left.first + left.count) return true;
  return false;
}

// Does `reader` name what `writer` brings?
bool wants(const Schedule& schedule, uint32_t reader, uint32_t writer, bool otherwise) {
  uint32_t wanted = schedule.labels[reader].value, brought = schedule.labels[writer].value;
  if (wanted == kNone || brought == kNone) return otherwise;
  for (uint32_t operand : {reader, writer}) {
    const Value& value = schedule.values[schedule.labels[operand].value];
    if (!label_fault(schedule, schedule.views[schedule.operands[operand].view], value).empty()) return otherwise;
  }
  Agreement agreed = agreement(address_map(schedule, schedule.operands[reader], schedule.values[wanted]),
                               address_map(schedule, schedule.operands[writer], schedule.values[brought]));
  return agreed == Agreement::kYes || agreed == Agreement::kBytewise;
}

}  // namespace

void for_each_race(const FaithfulInput& input, const std::function<void(const RacingPair&)>& visit) {
  const Engine& engine = input.engine;
  const Schedule& schedule = engine.schedule;
  std::vector<std::pair<uint32_t, uint32_t>> races;
  for (const Finding& finding : input.findings.list())
    if (finding.rule == "H01" && finding.ops[0] != kNone && finding.ops[1] != kNone)
      races.push_back({finding.ops[0], finding.ops[1]});
  if (races.empty()) return;
  std::vector<uint32_t> position(schedule.ops.size(), 0);
  for (const std::vector<uint32_t>& order : engine.order)
    for (uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  for (auto [a, b] : races) {
    uint32_t first = position[a] < position[b] ? a : b, second = first == a ? b : a;
    const Op &op = schedule.ops[first], &later = schedule.ops[second];
    for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
      for (uint32_t j = later.first_operand; j < later.first_operand + later.operand_count; ++j) {
        bool first_writes = writes(schedule.operands[i].access), second_writes = writes(schedule.operands[j].access);
        const bool shared = engine.cells.in_eras(schedule.operands[i].base)
                                ? share_bytes(schedule, schedule.operands[i], schedule.operands[j])
                                : share_a_cell(engine.cells.runs(i), engine.cells.runs(j));
        if ((!first_writes && !second_writes) || !shared) continue;
        if (second_writes)
          visit({second, j, first, i, reads(schedule.operands[i].access) && wants(schedule, i, j, false)});
        else
          visit({first, i, second, j, wants(schedule, j, i, true)});
      }
    }
  }
}

void explain_races(const FaithfulInput& input) {
  if (input.engine.schedule.labels.empty()) return;
  explain_unwaited_copies(input);
  explain_early_refills(input);
  explain_unordered_updates(input);
}

}  // namespace rondo::proof
