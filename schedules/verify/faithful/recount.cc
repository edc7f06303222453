#include "schedules/verify/faithful/recount.h"

#include <algorithm>
#include "rondo/footprint.h"
#include "rondo/residence.h"
#include "schedules/extents/extents.h"

namespace rondo::proof {
namespace {

std::optional<uint64_t> cost_formula(const Engine& engine, const Op& op, Formula Contract::*formula) {
  const Contract* contract = engine.contract(op);
  if (contract == nullptr) return 0;
  std::optional<OpExtents> extents = extents_of(*contract, engine.schedule, op);
  if (!extents) return std::nullopt;
  return evaluate(contract->*formula, *extents, op.flags);
}

// By base: all spaces of kind host are one, and so are those of kind device for bindings.
std::vector<uint16_t> spaces_of_bases(const Schedule& schedule) {
  const uint16_t host = first_space_of(schedule, SpaceKind::kHost);
  std::vector<uint16_t> spaces;
  for (const Arena& arena : schedule.arenas)
    spaces.push_back(schedule.spaces[arena.space].kind == static_cast<uint8_t>(SpaceKind::kHost) ? host : arena.space);
  for (const Binding& binding : schedule.bindings) spaces.push_back(space_of(schedule, binding));
  return spaces;
}

}  // namespace

Recount recount(const Engine& engine) {
  const Schedule& schedule = engine.schedule;
  Recount result;
  result.extent_peak.assign(schedule.arenas.size(), 0);
  const std::vector<uint16_t> space_of_base = spaces_of_bases(schedule);
  std::vector<uint8_t> has_cost(schedule.kernels.size(), 0);
  for (const Cost& cost : schedule.costs) has_cost[cost.kernel] = 1;
  result.costs_complete = !schedule.costs.empty();
  for (const Stream& stream : schedule.streams) {
    bool replay = stream.part == static_cast<uint8_t>(Part::kReplay);
    (replay ? result.ops : result.prepare_ops) += stream.op_count;
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
      const Op& op = schedule.ops[index];
      const Contract* contract = engine.contract(op);
      for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
        const Operand& operand = schedule.operands[i];
        const View& view = engine.view_of(operand);
        uint64_t span = span_bytes(view).value_or(0);
        if (!schedule.is_arena(operand.base) || span == 0) continue;
        uint64_t end = operand.offset_bytes + max_scalar_offset_bytes(view) + span;
        result.extent_peak[operand.base] = std::max(result.extent_peak[operand.base], end);
      }
      if (!replay || contract == nullptr) continue;
      if (has_cost[op.kernel] == 0) result.costs_complete = false;
      std::optional<uint64_t> flops = cost_formula(engine, op, &Contract::flops);
      if (!flops || !result.flops || (*result.flops + *flops) >> 63 != 0)
        result.flops = std::nullopt;
      else
        *result.flops += *flops;
      bool moves = contract->family == Family::kCopy || contract->family == Family::kPack;
      // What an assignment makes is a new value: its source is read for it, not loaded.
      if (!moves || contract->values != ValueRule::kSame) {
        for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i)
          if (schedule.operands[i].access == static_cast<uint8_t>(Access::kRead) && !schedule.labels.empty() &&
              schedule.labels[i].value != kNone)
            ++result.loads_eliminated;
      }
      if (!moves) continue;
      ++result.copies;
      if (op.operand_count < 2) continue;
      const Operand &from = schedule.operands[op.first_operand], &to = schedule.operands[op.first_operand + 1];
      if (schedule.is_arena(to.base) && contract->values == ValueRule::kSame) --result.loads_eliminated;
      result.bytes_moved[{space_of_base[from.base], space_of_base[to.base]}] +=
          box_bytes(engine.view_of(to)).value_or(0);
    }
  }
  return result;
}

double makespan(const Engine& engine) {
  const Schedule& schedule = engine.schedule;
  std::vector<const Cost*> cost_of(schedule.kernels.size(), nullptr);
  for (const Cost& cost : schedule.costs) cost_of[cost.kernel] = &cost;
  std::map<std::pair<uint32_t, uint8_t>, double> queue_free;
  std::vector<double> stream_free(schedule.streams.size(), 0);
  // Per token: when it counts 1, 2, ... in canonical order, never earlier than before.
  std::vector<std::vector<double>> reached(schedule.tokens.size());
  double latest = 0;
  for (uint32_t index : engine.order[static_cast<int>(Part::kReplay)]) {
    const Op& op = schedule.ops[index];
    const Stream& stream = schedule.streams[engine.stream_of(index)];
    double& queue = queue_free[{stream.lane, stream.engine}];
    double& previous = stream_free[engine.stream_of(index)];
    double time = std::max(queue, previous);
    for (const Wait& wait : op.waits)
      if (wait.token != kNone && wait.count > 0) time = std::max(time, reached[wait.token][wait.count - 1]);
    if (op.kernel != kNoKernel) {
      const Cost& cost = *cost_of[op.kernel];
      time += cost.fixed + cost.per_flop * static_cast<double>(cost_formula(engine, op, &Contract::flops).value_or(0)) +
              cost.per_byte * static_cast<double>(cost_formula(engine, op, &Contract::bytes).value_or(0));
    }
    queue = previous = time;
    latest = std::max(latest, time);
    for (uint32_t token : op.signals) {
      if (token == kNone) continue;
      std::vector<double>& times = reached[token];
      times.push_back(times.empty() ? time : std::max(times.back(), time));
    }
  }
  return latest;
}

}  // namespace rondo::proof
