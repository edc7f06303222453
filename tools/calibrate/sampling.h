// Rates measured on a machine that is not quiet.
//
// Time is the CPU time of the measuring thread: what others do to it between its
// turns does not count. A sample is long enough (kSampleSeconds) that reading the
// clock does not matter.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

namespace rondo::calibrate {

// Of the samples taken: the median of the fastest quarter, the median of all, the
// fastest. In units a second.
struct Rate {
  double value = 0, low = 0, high = 0;
};

// Does its work `rounds` times.
using Work = std::function<void(uint64_t rounds)>;

inline constexpr double kSampleSeconds = 100e-6;

double thread_seconds();

// Rates of work of which one round is `units`, sampled for about `seconds` (of real
// time; three samples at the very least).
Rate sample_rate(double units, double seconds, const Work& work);

// The CPUs this process may use.
std::vector<uint32_t> usable_cpus();
// Pins the calling thread. What cannot be pinned runs where it is put.
void pin_to(uint32_t cpu);

// The same on the first `threads` of `cpus` at once, each pinned, each with its own
// make(thread): the sum of their rates.
Rate sample_rate_on(const std::vector<uint32_t>& cpus, uint32_t threads, double units, double seconds,
                    const std::function<Work(uint32_t thread)>& make);

}  // namespace rondo::calibrate
