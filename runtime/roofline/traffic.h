// From which level of memory the bytes of operands come: a model, not a count.
//
// A schedule tells every byte that every op touches and in which order, so the distance
// between two touches of a byte (how many other bytes were touched in between) is
// known. A cache that throws out what was used longest ago holds a byte if that distance
// is below its size; this is the classical stack distance (Mattson 1970), counted with a
// Fenwick tree over the order of touches (Bennett and Kruskal 1975). What a kernel does
// inside one op is not modelled: each operand counts once.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>
#include "rondo/schedule.h"
#include "runtime/roofline/roofs.h"

namespace rondo::runtime {

struct Traffic {
  // Per position and level: bytes served by that level or one behind it. Level 0: all.
  std::vector<std::vector<uint64_t>> bytes;
  // Per position: 0 where an operand is indexed, and its bytes are not known.
  std::vector<uint8_t> known;
};

// As in the second of two replays in a row, in the order given. `worker_of` is by
// position; every worker has caches of its own but for shared ones. Views that a scalar
// bounds count whole. Nothing where boxes fall apart into more than 2^22 runs.
std::optional<Traffic> traffic_of(const Schedule& schedule, const std::vector<uint32_t>& order,
                                  const std::vector<uint32_t>& worker_of, const std::vector<MemoryRoof>& levels);

}  // namespace rondo::runtime
