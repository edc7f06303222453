// The forms a graph passes through inside the tile planner, before it is a Schedule.
//
// groups -> (tile_groups) MicroProgram -> (place_*) PlacedProgram -> (rotate_slots,
// hoist_loads) PlacedProgram -> (assign_streams) StreamProgram -> (lower_tiles)
// Schedule. A form never refers back to the graph's operators: everything a later
// pass needs is in it. Plain values, used by the planner and its tests only.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "planner/epilogues/fuse.h"
#include "rondo/graph.h"
#include "rondo/schedule.h"
#include "rondo/view.h"

namespace rondo::tiling {

// A part of a tensor, in the coordinates of a label of it (planner/direct/tensor_views.h:
// the tensor itself, or its elements under another shape); axes beyond the rank have low
// 0, extent 1.
struct Box {
  uint32_t low[kMaxRank] = {};
  uint32_t extent[kMaxRank] = {1, 1, 1, 1};

  bool operator==(const Box&) const = default;
};

// Only the entries [0, clamp(until, 0, extent)) along one axis hold something.
struct Bound {
  Moving until;
  uint8_t axis = 0xff;

  bool exists() const { return axis != 0xff; }
};

// What one allocation of scratch holds: a box of a tensor, dense and row-major.
// Pieces are interned: equal tensor, label, box and bound are the same piece, whoever
// names it; so are equal versions, where it is a state, which operators change.
struct Piece {
  uint32_t tensor = 0;  // of the graph: the one with the memory
  uint32_t label = 0;
  Box box;
  uint64_t bytes = 0;
  Bound bound;  // by label axis
};

// An operand of a kernel call, seen through view axes: a box inside a piece, or, where
// `piece` is kNone, in memory.
struct PieceUse {
  uint32_t piece = 0;
  uint32_t tensor = 0, label = 0;
  uint32_t version = 0;  // 0 is finished content, p the partial sum after p steps
  Box box;
  uint32_t rank = 0;
  uint32_t extent[kMaxRank] = {};                     // of the view
  uint8_t axis[kMaxRank] = {0xff, 0xff, 0xff, 0xff};  // label axis of a view axis; 0xff broadcasts
  Bound bound;                                        // by view axis
  // Of one in memory: it begins `shift` entries of a label axis further.
  Moving shift;
  uint8_t shift_axis = 0xff;
  uint8_t indexed_by = 0xff;  // the operand of the call whose entries choose its rows

  bool in_memory() const { return piece == kNone; }
};

// One kernel call. Its operands are uses[first_use, +use_count) in contract order.
struct Compute {
  std::string_view kernel;
  Engine engine = Engine::kCompute;  // a copy engine where it moves between memory and scratch
  uint32_t group = 0;
  uint32_t first_use = 0;
  uint8_t use_count = 0;
  uint8_t result = 0;  // which use is written
  uint16_t flags = 0;  // OpFlags
  uint32_t params[4] = {};
  uint32_t m = 0, n = 0, k = 0;  // tile coordinates, for messages and tests
};

enum class MicroKind : uint8_t {
  kAsk,      // the next compute reads this piece: have it in scratch
  kCompute,  // reads the pieces asked since the last compute, writes its result
  kStore,    // the piece is finished: copy it to the tensor's memory
};

struct MicroOp {
  MicroKind kind = MicroKind::kAsk;
  uint16_t phase = 0;
  uint32_t index = 0;  // of the piece or the compute
  uint16_t lane = 0;   // whose scratch and engines
};

struct MicroProgram {
  std::vector<Piece> pieces;
  std::vector<Compute> computes;
  std::vector<PieceUse> uses;
  std::vector<MicroOp> ops;
  std::vector<std::string> phases;
  std::vector<std::vector<uint32_t>> label_shapes;  // by label
  uint32_t tile = 0;
  uint64_t tile_bytes = 0;  // of a full square tile
  uint32_t lanes = 1;
};

// One stay of a piece in scratch of a lane, from its load or first write to its last use.
struct Allocation {
  uint32_t piece = 0;
  uint64_t offset_bytes = 0;
  uint64_t bytes = 0;  // what the allocator set aside, at least the piece
  uint16_t lane = 0;
};

enum class PlacedKind : uint8_t { kLoad, kCompute, kStore };

struct PlacedOp {
  PlacedKind kind = PlacedKind::kLoad;
  int8_t buffer = -1;  // the seed policy's double-buffer label, else -1
  uint16_t phase = 0;
  uint32_t index = 0;        // of the piece or the compute
  uint32_t first_place = 0;  // into PlacedProgram::places: one per use, or the one of the copy
  uint16_t lane = 0;
};

struct PlacementStats {
  uint64_t asked = 0, loads = 0, eliminated = 0, computes = 0, stores = 0, evictions = 0;
  uint64_t peak_bytes = 0, extent_bytes = 0, live_at_end_bytes = 0;  // of the lane that has most
};

// In place of an allocation: the operand is used where it lies in memory.
inline constexpr uint32_t kInMemory = 0xffffffffu;

// Every operand has an address: allocations[places[op.first_place + use]], or kInMemory.
struct PlacedProgram {
  std::vector<PlacedOp> ops;
  std::vector<uint32_t> places;
  std::vector<Allocation> allocations;
  PlacementStats stats;
  uint32_t lanes = 1;
  // Slots that form one ring from offset 0; 0 where allocations have no common slot.
  uint64_t slot_bytes = 0;
  uint32_t slots = 0;
};

constexpr uint64_t kScratchAlign = 64;
constexpr uint64_t align_up(uint64_t bytes) { return (bytes + kScratchAlign - 1) / kScratchAlign * kScratchAlign; }

// "x(0, 2)": a piece by tensor name and tile coordinates, for messages.
std::string describe(const Graph& graph, const MicroProgram& program, uint32_t piece);

// 12288 -> "12,288".
std::string with_commas(uint64_t number);

}  // namespace rondo::tiling
