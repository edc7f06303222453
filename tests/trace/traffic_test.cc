// Which level of memory bytes come from.
#include "runtime/roofline/traffic.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "schedules/builder/builder.h"

namespace rondo::runtime {
namespace {

using ::testing::ElementsAre;

constexpr uint32_t kFloats = 4096;  // 16 KiB a buffer

const std::vector<MemoryRoof> kLevels = {{"l1", 20 << 10, false, 0}, {"l2", 40 << 10, true, 0}, {"dram", 0, true, 0}};

// Copies from and to the buffers named, one op each.
Schedule copies(const std::vector<std::pair<int, int>>& list, int buffers) {
  ScheduleBuilder builder;
  const uint16_t space = builder.space("host", SpaceKind::kHost, 1 << 20);
  std::vector<uint16_t> arenas;
  for (int i = 0; i < buffers; ++i) arenas.push_back(builder.arena("a" + std::to_string(i), space, kFloats * 4));
  const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
  const uint32_t view = builder.view(DType::kF32, {kFloats}, {4});
  for (const auto& [from, to] : list)
    builder.add(stream, {.kernel = "copy",
                         .operands = {{arenas[from], 0, view, Access::kRead}, {arenas[to], 0, view, Access::kWrite}}});
  return builder.finish();
}

std::vector<std::vector<uint64_t>> kib_of(const Schedule& schedule, std::vector<uint32_t> workers = {}) {
  std::vector<uint32_t> order(schedule.ops.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  workers.resize(order.size());
  std::vector<std::vector<uint64_t>> kib = traffic_of(schedule, order, workers, kLevels)->bytes;
  for (auto& op : kib)
    for (uint64_t& bytes : op) bytes /= 1024;
  return kib;
}

// 32 KiB in turn do not fit 20 KiB, however often they come.
TEST(Traffic, GoesToTheLevelThatHoldsTheBytesFromReplayToReplay) {
  EXPECT_THAT(kib_of(copies({{0, 1}}, 2)), ElementsAre(ElementsAre(32, 32, 0)));
}

TEST(Traffic, GoesToMemoryWhereNoCacheHoldsWhatIsTouchedInBetween) {
  EXPECT_THAT(kib_of(copies({{0, 1}, {2, 3}}, 4)), ElementsAre(ElementsAre(32, 32, 32), ElementsAre(32, 32, 32)));
}

// The second op finds in L1 what the first has just written.
TEST(Traffic, StaysInTheFirstLevelRightAfterAWrite) {
  EXPECT_THAT(kib_of(copies({{0, 1}, {1, 2}}, 3)), ElementsAre(ElementsAre(32, 32, 32), ElementsAre(32, 16, 16)));
}

// Each of two workers uses 32 KiB; together they use 64.
TEST(Traffic, IsOfEachWorkerButInWhatTheyShare) {
  EXPECT_THAT(kib_of(copies({{0, 1}, {2, 3}}, 4), {0, 1}),
              ElementsAre(ElementsAre(32, 32, 32), ElementsAre(32, 32, 32)));
  EXPECT_THAT(kib_of(copies({{0, 1}, {0, 1}}, 2), {0, 1}), ElementsAre(ElementsAre(32, 32, 0), ElementsAre(32, 32, 0)));
}

TEST(Traffic, IsNotKnownOfWhatATableChooses) {
  Schedule schedule = copies({{0, 1}, {1, 0}}, 2);
  schedule.operands[0].access = static_cast<uint8_t>(Access::kIndexedRead);
  const auto traffic = traffic_of(schedule, {0, 1}, {0, 0}, kLevels);
  EXPECT_THAT(traffic->known, ElementsAre(0, 1));
}

}  // namespace
}  // namespace rondo::runtime
