// The tables of a direct schedule before its first operation: spaces, arenas,
// bindings, tensors and streams.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/place_tensors.h"
#include "rondo/machine.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

struct Tables {
  ScheduleBuilder builder;
  uint16_t packed_base = 0, scratch_base = 0, host_base = 0;  // 0 too where there is no such arena
  std::vector<uint16_t> base;                                 // by tensor
  std::vector<uint64_t> offset_bytes;                         // by tensor, in its base
  std::vector<uint32_t> tensor_id;                            // by tensor: in the schedule; kNone: fused away
  uint32_t prepare_stream = 0, replay_stream = 0;
};

Tables declare_tables(const DirectLayout& layout, const Machine& machine);

}  // namespace rondo::direct
