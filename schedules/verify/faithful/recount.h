// What the derived claims speak of, counted anew from the tables.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>
#include "schedules/verify/engine.h"

namespace rondo::proof {

struct Recount {
  uint64_t ops = 0, copies = 0, prepare_ops = 0;
  std::optional<uint64_t> flops = 0;                              // nothing on overflow of 63 bits
  std::map<std::pair<uint16_t, uint16_t>, uint64_t> bytes_moved;  // by space pair
  std::vector<uint64_t> extent_peak;                              // per arena
  // Reads of products and maps that the values name, minus copies into arenas.
  int64_t loads_eliminated = 0;
  bool costs_complete = false;  // every kernel of the replay has a cost
};
Recount recount(const Engine& engine);

// Most bytes live at once in each arena, in canonical order: a byte lives from the
// op that writes it to the last op that reads it before it is written again.
// Walks once; precondition: the schedule is safe.
std::vector<uint64_t> live_peaks(const Engine& engine);

// Latest completion when each (lane, engine) queue serves its ops one at a time, in
// canonical order. Precondition: costs_complete.
double makespan(const Engine& engine);

}  // namespace rondo::proof
