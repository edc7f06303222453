// What is said of a replay that hangs.
#pragma once
#include <cstdint>
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo::runtime {

// kBug: "op 5 (relu, line 12) of stream 'compute1' waited 1000 ms for token 't3' to
// count 2; it counts 1 and no worker is busy". `which` is of Op::waits.
Error hang_of(const Schedule& schedule, uint32_t op, uint16_t which, uint32_t count, uint64_t waited_ns);

}  // namespace rondo::runtime
