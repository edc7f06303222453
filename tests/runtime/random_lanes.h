// Random schedules of several lanes whose streams meet only through tokens.
#pragma once
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo::fixtures {

struct RandomLanesOptions {
  uint32_t lanes = 4;
  uint32_t ops = 60;
  uint32_t tiles = 10;    // of an arena that all lanes share; few tiles, many tokens
  uint32_t columns = 24;  // of a tile, which has 3 rows; no multiple of a vector on purpose where odd
};

// y = what a random program over tiles makes of x: f32[4, 3 * columns] to f32[tiles, 3 * columns].
// Ops read tiles that were written, write any; every conflict between streams is
// ordered by a token, of one stream each, or by a join. The same seed gives the same
// schedule. Proven by the verifier wherever it is used.
Schedule random_lanes(uint64_t seed, const RandomLanesOptions& options = {});

}  // namespace rondo::fixtures
