// Scalars of one session: their values, and the views as they shape them.
//
// Resolved once per replay, only for views that name a scalar, and only after one
// was set; ops then find ordinary extents and one more term in their offset.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"

namespace rondo::runtime {

class ScalarTable {
 public:
  // Copies the views when at least one names a scalar; else the table stays empty.
  explicit ScalarTable(const Schedule& schedule);

  bool shapes_views() const { return !shaped_.empty(); }
  bool is_set(uint32_t scalar) const { return set_[scalar] != 0; }
  // The caller has checked the range.
  void set(uint32_t scalar, int64_t value);
  // Brings views() and offsets() up to date; reads the verified views of `schedule`.
  void resolve(const Schedule& schedule);

  // By scalar; 0 where none was set.
  const std::vector<int64_t>& values() const { return values_; }
  const View* views() const { return views_.data(); }
  const uint64_t* offsets() const { return offsets_.data(); }

 private:
  std::vector<int64_t> values_;
  std::vector<uint8_t> set_;
  std::vector<uint32_t> shaped_;  // the views that name a scalar
  std::vector<View> views_;
  std::vector<uint64_t> offsets_;
  bool stale_ = true;
};

// The view with the extent that scalar value `s` gives it, and what it adds to the
// operand's offset. Both are within what the verifier proved for every legal value.
View shape_view(const View& view, int64_t s);
uint64_t scalar_offset_bytes(const View& view, int64_t s);

}  // namespace rondo::runtime
