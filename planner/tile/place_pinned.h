// Placement in scratch that cannot go wrong: operands of the pending product and
// unsaved results are pinned, and what is dropped is chosen by use.
#pragma once
#include <cstdint>
#include <functional>
#include "planner/tile/tile_form.h"
#include "rondo/result.h"

namespace rondo::tiling {

enum class Victim : uint8_t {
  kFarthestNextUse,    // ties: the larger piece by tensor and position
  kLeastRecentlyUsed,  // by ask
};

struct PinnedOptions {
  uint64_t scratch_bytes = 0;
  uint64_t granule_bytes = 64;  // every piece takes a multiple of this
  // Kept free, by dropping early, for copies to run ahead in: what is placed goes where
  // nobody was for longest. 0: everything stays while there is room.
  uint64_t reserve_bytes = 0;
  Victim victim = Victim::kFarthestNextUse;
  // A stored result stays as long as it will be asked for and the room is not needed.
  bool keep_results = false;
  std::function<bool(double, const char*)> progress;
};

// Each lane has scratch of its own, and what one lane makes another one loads from
// memory. Errors: kDoesNotFit naming the piece, where even dropping everything droppable
// leaves no hole; kCancelled.
Result<PlacedProgram> place_pinned(const Graph& graph, const MicroProgram& program, const PinnedOptions& options);

}  // namespace rondo::tiling
