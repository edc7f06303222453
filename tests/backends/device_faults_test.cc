// Replays on the emulated device that are stopped, hang or do not come to rest.
#include <gtest/gtest.h>
#include <atomic>
#include <chrono>
#include <thread>
#include "rondo/runtime.h"
#include "tests/backends/device_world.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::text_of;
using testing::emulated;
using testing::PhasedWorld;

bool comes_to_be(const std::atomic<uint32_t>& value, uint32_t expected) {
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (value != expected && std::chrono::steady_clock::now() < late)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  return value == expected;
}

TEST(DeviceFaults, AStoppedReplayLeavesTheSessionToBeRestarted) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  PhasedWorld world(2, device);
  const Schedule& schedule = world.program->schedule();
  for (uint32_t op = 0; op < schedule.ops.size(); ++op) {
    if (schedule.streams[0].part == static_cast<uint8_t>(Part::kPrepare) && op == schedule.streams[0].first_op)
      continue;
    faults.held_op = kNone;
    faults.hold_op = op;
    std::atomic<bool> stop{false};
    std::thread stopper([&] {
      EXPECT_TRUE(comes_to_be(faults.held_op, op));
      stop = true;
    });
    const std::string ended = text_of(world.session->replay(stop));
    stopper.join();
    faults.hold_op = kNone;
    ASSERT_EQ(ended.substr(0, 34), "cancelled: the replay was stopped ") << "op " << op;
    EXPECT_EQ(text_of(world.session->replay()),
              "failed-precondition: the last replay of the session was interrupted; restart it");
    ASSERT_EQ(text_of(world.session->restart()), "ok");
    ASSERT_EQ(text_of(world.session->replay()), "ok");
    ASSERT_EQ(world.y, world.expected()) << "op " << op;
  }
}

TEST(DeviceFaults, TheWatchdogNamesWhatHangsAndTheDeviceRestsBeforeItReturns) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  PhasedWorld world(1, device, 300'000'000);
  const Schedule& schedule = world.program->schedule();
  faults.mute_op = schedule.streams[1].first_op;  // the load
  EXPECT_EQ(
      text_of(world.session->replay()),
      "bug: op 2 (mul) of stream 'compute0' waited 300 ms for token 0 to count 1; it counts 0 and no op is running");
  faults.mute_op = kNone;
  ASSERT_EQ(text_of(world.session->restart()), "ok");
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
}

TEST(DeviceFaults, ASlowOpIsNotHung) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  PhasedWorld world(1, device, 150'000'000);
  faults.stall_op = world.program->schedule().streams[2].first_op;
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    faults.stall_op = kNone;
  });
  EXPECT_EQ(text_of(world.session->replay()), "ok");
  release.join();
  EXPECT_EQ(world.y, world.expected());
}

TEST(DeviceFaults, ASessionWhoseDeviceDoesNotComeToRestIsLostAndItsEndWaits) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  PhasedWorld world(1, device, 150'000'000);
  faults.stall_op = world.program->schedule().streams[2].first_op;
  std::atomic<bool> stop{false};
  std::thread stopper([&] {
    EXPECT_TRUE(comes_to_be(faults.held_op, faults.stall_op));
    stop = true;
  });
  EXPECT_EQ(text_of(world.session->replay(stop)),
            "bug: the session is lost: 150 ms after the replay was stopped 1 ops of it have not completed on backend "
            "'emulated'");
  stopper.join();
  EXPECT_EQ(text_of(world.session->replay()), "failed-precondition: a replay of the session is in flight");
  EXPECT_EQ(text_of(world.session->restart()), "failed-precondition: a replay of the session is in flight");
  EXPECT_EQ(text_of(world.session->bind("y", world.y)), "failed-precondition: a replay of the session is in flight");
  std::atomic<bool> released{false};
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    released = true;
    faults.stall_op = kNone;
  });
  world.session.reset();
  EXPECT_TRUE(released.load());
  release.join();
  world.open();
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
}

}  // namespace
}  // namespace rondo
