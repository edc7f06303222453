// What a schedule says about itself: rings, phases, cuts, policies, claims.
#include "tests/verify/mutators/mutations.h"

#include <bit>

#include "tests/verify/mutators/sites.h"

namespace rondo {

Changes other_slot(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const OperandLabel& label = schedule.labels[operand_index(schedule, op, slot)];
    if (label.ring == 0xffff || schedule.rings[label.ring].depth < 2) return;
    changes.push_back({where, [=](Schedule& s) {
                         OperandLabel& changed = s.labels[operand_index(s, op, slot)];
                         changed.slot = static_cast<uint16_t>((changed.slot + 1) % s.rings[changed.ring].depth);
                       }});
  });
}

Changes ring_moved(const Schedule& schedule) {
  Changes changes;
  for (uint32_t ring = 0; ring < schedule.rings.size(); ++ring)
    changes.push_back({"ring " + std::to_string(ring), [=](Schedule& s) { s.rings[ring].offset_bytes += 4; }});
  return changes;
}

Changes phase_too_late(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    uint32_t stream = stream_of(schedule, op);
    if (op + 1 >= schedule.streams[stream].first_op + schedule.streams[stream].op_count) return;
    uint16_t next = schedule.ops[op + 1].phase;
    if (next + 1u >= schedule.phases.size()) return;
    changes.push_back({at_op(op), [=](Schedule& s) { s.ops[op].phase = static_cast<uint16_t>(next + 1); }});
  });
}

// A cut before the phase of an op that reads from scratch what an earlier phase left there.
Changes cut_where_live(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (uint32_t slot = 0; slot < schedule.ops[op].operand_count; ++slot) {
      const Operand& operand = operand_of(schedule, op, slot);
      if (operand.access == kRead || !schedule.is_arena(operand.base)) continue;
      if (schedule.spaces[schedule.arenas[operand.base].space].kind != static_cast<uint8_t>(SpaceKind::kScratch))
        continue;
      std::vector<uint32_t> readers = readers_of(schedule, op, slot);
      if (readers.empty()) continue;
      uint32_t phase = schedule.ops[op_of_operand(schedule, readers.back())].phase;
      if (phase <= schedule.ops[op].phase) continue;
      changes.push_back({at_op(op), [=](Schedule& s) { s.cuts.push_back({phase}); }});
    }
  });
}

Changes narrow_sum(const Schedule& schedule) {
  Changes changes;
  for (uint32_t policy = 0; policy < schedule.policies.size(); ++policy) {
    std::string where = "policy " + std::to_string(policy);
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].accumulate = static_cast<uint8_t>(DType::kBF16); }});
    changes.push_back({where, [=](Schedule& s) { s.policies[policy].accumulate = static_cast<uint8_t>(DType::kF64); }});
    changes.push_back({where, [=](Schedule& s) { s.policies[policy].storage = static_cast<uint8_t>(DType::kF16); }});
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].rounding = static_cast<uint8_t>(Rounding::kTowardZero); }});
    changes.push_back(
        {where, [=](Schedule& s) { s.policies[policy].denormals = static_cast<uint8_t>(Denormals::kFlush); }});
  }
  return changes;
}

namespace {
Changes false_claims(const Schedule& schedule, bool peaks) {
  Changes changes;
  for (uint32_t claim = 0; claim < schedule.claims.size(); ++claim) {
    auto kind = static_cast<ClaimKind>(schedule.claims[claim].kind);
    bool is_peak = kind == ClaimKind::kExtentPeak || kind == ClaimKind::kLivePeak;
    if (kind == ClaimKind::kLowerBound || is_peak != peaks) continue;
    for (int by : {1, -1}) {
      changes.push_back({"claim " + std::to_string(claim), [=](Schedule& s) {
                           uint64_t& value = s.claims[claim].value;
                           if (kind == ClaimKind::kMakespan)
                             value = std::bit_cast<uint64_t>(std::bit_cast<double>(value) * (1 + by * 1e-3));
                           else
                             value += static_cast<uint64_t>(static_cast<int64_t>(by));
                         }});
    }
  }
  return changes;
}
}  // namespace

Changes false_peak(const Schedule& schedule) { return false_claims(schedule, true); }
Changes false_claim(const Schedule& schedule) { return false_claims(schedule, false); }

}  // namespace rondo
