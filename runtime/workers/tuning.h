// Times the workers wait by. RuntimeOptions::spin_ns replaces the first.
#pragma once
#include <cstdint>

namespace rondo::runtime {

// Longer than it takes to wake a parked thread, so that a wait that is over soon
// never parks.
inline constexpr uint64_t kSpinNs = 100'000;
// The same where there are fewer CPUs than workers: whoever is waited for may need this very CPU.
inline constexpr uint64_t kCrowdedSpinNs = 2'000;
// A parked worker looks at the stop flag of the host this often: nobody wakes it for that.
inline constexpr uint64_t kParkNs = 5'000'000;

}  // namespace rondo::runtime
