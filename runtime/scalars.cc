#include "runtime/scalars.h"

#include <algorithm>

namespace rondo::runtime {

View shape_view(const View& view, int64_t s) {
  View shaped = view;
  if (view.extent_axis >= view.rank) return shaped;
  const __int128 wanted = static_cast<__int128>(view.extent_scale) * s + view.extent_bias;
  uint32_t& extent = shaped.extent[view.extent_axis];
  extent = static_cast<uint32_t>(std::clamp<__int128>(wanted, 0, extent));
  return shaped;
}

uint64_t scalar_offset_bytes(const View& view, int64_t s) {
  if (view.offset_step_bytes == 0) return 0;
  const __int128 index = static_cast<__int128>(view.offset_scale) * s + view.offset_bias;
  __int128 slot = index % view.offset_modulus;
  if (slot < 0) slot += view.offset_modulus;
  return static_cast<uint64_t>(slot * view.offset_step_bytes);
}

ScalarTable::ScalarTable(const Schedule& schedule)
    : values_(schedule.scalars.size(), 0), set_(schedule.scalars.size(), 0) {
  for (uint32_t view = 0; view < schedule.views.size(); ++view)
    if (schedule.views[view].scalar != kNone) shaped_.push_back(view);
  if (shaped_.empty()) return;
  views_ = schedule.views;
  offsets_.assign(schedule.views.size(), 0);
}

void ScalarTable::set(uint32_t scalar, int64_t value) {
  stale_ |= values_[scalar] != value;
  values_[scalar] = value;
  set_[scalar] = 1;
}

void ScalarTable::resolve(const Schedule& schedule) {
  if (!stale_) return;
  for (const uint32_t view : shaped_) {
    const View& verified = schedule.views[view];
    const int64_t s = values_[verified.scalar];
    views_[view] = shape_view(verified, s);
    offsets_[view] = scalar_offset_bytes(verified, s);
  }
  stale_ = false;
}

}  // namespace rondo::runtime
