// Schedules made to cost a verifier much: each is structurally sound, small on disk
// for the work it asks, and must be refused within the work limit (rule B01), or
// be cheap after all.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>
#include "rondo/schedule.h"

namespace rondo::perf {

struct Adversary {
  std::string_view name;
  std::string_view what;
  Schedule (*make)(uint32_t ops);
  bool refused;  // as too complex; otherwise it must be accepted
};

const std::vector<Adversary>& adversaries();

}  // namespace rondo::perf
