#include "planner/fusion/lower/lower_solution.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "planner/claims/derive_claims.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/lower/place_slices.h"
#include "planner/lanes/order_lanes.h"
#include "schedules/builder/builder.h"
#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

constexpr int64_t kElementBytes = 4;  // f32
constexpr uint64_t kHostBytes = uint64_t{1} << 46;
constexpr uint32_t kArenaAlign = 64;

// How the elements of a slice follow one another in fast memory. Two slices of one tensor
// may be the same box at some step (X is left and right operand on the diagonal of X X);
// the cost model pays for both, and so do the copies, but then the second one lies column
// after column: a value lies in an arena once in each form.
enum class Form : uint8_t { kRowMajor, kColumnMajor };

struct Held {
  Spot spot;
  Box box;
  Form form = Form::kRowMajor;
};

// The slot whose turn it is.
Spot slot(Spot spot, uint64_t turn) {
  if (spot.second >= 0 && turn % 2 != 0) spot.offset = spot.second;
  return spot;
}

class Lowering {
 public:
  Lowering(const Problem& problem, const Solution& solution, const Meaning& meaning, const LoweringOptions& options)
      : problem_(problem), solution_(solution), meaning_(meaning), options_(options) {}

  Result<Schedule> run(double latency) {
    places_ = place_slices(problem_, solution_, meaning_, copies_apart());
    if (places_.fast_extent > problem_.capacity)
      return make_error(ErrorCode::kBug, sentence("slices were placed up to ", places_.fast_extent,
                                                  " in a fast memory of ", problem_.capacity, " elements"));
    if (Status status = check_size(); !status.ok()) return status.error();
    declare();
    for (uint32_t i = 0; i < solution_.subgraphs.size(); ++i) lower(i);
    if (copies_apart()) {
      lanes::order_lanes(ops_, Part::kReplay, builder_);
      lanes::add_ops(std::move(ops_), builder_);
    }
    Schedule& made = builder_.schedule();
    made.producer = "rondo fusion planner";
    made.source = options_.source;
    made.machine = options_.machine == nullptr ? "contest" : options_.machine->name;
    if (options_.machine != nullptr)
      for (const KernelCost& cost : options_.machine->costs)
        if (std::any_of(made.kernels.begin(), made.kernels.end(),
                        [&](const KernelRef& kernel) { return made.name(kernel.name) == cost.kernel; }))
          builder_.cost(cost.kernel, cost.fixed_ns, cost.ns_per_flop, cost.ns_per_byte);
    Schedule schedule = builder_.finish();
    add_derived_claims(schedule);
    if (schedule.costs.empty()) state_latency(schedule, latency);
    return schedule;
  }

 private:
  bool copies_apart() const {
    return options_.machine != nullptr && options_.machine->copy_in_engines + options_.machine->copy_out_engines != 0;
  }

  // By the problem's own costs, of which the file carries none.
  static void state_latency(Schedule& schedule, double latency) {
    Claim claim;
    claim.kind = static_cast<uint16_t>(ClaimKind::kMakespan);
    claim.value = std::bit_cast<uint64_t>(latency);
    claim.method = static_cast<NameId>(schedule.names.size());
    schedule.names.push_back("sum over steps of max(compute, traffic)");
    schedule.claims.push_back(claim);
  }

  Status check_size() const {
    uint64_t operations = 0;
    for (uint32_t i = 0; i < places_.subgraphs.size(); ++i) {
      const SubgraphSteps& steps = places_.subgraphs[i].steps;
      const auto times = [&](Turn turn) {
        return static_cast<uint64_t>(steps.tiles()) *
               static_cast<uint64_t>(turn == Turn::kEveryStep ? steps.k_steps : int64_t{1});
      };
      uint64_t here = 0;
      for (const Load& load : steps.loads) here += times(load.turn);
      for (const Execution& execution : steps.executions) here += times(execution.turn) * calls(execution.op).size();
      here += times(Turn::kLastStep) * places_.subgraphs[i].sent_out.size();
      operations += here;
      if (operations > options_.max_operations)
        return make_error(ErrorCode::kTooComplex,
                          sentence("subgraph ", i, " has ", steps.tiles(), " tiles of ", steps.k_steps,
                                   " steps: with it the schedule has up to ", operations, " operations, the limit is ",
                                   options_.max_operations, " (which may be 1 to ", kMostOperations, ")"));
    }
    if (solution_.subgraphs.size() > UINT16_MAX)
      return make_error(ErrorCode::kTooComplex, sentence("the solution has ", solution_.subgraphs.size(),
                                                         " subgraphs, a schedule has at most ", UINT16_MAX, " phases"));
    return {};
  }

  const std::vector<KernelCall>& calls(uint32_t op) const { return meaning_.calls[op]; }
  const Tensor& shape(uint32_t tensor) const { return problem_.tensors[tensor]; }

  // ---- what there is -----------------------------------------------------------
  void declare() {
    const MachineSpace* machine_host = machine_space(SpaceKind::kHost);
    const MachineSpace* machine_fast = machine_space(SpaceKind::kScratch);
    const uint16_t host = machine_host == nullptr
                              ? builder_.space("slow", SpaceKind::kHost, kHostBytes)
                              : builder_.space(machine_host->name, SpaceKind::kHost, machine_host->capacity_bytes,
                                               machine_host->align_bytes);
    const uint32_t fast_align =
        machine_fast == nullptr ? kArenaAlign : std::max(kArenaAlign, machine_fast->align_bytes);
    const uint16_t fast =
        machine_fast == nullptr
            ? builder_.space("fast", SpaceKind::kScratch, static_cast<uint64_t>(problem_.capacity * kElementBytes))
            : builder_.space(machine_fast->name, SpaceKind::kScratch, machine_fast->capacity_bytes,
                             machine_fast->align_bytes);
    fast_ = builder_.arena(free_name("fast"), fast, static_cast<uint64_t>(places_.fast_extent * kElementBytes),
                           OwnerKind::kLane, 0, false, fast_align);
    if (places_.granule_extent != 0) {
      const auto bytes = static_cast<uint64_t>(places_.granule_extent * kElementBytes);
      granules_ =
          builder_.arena(free_name("granules"), builder_.space(free_space("granules"), SpaceKind::kScratch, bytes),
                         bytes, OwnerKind::kLane);
    }
    // An intermediate that is sent out and not read again is something the host may look at.
    std::vector<TensorRole> role;
    for (const Home& home : meaning_.homes) role.push_back(home.role);
    std::vector<uint8_t> stored(role.size());
    for (uint32_t tensor = 0; tensor < problem_.tensors.size(); ++tensor) {
      const uint32_t home = meaning_.tensors[tensor].home;
      if (home == kNone || role[home] != TensorRole::kIntermediate) continue;
      stored[home] = places_.in_slow[tensor];
      if (places_.unread[tensor] != 0) role[home] = TensorRole::kOutput;
    }
    std::vector<uint32_t> base(role.size(), kNone);
    for (uint32_t home = 0; home < role.size(); ++home)
      if (role[home] == TensorRole::kIntermediate && stored[home] != 0)
        base[home] = builder_.arena(
            meaning_.homes[home].name, host, bytes_of(meaning_.homes[home]), OwnerKind::kEveryone, 0, false,
            machine_host == nullptr ? kArenaAlign : std::max(kArenaAlign, machine_host->align_bytes));
    for (uint32_t home = 0; home < role.size(); ++home) {
      const Home& it = meaning_.homes[home];
      if (role[home] == TensorRole::kIntermediate) continue;
      base[home] = builder_.binding(it.name,
                                    role[home] == TensorRole::kInput      ? Role::kInput
                                    : role[home] == TensorRole::kConstant ? Role::kConstant
                                                                          : Role::kOutput,
                                    DType::kF32, it.shape);
    }
    for (uint32_t home = 0; home < role.size(); ++home)
      tensor_id_.push_back(builder_.tensor(meaning_.homes[home].name, DType::kF32, meaning_.homes[home].shape,
                                           role[home] == TensorRole::kIntermediate ? kNone : base[home]));
    for (const uint32_t each : base) slow_.push_back(static_cast<uint16_t>(each));
    compute_ = load_ = store_ = builder_.stream("compute", 0, Engine::kCompute);
    if (!copies_apart()) return;
    const Machine& machine = *options_.machine;
    const auto in_flight = static_cast<uint16_t>(machine.copy_in_flight);
    const Engine in = machine.copy_in_engines != 0 ? Engine::kCopyIn : Engine::kCopyOut,
                 out = machine.copy_out_engines != 0 ? Engine::kCopyOut : Engine::kCopyIn;
    load_ = builder_.stream("load", 0, in, Part::kReplay, in_flight);
    store_ = builder_.stream("store", 0, out, Part::kReplay, in_flight);
  }
  const MachineSpace* machine_space(SpaceKind kind) const {
    return options_.machine == nullptr ? nullptr : options_.machine->space(kind);
  }
  std::string free_space(std::string wanted) const {
    while (options_.machine != nullptr && std::any_of(options_.machine->spaces.begin(), options_.machine->spaces.end(),
                                                      [&](const MachineSpace& space) { return space.name == wanted; }))
      wanted += "_";
    return wanted;
  }
  static uint64_t bytes_of(const Home& home) {
    return std::accumulate(home.shape.begin(), home.shape.end(), uint64_t{kElementBytes}, std::multiplies<>());
  }
  std::string free_name(std::string wanted) const {
    while (std::any_of(meaning_.homes.begin(), meaning_.homes.end(),
                       [&](const Home& home) { return home.name == wanted; }))
      wanted += "_";
    return wanted;
  }

  // ---- operands ----------------------------------------------------------------
  // `box` of a tensor of the problem, its first element at `offset` bytes of `base`.
  OperandSpec operand(uint16_t base, int64_t offset, const Box& box, int64_t row_stride, int64_t column_stride,
                      uint32_t tensor, uint32_t home, uint32_t version, Access access) {
    OperandSpec spec;
    spec.base = base;
    spec.offset_bytes = static_cast<uint64_t>(offset);
    spec.access = access;
    const auto extent = [](const Range& range) { return static_cast<uint32_t>(range.extent); };
    spec.view = builder_.view(DType::kF32, {extent(box.rows), extent(box.columns)}, {row_stride, column_stride});
    const bool transposed = meaning_.tensors[tensor].transposed;
    Value value;
    value.tensor = tensor_id_[home];
    value.version = version;
    value.axis[0] = transposed ? 1 : 0;
    value.axis[1] = transposed ? 0 : 1;
    for (const auto& [range, axis] : {std::pair(box.rows, value.axis[0]), std::pair(box.columns, value.axis[1])}) {
      value.low[axis] = static_cast<uint32_t>(range.low);
      value.extent[axis] = static_cast<uint32_t>(range.extent);
    }
    spec.label.value = builder_.value(value);
    return spec;
  }

  // In slow memory, where the tensor is whole.
  OperandSpec in_slow(uint32_t tensor, const Box& box, Access access, uint32_t home, uint32_t version = 0) {
    const bool transposed = meaning_.tensors[tensor].transposed;
    const int64_t row = kElementBytes * (transposed ? 1 : shape(tensor).width),
                  column = kElementBytes * (transposed ? shape(tensor).height : 1);
    return operand(slow_[meaning_.tensors[tensor].home], box.rows.low * row + box.columns.low * column, box, row,
                   column, tensor, home, version, access);
  }

  // Inside a slice that is held in fast memory or a granule.
  OperandSpec in_spot(const Held& held, const Box& box, Access access, uint32_t home, uint32_t version = 0) {
    if (held.spot.memory == Memory::kSlow) return in_slow(held.spot.tensor, box, access, home, version);
    const bool by_rows = held.form == Form::kRowMajor;
    // Without gaps, at the edge of the tensor too: what lies in one piece is proven as one. Of
    // one element both forms are the same bytes; a stride that is never taken tells them apart.
    const int64_t row_pitch = held.box.columns.extent,
                  column_pitch = held.box.rows.extent * row_pitch == 1 ? 2 : held.box.rows.extent;
    const int64_t row = kElementBytes * (by_rows ? row_pitch : 1),
                  column = kElementBytes * (by_rows ? 1 : column_pitch);
    const int64_t offset = held.spot.offset * kElementBytes + (box.rows.low - held.box.rows.low) * row +
                           (box.columns.low - held.box.columns.low) * column;
    return operand(held.spot.memory == Memory::kFast ? fast_ : granules_, offset, box, row, column, held.spot.tensor,
                   home, version, access);
  }

  uint32_t home_of(uint32_t tensor) const { return meaning_.tensors[tensor].home; }

  // ---- one subgraph ------------------------------------------------------------
  void lower(uint32_t index) {
    here_ = &places_.subgraphs[index];
    const SubgraphSteps& steps = here_->steps;
    const std::vector<uint32_t>& order = solution_.subgraphs[index].order;
    phase_ = builder_.phase(sentence("subgraph ", index));
    held_.assign(steps.loads.size(), {});
    times_.assign(steps.loads.size(), 0);
    asides_.assign(here_->asides.size(), {});
    loads_.clear();
    for (uint32_t load = 0; load < steps.loads.size(); ++load) loads_.push_back({load, turn_of(steps.loads[load])});
    std::stable_partition(loads_.begin(), loads_.end(),
                          [](const TimedLoad& load) { return load.turn != Turn::kLastStep; });
    Step before{-1, -1, 0};
    for (int64_t position = 0; position < steps.tiles(); ++position) {
      tile_turn_ = static_cast<uint64_t>(position);
      const int64_t tile = order.empty() ? position : order[static_cast<size_t>(position)];
      Step step{tile / steps.tile_columns, tile % steps.tile_columns, 0};
      const bool rows = step.tile_row != before.tile_row, columns = step.tile_column != before.tile_column;
      const auto moves = [&](const TimedLoad& load) {
        return position == 0 || SubgraphSteps::moved(steps.loads[load.load].slice, rows, columns);
      };
      for (const TimedLoad& load : loads_)
        if (moves(load)) held_[load.load].box = {};  // nothing reads it any more
      for (step.k = 0; step.k < steps.k_steps; ++step.k) {
        for (const TimedLoad& load : loads_)
          if (load.turn == Turn::kEveryStep) held_[load.load].box = {};
        for (const TimedLoad& load : loads_)
          if (steps.happens(load.turn, step.k) && moves(load)) bring_in(load, step);
        for (uint32_t i = 0; i < steps.executions.size(); ++i)
          if (steps.happens(steps.executions[i].turn, step.k)) execute(i, step);
        if (step.k == steps.k_steps - 1)
          for (uint32_t tensor : here_->sent_out) send_out(tensor, step);
      }
      before = step;
    }
  }

  struct TimedLoad {
    uint32_t load = 0;
    Turn turn = Turn::kEveryStep;
  };

  // The model brings a tile in with the first step if anything else of its tensor is read
  // before the last one. Where that is both its rows and its columns, three slices could be
  // one box, and there are two forms: then the tile, which is read in the last step alone,
  // comes in there, after the others. The bytes are the same.
  Turn turn_of(const Load& load) const {
    if (load.slice != kTileSlice) return load.turn;
    bool by_rows = false, by_columns = false;
    for (const Load& other : here_->steps.loads) {
      if (other.tensor != load.tensor) continue;
      by_rows |= other.slice == Slice{Cut::kTile, Cut::kStep};
      by_columns |= other.slice == Slice{Cut::kStep, Cut::kTile};
    }
    return by_rows && by_columns ? Turn::kLastStep : load.turn;
  }

  void bring_in(const TimedLoad& timed, const Step& step) {
    const uint32_t load = timed.load, tensor = here_->loads[load].tensor;
    Held held{slot(here_->loads[load], times_[load]++), here_->steps.box(shape(tensor), here_->loads[load].slice, step),
              Form::kRowMajor};
    for (const TimedLoad& other : loads_) {
      const Held& there = held_[other.load];
      const bool read_before = timed.turn == Turn::kLastStep && other.turn != Turn::kLastStep;
      if (there.spot.tensor == tensor && there.box == held.box && there.form == held.form && !read_before)
        held.form = Form::kColumnMajor;
    }
    held_[load] = held;
    add(load_, "copy", 0, {},
        {in_slow(tensor, held.box, Access::kRead, home_of(tensor)),
         in_spot(held, held.box, Access::kWrite, home_of(tensor))});
  }

  // The memory that holds `slice` of a tensor in this step, and the box that lies there.
  Held held(uint32_t tensor, const Slice& slice, const Step& step) const {
    const Spot& spot = here_->find(problem_, tensor, slice);
    for (size_t load = 0; load < here_->loads.size(); ++load)
      if (&spot == &here_->loads[load]) return held_[load];
    return {slot(spot, tile_turn_), here_->steps.box(shape(tensor), spot.slice, step), Form::kRowMajor};
  }

  void execute(uint32_t index, const Step& step) {
    const Execution& execution = here_->steps.executions[index];
    const Operator& op = problem_.operators[execution.op];
    const Box box = here_->steps.box(shape(op.output), execution.slice, step);
    const Spot& spot = here_->results[index];
    const Held result{slot(spot, tile_turn_), here_->steps.box(shape(op.output), spot.slice, step), Form::kRowMajor};
    const auto source = [&](uint32_t position) {
      const uint32_t tensor = op.inputs[position];
      const Slice slice = execution.operand_slice(position);
      return in_spot(held(tensor, slice, step), here_->steps.box(shape(tensor), slice, step), Access::kRead,
                     home_of(tensor));
    };
    if (execution.matmul) {
      const bool begins = !execution.sums_over_steps || step.k == 0,
                 ends = !execution.sums_over_steps || step.k == here_->steps.k_steps - 1;
      const auto version = ends ? 0u : static_cast<uint32_t>(step.k) + 1;
      add(compute_, "matmul", static_cast<uint16_t>((begins ? kOpInit : kOpAccumulate) | (ends ? kOpFinal : 0)),
          calls(execution.op).front().params,
          {source(0), source(1),
           in_spot(result, box, begins ? Access::kWrite : Access::kUpdate, home_of(op.output), version)});
      return;
    }
    uint32_t so_far = kNone;
    for (const KernelCall& call : calls(execution.op)) {
      std::vector<OperandSpec> operands;
      for (const Source& from : call.sources) switch (from.of) {
          case Source::Of::kInput:
            operands.push_back(source(from.index));
            break;
          case Source::Of::kSoFar:
            operands.push_back(in_spot(result, box, Access::kRead, so_far));
            break;
          case Source::Of::kAside:
            operands.push_back(aside(from.index, execution.slice, box, step));
            break;
        }
      operands.push_back(in_spot(result, box, Access::kWrite, call.result));
      add(compute_, call.kernel, 0, call.params, std::move(operands));
      so_far = call.result;
    }
  }

  // A broadcast operand over `over`, brought to the granules where it is not there yet. What
  // another slice of it has brought serves as well: one box, one place.
  OperandSpec aside(uint32_t home, const Slice& slice, const Box& over, const Step& step) {
    const Tensor whole = aside_shape(meaning_.homes[home]);
    const Slice wanted = aside_slice(meaning_.homes[home], slice);
    const Box box = here_->steps.box(whole, wanted, step);
    size_t at = 0;
    while (at < asides_.size() && !(here_->asides[at].home == home && asides_[at] == box)) ++at;
    if (at == asides_.size()) {
      at = 0;
      while (here_->asides[at].home != home || here_->asides[at].slice != wanted) ++at;
      asides_[at] = box;
      add(load_, "copy", 0, {},
          {broadcast(home, box, box, slow_[home], whole.width, box.rows.low * whole.width + box.columns.low,
                     Access::kRead),
           broadcast(home, box, box, granules_, box.columns.extent, here_->asides[at].offset, Access::kWrite)});
    }
    return broadcast(home, box, over, granules_, box.columns.extent, here_->asides[at].offset, Access::kRead);
  }
  // `box` of a broadcast operand, as seen over a box of its operator's result.
  OperandSpec broadcast(uint32_t home, const Box& box, const Box& over, uint16_t base, int64_t pitch, int64_t offset,
                        Access access) {
    const Home& it = meaning_.homes[home];
    OperandSpec spec;
    spec.base = base;
    spec.offset_bytes = static_cast<uint64_t>(offset * kElementBytes);
    spec.access = access;
    Value value;
    value.tensor = tensor_id_[home];
    std::vector<uint32_t> extent;
    std::vector<int64_t> stride;
    for (uint32_t axis = 0; axis < 2; ++axis) {
      const Range &part = axis == 0 ? box.rows : box.columns, &seen = axis == 0 ? over.rows : over.columns;
      const bool repeated = part.extent != seen.extent;
      extent.push_back(static_cast<uint32_t>(seen.extent));
      stride.push_back(repeated ? 0 : kElementBytes * (axis == 0 ? pitch : int64_t{1}));
      if (it.shape.size() + axis < 2) continue;  // the home has no such axis
      const auto home_axis = static_cast<uint8_t>(it.shape.size() + axis - 2);
      value.low[home_axis] = static_cast<uint32_t>(part.low);
      value.extent[home_axis] = static_cast<uint32_t>(part.extent);
      if (!repeated) value.axis[axis] = home_axis;
    }
    spec.view = builder_.view(DType::kF32, extent, stride);
    spec.label.value = builder_.value(value);
    return spec;
  }

  void send_out(uint32_t tensor, const Step& step) {
    const Held from = held(tensor, kTileSlice, step);
    const Box box = here_->steps.box(shape(tensor), kTileSlice, step);
    add(store_, "copy", 0, {},
        {in_spot(from, box, Access::kRead, home_of(tensor)), in_slow(tensor, box, Access::kWrite, home_of(tensor))});
  }

  void add(uint32_t stream, std::string_view kernel, uint16_t flags, const std::array<uint32_t, 4>& params,
           std::vector<OperandSpec> operands) {
    OpSpec op;
    op.kernel = kernel;
    op.operands = std::move(operands);
    op.flags = flags;
    op.phase = phase_;
    std::copy(params.begin(), params.end(), op.params);
    if (copies_apart())
      ops_.push_back({stream, std::move(op)});
    else
      builder_.add(stream, op);
  }

  const Problem& problem_;
  const Solution& solution_;
  const Meaning& meaning_;
  const LoweringOptions& options_;
  Places places_;
  ScheduleBuilder builder_;
  uint16_t fast_ = 0, granules_ = 0;
  std::vector<uint16_t> slow_;                   // by home: its base; of those that have one
  std::vector<uint32_t> tensor_id_;              // by home
  uint32_t compute_ = 0, load_ = 0, store_ = 0;  // streams
  std::vector<lanes::StreamedOp> ops_;           // where there are several, until they are ordered
  // Of the subgraph at hand.
  const SubgraphPlaces* here_ = nullptr;
  uint16_t phase_ = 0;
  std::vector<TimedLoad> loads_;  // in the order in which they come in
  std::vector<Held> held_;        // by load: what it brought in last
  std::vector<uint64_t> times_;   // by load: how often it did
  std::vector<Box> asides_;       // by aside: what lies there
  uint64_t tile_turn_ = 0;        // tiles begun
};

}  // namespace

Result<Schedule> lower_solution(const Problem& problem, const Solution& solution, const Meaning& meaning,
                                const LoweringOptions& options) {
  if (options.max_operations < 1 || options.max_operations > kMostOperations)
    return make_error(ErrorCode::kInvalidArgument, sentence("a limit of ", options.max_operations,
                                                            " operations; it must be 1 to ", kMostOperations));
  const Result<Evaluation> cost = evaluate(problem, solution);
  if (!cost.ok()) return cost.error();
  return Lowering(problem, solution, meaning, options).run(cost->latency);
}

}  // namespace rondo::fusion
