// Random gate graphs with schedules that are right, for tests that then break them.
//
// The schedules come from no planner: ops are placed at random after what they read,
// and slots are dealt at random among those that are free.
#pragma once
#include <cstdint>
#include <string>
#include "planner/phase_checker/check.h"

namespace rondo::phase_checker {

struct PhaseCase {
  std::string graph_text;
  Graph graph;
  Certificate certificate;
};

// splitmix64, so that a case is the same on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  // 0 .. count - 1.
  uint32_t roll(uint64_t count) {
    uint64_t x = state_ += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return static_cast<uint32_t>((x ^ (x >> 31)) % count);
  }

 private:
  uint64_t state_;
};

// Eager: every dim is subtracted when its last reader ran. Lazy: some time later, and
// only where the slot is used again.
PhaseCase random_layered_case(uint64_t seed, uint32_t ops, Mode mode, bool lazy);
PhaseCase random_strict_case(uint64_t seed, uint32_t gates);

// The certificate as a file.
std::string print_certificate(const Certificate& certificate);

}  // namespace rondo::phase_checker
