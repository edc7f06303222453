#include "runtime/workers/spin.h"

#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

namespace rondo::runtime {
namespace {

double ticks_per_ns() {
#if defined(__x86_64__)
  static const double rate = [] {
    constexpr uint64_t kLongEnoughNs = 500'000;  // two moments of some 50 ns each: far below a percent
    const Moment first = this_moment();
    Moment second = this_moment();
    while (second.ns - first.ns < kLongEnoughNs) second = this_moment();
    return static_cast<double>(second.ticks - first.ticks) / static_cast<double>(second.ns - first.ns);
  }();
  return rate;
#else
  return 1.0;
#endif
}

}  // namespace

uint64_t ticks_of(uint64_t ns) { return static_cast<uint64_t>(static_cast<double>(ns) * ticks_per_ns()); }
uint64_t ns_of(uint64_t ticks) { return static_cast<uint64_t>(static_cast<double>(ticks) / ticks_per_ns()); }

uint32_t usable_cpus() {
#if defined(__linux__)
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 0)
    return static_cast<uint32_t>(CPU_COUNT(&cpus));
#endif
  const uint32_t count = std::thread::hardware_concurrency();
  return count == 0 ? 1 : count;
}

}  // namespace rondo::runtime
