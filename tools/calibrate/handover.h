// What it takes to hand something from one thread to another.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace rondo::calibrate {

// Nanoseconds, of real time; value: the median of the fastest quarter of the batches.
struct Delay {
  double value = 0, low = 0, high = 0;  // low: the fastest; high: the median
};

// One way of a ping-pong through two cache lines between threads pinned to the first two
// of `cpus`, both spinning. Nothing with fewer than two CPUs.
std::optional<Delay> measure_token(const std::vector<uint32_t>& cpus, double seconds);

// From the call that wakes a thread parked in the kernel until that thread runs, on two
// CPUs where there are two.
Delay measure_wake(const std::vector<uint32_t>& cpus, double seconds);

}  // namespace rondo::calibrate
