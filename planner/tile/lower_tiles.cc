#include "planner/tile/lower_tiles.h"

#include <algorithm>
#include <set>
#include "planner/claims/derive_claims.h"
#include "schedules/builder/builder.h"

namespace rondo::tiling {
namespace {

class Lowering {
 public:
  Lowering(const StagedProgram& program, const Machine& machine) : program_(program), machine_(machine) {}

  Schedule run(const std::string& graph_name, const std::vector<LowerBound>& bounds) {
    declare_memory();
    declare_tensors();
    for (uint32_t token = 0; token < program_.streams.tokens; ++token) builder_.token();
    for (const std::string& phase : program_.micro.phases) builder_.phase(phase);
    for (const StreamPlan& stream : program_.streams.streams) {
      const uint32_t id = builder_.stream(stream.name, 0, stream.engine, Part::kReplay, stream.in_flight);
      for (const StreamOp& op : stream.ops) add(id, op);
    }
    Schedule& made = builder_.schedule();
    made.producer = "rondo tile planner";
    made.source = graph_name.empty() ? program_.graph.name : graph_name;
    made.backend = machine_.backend;
    made.machine = machine_.name;
    made.lane_count = 1;
    for (const KernelCost& cost : machine_.costs)
      if (std::any_of(made.kernels.begin(), made.kernels.end(),
                      [&](const KernelRef& kernel) { return made.name(kernel.name) == cost.kernel; }))
        builder_.cost(cost.kernel, cost.fixed_ns, cost.ns_per_flop, cost.ns_per_byte);
    builder_.claim(ClaimKind::kLoadsEliminated, reads_without_copy(), 0, 0,
                   "operands that kernels read, less the copies into arenas");
    for (const LowerBound& bound : bounds)
      builder_.claim(ClaimKind::kLowerBound, bound.value, bound.what + ": " + bound.method);
    Schedule schedule = builder_.finish();
    add_derived_claims(schedule);
    return schedule;
  }

 private:
  // As the verifier counts: an intermediate's store to host memory is a copy too.
  uint64_t reads_without_copy() const {
    uint64_t count = program_.placed.stats.eliminated;
    for (const PlacedOp& op : program_.placed.ops)
      if (op.kind == PlacedKind::kStore && count != 0 &&
          tensor(program_.micro.pieces[op.index].tensor).role == TensorRole::kIntermediate)
        --count;
    return count;
  }

  const GraphTensor& tensor(uint32_t id) const { return program_.graph.tensors[id]; }

  std::string free_name(std::string wanted) const {
    std::set<std::string_view> taken;
    for (const GraphTensor& other : program_.graph.tensors) taken.insert(other.name);
    while (taken.count(wanted) != 0) wanted += "_";
    return wanted;
  }

  void declare_memory() {
    uint16_t host = 0, scratch = 0;
    uint32_t scratch_align = kScratchAlign;
    for (const MachineSpace& space : machine_.spaces) {
      const uint16_t id = builder_.space(space.name, space.kind, space.capacity_bytes, space.align_bytes);
      if (space.kind == SpaceKind::kHost) host = id;
      if (space.kind == SpaceKind::kScratch) scratch = id, scratch_align = std::max(scratch_align, space.align_bytes);
    }
    scratch_base_ = builder_.arena(free_name("scratch"), scratch, program_.placed.stats.extent_bytes, OwnerKind::kLane,
                                   0, false, scratch_align);
    base_.assign(program_.graph.tensors.size(), 0);
    std::set<uint32_t> stored;
    for (const PlacedOp& op : program_.placed.ops)
      if (op.kind == PlacedKind::kStore) stored.insert(program_.micro.pieces[op.index].tensor);
    const uint32_t host_align = std::max<uint32_t>(kScratchAlign, machine_.space(SpaceKind::kHost)->align_bytes);
    for (uint32_t id : stored) {
      if (tensor(id).role != TensorRole::kIntermediate) continue;
      uint64_t bytes = size_of(tensor(id).dtype);
      for (uint32_t extent : tensor(id).shape) bytes *= extent;
      base_[id] = builder_.arena(tensor(id).name, host, bytes, OwnerKind::kEveryone, 0, false, host_align);
    }
    for (uint32_t id = 0; id < program_.graph.tensors.size(); ++id) {
      const GraphTensor& it = tensor(id);
      if (it.role == TensorRole::kIntermediate) continue;
      const Role role = it.role == TensorRole::kInput      ? Role::kInput
                        : it.role == TensorRole::kConstant ? Role::kConstant
                                                           : Role::kOutput;
      base_[id] = builder_.binding(it.name, role, it.dtype, it.shape);
    }
  }

  // Those that exist in memory or scratch; what lies between fused operators does not.
  void declare_tensors() {
    std::set<uint32_t> exist;
    for (const Piece& piece : program_.micro.pieces) exist.insert(piece.tensor);
    tensor_id_.assign(program_.graph.tensors.size(), kNone);
    for (uint32_t id = 0; id < program_.graph.tensors.size(); ++id)
      if (exist.count(id) != 0 || tensor(id).role != TensorRole::kIntermediate)
        tensor_id_[id] = builder_.tensor(tensor(id).name, tensor(id).dtype, tensor(id).shape,
                                         tensor(id).role == TensorRole::kIntermediate ? kNone : base_[id]);
  }

  // Strides of a dense row-major block of these extents.
  void dense_strides(const uint32_t* extent, size_t rank, DType dtype, int64_t* stride) const {
    auto bytes = static_cast<int64_t>(size_of(dtype));
    for (size_t axis = rank; axis-- > 0;) {
      stride[axis] = bytes;
      bytes *= extent[axis];
    }
  }

  // `use` inside a block of its tensor that lies densely at `offset` of `base`, from `low` on.
  OperandSpec operand(const PieceUse& use, uint16_t base, uint64_t offset, const uint32_t* low, const uint32_t* extent,
                      Access access) {
    const uint32_t id = program_.micro.pieces[use.piece].tensor;
    const size_t rank = tensor(id).shape.size();
    int64_t stride[kMaxRank] = {};
    dense_strides(extent, rank, tensor(id).dtype, stride);
    OperandSpec spec;
    spec.base = base;
    spec.offset_bytes = offset;
    spec.access = access;
    Value value;
    value.tensor = tensor_id_[id];
    value.version = use.version;
    for (size_t axis = 0; axis < rank; ++axis) {
      spec.offset_bytes += static_cast<uint64_t>(stride[axis]) * (use.box.low[axis] - low[axis]);
      value.low[axis] = use.box.low[axis];
      value.extent[axis] = use.box.extent[axis];
    }
    View view;
    view.rank = static_cast<uint8_t>(use.rank);
    view.dtype = static_cast<uint8_t>(tensor(id).dtype);
    for (uint32_t i = 0; i < use.rank; ++i) {
      view.extent[i] = use.extent[i];
      value.axis[i] = use.axis[i];
      if (use.axis[i] != 0xff) view.stride_bytes[i] = stride[use.axis[i]];
    }
    spec.view = builder_.view(view);
    spec.label.value = builder_.value(value);
    return spec;
  }

  OperandSpec in_scratch(const PieceUse& use, const Allocation& place, Access access, int buffer) {
    const Box& box = program_.micro.pieces[use.piece].box;
    OperandSpec spec = operand(use, scratch_base_, place.offset_bytes, box.low, box.extent, access);
    const PlacedProgram& placed = program_.placed;
    if (buffer >= 0)
      label(spec, 2, static_cast<uint64_t>(buffer));
    else if (placed.slots > 1 && spec.offset_bytes % placed.slot_bytes == 0)
      label(spec, placed.slots, spec.offset_bytes / placed.slot_bytes);
    return spec;
  }

  void label(OperandSpec& spec, uint32_t depth, uint64_t slot) {
    if (!has_ring_) {
      Ring ring;
      ring.base = scratch_base_;
      ring.depth = static_cast<uint16_t>(depth);
      ring.stride_bytes = program_.placed.slot_bytes;
      ring_ = builder_.ring(ring);
      has_ring_ = true;
    }
    spec.label.ring = ring_;
    spec.label.slot = static_cast<uint16_t>(slot);
  }

  OperandSpec in_memory(const PieceUse& use, Access access) {
    static constexpr uint32_t kOrigin[kMaxRank] = {};
    const uint32_t id = program_.micro.pieces[use.piece].tensor;
    return operand(use, base_[id], 0, kOrigin, tensor(id).shape.data(), access);
  }

  // A whole piece, as copies see it: its last two axes.
  PieceUse whole(uint32_t piece) const {
    PieceUse use;
    use.piece = piece;
    use.box = program_.micro.pieces[piece].box;
    const auto rank = static_cast<uint32_t>(tensor(program_.micro.pieces[piece].tensor).shape.size());
    use.rank = std::min(rank, 2u);
    for (uint32_t i = 0; i < use.rank; ++i) {
      use.axis[i] = static_cast<uint8_t>(rank - use.rank + i);
      use.extent[i] = use.box.extent[use.axis[i]];
    }
    return use;
  }

  void add(uint32_t stream, const StreamOp& from) {
    const PlacedOp& placed = program_.placed.ops[from.op];
    const auto place = [&](uint32_t use) -> const Allocation& {
      return program_.placed.allocations[program_.placed.places[placed.first_place + use]];
    };
    OpSpec op;
    op.phase = from.phase;
    op.waits = from.waits;
    for (uint32_t token : from.signals) op.signals.push_back({token, SignalKind::kDone});
    if (placed.kind == PlacedKind::kCompute) {
      const Compute& compute = program_.micro.computes[placed.index];
      op.kernel = compute.kernel;
      op.flags = compute.flags;
      std::copy_n(compute.params, 4, op.params);
      for (uint32_t use = 0; use < compute.use_count; ++use) {
        const Access access = use != compute.result                  ? Access::kRead
                              : (compute.flags & kOpAccumulate) != 0 ? Access::kUpdate
                                                                     : Access::kWrite;
        op.operands.push_back(in_scratch(program_.micro.uses[compute.first_use + use], place(use), access,
                                         use == compute.result ? -1 : placed.buffer));
      }
    } else {
      op.kernel = "copy";
      const PieceUse use = whole(placed.index);
      const bool load = placed.kind == PlacedKind::kLoad;
      const OperandSpec memory = in_memory(use, load ? Access::kRead : Access::kWrite);
      const OperandSpec scratch = in_scratch(use, place(0), load ? Access::kWrite : Access::kRead, placed.buffer);
      op.operands = load ? std::vector{memory, scratch} : std::vector{scratch, memory};
    }
    builder_.add(stream, op);
  }

  const StagedProgram& program_;
  const Machine& machine_;
  ScheduleBuilder builder_;
  uint16_t scratch_base_ = 0;
  std::vector<uint16_t> base_;       // by graph tensor; of those in memory
  std::vector<uint32_t> tensor_id_;  // by graph tensor, in the schedule
  bool has_ring_ = false;
  uint16_t ring_ = 0;
};

}  // namespace

Schedule lower_tiles(const StagedProgram& program, const Machine& machine, const std::string& graph_name,
                     const std::vector<LowerBound>& bounds) {
  return Lowering(program, machine).run(graph_name, bounds);
}

}  // namespace rondo::tiling
