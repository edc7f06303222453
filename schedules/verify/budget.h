// The work a verification may do: counted, never timed, so that the verdict on a
// file is the same on every machine (rule B01).
//
// A unit is one visit of a shadow cell or of a remembered reader, one cut of a
// cell, or one cache line (16 words) of a vector clock.
#pragma once
#include <cstdint>
#include "rondo/view.h"

namespace rondo::proof {

class Budget {
 public:
  Budget(uint32_t work_multiple, uint64_t operand_count)
      : limit_(work_multiple * operand_count + (uint64_t{1} << 20)) {}

  // False once the limit is passed; `op` is then remembered as the one that did it.
  bool spend(uint64_t units, uint32_t op) {
    spent_ += units;
    if (spent_ <= limit_) return true;
    if (!exhausted_) {
      exhausted_ = true;
      op_ = op;
    }
    return false;
  }
  bool exhausted() const { return exhausted_; }
  uint64_t spent() const { return spent_; }
  uint64_t limit() const { return limit_; }
  uint64_t left() const { return spent_ < limit_ ? limit_ - spent_ : 0; }
  uint32_t op() const { return op_; }  // kNone: no single op is to blame

 private:
  uint64_t limit_;
  uint64_t spent_ = 0;
  uint32_t op_ = kNone;
  bool exhausted_ = false;
};

}  // namespace rondo::proof
