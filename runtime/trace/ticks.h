// The clock of time stamps: cheap to read, turned into nanoseconds afterwards.
#pragma once
#include <time.h>
#include <algorithm>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace rondo::runtime {

// CLOCK_BOOTTIME is what Perfetto takes times to be when a trace names no clock.
inline uint64_t boottime_ns() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

// The time-stamp counter does not wait for earlier instructions: a stamp may come a
// few nanoseconds before the last stores of the op it ends. Elsewhere nanoseconds.
inline uint64_t now_ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return boottime_ns();
#endif
}

// One moment on both clocks.
struct Moment {
  uint64_t ticks = 0;
  uint64_t ns = 0;
};

// Reads the counter on both sides of the clock and keeps the closest of a few
// tries, so that being put off the CPU in between does not tilt the scale.
inline Moment this_moment() {
  Moment best;
  uint64_t closest = UINT64_MAX;
  for (int i = 0; i < 8; ++i) {
    const uint64_t before = now_ticks(), ns = boottime_ns(), after = now_ticks();
    if (after - before >= closest) continue;
    closest = after - before;
    best = {before + closest / 2, ns};
  }
  return best;
}

// The line through two moments.
class TickScale {
 public:
  TickScale(Moment first, Moment second)
      : first_(first),
        ns_per_tick_(second.ticks > first.ticks && second.ns > first.ns
                         ? static_cast<double>(second.ns - first.ns) / static_cast<double>(second.ticks - first.ticks)
                         : 1.0) {}

  // Exact to a nanosecond for 100 days after `first`; moments before it are taken as it.
  uint64_t ns(uint64_t ticks) const {
    const uint64_t passed = ticks - std::min(ticks, first_.ticks);
    return first_.ns + static_cast<uint64_t>(static_cast<double>(passed) * ns_per_tick_);
  }

 private:
  Moment first_;
  double ns_per_tick_;
};

}  // namespace rondo::runtime
