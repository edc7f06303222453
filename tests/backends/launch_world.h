// Small schedules laid out on a device by hand, and what they must compute.
#pragma once
#include <gtest/gtest.h>
#include <memory>
#include <vector>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "runtime/backends/device.h"
#include "schedules/builder/builder.h"

namespace rondo::runtime::testing {

// For each of `lanes` lanes: `steps` times x -> slot of scratch (copy-in stream with
// in_flight 2), slot = relu(slot) into the next half (compute), half -> y (copy-out
// stream), over a ring of `depth` slots. Streams have in_flight above 1 where copies run.
Schedule ring_of_copies(uint32_t lanes, uint32_t depth, uint32_t steps);

// One copy stream with in_flight 1 moves x through one slot of scratch to another; the
// slot is filled again as soon as the copy out of it signals that it has read.
Schedule refill_after_read(uint32_t steps);

// sum (a state on the device) = sum + x; then sum -> y by a copy. y must become the sum of
// what x was in all launches over the same base.
Schedule adds_to_state();

// copy x -> scratch; then, once token 0 counts 1 (which no op signals), scratch -> y.
Schedule waits_for_the_host();

// All arenas and bindings of a schedule in memory: inputs and outputs on the host,
// arenas on the device. Input 'x' holds small numbers of both signs, output 'y' must
// become relu(x) or x.
class LaunchWorld {
 public:
  LaunchWorld(Device& device, DeviceQueue& queue, Schedule schedule);

  std::vector<StreamRange> all_ranges() const;
  Status try_launch(std::vector<StreamRange> ranges);
  void launch(std::vector<StreamRange> ranges);
  void launch_all() { launch(all_ranges()); }
  // Other numbers in x, nothing in y.
  void renew(uint32_t seed);

  // Another address for a base, which stays the caller's.
  void use(uint32_t base, std::byte* data) { bases_[base] = data; }
  const std::vector<float>& input() const { return x_; }
  std::vector<float> output() const { return y_; }
  std::vector<float> expected() const;
  std::vector<std::byte> scratch_content();

  Schedule schedule;
  LaunchControl control;
  std::unique_ptr<DeviceTokens> tokens;
  std::vector<OpStamps> times;  // taken where it has a size

 private:
  DeviceQueue& queue_;
  std::vector<ResolvedKernel> kernels_;
  std::vector<DeviceBlock> blocks_;
  std::vector<std::byte*> bases_;
  std::vector<float> x_, y_;
  std::vector<StreamRange> ranges_;
  std::vector<ScratchRange> scratch_;
  std::vector<uint64_t> counts_before_;
  Launch launch_;
};

}  // namespace rondo::runtime::testing
