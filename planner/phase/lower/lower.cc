#include "planner/phase/lower/lower.h"

#include <algorithm>

#include "planner/claims/derive_claims.h"
#include "planner/phase/lower/weigh_half_layers.h"
#include "schedules/builder/builder.h"

namespace rondo::phase {
namespace {

constexpr int64_t kDouble = 8;
constexpr uint64_t kMostElements = uint64_t{1} << 26;  // of one matrix

Error refuse(std::string message, ErrorCode code = ErrorCode::kInvalidArgument) {
  return make_error(code, std::move(message));
}

// What would read or write no address; the rest is the checker's to say.
Status check_addresses(const GateGraph& graph, const PhaseSchedule& schedule) {
  if (schedule.mode == Mode::kStrict) return refuse("a schedule of the strict machine has no layers to lower");
  if (schedule.phase_of_op.size() != graph.ops.size() || schedule.slot_of_dim.size() != graph.dims.size() ||
      schedule.erases.size() != 2 * size_t{schedule.layers})
    return refuse("the schedule is not one of the graph: other numbers of ops, dims or half-layers");
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    if (schedule.phase_of_op[op] >= 4 * schedule.layers)
      return refuse("op " + std::to_string(op) + " is beyond the " + std::to_string(schedule.layers) + " layers");
    const uint32_t half = schedule.phase_of_op[op] / 2;
    const OpType type = graph.ops[op].type;
    if (type != OpType::kPersist && half % 2 != (type == OpType::kReglu ? 1u : 0u))
      return refuse(std::string(name_of(type)) + " " + std::to_string(op) + " is in the wrong half of a layer");
    for (uint32_t dim : graph.ops[op].inputs) {
      const int32_t maker = graph.dims[dim].op;
      const bool latent = type == OpType::kPersist && maker != Dim::kInput &&
                          graph.ops[static_cast<size_t>(maker)].type != OpType::kPersist &&
                          schedule.phase_of_op[static_cast<size_t>(maker)] / 2 == half;
      if (!latent && schedule.slot_of_dim[dim] < 0)
        return refuse("op " + std::to_string(op) + " reads dim " + std::to_string(dim) + ", which has no slot");
    }
  }
  for (uint32_t dim = 0; dim < graph.dims.size(); ++dim)
    if ((graph.dims[dim].op == Dim::kInput || graph.is_output[dim]) && schedule.slot_of_dim[dim] < 0)
      return refuse("dim " + std::to_string(dim) + " is an input or output and has no slot");
  for (const std::vector<Erase>& erases : schedule.erases)
    for (const Erase& erase : erases)
      if (erase.dim >= graph.dims.size() || schedule.slot_of_dim[erase.dim] != static_cast<int32_t>(erase.slot))
        return refuse("dim " + std::to_string(erase.dim) + " is subtracted from a slot that is not its own");
  return {};
}

class Lowering {
 public:
  Lowering(const GateGraph& graph, const PhaseSchedule& schedule, const LowerOptions& options)
      : graph_(graph), schedule_(schedule), steps_(options.steps) {}

  Result<LoweredPhases> run() {
    for (int32_t slot : schedule_.slot_of_dim) slots_ = std::max(slots_, static_cast<uint32_t>(slot + 1));
    if (slots_ == 0 || graph_.outputs.empty()) return refuse("the graph has no inputs or no outputs");
    for (uint32_t dim = 0; dim < graph_.dims.size(); ++dim)
      if (graph_.dims[dim].op == Dim::kInput) made_.inputs.push_back(dim);
    made_.outputs = graph_.outputs;
    halves_ = weigh_half_layers(graph_, schedule_, slots_);
    for (const HalfLayer& half : halves_) {
      most_in_ = std::max(most_in_, half.in.size() / slots_);
      most_out_ = std::max(most_out_, half.out.size() / slots_);
      made_.heads = std::max(made_.heads, half.latest + half.mean);
      made_.d_ffn = std::max(made_.d_ffn, half.neurons);
      if (half.in.size() > kMostElements)
        return refuse("a half-layer has a matrix of " + std::to_string(half.in.size()) + " elements",
                      ErrorCode::kTooComplex);
    }
    declare();
    emit();
    made_.schedule = builder_.finish();
    add_derived_claims(made_.schedule);
    for (const rondo::Op& op : made_.schedule.ops) made_.flops_per_step += flops_of(made_.schedule, op);
    return std::move(made_);
  }

 private:
  struct Bases {
    uint16_t in = 0, out = 0, keys = 0, values = 0;
  };

  // Memory and bindings; all arenas come before all bindings.
  void declare() {
    rondo::Schedule& schedule = builder_.schedule();
    constexpr auto kF64 = static_cast<uint8_t>(DType::kF64);
    schedule.policies.push_back({.storage = kF64, .compute = kF64, .accumulate = kF64});
    schedule.producer = "rondo phase lowering";
    schedule.source = graph_.name;
    const uint16_t host = builder_.space("host", SpaceKind::kHost, uint64_t{1} << 40);
    const auto arena = [&](const char* name, uint64_t elements) {
      return builder_.arena(name, host, std::max<uint64_t>(elements, 1) * kDouble);
    };
    residual_ = arena("residual", slots_);
    hidden_ = arena("hidden", most_in_);
    lanes_ = arena("lanes", most_out_);
    inputs_ = binding("inputs", Role::kInput, {size32(made_.inputs)});
    outputs_ = binding("outputs", Role::kOutput, {size32(made_.outputs)});

    Scalar position;
    position.name = builder_.name("position");
    position.max = steps_ - 1;
    schedule.scalars.push_back(position);
    std::vector<double> embedding(made_.inputs.size() * slots_), reading(made_.outputs.size() * slots_);
    for (size_t i = 0; i < made_.inputs.size(); ++i) embedding[i * slots_ + slot(made_.inputs[i])] = 1;
    for (size_t i = 0; i < made_.outputs.size(); ++i) reading[slot(made_.outputs[i]) * made_.outputs.size() + i] = 1;
    embedding_ = constant("embedding", size32(made_.inputs), slots_, std::move(embedding));
    reading_ = constant("unembedding", slots_, size32(made_.outputs), std::move(reading));
    for (size_t half = 0; half < halves_.size(); ++half) declare_half(halves_[half], half);
  }

  void declare_half(HalfLayer& half, size_t index) {
    const std::string layer = std::to_string(index / 2);
    const auto columns = static_cast<uint32_t>(half.in.size() / slots_);
    const auto lanes = static_cast<uint32_t>(half.out.size() / slots_);
    Bases& bases = bases_.emplace_back();
    if (columns == 0) return;
    const char* of = index % 2 == 0 ? "attention" : "ffn";
    bases.in = constant(std::string(of) + "_in_" + layer, slots_, columns, std::move(half.in));
    bases.out = constant(std::string(of) + "_out_" + layer, lanes, slots_, std::move(half.out));
    if (index % 2 != 0) return;
    const uint32_t heads = half.latest + half.mean;
    bases.keys = binding("keys_" + layer, Role::kState, {steps_, heads, 2});
    bases.values = binding("values_" + layer, Role::kState, {steps_, heads, 2});
  }

  void emit() {
    stream_ = builder_.stream("compute", 0, Engine::kCompute);
    phase_ = builder_.phase("embedding");
    linear(inputs_, 0, size32(made_.inputs), embedding_, residual_, slots_, kOpInit);
    for (size_t index = 0; index < halves_.size(); ++index) {
      const HalfLayer& half = halves_[index];
      phase_ = builder_.phase("layer " + std::to_string(index / 2) + (index % 2 == 0 ? " attention" : " feed-forward"));
      if (half.latest + half.mean != 0) emit_attention(half, bases_[index]);
      if (half.neurons != 0) emit_feed_forward(half, bases_[index]);
    }
    phase_ = builder_.phase("unembedding");
    linear(residual_, 0, slots_, reading_, outputs_, size32(made_.outputs), kOpInit);
  }

  void emit_attention(const HalfLayer& half, const Bases& bases);
  void emit_feed_forward(const HalfLayer& half, const Bases& bases);

  static uint32_t size32(const std::vector<uint32_t>& list) { return static_cast<uint32_t>(list.size()); }
  uint32_t slot(uint32_t dim) const { return static_cast<uint32_t>(schedule_.slot_of_dim[dim]); }

  uint16_t binding(const std::string& name, Role role, const std::vector<uint32_t>& shape) {
    return builder_.binding(name, role, DType::kF64, shape);
  }
  uint16_t constant(const std::string& name, uint32_t rows, uint32_t columns, std::vector<double> values) {
    made_.constants.push_back({name, {rows, columns}, std::move(values)});
    return binding(name, Role::kConstant, {rows, columns});
  }

  // Dense, row-major.
  uint32_t box(const std::vector<uint32_t>& extent) {
    std::vector<int64_t> stride(extent.size(), kDouble);
    for (size_t axis = extent.size(); axis-- > 1;) stride[axis - 1] = stride[axis] * extent[axis];
    return builder_.view(DType::kF64, extent, stride);
  }
  static OperandSpec operand(uint16_t base, uint64_t element, uint32_t view, Access access) {
    return {.base = base, .offset_bytes = element * kDouble, .view = view, .access = access};
  }
  void add(std::string_view kernel, std::vector<OperandSpec> operands, uint16_t flags = 0, uint32_t param = 0) {
    OpSpec op;
    op.kernel = kernel;
    op.operands = std::move(operands);
    op.flags = flags;
    op.phase = phase_;
    op.policy = kernel == "copy" ? 0 : 1;
    op.params[0] = param;
    builder_.add(stream_, op);
  }
  // to = from a, or to += from a.
  void linear(uint16_t from, uint64_t element, uint32_t rows, uint16_t a, uint16_t to, uint32_t columns,
              uint16_t flags) {
    add("vecmat",
        {operand(from, element, box({rows}), Access::kRead), operand(a, 0, box({rows, columns}), Access::kRead),
         operand(to, 0, box({columns}), flags == kOpInit ? Access::kWrite : Access::kUpdate)},
        flags);
  }

  const GateGraph& graph_;
  const PhaseSchedule& schedule_;
  const uint32_t steps_;
  LoweredPhases made_;
  ScheduleBuilder builder_;
  std::vector<HalfLayer> halves_;
  std::vector<Bases> bases_;
  uint32_t slots_ = 0;
  uint64_t most_in_ = 0, most_out_ = 0;
  uint16_t residual_ = 0, hidden_ = 0, lanes_ = 0, inputs_ = 0, outputs_ = 0, embedding_ = 0, reading_ = 0;
  uint32_t stream_ = 0;
  uint16_t phase_ = 0;
};

void Lowering::emit_attention(const HalfLayer& half, const Bases& bases) {
  const uint32_t heads = half.latest + half.mean;
  const int64_t row_bytes = 2 * int64_t{heads} * kDouble;
  linear(residual_, 0, slots_, bases.in, hidden_, 6 * heads, kOpInit);

  View row;  // `position` of a state
  row.rank = 2;
  row.dtype = static_cast<uint8_t>(DType::kF64);
  row.extent[0] = heads;
  row.extent[1] = 2;
  row.stride_bytes[0] = 2 * kDouble;
  row.stride_bytes[1] = kDouble;
  row.scalar = 0;
  row.offset_scale = 1;
  row.offset_modulus = steps_;
  row.offset_step_bytes = row_bytes;
  const uint32_t from = box({heads, 2}), to = builder_.view(row);
  add("copy", {operand(hidden_, 2 * heads, from, Access::kRead), operand(bases.keys, 0, to, Access::kWrite)});
  add("copy", {operand(hidden_, 4 * heads, from, Access::kRead), operand(bases.values, 0, to, Access::kWrite)});

  const std::pair<uint32_t, uint32_t> groups[] = {{0, half.latest}, {half.latest, half.mean}};  // first, count
  for (uint32_t equals = 0; equals < 2; ++equals) {
    const auto [first, count] = groups[equals];
    if (count == 0) continue;
    View rows;  // 0 .. position
    rows.rank = 3;
    rows.dtype = static_cast<uint8_t>(DType::kF64);
    rows.extent[0] = steps_;
    rows.extent[1] = count;
    rows.extent[2] = 2;
    rows.stride_bytes[0] = row_bytes;
    rows.stride_bytes[1] = 2 * kDouble;
    rows.stride_bytes[2] = kDouble;
    rows.scalar = 0;
    rows.extent_axis = 0;
    rows.extent_scale = 1;
    rows.extent_bias = 1;
    const uint32_t history = builder_.view(rows), pair = box({count, 2});
    add("attention_hard",
        {operand(hidden_, 2 * first, pair, Access::kRead), operand(bases.keys, 2 * first, history, Access::kRead),
         operand(bases.values, 2 * first, history, Access::kRead), operand(lanes_, 2 * first, pair, Access::kWrite)},
        0, equals);
  }
  linear(lanes_, 0, 2 * heads, bases.out, residual_, slots_, kOpAccumulate);
}

void Lowering::emit_feed_forward(const HalfLayer& half, const Bases& bases) {
  const uint32_t neurons = half.neurons;
  linear(residual_, 0, slots_, bases.in, hidden_, 2 * neurons, kOpInit);
  const uint32_t line = box({neurons});
  add("reglu", {operand(hidden_, 0, line, Access::kRead), operand(hidden_, neurons, line, Access::kRead),
                operand(lanes_, 0, line, Access::kWrite)});
  linear(lanes_, 0, neurons, bases.out, residual_, slots_, kOpAccumulate);
}

}  // namespace

Result<LoweredPhases> lower_phases(const GateGraph& graph, const PhaseSchedule& schedule, const LowerOptions& options) {
  if (options.steps == 0 || options.steps > (1u << 24))
    return refuse("steps must be from 1 to 16777216, not " + std::to_string(options.steps));
  if (const Status status = check_addresses(graph, schedule); !status.ok()) return status.error();
  return Lowering(graph, schedule, options).run();
}

}  // namespace rondo::phase
