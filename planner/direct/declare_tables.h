// The tables of a direct schedule before its first operation: spaces, arenas,
// bindings, tensors and streams.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/place_tensors.h"
#include "rondo/machine.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

// Where something lies for one lane.
struct Address {
  uint16_t base = 0;
  uint64_t offset_bytes = 0;
};

struct Tables {
  ScheduleBuilder builder;
  // 0 too where there is no such arena. Both lie in host memory, or on the device.
  uint16_t packed_base = 0, shared_base = 0;
  std::vector<uint16_t> scratch_bases;                      // by lane
  std::vector<uint16_t> binding;                            // by root; 0 for what is not bound
  std::vector<uint32_t> label_id;                           // by label: in the schedule; kNone: nobody's
  uint32_t prepare_stream = 0;                              // of lane 0
  std::vector<uint32_t> replay_streams;                     // by lane
  std::vector<uint32_t> copy_in_streams, copy_out_streams;  // by lane; none where nothing is copied
  uint32_t copies_in = 0, copies_out = 0;                   // dealt to the lanes so far

  Address at(const Place& place, uint32_t lane) const {
    if (place.in_scratch) return {scratch_bases[lane], place.offset_bytes};
    return {shared_base, place.offset_bytes + lane * place.next_copy_bytes};
  }
};

Tables declare_tables(const DirectLayout& layout, const Machine& machine);

}  // namespace rondo::direct
