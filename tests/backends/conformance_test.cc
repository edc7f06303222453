// What every device promises (runtime/backends/device.h), test by test. A device that
// cannot do something says so in its traits, and the test says that it asked.
#include <gtest/gtest.h>
#include <cstring>
#include <numeric>
#include <set>
#include <thread>
#include "rondo/device.h"
#include "runtime/backends/cpu/cpu_device.h"
#include "runtime/backends/emulated/emulated_device.h"
#include "schedules/builder/builder.h"
#include "tests/backends/launch_world.h"

namespace rondo::runtime {
namespace {

using namespace std::chrono_literals;
using testing::LaunchWorld;

constexpr auto kLong = 20s;

struct DeviceMaker {
  const char* name;
  std::shared_ptr<Device> (*make)();
};

const DeviceMaker kDevices[] = {
    {"Cpu", [] { return make_cpu_device({.memory_bytes = 64 << 20}); }},
    {"CpuOnTwoThreads", [] { return make_cpu_device({.memory_bytes = 64 << 20, .threads = 2}); }},
    {"Emulated",
     [] { return make_emulated_device({.max_resident_lanes = 4, .memory_bytes = 64 << 20, .threads = 2, .seed = 7}); }},
    // One thread takes the same turns every time: what it finds it always finds.
    {"EmulatedOnOneThread",
     [] { return make_emulated_device({.max_resident_lanes = 4, .memory_bytes = 64 << 20, .threads = 1, .seed = 7}); }},
    {"EmulatedInOrder",
     [] { return make_emulated_device({.max_resident_lanes = 4, .memory_bytes = 64 << 20, .threads = 1, .seed = 0}); }},
};

class EveryDevice : public ::testing::TestWithParam<DeviceMaker> {
 protected:
  EveryDevice() : device_(GetParam().make()), queue_(*device_->make_queue()) {}

  DeviceBlock block(uint64_t bytes, uint64_t align_bytes = 64) {
    Result<DeviceBlock> made = device_->allocate(bytes, align_bytes, "a block");
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(*made);
  }
  std::vector<std::byte> content(const DeviceBlock& from) {
    std::vector<std::byte> bytes(from.bytes());
    queue_->copy(bytes.data(), from.data(), bytes.size());
    EXPECT_TRUE(queue_->drain(kLong));
    return bytes;
  }

  std::shared_ptr<Device> device_;
  std::unique_ptr<DeviceQueue> queue_;
};

std::vector<std::byte> pattern(size_t bytes, uint32_t seed) {
  std::vector<std::byte> made(bytes);
  for (size_t i = 0; i < bytes; ++i) made[i] = static_cast<std::byte>((i * 131 + seed * 17) >> 1);
  return made;
}

// ---- Memory ---------------------------------------------------------------

TEST_P(EveryDevice, GivesMemoryAtTheAlignmentAskedFor) {
  for (const uint64_t align : {uint64_t{1}, uint64_t{64}, uint64_t{4096}, uint64_t{2} << 20})
    for (const uint64_t bytes : {uint64_t{1}, uint64_t{63}, uint64_t{4096}, uint64_t{100001}}) {
      const DeviceBlock made = block(bytes, align);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(made.data()) % align, 0u) << bytes << " B aligned to " << align;
    }
}

TEST_P(EveryDevice, GivesBlocksThatLieApart) {
  std::vector<DeviceBlock> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(block(static_cast<uint64_t>(i * 37)));
  std::set<const std::byte*> addresses;
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    queue_->fill(blocks[i].data(), static_cast<std::byte>(i), blocks[i].bytes());
    addresses.insert(blocks[i].data());
  }
  EXPECT_EQ(addresses.size(), blocks.size());
  for (uint32_t i = 0; i < blocks.size(); ++i)
    for (const std::byte value : content(blocks[i])) ASSERT_EQ(value, static_cast<std::byte>(i));
}

TEST_P(EveryDevice, RefusesMoreMemoryThanItHasAndGivesBackWhatIsReleased) {
  EXPECT_EQ(device_->bytes_in_use(), 0u);
  {
    const DeviceBlock half = block(48 << 20);
    EXPECT_EQ(device_->bytes_in_use(), uint64_t{48} << 20);
    const Result<DeviceBlock> refused = device_->allocate(32 << 20, 64, "arena 'big'");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kDoesNotFit);
    EXPECT_EQ(refused.error().message, "arena 'big' needs 33554432 B of backend '" +
                                           std::string(device_->traits().backend) +
                                           "', which has 67108864 B, of which 50331648 B are in use");
  }
  EXPECT_EQ(device_->bytes_in_use(), 0u);
  block(64 << 20);
}

TEST_P(EveryDevice, KeepsABlockForAsLongAsItIsHeldThoughTheDeviceIsLetGo) {
  DeviceBlock made = block(100);
  queue_->fill(made.data(), std::byte{3}, 100);
  device_.reset();
  EXPECT_EQ(content(made)[99], std::byte{3});
}

// ---- Copies ---------------------------------------------------------------

TEST_P(EveryDevice, CopiesFromTheHostWithinTheDeviceAndBack) {
  for (const size_t bytes : {size_t{1}, size_t{4095}, size_t{1} << 20}) {
    const std::vector<std::byte> given = pattern(bytes, 1);
    const DeviceBlock first = block(bytes), second = block(bytes);
    queue_->copy(first.data(), given.data(), bytes);
    queue_->copy(second.data(), first.data(), bytes);
    EXPECT_EQ(content(second), given);
  }
}

TEST_P(EveryDevice, CopiesNoBytesFromNowhere) {
  queue_->copy(nullptr, nullptr, 0);
  queue_->fill(nullptr, std::byte{1}, 0);
  EXPECT_TRUE(queue_->drain(kLong));
}

// ---- Queues and tokens ------------------------------------------------------

TEST_P(EveryDevice, RunsTheCommandsOfAQueueInOrder) {
  const DeviceBlock made = block(256);
  for (int i = 0; i < 1000; ++i) queue_->fill(made.data(), static_cast<std::byte>(i), 256);
  EXPECT_EQ(content(made)[17], static_cast<std::byte>(999));
}

TEST_P(EveryDevice, CountsTokensFromZeroAndNeverDown) {
  const auto tokens = *device_->make_tokens(3);
  EXPECT_EQ(tokens->count(), 3u);
  EXPECT_EQ(tokens->read(2), 0u);
  tokens->signal(2, 1);
  tokens->signal(2, 1000000);
  queue_->signal(*tokens, 2);
  EXPECT_TRUE(queue_->drain(kLong));
  EXPECT_EQ(tokens->read(2), 1000002u);
  EXPECT_EQ(tokens->read(0), 0u);
}

TEST_P(EveryDevice, HoldsAQueueUntilItsTokenHasTheCount) {
  const auto tokens = *device_->make_tokens(1);
  const DeviceBlock made = block(8);
  queue_->fill(made.data(), std::byte{1}, 8);
  queue_->wait(*tokens, 0, 2);
  queue_->fill(made.data(), std::byte{2}, 8);
  tokens->signal(0, 1);
  EXPECT_FALSE(queue_->drain(5ms));
  tokens->signal(0, 1);
  EXPECT_EQ(content(made)[0], std::byte{2});
}

TEST_P(EveryDevice, OrdersTwoQueuesByATokenAndShowsWhatCameBefore) {
  const auto tokens = *device_->make_tokens(1);
  const auto other = *device_->make_queue();
  const DeviceBlock first = block(4096), second = block(4096);
  for (uint32_t round = 1; round <= 200; ++round) {
    other->wait(*tokens, 0, 2 * round - 1);
    other->copy(second.data(), first.data(), 4096);
    other->signal(*tokens, 0);
    queue_->fill(first.data(), static_cast<std::byte>(round), 4096);
    queue_->signal(*tokens, 0);
    queue_->wait(*tokens, 0, 2 * round);
  }
  EXPECT_EQ(content(second)[4095], std::byte{200});
}

TEST_P(EveryDevice, GivesUpWaitsThatNeverEndWhenTheQueueGoes) {
  const auto tokens = *device_->make_tokens(1);
  const DeviceBlock made = block(8);
  const auto doomed = *device_->make_queue();
  queue_->fill(made.data(), std::byte{1}, 8);
  EXPECT_TRUE(queue_->drain(kLong));
  auto other = *device_->make_queue();
  other->wait(*tokens, 0, 1);
  other->fill(made.data(), std::byte{2}, 8);
  other.reset();
  EXPECT_EQ(content(made)[0], std::byte{1});
}

// ---- Launches ---------------------------------------------------------------

TEST_P(EveryDevice, RunsEveryOpOfALaunchInAnOrderThatTokensAllow) {
  for (uint32_t round = 0; round < 20; ++round) {
    LaunchWorld world(*device_, *queue_, testing::ring_of_copies(2, 3, 40));
    world.launch_all();
    ASSERT_TRUE(queue_->drain(kLong));
    EXPECT_EQ(world.control.completed.load(), world.schedule.ops.size());
    EXPECT_EQ(world.control.running.load(), 0u);
    EXPECT_EQ(world.output(), world.expected());
  }
}

TEST_P(EveryDevice, LaunchesAgainWithCountsThatGoOnFromWhereTheyWere) {
  LaunchWorld world(*device_, *queue_, testing::ring_of_copies(1, 2, 9));
  for (uint32_t round = 0; round < 50; ++round) {
    world.renew(round);
    world.launch_all();
    ASSERT_TRUE(queue_->drain(kLong));
    ASSERT_EQ(world.output(), world.expected()) << "launch " << round;
  }
}

TEST_P(EveryDevice, SignalsThatSourcesAreFreeNoLaterThanThatResultsAreThere) {
  for (uint32_t round = 0; round < 20; ++round) {
    LaunchWorld world(*device_, *queue_, testing::refill_after_read(24));
    world.launch_all();
    ASSERT_TRUE(queue_->drain(kLong));
    EXPECT_EQ(world.output(), world.expected());
  }
}

TEST_P(EveryDevice, StampsEveryOpWithWhenItBeganAndCompleted) {
  LaunchWorld world(*device_, *queue_, testing::ring_of_copies(2, 2, 12));
  world.times.assign(world.schedule.ops.size(), {});
  world.launch_all();
  ASSERT_TRUE(queue_->drain(kLong));
  const Schedule& schedule = world.schedule;
  std::vector<uint64_t> signalled(schedule.tokens.size(), 0), sent(schedule.tokens.size(), 0);
  for (size_t i = 0; i < world.times.size(); ++i) {
    EXPECT_NE(world.times[i].begin, 0u);
    EXPECT_GE(world.times[i].end, world.times[i].begin);
    for (const uint32_t token : schedule.ops[i].signals)
      if (token != kNone) {
        signalled[token] = std::max(signalled[token], world.times[i].end);
        ++sent[token];
      }
  }
  for (size_t i = 0; i < world.times.size(); ++i) {
    for (const Wait& wait : schedule.ops[i].waits)
      if (wait.token != kNone && wait.count == sent[wait.token]) {
        EXPECT_GE(world.times[i].begin, signalled[wait.token]) << "op " << i;
      }
  }
}

// Two conversations take turns over one schedule: what a launch leaves in a state is what
// the next one over the same memory finds, and nobody else's.
TEST_P(EveryDevice, KeepsWhatALaunchWroteForTheNextOneOverTheSameMemory) {
  LaunchWorld world(*device_, *queue_, testing::adds_to_state());
  const uint64_t bytes = bytes_of(world.schedule.bindings[2]);
  const DeviceBlock states[] = {block(bytes), block(bytes)};
  std::vector<float> expected[2];
  for (std::vector<float>& sum : expected) sum.assign(bytes / sizeof(float), 0.0f);
  for (const DeviceBlock& state : states) queue_->fill(state.data(), std::byte{0}, bytes);
  for (uint32_t turn = 0; turn < 12; ++turn) {
    const uint32_t who = turn % 3 == 0 ? 0 : 1;
    world.renew(turn);
    world.use(3, states[who].data());
    world.launch_all();
    ASSERT_TRUE(queue_->drain(kLong));
    for (size_t i = 0; i < expected[who].size(); ++i) expected[who][i] += world.input()[i];
    ASSERT_EQ(world.output(), expected[who]) << "turn " << turn;
  }
  for (const int who : {0, 1}) {
    const std::vector<std::byte> found = content(states[who]);
    EXPECT_EQ(std::memcmp(found.data(), expected[who].data(), found.size()), 0) << who;
  }
}

// The host saves a part of a state and puts it into another one.
TEST_P(EveryDevice, CopiesPartsOfABlockFromAnyByteOn) {
  const DeviceBlock from = block(4096), to = block(4096);
  const std::vector<std::byte> whole = pattern(4096, 3);
  queue_->copy(from.data(), whole.data(), whole.size());
  queue_->fill(to.data(), std::byte{0}, 4096);
  std::vector<std::byte> saved(1001), expected(4096, std::byte{0});
  queue_->copy(saved.data(), from.data() + 517, saved.size());
  queue_->copy(to.data() + 33, saved.data(), saved.size());
  ASSERT_TRUE(queue_->drain(kLong));
  std::memcpy(expected.data() + 33, whole.data() + 517, saved.size());
  EXPECT_EQ(content(to), expected);
}

TEST_P(EveryDevice, LaunchesNothingAtAll) {
  LaunchWorld world(*device_, *queue_, testing::ring_of_copies(1, 2, 1));
  world.launch({});
  ASSERT_TRUE(queue_->drain(kLong));
  EXPECT_EQ(world.control.completed.load(), 0u);
}

TEST_P(EveryDevice, StopsALaunchAndTouchesNothingAfterwards) {
  LaunchWorld world(*device_, *queue_, testing::waits_for_the_host());
  world.launch_all();
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (world.control.completed.load() == 0 && std::chrono::steady_clock::now() < deadline)
    EXPECT_FALSE(queue_->drain(1ms));
  EXPECT_EQ(world.control.completed.load(), 1u);
  world.control.stop.store(true);
  ASSERT_TRUE(queue_->drain(kLong));
  EXPECT_EQ(world.control.running.load(), 0u);
  EXPECT_EQ(world.control.waiting_op.load(), 1u);
  EXPECT_EQ(world.control.waiting_slot.load(), 0u);
  world.tokens->signal(0, 1);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(world.control.completed.load(), 1u);
  EXPECT_NE(world.output(), world.expected());
}

TEST_P(EveryDevice, GoesOnWhenTheHostSignals) {
  LaunchWorld world(*device_, *queue_, testing::waits_for_the_host());
  world.launch_all();
  EXPECT_FALSE(queue_->drain(2ms));
  world.tokens->signal(0, 1);
  ASSERT_TRUE(queue_->drain(kLong));
  EXPECT_EQ(world.output(), world.expected());
}

TEST_P(EveryDevice, RefusesALaunchOfMoreLanesThanAreResident) {
  if (device_->traits().max_resident_lanes == UINT32_MAX) return;  // any number is
  LaunchWorld world(*device_, *queue_, testing::ring_of_copies(5, 2, 2));
  const Status refused = world.try_launch(world.all_ranges());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "the launch has 5 lanes, the device holds 4 at one time");
  EXPECT_TRUE(queue_->drain(kLong));
  EXPECT_EQ(world.control.completed.load(), 0u);
}

TEST_P(EveryDevice, KeepsScratchFromLaunchToLaunchOnlyWhereItSaysSo) {
  LaunchWorld world(*device_, *queue_, testing::ring_of_copies(1, 2, 4));
  world.launch_all();
  ASSERT_TRUE(queue_->drain(kLong));
  const auto first = world.scratch_content();
  world.launch({});
  const auto second = world.scratch_content();
  if (device_->traits().scratch_outlives_launch)
    EXPECT_EQ(first, second);
  else
    EXPECT_NE(first, second);
}

INSTANTIATE_TEST_SUITE_P(Backends, EveryDevice, ::testing::ValuesIn(kDevices),
                         [](const auto& device) { return std::string(device.param.name); });

}  // namespace
}  // namespace rondo::runtime
