// What the emulated device does beyond the boundary, so that mistakes come out.
#include "runtime/backends/emulated/emulated_device.h"

#include <gtest/gtest.h>
#include <chrono>
#include <csignal>
#include <cstring>
#include <set>
#include "rondo/verify.h"
#include "tests/backends/launch_world.h"
#include "tests/sweep.h"

namespace rondo::runtime {
namespace {

using namespace std::chrono_literals;
using testing::LaunchWorld;

constexpr auto kLong = 20s;

TEST(EmulatedMemory, FaultsWhenTheHostReadsIt) {
  const auto device = make_emulated_device({.memory_bytes = 1 << 20});
  const DeviceBlock block = std::move(*device->allocate(4096, 64, "a block"));
  const auto touch = [&] { return static_cast<int>(*const_cast<volatile std::byte*>(block.data())); };
  if (rondo::testing::kSanitized)
    EXPECT_DEATH((void)touch(), "SEGV");
  else
    EXPECT_EXIT((void)touch(), ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(EmulatedMemory, FaultsWhenTheHostWritesIt) {
  const auto device = make_emulated_device({.memory_bytes = 1 << 20});
  const DeviceBlock block = std::move(*device->allocate(100, 64, "a block"));
  if (rondo::testing::kSanitized)
    EXPECT_DEATH(*const_cast<volatile std::byte*>(block.data() + 99) = std::byte{1}, "SEGV");
  else
    EXPECT_EXIT(*const_cast<volatile std::byte*>(block.data() + 99) = std::byte{1}, ::testing::KilledBySignal(SIGSEGV),
                "");
}

// Rings of 3 slots, in_flight 3: over many launches the copies complete in many orders.
TEST(EmulatedCopies, CompleteOutOfOrderWithinInFlight) {
  const auto device = make_emulated_device({.max_resident_lanes = 1, .memory_bytes = 1 << 20, .threads = 1, .seed = 5});
  const auto queue = *device->make_queue();
  LaunchWorld world(*device, *queue, testing::ring_of_copies(1, 3, 3));
  std::set<std::vector<uint32_t>> orders;
  for (uint32_t round = 0; round < 200; ++round) {
    world.renew(round);
    world.times.assign(world.schedule.ops.size(), {});
    world.launch_all();
    ASSERT_TRUE(queue->drain(kLong));
    ASSERT_EQ(world.output(), world.expected());
    std::vector<uint32_t> order = {0, 1, 2};  // the copies in
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return world.times[a].end < world.times[b].end; });
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(EmulatedCopies, CompleteInOrderWithoutASeed) {
  const auto device = make_emulated_device({.max_resident_lanes = 1, .memory_bytes = 1 << 20, .threads = 1, .seed = 0});
  const auto queue = *device->make_queue();
  LaunchWorld world(*device, *queue, testing::ring_of_copies(1, 3, 3));
  for (uint32_t round = 0; round < 50; ++round) {
    world.times.assign(world.schedule.ops.size(), {});
    world.launch_all();
    ASSERT_TRUE(queue->drain(kLong));
    EXPECT_LE(world.times[0].end, world.times[1].end);
    EXPECT_LE(world.times[1].end, world.times[2].end);
  }
}

TEST(EmulatedCopies, HaveNoMoreUnfinishedThanTheStreamAllows) {
  const auto device = make_emulated_device({.max_resident_lanes = 1, .memory_bytes = 1 << 20, .threads = 1, .seed = 9});
  const auto queue = *device->make_queue();
  LaunchWorld world(*device, *queue, testing::ring_of_copies(1, 2, 30));
  uint32_t most = 0;
  for (uint32_t round = 0; round < 20; ++round) {
    world.times.assign(world.schedule.ops.size(), {});
    world.launch_all();
    ASSERT_TRUE(queue->drain(kLong));
    for (const Stream& stream : world.schedule.streams)
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
        uint32_t unfinished = 0;
        for (uint32_t other = stream.first_op; other <= op; ++other)
          unfinished +=
              world.times[other].begin <= world.times[op].begin && world.times[other].end > world.times[op].begin;
        EXPECT_LE(unfinished, stream.in_flight);
        if (stream.in_flight > 1) most = std::max(most, unfinished);
      }
  }
  EXPECT_EQ(most, 2u);
}

// A refill that waits for `read` alone is right only if the source is read before the
// signal; one that takes `read` for `done` of the result is a race, and shows as one.
TEST(EmulatedCopies, ShowAReaderThatTakesReadForDone) {
  Schedule wrong = testing::refill_after_read(24);
  // The stores wait for 'free' (read) instead of 'moved' (done).
  for (Op& op : wrong.ops)
    if (op.waits[0].token == 2) op.waits[0].token = 1;
  EXPECT_FALSE(verify(wrong).schedule.has_value());
  uint32_t mistakes = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto device =
        make_emulated_device({.max_resident_lanes = 1, .memory_bytes = 1 << 20, .threads = 1, .seed = seed});
    const auto queue = *device->make_queue();
    LaunchWorld world(*device, *queue, wrong);
    world.launch_all();
    ASSERT_TRUE(queue->drain(kLong));
    mistakes += world.output() != world.expected();
  }
  EXPECT_GT(mistakes, 10u);
}

// copy-in 2 units, relu 1, copy-out 2, over four tiles in two slots: the engines work
// side by side, each on one op at a time.
//   in   AABBCCDD      (C may begin when relu A is done, at 3)
//   relu   a b c d
//   out     AABBCCDD
TEST(EmulatedTime, IsWhatTheFilePredicts) {
  const auto device = make_emulated_device(
      {.max_resident_lanes = 1, .memory_bytes = 1 << 20, .threads = 1, .seed = 0, .ns_per_cost = 1e6});
  const auto queue = *device->make_queue();
  Schedule schedule = testing::ring_of_copies(1, 2, 4);
  for (uint16_t kernel = 0; kernel < schedule.kernels.size(); ++kernel)
    schedule.costs.push_back(
        {.kernel = kernel, .fixed = schedule.name(schedule.kernels[kernel].name) == "relu" ? 1.0 : 2.0});
  LaunchWorld world(*device, *queue, std::move(schedule));
  world.times.assign(world.schedule.ops.size(), {});
  const auto begin = std::chrono::steady_clock::now();
  world.launch_all();
  ASSERT_TRUE(queue->drain(kLong));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 11ms);
  EXPECT_EQ(world.output(), world.expected());
  // Copies in of later tiles began before the relu of earlier ones was done.
  const Stream &in = world.schedule.streams[0], &compute = world.schedule.streams[1];
  for (uint32_t tile = 0; tile + 1 < 4; ++tile)
    EXPECT_LT(world.times[in.first_op + tile + 1].begin, world.times[compute.first_op + tile].end) << tile;
}

}  // namespace
}  // namespace rondo::runtime
