// Options and machine are checked, candidates (how far layers are chained) are
// placed, the one that moves fewest bytes is given streams and lowered.
#include "planner/tile/plan_staged.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <optional>
#include "planner/claims/derive_claims.h"
#include "planner/tile/assign_streams.h"
#include "planner/tile/bound_makespan.h"
#include "planner/tile/bound_placement.h"
#include "planner/tile/chain_groups.h"
#include "planner/tile/drop_dead_calls.h"
#include "planner/tile/drop_dead_stores.h"
#include "planner/tile/drop_unread_ops.h"
#include "planner/tile/hoist_loads.h"
#include "planner/tile/issue_loads.h"
#include "planner/tile/lower_tiles.h"
#include "planner/tile/place_first_fit.h"
#include "planner/tile/place_one_by_one.h"
#include "planner/tile/place_pinned.h"
#include "planner/tile/predict_makespan.h"
#include "planner/tile/rotate_slots.h"
#include "planner/tile/tile_groups.h"

namespace rondo::tiling {
namespace {

constexpr uint32_t kLargestTile = 1024;
// Of scratch, kept free for copies to run ahead in where products are summed by panels; not measured.
constexpr uint64_t kReserveShare = 4;

// One way to plan, of those that are tried.
struct Way {
  uint32_t longest = 1;  // groups of a chain
  bool by_panels = false;
  bool reserves = false;  // room for copies to run ahead; without, slots rotate afterwards
  bool keep_results = false;
  Walk walk = Walk::kForward;
  Victim victim = Victim::kFarthestNextUse;
  uint32_t lanes = 1;
  Deal deal = Deal::kRows;
};

struct Candidate {
  Way way;
  std::vector<Chain> chains;
  MicroProgram micro;
  PlacedProgram placed;
  uint64_t bytes_moved = 0;
  double makespan = 0;

  // Some intermediate never leaves scratch.
  bool chained(const Graph& graph) const {
    std::vector<bool> stored(graph.tensors.size(), false);
    for (const PlacedOp& op : placed.ops)
      if (op.kind == PlacedKind::kStore) stored[micro.pieces[op.index].tensor] = true;
    return std::any_of(micro.pieces.begin(), micro.pieces.end(), [&](const Piece& piece) {
      return graph.tensors[piece.tensor].role == TensorRole::kIntermediate && !stored[piece.tensor];
    });
  }
};

uint64_t copied_bytes(const MicroProgram& micro, const PlacedProgram& placed) {
  uint64_t bytes = 0;
  for (const PlacedOp& op : placed.ops)
    if (op.kind != PlacedKind::kCompute) bytes += micro.pieces[op.index].bytes;
  return bytes;
}

// What all engines of the replay together are busy for, in the unit of the cost table.
double busy_time(const Schedule& schedule) {
  double total = 0;
  for (const Stream& stream : schedule.streams)
    for (uint32_t i = stream.first_op; i < stream.first_op + stream.op_count; ++i)
      for (const Cost& cost : schedule.costs)
        if (cost.kernel == schedule.ops[i].kernel) {
          const Op& op = schedule.ops[i];
          total += cost.fixed + cost.per_flop * double(flops_of(schedule, op)) +
                   cost.per_byte * double(rondo::bytes_of(schedule, op));
        }
  return total;
}

std::optional<Claim> claim_of(const Schedule& schedule, ClaimKind kind) {
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(kind)) return claim;
  return std::nullopt;
}
double makespan_claim(const Schedule& schedule) {
  const auto claim = claim_of(schedule, ClaimKind::kMakespan);
  return claim ? std::bit_cast<double>(claim->value) : 0;
}

class StagedPlanner {
 public:
  StagedPlanner(const Graph& graph, const Machine& machine, const PlanOptions& options)
      : graph_(graph), machine_(machine), options_(options) {}

  Result<Plan> run() {
    if (Status status = check(); !status) return status.error();
    views_ = direct::view_tensors(graph_, direct::MovingSlices::kCopies);
    for (FusedGroup& group : fuse_epilogues(graph_, options_.fuse))
      if (!is_view(group.kind) || views_.copies[group.main] != 0) groups_.push_back(std::move(group));
    if (Status status = check_groups(); !status) return status.error();
    switch (options_.policy) {
      case PlacementPolicy::kSeedFirstFit:
        return plan_seed();
      case PlacementPolicy::kLru:
        return plan_one(Victim::kLeastRecentlyUsed);
      case PlacementPolicy::kDefault:
        break;
    }
    return plan_best();
  }

 private:
  Status check() {
    const auto bad = [](std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); };
    if (options_.tile < 1 || options_.tile > kLargestTile)
      return bad("a tile of " + std::to_string(options_.tile) + " rows and columns was asked for: 1 to " +
                 std::to_string(kLargestTile) + " are allowed");
    if (options_.depth < 1) return bad("a depth of 0 slots was asked for: at least 1 is needed");
    const MachineSpace* scratch = machine_.space(SpaceKind::kScratch);
    if (scratch == nullptr || machine_.space(SpaceKind::kHost) == nullptr)
      return make_error(ErrorCode::kInvalidMachine,
                        "machine '" + machine_.name + "' has no space of kind scratch: staged plans need one");
    if (!is_host() && !has_device() && !has_engines())
      return make_error(
          ErrorCode::kInvalidMachine,
          "machine '" + machine_.name + "' is of backend '" + machine_.backend +
              "', whose kernels do not reach memory of the host, and no engine copies from there: give it "
              "copy_in_engines: 1");
    if (has_device() && !has_engines())
      return make_error(ErrorCode::kInvalidMachine,
                        "machine '" + machine_.name +
                            "' has memory of its own and no copy engine: nothing would bring inputs there; give it "
                            "copy_in_engines: 1, or no space of kind device");
    if (options_.scratch_bytes > scratch->capacity_bytes)
      return bad(with_commas(options_.scratch_bytes) + " bytes of scratch were asked for, but machine '" +
                 machine_.name + "' has " + with_commas(scratch->capacity_bytes));
    scratch_bytes_ = options_.scratch_bytes != 0 ? options_.scratch_bytes : scratch->capacity_bytes;
    return {};
  }

  std::string titled(uint32_t group) const {
    return std::string(info(groups_[group].kind).name) + " '" + graph_.operators[groups_[group].main].name + "'";
  }

  bool has_device() const { return machine_.space(SpaceKind::kDevice) != nullptr; }
  // Kernels of a device reach no memory of the host, whatever the file says of operands.
  bool is_host() const { return machine_.backend == "cpu"; }
  bool reaches_memory() const { return has_device() || (machine_.direct_operands && is_host()); }

  Status check_groups() const {
    for (uint32_t group = 0; group < groups_.size(); ++group) {
      const Place& place = graph_.operators[groups_[group].main].place;
      if (options_.policy == PlacementPolicy::kSeedFirstFit && !takes_tiles(groups_[group].kind))
        return make_error(
            ErrorCode::kUnavailable,
            titled(group) + " is not among what policy seed-first-fit places; the default policy plans it", place);
      if (groups_[group].kind == OperatorKind::kScatter && !reaches_memory())
        return make_error(ErrorCode::kUnavailable,
                          titled(group) + " writes rows of state '" +
                              graph_.tensors[views_.root(groups_[group].output)].name +
                              "' that a table chooses, and kernels of machine '" + machine_.name +
                              "' reach scratch only; give the machine a space of kind device" +
                              (is_host() ? ", or direct operands" : ""),
                          place);
      if (is_view(groups_[group].kind) || groups_[group].kind == OperatorKind::kConcat) continue;  // of any type
      for (uint32_t op : groups_[group].operators)
        for (uint32_t i = 0; i < graph_.operators[op].inputs.size(); ++i) {
          const GraphTensor& input = graph_.tensors[graph_.operators[op].inputs[i]];
          if (input.dtype != DType::kF32 && i != index_input(graph_.operators[op].kind))
            return make_error(ErrorCode::kUnavailable,
                              titled(group) + " has no kernel for " + std::string(info(input.dtype).name) +
                                  " (tensor '" + input.name + "'): f32 only",
                              graph_.operators[op].place);
        }
    }
    return {};
  }

  // ---- rows -----------------------------------------------------------------
  bool has_rows(const Chain& chain) const {
    return std::any_of(chain.groups.begin(), chain.groups.end(), [&](uint32_t group) {
      return works_on_rows(groups_[group].kind) || !takes_tiles(groups_[group].kind);
    });
  }

  // Rows of a block: a tile's, or, where whole rows are held, as many as leave room
  // for `depth` of what a call needs, then as many as fit at all. No more than each lane
  // gets some.
  void choose_blocks(std::vector<Chain>& chains, const Way& way) const {
    for (Chain& chain : chains) {
      chain.rows = options_.tile;
      if (chain.by_panels) chain.panel = panel_of(groups_[chain.groups.front()], way);
      if (chain.by_panels || !has_rows(chain)) continue;
      const auto attention = std::find_if(chain.groups.begin(), chain.groups.end(), [&](uint32_t group) {
        return groups_[group].kind == OperatorKind::kAttention;
      });
      const bool attends = attention != chain.groups.end();
      // Its kernels sum a few rows in another order than many: on a machine of several lanes
      // its blocks depend on nothing else, so that neither do the bits.
      if (machine_.lanes > 1 && attends && chain.groups.size() > 1) {
        std::vector<Chain> alone = {{.groups = {*attention}}};
        choose_blocks(alone, way);
        chain.rows = alone.front().rows;
        continue;
      }
      const uint32_t most = way.lanes == 1 || attends ? options_.tile : rows_of_a_lane(chain, way.lanes);
      for (const uint64_t share : {uint64_t{options_.depth}, uint64_t{1}}) {
        for (chain.rows = most; chain.rows > 1; chain.rows /= 2)
          if (block_fits(chain, scratch_bytes_ / share)) break;
        if (chain.rows > 1) break;
      }
    }
  }
  uint32_t rows_of_a_lane(const Chain& chain, uint32_t lanes) const {
    uint64_t rows = 1;
    const auto& extents = walked_shape(graph_, views_, groups_[chain.groups.front()]);
    for (size_t axis = 0; axis + 1 < extents.size(); ++axis) rows *= extents[axis];
    return static_cast<uint32_t>(std::min<uint64_t>((rows + lanes - 1) / lanes, options_.tile));
  }
  // Of the part of a product that a lane gets.
  Panel panel_of(const FusedGroup& product, const Way& way) const {
    const GraphOperator& op = graph_.operators[product.main];
    const auto &a = graph_.tensors[product.inputs[0]].shape, &c = graph_.tensors[product.output].shape;
    const auto parts = [](uint64_t all, uint64_t step) { return static_cast<uint32_t>((all + step - 1) / step); };
    uint64_t leading = 1;
    for (size_t axis = 0; axis + 2 < c.size(); ++axis) leading *= c[axis];
    const uint32_t rows = parts(c[c.size() - 2], options_.tile), columns = parts(c.back(), options_.tile);
    const uint32_t depth = parts(op.transpose_a ? a[a.size() - 2] : a.back(), options_.tile);
    uint64_t by_rows = std::min<uint64_t>(way.lanes, rows * leading), by_columns = parts(way.lanes, by_rows);
    if (way.deal == Deal::kColumns) {
      by_columns = std::min<uint64_t>(way.lanes, columns);
      by_rows = parts(way.lanes, by_columns);
    }
    const uint64_t tile_bytes = uint64_t{options_.tile} * options_.tile * size_of(DType::kF32);
    const uint64_t room = (scratch_bytes_ - (way.reserves ? scratch_bytes_ / kReserveShare : 0)) / tile_bytes;
    return choose_panel(parts(rows, parts(by_rows, leading)), parts(columns, by_columns), depth, room);
  }
  TileOptions tile_options(const Way& way) const {
    return {options_.tile, way.walk, scratch_bytes_, reaches_memory(), way.lanes, way.deal};
  }
  bool block_fits(const Chain& chain, uint64_t bytes) const {
    const auto block = tile_last_block(graph_, views_, groups_, chain, tile_options(Way{}));
    if (!block.ok()) return false;
    PinnedOptions pinned;
    pinned.scratch_bytes = bytes;
    pinned.keep_results = true;
    return place_pinned(graph_, *block, pinned).ok();
  }

  // ---- policies -------------------------------------------------------------
  Result<Plan> plan_seed() {
    Candidate candidate;
    candidate.chains = chain_groups(graph_, views_, groups_, 1);
    choose_blocks(candidate.chains, candidate.way);
    auto micro = tile_groups(graph_, views_, groups_, candidate.chains, tile_options(candidate.way));
    if (!micro.ok()) return micro.error();
    candidate.micro = std::move(*micro);
    auto placed = place_first_fit(graph_, candidate.micro, scratch_bytes_, options_.double_buffer_labels);
    if (!placed.ok()) {
      Error error = placed.error();
      error.message += "; " + least_sentence(candidate.micro);
      return error;
    }
    candidate.placed = std::move(*placed);
    candidate.bytes_moved = copied_bytes(candidate.micro, candidate.placed);
    return finish(candidate);
  }

  Result<Plan> plan_one(Victim victim) {
    Way way;
    way.victim = victim;
    auto candidate = try_way(way);
    if (!candidate.ok()) return candidate.error();
    return finish(*candidate);
  }

  // The plan that is done first by the machine's costs, of equal ones (or without
  // costs) the one that moves fewest bytes, then the one that needs least scratch. None on one lane
  // loads more often than the plain walk does: what other users of the memory pay
  // is in no cost table (docs/decisions/0031).
  Result<Plan> plan_best() {
    std::optional<Candidate> best;
    uint64_t most_loads = 0;
    for (const Way& way : ways_on_one_lane()) {
      auto candidate = try_way(way);
      // Where not even the plain walk fits, its error says the least that works. Longer
      // chains in blocks of fewer rows may be too many calls.
      if (!candidate.ok() && (!best || (candidate.error().code != ErrorCode::kDoesNotFit &&
                                        candidate.error().code != ErrorCode::kTooComplex)))
        return candidate.error();
      if (!candidate.ok()) continue;
      if (best && candidate->placed.stats.loads > most_loads) continue;
      overlap(*candidate);
      if (!best) most_loads = candidate->placed.stats.loads;
      if (!best || is_better(*candidate, *best)) best = std::move(*candidate);
    }
    const auto shared = plan_shared();
    if (!shared.ok()) return shared.error();
    if (!*shared) return finish(*best);
    const bool pays = (*shared)->makespan < best->makespan * (1 - 1e-9);
    return pays ? finish(**shared) : finish(*best, &**shared);
  }

  // The best on several lanes: on all that are allowed, and where that is far from their
  // bound, because lanes wait for one another or have nothing to do, on the powers of two
  // below, one after another as long as that is no worse. No other counts are tried.
  Result<std::optional<Candidate>> plan_shared() {
    constexpr double kNear = 1.1;
    std::optional<Candidate> best;
    for (uint32_t lanes = allowed_lanes(); lanes > 1; lanes = std::bit_floor(lanes - 1)) {
      std::optional<Candidate> most;
      for (const Way& way : ways_on(lanes)) {
        auto candidate = try_way(way);
        if (!candidate.ok()) {
          const ErrorCode code = candidate.error().code;
          if (code != ErrorCode::kDoesNotFit && code != ErrorCode::kTooComplex) return candidate.error();
          continue;
        }
        overlap(*candidate);
        if (!most || is_better(*candidate, *most)) most = std::move(*candidate);
      }
      if (best && (!most || most->makespan > best->makespan * (1 + 1e-9))) break;
      if (most) best = std::move(most);
      if (best && best->makespan <= kNear * bound_makespan(graph_, best->micro, machine_, lanes)) break;
    }
    return best;
  }

  // The plain walk first, of equal ones the simplest wins: longer and longer chains, to and
  // fro, then products by panels. A machine of several lanes is planned with every sum in
  // one order, so that their number changes no bit.
  std::vector<Way> ways_on_one_lane() const {
    std::vector<Way> ways;
    for (const uint32_t longest : lengths())
      for (const Walk walk : {Walk::kForward, Walk::kTurning}) {
        if (walk == Walk::kTurning && machine_.lanes > 1) continue;
        ways.push_back({.longest = longest, .keep_results = options_.chain, .walk = walk});
      }
    if (options_.chain && rotates()) ways.push_back(panels());
    return ways;
  }

  // None where nothing can be predicted.
  std::vector<Way> ways_on(uint32_t lanes) const {
    std::vector<Way> ways;
    if (machine_.costs.empty()) return ways;
    for (const Deal deal : {Deal::kRows, Deal::kColumns}) {
      std::vector<Way> shared = {{.longest = 1, .reserves = rotates(), .keep_results = options_.chain}};
      if (options_.chain) {
        shared.push_back({.longest = kNone, .reserves = rotates(), .keep_results = true});
        shared.push_back(panels());
      }
      for (Way& way : shared) {
        way.lanes = lanes;
        way.deal = deal;
        ways.push_back(way);
      }
    }
    return ways;
  }

  bool rotates() const { return options_.depth > 1 && has_engines(); }
  Way panels() const { return {.by_panels = true, .reserves = rotates(), .keep_results = true}; }
  uint32_t allowed_lanes() const {
    return options_.lanes == 0 ? machine_.lanes : std::min(options_.lanes, machine_.lanes);
  }

  static bool is_better(const Candidate& a, const Candidate& b) {
    const double tolerance = 1e-9 * b.makespan;
    if (std::abs(a.makespan - b.makespan) > tolerance) return a.makespan < b.makespan;
    if (a.bytes_moved != b.bytes_moved) return a.bytes_moved < b.bytes_moved;
    return a.placed.stats.peak_bytes < b.placed.stats.peak_bytes;
  }

  // How many groups a chain may have: one, and, where chaining is on, twice as many
  // again and again up to all. Short chains first: of equal ones the simplest wins.
  std::vector<uint32_t> lengths() const {
    std::vector<uint32_t> lengths = {1};
    if (!options_.chain) return lengths;
    size_t longest = 1;
    for (const Chain& chain : chain_groups(graph_, views_, groups_, kNone))
      longest = std::max(longest, chain.groups.size());
    for (uint32_t length = 2; length < longest; length *= 2) lengths.push_back(length);
    if (longest > 1) lengths.push_back(static_cast<uint32_t>(longest));
    return lengths;
  }

  Result<Candidate> try_way(const Way& way) {
    Candidate candidate;
    candidate.way = way;
    candidate.chains =
        way.by_panels ? chain_panels(graph_, views_, groups_) : chain_groups(graph_, views_, groups_, way.longest);
    choose_blocks(candidate.chains, way);
    auto micro = tile_groups(graph_, views_, groups_, candidate.chains, tile_options(way));
    if (!micro.ok()) return micro.error();
    candidate.micro = std::move(*micro);
    const bool slices = std::any_of(graph_.operators.begin(), graph_.operators.end(),
                                    [](const GraphOperator& op) { return op.kind == OperatorKind::kSlice; });
    if (slices) candidate.micro = drop_dead_calls(graph_, std::move(candidate.micro));
    PinnedOptions pinned;
    pinned.scratch_bytes = scratch_bytes_;
    pinned.reserve_bytes = way.reserves ? scratch_bytes_ / kReserveShare : 0;
    pinned.victim = way.victim;
    pinned.granule_bytes = granule_of(candidate.micro);
    pinned.keep_results = way.keep_results;
    pinned.progress = options_.progress;
    auto placed = place_pinned(graph_, candidate.micro, pinned);
    if (!placed.ok()) {
      if (placed.error().code != ErrorCode::kDoesNotFit || way.longest != 1 || way.by_panels || way.lanes != 1)
        return placed.error();
      const Compute& largest = candidate.micro.computes[largest_compute(candidate.micro)];
      if (bytes_at_once(candidate.micro, largest) > scratch_bytes_ / kScratchAlign * kScratchAlign)
        return make_error(
            ErrorCode::kDoesNotFit,
            least_sentence(candidate.micro) + ", the plan may use " + with_commas(scratch_bytes_) + way_out(largest),
            graph_.operators[groups_[largest.group].main].place);
      // Enough room, but pinned pieces of many sizes lie in each other's way.
      placed = place_one_by_one(candidate.micro);
    }
    candidate.placed = drop_dead_stores(graph_, candidate.micro, std::move(*placed));
    if (slices) drop_unread_ops(candidate.micro, candidate.placed);
    candidate.bytes_moved = copied_bytes(candidate.micro, candidate.placed);
    return candidate;
  }

  // Ragged pieces at any offset cut scratch into slivers, and the proof of a long
  // program would pay for each of them at every op: then an eighth of a tile is the
  // smallest unit. A short program is proven anyway and may use every byte.
  static uint64_t granule_of(const MicroProgram& micro) {
    constexpr size_t kShort = 4096;
    return micro.computes.size() <= kShort ? kScratchAlign : align_up(micro.tile_bytes / 8);
  }

  // "matmul 'mm' needs at least 12,288 bytes of scratch (3 tiles of 4,096)"
  std::string least_sentence(const MicroProgram& micro) const {
    const Compute& largest = micro.computes[largest_compute(micro)];
    const uint64_t bytes = bytes_at_once(micro, largest);
    std::string text = titled(largest.group) + " needs at least " + with_commas(bytes) + " bytes of scratch";
    const auto size_of_use = [&](uint32_t use) {
      const uint32_t piece = micro.uses[largest.first_use + use].piece;
      return piece == kNone ? 0 : align_up(micro.pieces[piece].bytes);
    };
    const uint64_t one = size_of_use(0);
    bool alike = one != 0 && bytes / one * one == bytes;
    for (uint32_t use = 0; use < largest.use_count; ++use) alike &= size_of_use(use) == one;
    if (alike) text += " (" + with_commas(bytes / one) + " tiles of " + with_commas(one) + ")";
    return text;
  }

  // What is brought whole could be read where it lies.
  std::string way_out(const Compute& call) const {
    const OperatorKind kind = groups_[call.group].kind;
    if (reaches_memory() || (kind != OperatorKind::kAttention && kind != OperatorKind::kGather)) return {};
    return std::string("; on a machine with a space of kind device") + (is_host() ? ", or with direct operands" : "") +
           ", it is read where it lies";
  }

  // ---- from places to a schedule --------------------------------------------
  bool has_engines() const { return machine_.copy_in_engines + machine_.copy_out_engines != 0; }

  double makespan_of(const Candidate& candidate, const PlacedProgram& placed) const {
    return predict_makespan(graph_, candidate.micro, placed, machine_).makespan;
  }

  // Rotation lets copies run ahead of products, hoisting makes them; whether both
  // together pay is what the makespan says. Where room was reserved the slots rotate already.
  void overlap(Candidate& candidate) const {
    const PlacedProgram in_order = candidate.placed;
    if (has_engines())
      candidate.placed = candidate.way.reserves
                             ? issue_loads(graph_, candidate.micro, in_order, machine_, options_.hoist)
                             : hoist_loads(candidate.micro, in_order, options_.hoist);
    candidate.makespan = makespan_of(candidate, candidate.placed);
    if (!has_engines() || options_.depth == 1 || candidate.way.reserves) return;
    const uint64_t room = std::min(scratch_bytes_, candidate.placed.stats.peak_bytes * uint64_t{options_.depth});
    PlacedProgram rotated = hoist_loads(candidate.micro, rotate_slots(in_order, room), options_.hoist);
    const double makespan = makespan_of(candidate, rotated);
    if (makespan > candidate.makespan) return;
    candidate.placed = std::move(rotated);
    candidate.makespan = makespan;
  }

  // `shared`: the best plan on several lanes, where one lane is kept.
  Result<Plan> finish(const Candidate& candidate, const Candidate* shared = nullptr) {
    const PlacedProgram& placed = candidate.placed;
    const std::vector<LowerBound> bounds = placement_bounds(candidate);
    const StreamProgram streams = assign_streams(graph_, candidate.micro, placed, machine_);
    const StagedProgram program{graph_, views_, candidate.micro, placed, streams};
    Plan plan;
    plan.schedule = lower_tiles(program, machine_, options_.graph_name, bounds);
    summarise(candidate, plan);
    plan.summary.strategy += lanes_text(candidate, shared);
    plan.summary.bounds = bounds;
    if (plan.schedule.costs.empty()) return plan;
    const double least = bound_makespan(graph_, candidate.micro, machine_, allowed_lanes());
    plan.summary.bounds.push_back({"makespan", least, plan.summary.makespan, kMakespanMethod});
    state_bound(plan.schedule, least, std::string("makespan: ") + kMakespanMethod);
    return plan;
  }

  std::string lanes_text(const Candidate& candidate, const Candidate* shared) const {
    if (machine_.lanes == 1) return {};
    if (candidate.way.lanes > 1)
      return ", " + std::to_string(candidate.way.lanes) +
             (candidate.way.lanes < machine_.lanes ? " of " + std::to_string(machine_.lanes) : "") + " lanes by " +
             (candidate.way.deal == Deal::kRows ? "rows" : "columns");
    std::string text = ", one of " + std::to_string(machine_.lanes) + " lanes";
    if (shared != nullptr) {
      std::array<char, 32> number{};
      std::snprintf(number.data(), number.size(), "%.4g", shared->makespan);
      text += ": " + std::to_string(shared->way.lanes) + " would take " + number.data();
    }
    return text;
  }

  // Of the same micro-ops in the same order. A plan that loads some piece twice is
  // no longer bound by what would be alive if it did not.
  std::vector<LowerBound> placement_bounds(const Candidate& candidate) const {
    const PlacementBounds least = bound_placement(candidate.micro, candidate.way.keep_results);
    const PlacementStats& stats = candidate.placed.stats;
    const bool reloads = stats.loads > least.loads || candidate.way.lanes > 1;
    const uint64_t one_call =
        bytes_at_once(candidate.micro, candidate.micro.computes[largest_compute(candidate.micro)]);
    return {
        {"loads", double(least.loads), double(stats.loads), "distinct operand pieces that come from memory, each once"},
        {"scratch bytes", double(reloads ? one_call : least.live_bytes), double(stats.extent_bytes),
         reloads ? "the most that one kernel call needs at once"
                 : "most alive at once in this order, every piece being loaded once"}};
  }

  static void state_bound(Schedule& schedule, double value, const std::string& method) {
    Claim claim;
    claim.kind = static_cast<uint16_t>(ClaimKind::kLowerBound);
    claim.value = std::bit_cast<uint64_t>(value);
    claim.method = static_cast<NameId>(schedule.names.size());
    schedule.names.push_back(method);
    schedule.claims.push_back(claim);
  }

  void summarise(const Candidate& candidate, Plan& plan) const {
    PlanSummary& summary = plan.summary;
    const PlacementStats& stats = candidate.placed.stats;
    summary.micro_ops = candidate.micro.ops.size();
    summary.ops = candidate.placed.ops.size();
    summary.loads = stats.loads;
    summary.loads_eliminated = stats.eliminated;
    summary.computes = stats.computes;
    summary.stores = stats.stores;
    summary.evictions = stats.evictions;
    summary.peak_bytes = stats.peak_bytes;
    summary.extent_bytes = stats.extent_bytes;
    summary.live_at_end_bytes = stats.live_at_end_bytes;
    if (const auto flops = claim_of(plan.schedule, ClaimKind::kFlops)) summary.flops = flops->value;
    summary.bytes_moved = candidate.bytes_moved;
    summary.makespan = makespan_claim(plan.schedule);
    summary.sequential = busy_time(plan.schedule);
    summary.strategy = candidate.chained(graph_) ? "staged, chained" : "staged";
  }

  const Graph& graph_;
  const Machine& machine_;
  const PlanOptions& options_;
  direct::TensorViews views_;
  std::vector<FusedGroup> groups_;
  uint64_t scratch_bytes_ = 0;
};

}  // namespace
}  // namespace rondo::tiling

namespace rondo {

Result<Plan> plan_staged(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  return tiling::StagedPlanner(graph, machine, options).run();
}

}  // namespace rondo
