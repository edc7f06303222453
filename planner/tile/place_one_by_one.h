// The placement of last resort: it works wherever anything works.
#pragma once
#include <cstdint>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Scratch that one kernel call needs at once: its pieces, each once. The largest
// such sum is the least scratch in which the program can run at all.
uint64_t bytes_at_once(const MicroProgram& program, const Compute& compute);

// The call that needs most; 0 for an empty program.
uint32_t largest_compute(const MicroProgram& program);

// Every kernel call lays its result at offset 0 and its operands behind it, so
// nothing can be in the way; an operand that already lies at its place is not
// loaded again. For programs whose groups do not hand results on inside scratch.
PlacedProgram place_one_by_one(const MicroProgram& program);

}  // namespace rondo::tiling
