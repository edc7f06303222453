// Small random schedules that obey every static rule, for the oracle to judge.
//
// What varies: 2 to 4 streams of in_flight 1 or 2, up to 10 kernel ops, counted and
// join tokens, done and read signals, strided and broadcast boxes over a few elements,
// in-place results, state, outputs, prepare; where asked for, boxes that scalars bound and
// move, states filled up to a scalar, arenas of lanes and groups. What never occurs: a
// finding of a rule other than H01, H08, M04, O01 (and T01 and L01, which the oracle can
// tell too).
#pragma once
#include <cstdint>
#include <random>
#include "rondo/schedule.h"

namespace rondo::oracle {

// What a schedule is steered towards; the oracle says what became of it.
enum class Leaning : uint8_t { kClean, kRace, kHang, kUndefined };

struct Features {
  bool scalars = false;  // one or two, each of at most four values
  bool groups = false;   // three lanes, two groups that share one of them
};

// Every schedule is a function of the generator's state: deterministic per seed.
Schedule random_schedule(std::mt19937_64& random, Leaning leaning, Features features = {});

}  // namespace rondo::oracle
