#include "planner/tile/lower_tiles.h"

#include <algorithm>
#include <set>
#include "planner/claims/derive_claims.h"
#include "planner/direct/declare_bindings.h"
#include "planner/lanes/order_lanes.h"
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
    std::vector<uint32_t> ids;
    for (const StreamPlan& stream : program_.streams.streams)
      ids.push_back(builder_.stream(stream.name, stream.lane, stream.engine, Part::kReplay, stream.in_flight));
    program_.placed.lanes > 1 ? add_lanes(ids) : add_streams(ids);
    Schedule& made = builder_.schedule();
    made.producer = "rondo tile planner";
    made.source = graph_name.empty() ? program_.graph.name : graph_name;
    made.backend = machine_.backend;
    made.machine = machine_.name;
    made.lane_count = program_.placed.lanes;
    for (const KernelCost& cost : machine_.costs)
      if (std::any_of(made.kernels.begin(), made.kernels.end(),
                      [&](const KernelRef& kernel) { return made.name(kernel.name) == cost.kernel; }))
        builder_.cost(cost.kernel, cost.fixed_ns, cost.ns_per_flop, cost.ns_per_byte);
    builder_.claim(ClaimKind::kLoadsEliminated, static_cast<uint64_t>(std::max<int64_t>(reads_without_copy_, 0)), 0, 0,
                   "operands that kernels read, less the copies into arenas");
    for (const LowerBound& bound : bounds)
      builder_.claim(ClaimKind::kLowerBound, bound.value, bound.what + ": " + bound.method);
    Schedule schedule = builder_.finish();
    add_derived_claims(schedule);
    return schedule;
  }

 private:
  const GraphTensor& tensor(uint32_t id) const { return program_.graph.tensors[id]; }

  void declare_memory() {
    uint16_t host = 0, scratch = 0, device = 0;
    uint32_t scratch_align = kScratchAlign;
    for (const MachineSpace& space : machine_.spaces) {
      const uint16_t id = builder_.space(space.name, space.kind, space.capacity_bytes, space.align_bytes);
      if (space.kind == SpaceKind::kHost) host = id;
      if (space.kind == SpaceKind::kDevice) device = id;
      if (space.kind == SpaceKind::kScratch) scratch = id, scratch_align = std::max(scratch_align, space.align_bytes);
    }
    const uint32_t lanes = program_.placed.lanes;
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const std::string name = lanes == 1 ? "scratch" : "scratch." + std::to_string(lane);
      scratch_base_.push_back(builder_.arena(direct::free_name(program_.graph, name), scratch,
                                             program_.placed.stats.extent_bytes, OwnerKind::kLane, lane, false,
                                             scratch_align));
    }
    base_.assign(program_.graph.tensors.size(), 0);
    std::set<uint32_t> stored;
    for (const PlacedOp& op : program_.placed.ops)
      if (op.kind == PlacedKind::kStore) stored.insert(program_.micro.pieces[op.index].tensor);
    const MachineSpace* on_device = machine_.space(SpaceKind::kDevice);
    const MachineSpace& memory = on_device != nullptr ? *on_device : *machine_.space(SpaceKind::kHost);
    const uint32_t memory_align = std::max<uint32_t>(kScratchAlign, memory.align_bytes);
    for (uint32_t id : stored) {
      if (tensor(id).role != TensorRole::kIntermediate) continue;
      uint64_t bytes = size_of(tensor(id).dtype);
      for (uint32_t extent : tensor(id).shape) bytes *= extent;
      base_[id] = builder_.arena(tensor(id).name, on_device != nullptr ? device : host, bytes, OwnerKind::kEveryone, 0,
                                 false, memory_align);
    }
    for (const GraphScalar& scalar : program_.graph.scalars)
      builder_.schedule().scalars.push_back({builder_.name(scalar.name), 0, scalar.min, scalar.max});
    for (uint32_t id = 0; id < program_.graph.tensors.size(); ++id)
      if (program_.views.is_root(id) && tensor(id).role != TensorRole::kIntermediate)
        base_[id] = direct::declare_binding(tensor(id), builder_);
  }

  // Those that exist in memory or scratch; what lies between fused operators does not.
  void declare_tensors() {
    std::set<uint32_t> exist;
    for (const Piece& piece : program_.micro.pieces) exist.insert(piece.tensor);
    tensor_id_.assign(program_.views.labels.size(), kNone);
    for (uint32_t id = 0; id < program_.graph.tensors.size(); ++id)
      if (exist.count(id) != 0 || (program_.views.is_root(id) && tensor(id).role != TensorRole::kIntermediate))
        tensor_id_[id] = builder_.tensor(tensor(id).name, tensor(id).dtype, tensor(id).shape,
                                         tensor(id).role == TensorRole::kIntermediate ? kNone : base_[id]);
    direct::declare_aliases(program_.graph, program_.views, builder_, tensor_id_);
  }

  // Strides of a dense row-major block of these extents.
  void dense_strides(const uint32_t* extent, size_t rank, DType dtype, int64_t* stride) const {
    auto bytes = static_cast<int64_t>(size_of(dtype));
    for (size_t axis = rank; axis-- > 0;) {
      stride[axis] = bytes;
      bytes *= extent[axis];
    }
  }

  // `use` inside a block of its label that lies densely at `offset` of `base`, from `low` on.
  OperandSpec operand(const PieceUse& use, uint16_t base, uint64_t offset, const uint32_t* low, const uint32_t* extent,
                      Access access) {
    const uint32_t id = use.tensor;
    const std::vector<uint32_t>& shape = program_.views.labels[use.label].shape;
    const size_t rank = shape.size();
    int64_t stride[kMaxRank] = {};
    dense_strides(extent, rank, tensor(id).dtype, stride);
    OperandSpec spec;
    spec.base = base;
    spec.offset_bytes = offset;
    spec.access = access;
    Value value;
    value.tensor = tensor_id_[use.label];
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
    if (use.bound.exists()) {
      view.scalar = use.bound.until.scalar;
      view.extent_axis = use.bound.axis;
      view.extent_scale = 1;
      view.extent_bias = use.bound.until.plus;
    }
    if (use.shift.moves()) {
      view.scalar = use.shift.scalar;
      view.offset_scale = 1;
      view.offset_bias = use.shift.plus;
      view.offset_modulus = shape[use.shift_axis];
      view.offset_step_bytes = stride[use.shift_axis];
      value.moves_along = static_cast<uint8_t>(1 + use.shift_axis);
    }
    spec.view = builder_.view(view);
    spec.label.value = builder_.value(value);
    return spec;
  }

  OperandSpec in_scratch(const PieceUse& use, const Allocation& place, Access access, int buffer) {
    const Box& box = program_.micro.pieces[use.piece].box;
    OperandSpec spec = operand(use, scratch_base_[place.lane], place.offset_bytes, box.low, box.extent, access);
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
      ring.base = scratch_base_[0];
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
    return operand(use, base_[use.tensor], 0, kOrigin, program_.views.labels[use.label].shape.data(), access);
  }

  // A whole piece, as copies see it: its last two axes, and those before that are longer than 1.
  PieceUse whole(uint32_t index) const {
    const Piece& piece = program_.micro.pieces[index];
    PieceUse use;
    use.piece = index;
    use.tensor = piece.tensor;
    use.label = piece.label;
    use.box = piece.box;
    const size_t rank = program_.views.labels[piece.label].shape.size();
    for (uint8_t axis = 0; axis < rank; ++axis) {
      if (axis + 2u < rank && piece.box.extent[axis] == 1) continue;
      if (piece.bound.axis == axis) use.bound = {piece.bound.until, static_cast<uint8_t>(use.rank)};
      use.axis[use.rank] = axis;
      use.extent[use.rank++] = piece.box.extent[axis];
    }
    return use;
  }

  // As the verifier counts: operands that kernels read, an assignment's too, less copies into arenas.
  void count_reads(const OpSpec& op) {
    if (op.kernel != "copy") {
      for (const OperandSpec& operand : op.operands) reads_without_copy_ += operand.access == Access::kRead ? 1 : 0;
    } else if (builder_.schedule().is_arena(op.operands[1].base)) {
      --reads_without_copy_;
    }
  }

  void add_streams(const std::vector<uint32_t>& ids) {
    for (size_t i = 0; i < ids.size(); ++i)
      for (const StreamOp& from : program_.streams.streams[i].ops) {
        OpSpec op = made(from);
        op.waits = from.waits;
        for (uint32_t token : from.signals) op.signals.push_back({token, SignalKind::kDone});
        builder_.add(ids[i], op);
      }
  }

  // In the order of the list, so that whoever is waited for comes first.
  void add_lanes(const std::vector<uint32_t>& ids) {
    std::vector<std::pair<uint32_t, const StreamOp*>> by_op(program_.placed.ops.size());
    for (size_t i = 0; i < ids.size(); ++i)
      for (const StreamOp& from : program_.streams.streams[i].ops) by_op[from.op] = {ids[i], &from};
    std::vector<lanes::StreamedOp> ops;
    ops.reserve(by_op.size());
    for (const auto& [stream, from] : by_op) ops.push_back({stream, made(*from)});
    lanes::order_lanes(ops, Part::kReplay, builder_);
    lanes::add_ops(std::move(ops), builder_);
  }

  OpSpec made(const StreamOp& from) {
    const PlacedOp& placed = program_.placed.ops[from.op];
    const auto place = [&](uint32_t use) -> const Allocation& {
      return program_.placed.allocations[program_.placed.places[placed.first_place + use]];
    };
    OpSpec op;
    op.phase = from.phase;
    if (placed.kind == PlacedKind::kCompute) {
      const Compute& compute = program_.micro.computes[placed.index];
      op.kernel = compute.kernel;
      op.flags = compute.flags;
      std::copy_n(compute.params, 4, op.params);
      for (uint32_t i = 0; i < compute.use_count; ++i) {
        const PieceUse& use = program_.micro.uses[compute.first_use + i];
        const bool written = i == compute.result;
        Access access = !written                               ? Access::kRead
                        : (compute.flags & kOpAccumulate) != 0 ? Access::kUpdate
                                                               : Access::kWrite;
        if (use.indexed_by != 0xff) access = written ? Access::kIndexedWrite : Access::kIndexedRead;
        op.operands.push_back(use.in_memory() ? in_memory(use, access)
                                              : in_scratch(use, place(i), access, written ? -1 : placed.buffer));
        if (use.indexed_by != 0xff) op.operands.back().aux = use.indexed_by;
      }
    } else {
      op.kernel = "copy";
      const PieceUse use = whole(placed.index);
      const bool load = placed.kind == PlacedKind::kLoad;
      const OperandSpec memory = in_memory(use, load ? Access::kRead : Access::kWrite);
      const OperandSpec scratch = in_scratch(use, place(0), load ? Access::kWrite : Access::kRead, placed.buffer);
      op.operands = load ? std::vector{memory, scratch} : std::vector{scratch, memory};
    }
    count_reads(op);
    op.policy = policy_of(op);
    return op;
  }

  // Row numbers move as what they are.
  uint8_t policy_of(const OpSpec& op) {
    const Schedule& made = builder_.schedule();
    const uint8_t storage = made.views[op.operands.back().view].dtype;
    if (op.kernel == "copy" || storage == made.policies[0].storage) return 0;
    NumericsPolicy wanted = made.policies[0];
    wanted.storage = storage;
    const auto found = std::find(made.policies.begin(), made.policies.end(), wanted);
    const auto index = static_cast<uint8_t>(found - made.policies.begin());
    if (found == made.policies.end()) builder_.schedule().policies.push_back(wanted);
    return index;
  }

  const StagedProgram& program_;
  const Machine& machine_;
  ScheduleBuilder builder_;
  std::vector<uint16_t> scratch_base_;  // by lane
  std::vector<uint16_t> base_;          // by graph tensor; of those in memory
  std::vector<uint32_t> tensor_id_;     // by label, in the schedule
  int64_t reads_without_copy_ = 0;
  bool has_ring_ = false;
  uint16_t ring_ = 0;
};

}  // namespace

Schedule lower_tiles(const StagedProgram& program, const Machine& machine, const std::string& graph_name,
                     const std::vector<LowerBound>& bounds) {
  return Lowering(program, machine).run(graph_name, bounds);
}

}  // namespace rondo::tiling
