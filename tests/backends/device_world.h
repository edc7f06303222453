// What tests of programs on the emulated device share: an accelerator to write schedules
// for, one of two phases, and a session of it.
#pragma once
#include <gtest/gtest.h>
#include <algorithm>
#include <optional>
#include <vector>
#include "rondo/runtime.h"
#include "schedules/builder/builder.h"
#include "tests/runtime/fixtures.h"

namespace rondo::testing {

DeviceOptions emulated(uint64_t seed = 1, uint32_t threads = 2);

// x and y of 4 x 16 on the host; scratch, and `device` memory that outlives launches.
struct Accelerator {
  ScheduleBuilder builder;
  uint16_t scratch = 0, packed = 0, kept = 0;
  uint32_t box = 0;

  explicit Accelerator(uint32_t lanes = 1) {
    builder.schedule().backend = "emulated";
    builder.schedule().lane_count = lanes;
    builder.space("host", SpaceKind::kHost, 1 << 20);
    const uint16_t l2 = builder.space("l2", SpaceKind::kScratch, 1 << 16);
    const uint16_t hbm = builder.space("hbm", SpaceKind::kDevice, 1 << 20);
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const uint16_t made = builder.arena("scratch" + std::to_string(lane), l2, 3 * kTileBytes, OwnerKind::kLane, lane);
      if (lane == 0) scratch = made;
    }
    packed = builder.arena("packed", hbm, kTileBytes, OwnerKind::kEveryone, 0, true);
    kept = builder.arena("kept", hbm, lanes * kTileBytes);
    box = builder.view(DType::kF32, {kTileBytes / 4}, {4});
  }
  static OperandSpec read(uint16_t base, uint32_t view, uint64_t offset = 0) {
    return {base, offset, view, Access::kRead};
  }
  static OperandSpec write(uint16_t base, uint32_t view, uint64_t offset = 0) {
    return {base, offset, view, Access::kWrite};
  }
  static constexpr uint64_t kTileBytes = 256;
};

// Phase a: kept = relu(x w), w doubled by prepare; phase b: y = kept + bias. A cut between.
Schedule two_phases(uint32_t lanes);

// Data and objects of one session of `two_phases`.
struct PhasedWorld {
  explicit PhasedWorld(uint32_t lanes, const DeviceOptions& device, uint64_t watchdog_ns = 10'000'000'000);
  void open();
  std::vector<float> expected() const;

  std::vector<float> w, bias, x, y;
  std::optional<Program> program;
  std::optional<Session> session;
};

}  // namespace rondo::testing
