// A large schedule of a known shape, for measurements of reading and verifying.
//
// Y = X W by tiles of 128 x 32 over k steps of 32. Each lane has a copy stream that
// loads tiles of X into a ring in the lane's scratch, and a compute stream that
// multiplies them with W where it lies, and stores each finished tile. Slots stand
// side by side in one wide matrix, so every tile is 128 separate rows: the shape
// that is hard for a verifier. The schedule is safe, and faithful with `values`.
#pragma once
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo::perf {

struct GenerateOptions {
  uint32_t ops = 1000000;  // at most, and less than one round of tiles below it
  uint32_t streams = 8;    // two for each lane
  uint32_t ring_slots = 4;
  uint32_t k_steps = 8;  // of one tile
  bool values = false;   // carry values, labels and the claim of ops
};

Schedule generate_schedule(const GenerateOptions& options);

}  // namespace rondo::perf
