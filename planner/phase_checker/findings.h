// Findings as they are collected: so many of each obligation, the rest counted.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include "planner/phase_checker/check.h"

namespace rondo::phase_checker {

class Findings {
 public:
  explicit Findings(uint32_t per_obligation) : per_obligation_(per_obligation) {}

  void add(Obligation obligation, std::string message, uint32_t line = 0, uint32_t column = 0) {
    if (counts_[static_cast<uint8_t>(obligation)]++ < per_obligation_)
      list_.push_back({obligation, std::move(message), line, column});
    else
      ++dropped_;
  }
  uint32_t count(Obligation obligation) const { return counts_[static_cast<uint8_t>(obligation)]; }
  std::vector<Finding> take() { return std::move(list_); }
  uint64_t dropped() const { return dropped_; }

 private:
  uint32_t per_obligation_;
  std::array<uint32_t, kObligations.size()> counts_ = {};
  std::vector<Finding> list_;
  uint64_t dropped_ = 0;
};

}  // namespace rondo::phase_checker
