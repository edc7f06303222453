#include "planner/direct/summarise_plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include "planner/claims/derive_claims.h"
#include "planner/lanes/predict_lanes.h"
#include "rondo/contracts.h"

namespace rondo::direct {
namespace {

void add_claim(const Claim& claim, PlanSummary& summary) {
  switch (static_cast<ClaimKind>(claim.kind)) {
    case ClaimKind::kBytesMoved:
      summary.bytes_moved += claim.value;
      break;
    case ClaimKind::kFlops:
      summary.flops = claim.value;
      break;
    case ClaimKind::kExtentPeak:
      summary.extent_bytes += claim.value;
      break;
    case ClaimKind::kLivePeak:
      summary.peak_bytes += claim.value;
      break;
    default:
      break;
  }
}

// A copy that crosses between memories is made by an engine for copies.
void count_op(const Schedule& schedule, const Stream& stream, const Op& op, PlanSummary& summary) {
  if (op.kernel == kNoKernel) return;
  ++summary.ops;
  const Contract* contract = find_contract(schedule.name(schedule.kernels[op.kernel].name));
  const bool copies = contract->family == Family::kCopy || contract->family == Family::kPack;
  if (!copies)
    ++summary.computes;
  else if (stream.engine == static_cast<uint8_t>(Engine::kCompute))
    ++summary.rearranged;
  else if (schedule.is_arena(schedule.operands[op.first_operand].base))
    ++summary.stores;
  else
    ++summary.loads;
}

}  // namespace

uint64_t least_bytes(const SegmentedGraph& graph) {
  // Inputs and constants that some group reads whole, and outputs.
  std::vector<bool> whole(graph.source.tensors.size(), false);
  for (const FusedGroup& group : graph.groups) {
    whole[group.output] = graph.source.tensors[group.output].role == TensorRole::kOutput;
    if (group.bias != kNone) whole[group.bias] = true;
    for (uint32_t i = 0; i < group.inputs.size(); ++i) {
      const bool pool = group.inputs.size() == 4 && group.kind == OperatorKind::kAttention && (i == 1 || i == 2);
      if (!pool && !(group.kind == OperatorKind::kGather && i == 0)) whole[group.inputs[i]] = true;
    }
  }
  for (uint32_t tensor = 0; tensor < whole.size(); ++tensor) {
    const TensorRole role = graph.source.tensors[tensor].role;
    if (role == TensorRole::kIntermediate || role == TensorRole::kState) whole[tensor] = false;
  }
  uint64_t bytes = 0;
  for (uint32_t tensor = 0; tensor < graph.source.tensors.size(); ++tensor)
    if (whole[tensor]) bytes += bytes_of(graph.source.tensors[tensor]);
  return bytes;
}

PlanSummary summarise_plan(const DirectLayout& layout, const Schedule& schedule, const Machine& machine) {
  PlanSummary summary;
  const std::vector<Segment>& segments = layout.graph.segments;
  const bool blocked = std::any_of(segments.begin(), segments.end(), [](const Segment& it) { return it.blocked(); });
  summary.strategy = layout.graph.on_device ? "direct, on the device" : "direct";
  if (layout.deal.lanes > 1) summary.strategy += ", on " + std::to_string(layout.deal.lanes) + " lanes";
  if (blocked) summary.strategy += ", in row blocks";
  uint64_t touched = 0;
  for (const Stream& stream : schedule.streams) {
    if (stream.part != static_cast<uint8_t>(Part::kReplay)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
      count_op(schedule, stream, schedule.ops[op], summary);
      touched += rondo::bytes_of(schedule, schedule.ops[op]);
    }
  }
  for (const Claim& claim : schedule.claims) add_claim(claim, summary);
  const lanes::LanePrediction predicted = lanes::predict_lanes(schedule, machine.token_ns);
  summary.makespan = predicted.makespan;
  summary.sequential = predicted.sequential;
  summary.micro_ops = summary.ops;
  summary.bounds.push_back({"bytes", static_cast<double>(least_bytes(layout.graph)), static_cast<double>(touched),
                            std::string(kLeastBytesMethod)});
  if (summary.makespan > 0 && layout.deal.lanes + (layout.graph.on_device ? 1u : 0u) > 1)
    summary.bounds.push_back({"makespan", predicted.least, summary.makespan,
                              "each lane's engines share the work of their kind evenly and never wait"});
  const Placement& placement = layout.places.placement;
  summary.bounds.push_back({"work bytes", static_cast<double>(placement.live_peak_bytes),
                            static_cast<double>(placement.scratch_bytes + placement.host_bytes),
                            "most bytes of intermediates alive at once, in this order"});
  return summary;
}

}  // namespace rondo::direct
