// The planners: from a graph and a machine to a schedule with values and claims.
//
// graph -> fusion -> tiling -> micro-ops -> placement in scratch -> streams and
// tokens -> schedule. Deterministic: same input and options, same bytes.
// The result is not trusted: pass it to `verify` like any other schedule.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

// Where operands live while kernels work on them.
enum class Staging : uint8_t {
  kAuto,    // direct where the machine has direct operands and no copy engine, else staged
  kDirect,  // kernels take bindings and host arenas where they lie; weights are packed in `prepare`
  kStaged,  // every operand is copied to a tile of scratch, every result copied out
};

enum class PlacementPolicy : uint8_t {
  kDefault,       // pins pending operands, evicts by farthest next use, rotates slots
  kSeedFirstFit,  // the published first-fit scheduler, exactly, defects included
  kLru,           // least recently used, pending pair pinned: for comparison
};

struct PlanOptions {
  Staging staging = Staging::kAuto;
  PlacementPolicy policy = PlacementPolicy::kDefault;
  uint32_t tile = 32;                 // staged: square f32 tiles of this many rows and columns
  uint64_t scratch_bytes = 0;         // 0: the machine's capacity
  uint32_t lanes = 0;                 // 0: the machine's; at most this many get work
  bool fuse = true;                   // bias and activation into the matmul that feeds them
  bool chain = true;                  // keep intermediates in scratch from layer to layer where they fit
  bool double_buffer_labels = false;  // seed policy only: label loads and products with buffer k % 2
  uint32_t depth = 2;                 // staged: slots in rotation for a streamed operand, >= 1
  uint32_t hoist = 8;                 // staged: products a load may move ahead of
  uint32_t native = 0;                // fused: most rows, columns and k of a tile; 0: the best of 32, 64, 128 and 256
  uint64_t proposals = 20000;         // fused: that each search makes; more take longer and may cost less to replay
  uint64_t seed = 1;                  // fused: of the search
  std::string graph_name;             // for the file's `source`
  // Called at most a few times a second on long work; return false to cancel.
  std::function<bool(double fraction, const char* what)> progress;
};

struct LowerBound {
  std::string what;  // "loads", "scratch bytes", "makespan"
  double value = 0;
  double achieved = 0;
  std::string method;  // one sentence
};

// Operators that run tile by tile, one part after another (plan_fused).
struct FusedPart {
  std::vector<std::string> operators;               // names, in the order in which each tile is computed
  uint32_t tile_rows = 0, tile_columns = 0, k = 0;  // of its largest step
  std::vector<std::string> kept;                    // tensors that stay in scratch for the next part
  uint64_t bytes_in = 0, bytes_out = 0;             // copied
  uint64_t scratch_bytes = 0;                       // working set
  double computing = 0, moving = 0;                 // in the machine's cost unit
  double cost = 0;                                  // sum over its steps of the larger of the two
};

struct PlanSummary {
  uint64_t micro_ops = 0;  // loads asked + products + stores, before elimination
  uint64_t ops = 0;        // emitted, sync excluded
  uint64_t loads = 0, loads_eliminated = 0, computes = 0, stores = 0, evictions = 0;
  uint64_t rearranged = 0;    // direct: copies and packs that stay in one memory, as of a concat; no load, no compute
  uint64_t peak_bytes = 0;    // most scratch live at once
  uint64_t extent_bytes = 0;  // highest scratch address used
  uint64_t live_at_end_bytes = 0;
  uint64_t flops = 0, bytes_moved = 0;
  double makespan = 0, sequential = 0;  // in the machine's cost unit; 0 without costs
  std::vector<LowerBound> bounds;
  std::string strategy;  // "direct", "staged", "staged, chained", "fused, tiles of up to 64"
  std::vector<FusedPart> parts;
  // The plan does what the graph says; these say where the graph may not be what was meant.
  std::vector<std::string> warnings = {};
};

struct Plan {
  Schedule schedule;
  PlanSummary summary;
};

// One file with a member for each graph, named as the graph is.
struct SetPlan {
  Schedule schedule;
  std::vector<std::string> members;
  std::vector<PlanSummary> summaries;  // by member
};

// kDoesNotFit names the operator and the least scratch that works; kUnavailable an
// operator without a lowering.
Result<Plan> plan_tiles(const Graph& graph, const Machine& machine, const PlanOptions& options = {});

// Groups operators whose intermediates need not leave scratch, and finds for each group
// tiles, order and what stays for the next one, such that the sum over steps of
// max(computing, moving) is least: the fast-memory problem (planner/fusion). Products of
// matrices and operators that go element by element; kUnavailable, with its line, for any
// other one and for backends but cpu. kDoesNotFit as above; kInvalidMachine where computing
// costs something and copying nothing.
Result<Plan> plan_fused(const Graph& graph, const Machine& machine, const PlanOptions& options = {});

// Plans graphs that share what bears the same name: inputs, outputs, tables, states,
// scalars, and constants, packed once for all. A prefill and a decode step, say. The
// errors of plan_tiles, and kInvalidGraph where names are missing, occur twice, or stand
// for things that do not agree.
Result<SetPlan> plan_set(const std::vector<Graph>& graphs, const Machine& machine, const PlanOptions& options = {});

}  // namespace rondo
