// The steps, each relying on those before: groups and segments, what is packed,
// buffers with lifetimes, places, tables, operations, claims.
#include "planner/direct/plan_direct.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "planner/claims/derive_claims.h"
#include "planner/direct/place_buffers.h"
#include "planner/direct/segments.h"
#include "planner/direct/tuning.h"
#include "planner/epilogues/fuse.h"
#include "rondo/contracts.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {
namespace {

constexpr uint64_t kAlign = 64;
constexpr uint8_t kBroadcast = 0xff;

uint64_t rounded(uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

uint64_t bytes_of(const GraphTensor& tensor) {
  uint64_t bytes = size_of(tensor.dtype);
  for (uint32_t extent : tensor.shape) bytes *= extent;
  return bytes;
}

// Bytes from one row of the last axis to the next, in an arena.
uint64_t pitch_of(const GraphTensor& tensor) {
  const uint64_t row = size_of(tensor.dtype) * tensor.shape.back();
  return tensor.shape.size() > 1 && row % kPitchMultiple == 0 ? row + kPitchPad : row;
}

// One axis of an operand's view: the tensor axis it walks (or kBroadcast), and how far.
struct Walk {
  uint8_t tensor_axis = 0;
  uint32_t extent = 0;
};
using Walks = std::vector<Walk>;

// Where a box of a tensor begins, by tensor axis.
struct Low {
  uint32_t at[kMaxRank] = {};
};

// The right operand of one matmul, and how its matrices are laid out.
struct RightOperand {
  uint32_t tensor = 0;
  uint8_t k_axis = 0, n_axis = 0;
  uint32_t k = 0, n = 0;
  uint64_t entries = 1;  // matrices along the leading axes

  uint32_t panel_width = 0;   // 0: not packed
  bool prepared = false;      // packed once, in `prepare`
  uint64_t entry_bytes = 0;   // of one packed matrix
  uint32_t buffer = kNone;    // packed in the replay: one matrix at a time
  uint64_t offset_bytes = 0;  // prepared: of the first matrix
};

class DirectPlanner {
 public:
  DirectPlanner(const Graph& graph, const Machine& machine, const PlanOptions& options)
      : graph_(graph), machine_(machine), options_(options) {}

  Result<Plan> run() {
    panel_width_ = machine_.panel_width;
    prepare_structure();
    if (Status status = check_counts(); !status.ok()) return status.error();
    choose_packing();
    place();
    if (host_bytes() > machine_.space(SpaceKind::kHost)->capacity_bytes && panel_width_ != 0) {
      panel_width_ = 0;  // packed copies are what one can do without
      choose_packing();
      place();
    }
    if (Status status = check_fit(); !status.ok()) return status.error();
    declare();
    emit_prepare();
    if (Status status = emit_replay(); !status.ok()) return status.error();
    return finish();
  }

 private:
  // ---- structure ----------------------------------------------------------
  void prepare_structure() {
    groups_ = fuse_epilogues(graph_, options_.fuse);
    const MachineSpace* scratch = machine_.space(SpaceKind::kScratch);
    scratch_capacity_ = scratch == nullptr ? 0 : scratch->capacity_bytes;
    if (scratch != nullptr && options_.scratch_bytes != 0)
      scratch_capacity_ = std::min(scratch_capacity_, options_.scratch_bytes);
    segments_ = cut_segments(graph_, groups_, scratch_capacity_);
    internal_ = internal_tensors(graph_, groups_, segments_);
    segment_of_.resize(groups_.size());
    for (uint32_t index = 0; index < segments_.size(); ++index)
      for (uint32_t i = 0; i < segments_[index].count; ++i) segment_of_[segments_[index].first + i] = index;
    producer_.assign(graph_.tensors.size(), kNone);
    last_reader_.assign(graph_.tensors.size(), kNone);
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      producer_[groups_[index].output] = index;
      for (uint32_t tensor : groups_[index].inputs) last_reader_[tensor] = index;
      if (groups_[index].bias != kNone) last_reader_[groups_[index].bias] = index;
    }
  }

  const std::vector<uint32_t>& shape(uint32_t tensor) const { return graph_.tensors[tensor].shape; }
  const std::string& operator_name(const FusedGroup& group) const { return graph_.operators[group.main].name; }
  std::string titled(const FusedGroup& group) const {
    return std::string(info(group.kind).name) + " '" + operator_name(group) + "'";
  }
  bool is_bound(uint32_t tensor) const { return graph_.tensors[tensor].role != TensorRole::kIntermediate; }
  // Held one block of rows at a time.
  bool is_blocked(uint32_t tensor) const {
    return internal_[tensor] != kNone && segments_[internal_[tensor]].blocked();
  }

  // Matrices that a matmul multiplies, one op each.
  uint64_t products(const FusedGroup& group) const {
    uint64_t count = 1;
    const std::vector<uint32_t>& out = shape(group.output);
    for (size_t axis = 0; axis + 2 < out.size(); ++axis) count *= out[axis];
    return count;
  }

  Status check_counts() const {
    uint64_t ops = 0;
    for (const FusedGroup& group : groups_) {
      const Segment& segment = segments_[segment_of_[&group - groups_.data()]];
      const uint64_t blocks = (segment.rows + uint64_t{segment.block_rows} - 1) / segment.block_rows;
      // A matmul may pack for every product, in prepare or in the replay.
      uint64_t here = blocks;
      if (group.kind == OperatorKind::kMatmul) here = 2 * std::max(blocks, products(group));
      ops += here;
      if (here > kMaxOps || ops > kMaxOps)
        return make_error(ErrorCode::kTooComplex,
                          titled(group) + " needs " + std::to_string(here) + " operations, the graph until there " +
                              std::to_string(ops) + "; a schedule holds at most " + std::to_string(kMaxOps),
                          graph_.operators[group.main].place);
    }
    uint64_t bindings = 0;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) bindings += is_bound(tensor) ? 1 : 0;
    constexpr uint64_t kMostBindings = 65000;  // operands name their base with 16 bits
    if (bindings > kMostBindings)
      return make_error(ErrorCode::kTooComplex, "the graph has " + std::to_string(bindings) +
                                                    " inputs, constants and outputs; a schedule binds at most " +
                                                    std::to_string(kMostBindings));
    return {};
  }

  // ---- packing ------------------------------------------------------------
  RightOperand right_operand(const FusedGroup& group) const {
    RightOperand right;
    right.tensor = group.inputs[1];
    const std::vector<uint32_t>& b = shape(right.tensor);
    const auto rank = static_cast<uint8_t>(b.size());
    const bool transposed = graph_.operators[group.main].transpose_b;
    right.k_axis = static_cast<uint8_t>(transposed ? rank - 1 : rank - 2);
    right.n_axis = static_cast<uint8_t>(transposed ? rank - 2 : rank - 1);
    right.k = b[right.k_axis];
    right.n = b[right.n_axis];
    for (uint8_t axis = 0; axis + 2 < rank; ++axis) right.entries *= b[axis];
    return right;
  }

  // The narrowest panels that hold n columns, else the machine's width.
  uint32_t width_for(uint32_t n) const {
    uint32_t width = panel_width_;
    for (uint16_t candidate : kPanelWidths)
      if (candidate <= panel_width_ && candidate >= n) width = candidate;
    return width;
  }

  // For a right operand that is packed in every replay.
  bool packing_pays(const FusedGroup& group, const RightOperand& right, bool transposed) const {
    const std::vector<uint32_t>& out = shape(group.output);
    uint64_t rows = out[out.size() - 2];
    if (right.entries == 1) rows *= products(group);  // packed once for all of them
    const bool large = uint64_t{right.k} * right.n * size_of(DType::kF32) >= kLargeRightBytes;
    if (transposed) return rows >= (large ? kPackTransposedRowsIfLarge : kPackTransposedRows);
    return large && rows >= kPackRowsIfLarge;
  }

  void choose_packing() {
    rights_.assign(groups_.size(), {});
    buffers_.clear();
    prepared_.clear();
    packed_bytes_ = 0;
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      const FusedGroup& group = groups_[index];
      if (group.kind != OperatorKind::kMatmul) continue;
      RightOperand& right = rights_[index] = right_operand(group);
      const bool constant = graph_.tensors[right.tensor].role == TensorRole::kConstant;
      const bool transposed = graph_.operators[group.main].transpose_b;
      if (panel_width_ == 0 || !(constant || packing_pays(group, right, transposed))) continue;
      right.panel_width = width_for(right.n);
      const uint64_t panels = (right.n + uint64_t{right.panel_width} - 1) / right.panel_width;
      right.entry_bytes = rounded(panels * right.k * right.panel_width * size_of(DType::kF32));
      right.prepared = constant;
      if (constant) {
        // Two matmuls may share one packed constant.
        const auto [found, added] = prepared_.emplace(std::pair(right.tensor, transposed), index);
        if (added) {
          right.offset_bytes = packed_bytes_;
          packed_bytes_ += right.entry_bytes * right.entries;
        } else {
          right.offset_bytes = rights_[found->second].offset_bytes;
        }
      } else {
        right.buffer = static_cast<uint32_t>(buffers_.size());
        const Segment& segment = segments_[segment_of_[index]];
        Buffer buffer{right.entry_bytes, index, index};
        if (segment.blocked()) buffer = {right.entry_bytes, segment.first, segment.first + segment.count - 1};
        buffers_.push_back(buffer);
      }
    }
  }

  // ---- memory -------------------------------------------------------------
  // A whole tensor that a blocked segment touches lives through all of it: every
  // block runs all its groups again.
  void widen(Buffer& buffer, uint32_t group) const {
    const Segment& segment = segments_[segment_of_[group]];
    buffer.first = std::min(buffer.first, segment.blocked() ? segment.first : group);
    buffer.last = std::max(buffer.last, segment.blocked() ? segment.first + segment.count - 1 : group);
  }

  // The input whose place the result may take: dead after this group, of the same
  // shape, and read once by it. kNone if there is none.
  uint32_t reusable_input(uint32_t index) const {
    const FusedGroup& group = groups_[index];
    if (group.kind == OperatorKind::kMatmul || is_bound(group.output)) return kNone;
    const bool commutes = group.kind == OperatorKind::kAdd || group.kind == OperatorKind::kMul;
    for (uint32_t i = 0; i < (commutes ? 2u : 1u); ++i) {
      const uint32_t input = group.inputs[i];
      if (is_bound(input) || last_reader_[input] != index || shape(input) != shape(group.output)) continue;
      if (std::count(group.inputs.begin(), group.inputs.end(), input) != 1) continue;
      if (is_blocked(input) != is_blocked(group.output)) continue;
      // Within blocks a whole input may be read by other groups of later blocks.
      if (segments_[segment_of_[index]].blocked() && !is_blocked(input)) continue;
      return i;
    }
    return kNone;
  }

  void place() {
    tensor_buffer_.assign(graph_.tensors.size(), kNone);
    in_place_.assign(groups_.size(), kNone);
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      const uint32_t tensor = groups_[index].output;
      if (is_bound(tensor)) continue;
      in_place_[index] = reusable_input(index);
      if (in_place_[index] != kNone) {
        tensor_buffer_[tensor] = tensor_buffer_[groups_[index].inputs[in_place_[index]]];
      } else {
        uint64_t bytes = bytes_of(graph_.tensors[tensor]) / shape(tensor).back() /
                         size_of(graph_.tensors[tensor].dtype) * pitch_of(graph_.tensors[tensor]);
        if (is_blocked(tensor)) bytes = bytes / shape(tensor)[0] * segments_[internal_[tensor]].block_rows;
        tensor_buffer_[tensor] = static_cast<uint32_t>(buffers_.size());
        buffers_.push_back({bytes, index, index});
      }
    }
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      std::vector<uint32_t> touched = groups_[index].inputs;
      if (groups_[index].bias != kNone) touched.push_back(groups_[index].bias);
      touched.push_back(groups_[index].output);
      for (uint32_t tensor : touched) {
        if (tensor_buffer_[tensor] == kNone) continue;
        Buffer& buffer = buffers_[tensor_buffer_[tensor]];
        if (is_blocked(tensor))
          buffer.first = std::min(buffer.first, index), buffer.last = std::max(buffer.last, index);
        else
          widen(buffer, index);
      }
    }
    placement_ = place_buffers(buffers_, scratch_capacity_);
  }

  uint64_t bound_bytes() const {
    uint64_t bytes = 0;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor)
      if (is_bound(tensor)) bytes += rounded(bytes_of(graph_.tensors[tensor]));
    return bytes;
  }
  uint64_t host_bytes() const { return bound_bytes() + packed_bytes_ + placement_.host_bytes; }

  Status check_fit() const {
    const uint64_t capacity = machine_.space(SpaceKind::kHost)->capacity_bytes, needed = host_bytes();
    if (needed <= capacity) return {};
    uint32_t largest = 0;
    uint64_t most = 0;
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      uint64_t bytes = bytes_of(graph_.tensors[groups_[index].output]);
      for (uint32_t tensor : groups_[index].inputs) bytes += bytes_of(graph_.tensors[tensor]);
      if (bytes > most) most = bytes, largest = index;
    }
    return make_error(ErrorCode::kDoesNotFit,
                      "the graph needs " + std::to_string(needed) + " bytes of space '" +
                          machine_.space(SpaceKind::kHost)->name + "', which has " + std::to_string(capacity) +
                          "; most of them for " + titled(groups_[largest]) + ", which touches " + std::to_string(most),
                      graph_.operators[groups_[largest].main].place);
  }

  // ---- tables -------------------------------------------------------------
  std::string arena_name(std::string wanted) const {
    std::set<std::string_view> taken;
    for (const GraphTensor& tensor : graph_.tensors) taken.insert(tensor.name);
    while (taken.count(wanted) != 0) wanted += "_";
    return wanted;
  }

  void declare() {
    uint16_t host = 0, scratch = 0;
    for (const MachineSpace& space : machine_.spaces) {
      const uint16_t index = builder_.space(space.name, space.kind, space.capacity_bytes, space.align_bytes);
      if (space.kind == SpaceKind::kHost) host = index;
      if (space.kind == SpaceKind::kScratch) scratch = index;
    }
    const auto align = [&](uint16_t space) { return std::max<uint32_t>(kAlign, machine_.spaces[space].align_bytes); };
    if (packed_bytes_ != 0)
      packed_base_ =
          builder_.arena(arena_name("packed"), host, packed_bytes_, OwnerKind::kEveryone, 0, true, align(host));
    if (placement_.scratch_bytes != 0)
      scratch_base_ = builder_.arena(arena_name("work"), scratch, placement_.scratch_bytes, OwnerKind::kLane, 0, false,
                                     align(scratch));
    if (placement_.host_bytes != 0)
      host_base_ = builder_.arena(arena_name("overflow"), host, placement_.host_bytes, OwnerKind::kEveryone, 0, false,
                                  align(host));
    base_.assign(graph_.tensors.size(), 0);
    offset_.assign(graph_.tensors.size(), 0);
    origin_.assign(graph_.tensors.size(), 0);
    tensor_id_.assign(graph_.tensors.size(), kNone);
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      uint32_t named_base = kNone;
      if (is_bound(tensor)) {
        const Role role = it.role == TensorRole::kInput      ? Role::kInput
                          : it.role == TensorRole::kConstant ? Role::kConstant
                                                             : Role::kOutput;
        named_base = base_[tensor] = builder_.binding(it.name, role, it.dtype, it.shape);
      } else if (tensor_buffer_[tensor] != kNone) {
        const Place& place = placement_.places[tensor_buffer_[tensor]];
        base_[tensor] = place.in_scratch ? scratch_base_ : host_base_;
        offset_[tensor] = place.offset_bytes;
      } else {
        continue;  // fused away
      }
      tensor_id_[tensor] = builder_.tensor(it.name, it.dtype, it.shape, named_base);
    }
    if (packed_bytes_ != 0) prepare_stream_ = builder_.stream("prepare", 0, Engine::kCompute, Part::kPrepare);
    replay_stream_ = builder_.stream("compute", 0, Engine::kCompute, Part::kReplay);
  }

  // ---- operands -----------------------------------------------------------
  // A box of a tensor where the tensor lies: row-major, from `origin_` on along axis 0.
  OperandSpec operand(uint32_t tensor, const Walks& walks, const Low& low, Access access) {
    const std::vector<uint32_t>& extents = shape(tensor);
    int64_t stride[kMaxRank] = {};
    auto bytes = static_cast<int64_t>(size_of(graph_.tensors[tensor].dtype));
    for (size_t axis = extents.size(); axis-- > 0;) {
      stride[axis] = bytes;
      bytes *= extents[axis];
      if (axis + 1 == extents.size() && !is_bound(tensor))
        bytes = static_cast<int64_t>(pitch_of(graph_.tensors[tensor]));
    }

    OperandSpec spec;
    spec.base = base_[tensor];
    spec.offset_bytes = offset_[tensor];
    for (size_t axis = 0; axis < extents.size(); ++axis)
      spec.offset_bytes += (low.at[axis] - (axis == 0 ? origin_[tensor] : 0)) * static_cast<uint64_t>(stride[axis]);
    spec.access = access;

    View view;
    view.rank = static_cast<uint8_t>(walks.size());
    view.dtype = static_cast<uint8_t>(graph_.tensors[tensor].dtype);
    Value value = value_of(tensor, low);
    for (size_t axis = 0; axis < walks.size(); ++axis) {
      view.extent[axis] = walks[axis].extent;
      value.axis[axis] = walks[axis].tensor_axis;
      if (walks[axis].tensor_axis == kBroadcast) continue;
      view.stride_bytes[axis] = stride[walks[axis].tensor_axis];
      value.extent[walks[axis].tensor_axis] = walks[axis].extent;
    }
    spec.view = builder_.view(view);
    spec.label.value = builder_.value(value);
    return spec;
  }

  // One packed matrix of a right operand.
  OperandSpec panels(const RightOperand& right, uint16_t base, uint64_t offset_bytes, const Low& low, Access access) {
    View view;
    view.rank = 2;
    view.dtype = static_cast<uint8_t>(DType::kF32);
    view.layout = static_cast<uint8_t>(Layout::kPanels);
    view.block_rows = 1;
    view.block_columns = static_cast<uint16_t>(right.panel_width);
    view.extent[0] = static_cast<uint32_t>((right.n + uint64_t{right.panel_width} - 1) / right.panel_width);
    view.extent[1] = right.k;
    view.stride_bytes[1] = static_cast<int64_t>(block_bytes(view));
    view.stride_bytes[0] = view.stride_bytes[1] * right.k;
    Value value = value_of(right.tensor, low);
    value.axis[0] = right.n_axis;
    value.axis[1] = right.k_axis;
    value.extent[right.n_axis] = right.n;
    value.extent[right.k_axis] = right.k;
    OperandSpec spec;
    spec.base = base;
    spec.offset_bytes = offset_bytes;
    spec.access = access;
    spec.view = builder_.view(view);
    spec.label.value = builder_.value(value);
    return spec;
  }

  Value value_of(uint32_t tensor, const Low& low) const {
    Value value;
    value.tensor = tensor_id_[tensor];
    for (size_t axis = 0; axis < shape(tensor).size(); ++axis) {
      value.low[axis] = low.at[axis];
      value.extent[axis] = 1;
    }
    return value;
  }

  OperandSpec unpacked(const RightOperand& right, const Low& low) {
    return operand(right.tensor, {{right.k_axis, right.k}, {right.n_axis, right.n}}, low, Access::kRead);
  }

  // ---- operations ---------------------------------------------------------
  void emit_prepare() {
    if (packed_bytes_ == 0) return;
    const uint16_t phase = builder_.phase("prepare");
    for (uint32_t index = 0; index < groups_.size(); ++index) {
      const RightOperand& right = rights_[index];
      if (!right.prepared) continue;
      const bool transposed = graph_.operators[groups_[index].main].transpose_b;
      if (prepared_.at({right.tensor, transposed}) != index) continue;
      for (uint64_t entry = 0; entry < right.entries; ++entry) {
        const Low low = entry_low(right, entry);
        OpSpec op;
        op.kernel = "pack";
        op.phase = phase;
        op.operands = {unpacked(right, low), panels(right, packed_base_, right.offset_bytes + entry * right.entry_bytes,
                                                    low, Access::kWrite)};
        builder_.add(prepare_stream_, op);
      }
    }
  }

  // Where matrix number `entry` of a right operand begins.
  Low entry_low(const RightOperand& right, uint64_t entry) const {
    Low low;
    const std::vector<uint32_t>& b = shape(right.tensor);
    for (size_t axis = b.size() - 2; axis-- > 0;) {
      low.at[axis] = static_cast<uint32_t>(entry % b[axis]);
      entry /= b[axis];
    }
    return low;
  }

  Status emit_replay() {
    for (uint32_t index = 0; index < segments_.size(); ++index) {
      if (index % 256 == 0 && options_.progress &&
          !options_.progress(static_cast<double>(index) / static_cast<double>(segments_.size()), "operations"))
        return make_error(ErrorCode::kCancelled, "planning was cancelled");
      emit_segment(segments_[index]);
    }
    return {};
  }

  // Phases never decrease along the stream, so a blocked segment is one phase.
  void next_phase(const std::string& name) {
    constexpr size_t kMostPhases = 60000;
    if (builder_.schedule().phases.size() < kMostPhases) phase_ = builder_.phase(name);
  }

  void emit_segment(const Segment& segment) {
    const uint32_t end = segment.first + segment.count;
    if (segment.blocked()) {
      next_phase(operator_name(groups_[segment.first]) + ".." + operator_name(groups_[end - 1]));
      for (uint32_t index = segment.first; index < end; ++index)
        if (rights_[index].entries == 1 && rights_[index].buffer != kNone) pack_entry(index, 0);
    }
    for (uint32_t row = 0; row < segment.rows;) {
      const uint32_t rows = std::min(segment.block_rows, segment.rows - row);
      for (uint32_t index = segment.first; index < end; ++index) {
        if (!segment.blocked()) next_phase(operator_name(groups_[index]));
        if (is_blocked(groups_[index].output)) origin_[groups_[index].output] = row;
        emit_group(index, row, rows);
      }
      row += rows;
    }
  }

  void emit_group(uint32_t index, uint32_t row, uint32_t rows) {
    switch (groups_[index].kind) {
      case OperatorKind::kMatmul:
        return emit_matmul(index, row, rows);
      case OperatorKind::kAdd:
      case OperatorKind::kBias:
        return emit_map(index, row, rows, "add");
      case OperatorKind::kMul:
        return emit_map(index, row, rows, "mul");
      case OperatorKind::kRelu:
        return emit_map(index, row, rows, "relu");
      case OperatorKind::kGelu:
        return emit_map(index, row, rows, "gelu");
      case OperatorKind::kSoftmax:
        return emit_map(index, row, rows, "softmax");
      case OperatorKind::kLayerNorm:
        return emit_map(index, row, rows, "layer_norm");
    }
  }

  // The box of rows [row, row + rows) of an output; `rows` counts along axis 0.
  void emit_map(uint32_t index, uint32_t row, uint32_t rows, std::string_view kernel) {
    const FusedGroup& group = groups_[index];
    const std::vector<uint32_t>& out = shape(group.output);
    std::vector<uint32_t> extent = out;
    extent[0] = rows;
    OpSpec op;
    op.kernel = kernel;
    op.phase = phase_;
    std::vector<uint32_t> inputs = group.inputs;
    if (in_place_[index] == 1) std::swap(inputs[0], inputs[1]);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::vector<uint32_t>& in = shape(inputs[i]);
      // gamma and beta have one axis of their own; every other input is broadcast to the output.
      const bool vector = group.kind == OperatorKind::kLayerNorm && i > 0;
      const size_t first = vector ? out.size() - 1 : 0;
      Walks walks;
      Low low;
      for (size_t axis = first; axis < out.size(); ++axis) {
        const size_t missing = out.size() - in.size();
        if (axis < missing || (in[axis - missing] == 1 && out[axis] != 1)) {
          walks.push_back({kBroadcast, extent[axis]});
          continue;
        }
        walks.push_back({static_cast<uint8_t>(axis - missing), extent[axis]});
        if (axis == 0) low.at[0] = row;
      }
      op.operands.push_back(operand(inputs[i], walks, low, Access::kRead));
    }
    Walks walks;
    for (size_t axis = 0; axis < out.size(); ++axis) walks.push_back({static_cast<uint8_t>(axis), extent[axis]});
    op.operands.push_back(operand(group.output, walks, Low{{row}}, Access::kWrite));
    const GraphOperator& main = graph_.operators[group.main];
    if (group.kind == OperatorKind::kGelu) op.params[0] = main.gelu_tanh ? 1 : 0;
    if (group.kind == OperatorKind::kLayerNorm) op.params[0] = std::bit_cast<uint32_t>(main.epsilon);
    builder_.add(replay_stream_, op);
  }

  uint16_t buffer_base(uint32_t buffer) const {
    return placement_.places[buffer].in_scratch ? scratch_base_ : host_base_;
  }

  void pack_entry(uint32_t index, uint64_t entry) {
    const RightOperand& right = rights_[index];
    const Low low = entry_low(right, entry);
    OpSpec op;
    op.kernel = "pack";
    op.phase = phase_;
    op.operands = {unpacked(right, low), panels(right, buffer_base(right.buffer),
                                                placement_.places[right.buffer].offset_bytes, low, Access::kWrite)};
    builder_.add(replay_stream_, op);
  }

  void emit_matmul(uint32_t index, uint32_t row, uint32_t rows) {
    const std::vector<uint32_t>& out = shape(groups_[index].output);
    if (out.size() == 2) return emit_product(index, {}, row, rows);
    // One product for each entry of the leading axes; rows count along the first of them.
    Low batch;
    batch.at[0] = row;
    while (true) {
      emit_product(index, batch, 0, out[out.size() - 2]);
      size_t axis = out.size() - 2;
      while (axis-- > 0) {
        if (++batch.at[axis] < (axis == 0 ? row + rows : out[axis])) break;
        batch.at[axis] = axis == 0 ? row : 0;
      }
      if (axis > kMaxRank) return;
    }
  }

  // Entry `batch` of the leading axes of the output, seen by an input that may
  // lack some of them or repeat along them.
  Low batch_low(uint32_t tensor, size_t out_rank, const Low& batch) const {
    Low low;
    const std::vector<uint32_t>& extents = shape(tensor);
    const size_t missing = out_rank - extents.size();
    for (size_t axis = 0; axis + 2 < extents.size(); ++axis)
      low.at[axis] = extents[axis] == 1 ? 0 : batch.at[axis + missing];
    return low;
  }

  void emit_product(uint32_t index, const Low& batch, uint32_t row, uint32_t rows) {
    const FusedGroup& group = groups_[index];
    const RightOperand& right = rights_[index];
    const std::vector<uint32_t>& out = shape(group.output);
    const auto rank = static_cast<uint8_t>(out.size());

    const auto a_rank = static_cast<uint8_t>(shape(group.inputs[0]).size());
    const bool transposed = graph_.operators[group.main].transpose_a;
    const auto m_axis = static_cast<uint8_t>(transposed ? a_rank - 1 : a_rank - 2);
    const auto k_axis = static_cast<uint8_t>(transposed ? a_rank - 2 : a_rank - 1);
    Low a_low = batch_low(group.inputs[0], rank, batch);
    a_low.at[m_axis] = row;

    const Low b_low = batch_low(right.tensor, rank, batch);
    uint64_t entry = 0;
    for (size_t axis = 0; axis + 2 < shape(right.tensor).size(); ++axis)
      entry = entry * shape(right.tensor)[axis] + b_low.at[axis];

    Low c_low = batch;
    c_low.at[rank - 2] = row;

    OpSpec op;
    op.kernel = "matmul";
    op.flags = kOpInit | kOpFinal;
    op.params[0] = static_cast<uint32_t>(group.activation);
    op.operands.push_back(operand(group.inputs[0], {{m_axis, rows}, {k_axis, right.k}}, a_low, Access::kRead));
    if (right.panel_width == 0) {
      op.operands.push_back(unpacked(right, b_low));
    } else if (right.prepared) {
      op.operands.push_back(
          panels(right, packed_base_, right.offset_bytes + entry * right.entry_bytes, b_low, Access::kRead));
    } else {
      // One matrix at a time; in a blocked segment a lone one was packed before the blocks.
      const bool packed_before = right.entries == 1 && segments_[segment_of_[index]].blocked();
      if (!packed_before && (packed_group_ != index || packed_entry_ != entry)) {
        pack_entry(index, entry);
        packed_group_ = index;
        packed_entry_ = entry;
      }
      op.operands.push_back(
          panels(right, buffer_base(right.buffer), placement_.places[right.buffer].offset_bytes, b_low, Access::kRead));
    }
    op.operands.push_back(operand(group.output,
                                  {{static_cast<uint8_t>(rank - 2), rows}, {static_cast<uint8_t>(rank - 1), right.n}},
                                  c_low, Access::kWrite));
    if (group.bias != kNone) op.operands.push_back(operand(group.bias, {{0, right.n}}, {}, Access::kRead));
    op.phase = phase_;
    builder_.add(replay_stream_, op);
  }

  // ---- claims and summary -------------------------------------------------
  Result<Plan> finish() {
    Schedule& made = builder_.schedule();
    made.producer = "rondo direct planner";
    made.source = options_.graph_name.empty() ? graph_.name : options_.graph_name;
    made.backend = machine_.backend;
    made.machine = machine_.name;
    made.lane_count = 1;
    for (const KernelCost& cost : machine_.costs)
      for (const KernelRef& kernel : made.kernels)
        if (made.name(kernel.name) == cost.kernel) {
          builder_.cost(cost.kernel, cost.fixed_ns, cost.ns_per_flop, cost.ns_per_byte);
          break;
        }
    uint64_t least_bytes = 0;
    for (const GraphTensor& tensor : graph_.tensors)
      if (tensor.role != TensorRole::kIntermediate) least_bytes += bytes_of(tensor);
    constexpr std::string_view kLeastBytes = "bytes: every input and constant read once, every output written once";
    builder_.claim(ClaimKind::kLowerBound, static_cast<double>(least_bytes), kLeastBytes);

    Plan plan;
    plan.schedule = builder_.finish();
    add_derived_claims(plan.schedule);
    summarise(plan, static_cast<double>(least_bytes), std::string(kLeastBytes));
    return plan;
  }

  void summarise(Plan& plan, double least_bytes, const std::string& least_bytes_method) const {
    const Schedule& schedule = plan.schedule;
    PlanSummary& summary = plan.summary;
    const bool blocked =
        std::any_of(segments_.begin(), segments_.end(), [](const Segment& it) { return it.blocked(); });
    summary.strategy = blocked ? "direct, in row blocks" : "direct";
    uint64_t touched = 0;
    for (const Stream& stream : schedule.streams) {
      if (stream.part != static_cast<uint8_t>(Part::kReplay)) continue;
      summary.ops += stream.op_count;
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        touched += rondo::bytes_of(schedule, schedule.ops[op]);
    }
    for (const Claim& claim : schedule.claims) switch (static_cast<ClaimKind>(claim.kind)) {
        case ClaimKind::kCopies:
          summary.loads = claim.value;
          break;
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
        case ClaimKind::kMakespan:
          summary.makespan = std::bit_cast<double>(claim.value);
          break;
        default:
          break;
      }
    summary.sequential = summary.makespan;  // one stream
    summary.computes = summary.ops - summary.loads;
    summary.micro_ops = summary.ops;
    summary.bounds.push_back({"bytes", least_bytes, static_cast<double>(touched), least_bytes_method});
    summary.bounds.push_back({"work bytes", static_cast<double>(placement_.live_peak_bytes),
                              static_cast<double>(placement_.scratch_bytes + placement_.host_bytes),
                              "most bytes of intermediates alive at once, in this order"});
  }

  const Graph& graph_;
  const Machine& machine_;
  const PlanOptions& options_;
  uint32_t panel_width_ = 0;
  uint64_t scratch_capacity_ = 0;

  std::vector<FusedGroup> groups_;
  std::vector<Segment> segments_;
  std::vector<uint32_t> segment_of_;                        // by group
  std::vector<uint32_t> internal_;                          // by tensor: the segment it lives in, or kNone
  std::vector<uint32_t> producer_, last_reader_;            // by tensor: groups
  std::vector<RightOperand> rights_;                        // by group
  std::map<std::pair<uint32_t, bool>, uint32_t> prepared_;  // (constant, transposed): the group that packs it
  uint64_t packed_bytes_ = 0;

  std::vector<Buffer> buffers_;
  std::vector<uint32_t> tensor_buffer_;  // by tensor
  std::vector<uint32_t> in_place_;       // by group: the input whose place the result takes
  Placement placement_;

  ScheduleBuilder builder_;
  uint16_t packed_base_ = 0, scratch_base_ = 0, host_base_ = 0;
  std::vector<uint16_t> base_;       // by tensor
  std::vector<uint64_t> offset_;     // by tensor, in its base
  std::vector<uint32_t> origin_;     // by tensor: the first row its buffer holds now
  std::vector<uint32_t> tensor_id_;  // by tensor: in the schedule
  uint32_t prepare_stream_ = 0, replay_stream_ = 0;
  uint16_t phase_ = 0;
  uint32_t packed_group_ = kNone;  // what the last replay pack holds
  uint64_t packed_entry_ = 0;
};

}  // namespace
}  // namespace rondo::direct

namespace rondo {

Result<Plan> plan_direct(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  if (machine.space(SpaceKind::kHost) == nullptr)
    return make_error(ErrorCode::kInvalidMachine, "machine '" + machine.name + "' has no space of kind host");
  if (!machine.direct_operands)
    return make_error(ErrorCode::kUnavailable,
                      "machine '" + machine.name + "' has no direct operands: its kernels reach scratch only");
  return direct::DirectPlanner(graph, machine, options).run();
}

}  // namespace rondo
