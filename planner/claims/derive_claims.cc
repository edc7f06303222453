#include "planner/claims/derive_claims.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "planner/claims/event_model.h"
#include "planner/claims/live_peaks.h"
#include "rondo/contracts.h"
#include "rondo/footprint.h"
#include "rondo/residence.h"
#include "schedules/extents/rows_walked.h"

namespace rondo {
namespace {

const Contract* contract_of(const Schedule& schedule, const Op& op) {
  return op.kernel < schedule.kernels.size() ? find_contract(schedule.name(schedule.kernels[op.kernel].name)) : nullptr;
}

// The extents that the operands of one op give to the dimensions of its contract.
struct Extents {
  const Schedule& schedule;
  const Op& op;
  const Contract& contract;

  const View& view(uint32_t operand) const {
    return schedule.views[schedule.operands[op.first_operand + operand].view];
  }
  uint64_t of(std::string_view dim) const {
    for (uint32_t i = 0; i < op.operand_count && i < contract.operand_count; ++i) {
      const std::string_view dims = contract.operands[i].dims;
      const uint32_t words = word_count(dims);
      // Panels count blocks, not elements; another operand of the op names both dims.
      if (view(i).layout != static_cast<uint8_t>(Layout::kRows)) continue;
      for (uint32_t word = 0; word < words; ++word) {
        if (word_at(dims, word) != dim) continue;
        const uint32_t after = words - 1 - word;
        if (dim != "...") return view(i).extent[view(i).rank - 1 - after];
        uint64_t product = 1;
        for (uint32_t axis = word; axis + after < view(i).rank; ++axis) product *= view(i).extent[axis];
        return product;
      }
    }
    return 0;
  }
  // Of the tables, or of the other operands, which share one dtype.
  uint64_t element_bytes(bool table) const {
    for (uint32_t i = 0; i < op.operand_count && i < contract.operand_count; ++i)
      if ((contract.operands[i].use == Use::kTable) == table) return size_of(static_cast<DType>(view(i).dtype));
    return 0;
  }
  bool causal() const {
    for (uint32_t i = 0; i < contract.params.size(); ++i)
      if (contract.params[i].name == "mask") return op.params[i] != 0;
    return false;
  }
  uint64_t evaluate(const Formula& formula) const {
    uint64_t total = 0;
    for (const Term& term : formula) {
      if (term.coefficient == 0) continue;
      auto product = static_cast<uint64_t>(term.coefficient);
      for (uint32_t i = 0; i < word_count(term.factors); ++i) {
        const std::string_view factor = word_at(term.factors, i);
        if (factor == "size")
          product *= element_bytes(false);
        else if (factor == "index")
          product *= element_bytes(true);
        else if (factor == "pairs")
          product *= pairs_of(of("m"), of("s"), causal());
        else if (factor == "acc")
          product *= (op.flags & kOpAccumulate) != 0 ? 1 : 0;
        else
          product *= of(factor);
      }
      total += product;
    }
    return total;
  }
};

uint16_t space_of(const Schedule& schedule, const Operand& operand) {
  if (schedule.is_arena(operand.base)) return schedule.arenas[operand.base].space;
  return space_of(schedule, schedule.binding_of(operand.base));
}

}  // namespace

uint64_t flops_of(const Schedule& schedule, const Op& op) {
  const Contract* contract = contract_of(schedule, op);
  return contract == nullptr ? 0 : Extents{schedule, op, *contract}.evaluate(contract->flops);
}

uint64_t bytes_of(const Schedule& schedule, const Op& op) {
  const Contract* contract = contract_of(schedule, op);
  return contract == nullptr ? 0 : Extents{schedule, op, *contract}.evaluate(contract->bytes);
}

uint64_t rows_of(const Schedule& schedule, const Op& op) {
  const Contract* contract = contract_of(schedule, op);
  if (contract == nullptr) return 0;
  std::vector<const View*> views;
  for (uint32_t i = 0; i < op.operand_count; ++i) {
    const Operand& operand = schedule.operands[op.first_operand + i];
    views.push_back(operand.view == kNone ? nullptr : &schedule.views[operand.view]);
  }
  return rows_walked(*contract, views);
}

std::vector<uint32_t> canonical_order(const Schedule& schedule, Part part) {
  std::vector<uint32_t> order;
  std::deque<uint32_t> ready;
  std::vector<uint32_t> next(schedule.streams.size());
  std::vector<uint64_t> counts(schedule.tokens.size(), 0);
  std::vector<std::vector<uint32_t>> waiting(schedule.tokens.size());
  size_t total = 0;
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    next[stream] = schedule.streams[stream].first_op;
    if (schedule.streams[stream].part != static_cast<uint8_t>(part)) continue;
    ready.push_back(stream);
    total += schedule.streams[stream].op_count;
  }
  order.reserve(total);
  const auto unmet = [&](const Op& op) {
    for (const Wait& wait : op.waits)
      if (wait.token < counts.size() && counts[wait.token] < wait.count) return wait.token;
    return kNone;
  };
  while (!ready.empty()) {
    const uint32_t stream = ready.front();
    ready.pop_front();
    const uint32_t end = schedule.streams[stream].first_op + schedule.streams[stream].op_count;
    while (next[stream] < end) {
      const Op& op = schedule.ops[next[stream]];
      const uint32_t token = unmet(op);
      if (token != kNone) {
        waiting[token].push_back(stream);
        break;
      }
      order.push_back(next[stream]++);
      for (uint32_t signal : op.signals) {
        if (signal >= counts.size()) continue;
        ++counts[signal];
        ready.insert(ready.end(), waiting[signal].begin(), waiting[signal].end());
        waiting[signal].clear();
      }
    }
  }
  if (order.size() != total) order.clear();
  return order;
}

double makespan_of(const Schedule& schedule, const std::vector<uint32_t>& order) {
  EventModel model(schedule);
  for (const uint32_t index : order) model.serve(index, cost_of(schedule, schedule.ops[index]));
  return model.end();
}

void add_derived_claims(Schedule& schedule) {
  std::erase_if(schedule.claims, [](const Claim& claim) {
    return is_derived(static_cast<ClaimKind>(claim.kind)) || claim.kind == static_cast<uint16_t>(ClaimKind::kMakespan);
  });
  const auto claim = [&](ClaimKind kind, uint64_t value, uint16_t a = 0, uint16_t b = 0) {
    Claim made;
    made.kind = static_cast<uint16_t>(kind);
    made.a = a;
    made.b = b;
    made.value = value;
    schedule.claims.push_back(made);
  };

  uint64_t ops = 0, copies = 0, flops = 0, prepare_ops = 0;
  std::map<std::pair<uint16_t, uint16_t>, uint64_t> moved;
  std::vector<uint64_t> extent(schedule.arenas.size(), 0);
  for (const Stream& stream : schedule.streams) {
    if (stream.part == static_cast<uint8_t>(Part::kPrepare)) {
      prepare_ops += stream.op_count;
      continue;
    }
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
      const Op& op = schedule.ops[index];
      ++ops;
      flops += flops_of(schedule, op);
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        if (!schedule.is_arena(operand.base)) continue;
        const View& view = schedule.views[operand.view];
        const uint64_t span = span_bytes(view).value_or(0);
        if (span != 0)
          extent[operand.base] =
              std::max(extent[operand.base], operand.offset_bytes + max_scalar_offset_bytes(view) + span);
      }
      const Contract* contract = contract_of(schedule, op);
      if (contract == nullptr || (contract->family != Family::kCopy && contract->family != Family::kPack)) continue;
      ++copies;
      const Operand& from = schedule.operands[op.first_operand];
      const Operand& to = schedule.operands[op.first_operand + 1];
      moved[{space_of(schedule, from), space_of(schedule, to)}] += box_bytes(schedule.views[to.view]).value_or(0);
    }
  }
  claim(ClaimKind::kOps, ops);
  claim(ClaimKind::kCopies, copies);
  for (const auto& [spaces, bytes] : moved) claim(ClaimKind::kBytesMoved, bytes, spaces.first, spaces.second);
  claim(ClaimKind::kFlops, flops);
  const std::vector<uint32_t> order = canonical_order(schedule, Part::kReplay);
  const bool ordered = order.size() == ops;
  const std::vector<uint64_t> live = ordered ? live_peaks(schedule, order) : std::vector<uint64_t>();
  for (uint32_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    if (schedule.arenas[arena].prepared != 0) continue;
    claim(ClaimKind::kExtentPeak, extent[arena], static_cast<uint16_t>(arena));
    if (ordered) claim(ClaimKind::kLivePeak, live[arena], static_cast<uint16_t>(arena));
  }
  claim(ClaimKind::kPrepareOps, prepare_ops);
  if (ordered && !schedule.costs.empty())
    claim(ClaimKind::kMakespan, std::bit_cast<uint64_t>(makespan_of(schedule, order)));
}

}  // namespace rondo
