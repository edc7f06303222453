// Live bytes against a story told byte by byte.
#include "planner/claims/live_peaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "schedules/builder/builder.h"

namespace rondo {
namespace {

struct Box {
  uint64_t offset;
  std::vector<uint32_t> extent;
  std::vector<int64_t> stride;

  std::set<uint64_t> bytes() const {
    std::set<uint64_t> all = {offset};
    for (size_t axis = 0; axis < extent.size(); ++axis) {
      std::set<uint64_t> walked;
      for (const uint64_t byte : all)
        for (uint32_t i = 0; i < extent[axis]; ++i) walked.insert(byte + i * static_cast<uint64_t>(stride[axis]));
      all = walked;
    }
    return all;
  }
};

// The ops of one stream, each with operands in one arena.
struct Story {
  struct Use {
    Box box;
    Access access;
  };
  std::vector<std::vector<Use>> ops;

  Schedule schedule() const {
    ScheduleBuilder builder;
    const uint16_t space = builder.space("s", SpaceKind::kScratch, 1 << 20);
    const uint16_t arena = builder.arena("a", space, 1 << 20);
    const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
    for (const std::vector<Use>& uses : ops) {
      OpSpec op;
      op.kernel = "copy";
      for (const Use& use : uses)
        op.operands.push_back(
            {arena, use.box.offset, builder.view(DType::kU8, use.box.extent, use.box.stride), use.access});
      builder.add(stream, op);
    }
    return builder.finish();
  }

  // A byte is live from its write to its last read, at the op that overwrites what it reads once.
  uint64_t peak() const {
    struct Life {
      size_t first, last;
    };
    std::map<uint64_t, std::vector<Life>> lives;
    for (size_t at = 0; at < ops.size(); ++at) {
      for (const bool write : {false, true})
        for (const Use& use : ops[at]) {
          const bool takes_part = write ? use.access != Access::kRead : use.access != Access::kWrite;
          if (!takes_part) continue;
          for (const uint64_t byte : use.box.bytes()) {
            std::vector<Life>& known = lives[byte];
            if (write)
              known.push_back({at, at});
            else if (!known.empty())
              known.back().last = at;
          }
        }
    }
    std::vector<uint64_t> live(ops.size() + 1, 0);
    for (const auto& [byte, known] : lives) {
      std::set<size_t> at;
      for (const Life& life : known)
        for (size_t i = life.first; i <= life.last; ++i) at.insert(i);
      for (const size_t i : at) ++live[i];
    }
    return *std::max_element(live.begin(), live.end());
  }
};

std::vector<uint32_t> in_order(const Schedule& schedule) {
  std::vector<uint32_t> order;
  for (uint32_t op = 0; op < schedule.ops.size(); ++op) order.push_back(op);
  return order;
}

TEST(LivePeaks, AreWhatAStoryByteByByteTells) {
  std::mt19937 random(5);
  const auto draw = [&](uint32_t low, uint32_t high) { return low + random() % (high - low + 1); };
  for (int round = 0; round < 300; ++round) {
    Story story;
    // Few places, so that boxes meet again; rows of one pitch, or of many.
    std::vector<Box> places;
    for (uint32_t count = draw(1, 12); count > 0; --count) {
      const uint32_t rows = draw(1, 5), width = draw(1, 9);
      const int64_t pitch = round % 2 == 0 ? 24 : draw(9, 40);
      places.push_back({round % 3 == 0 ? 4 * draw(0, 12) : draw(0, 60), {rows, width}, {pitch, 1}});
    }
    for (uint32_t count = draw(1, 40); count > 0; --count) {
      std::vector<Story::Use> uses;
      std::set<uint64_t> written;
      for (uint32_t operands = draw(1, 3); operands > 0; --operands) {
        constexpr Access kAccesses[] = {Access::kRead, Access::kWrite, Access::kUpdate};
        Story::Use use{places[draw(0, static_cast<uint32_t>(places.size()) - 1)], kAccesses[draw(0, 2)]};
        // What one op writes, it writes once.
        if (use.access != Access::kRead)
          for (const uint64_t byte : use.box.bytes())
            if (!written.insert(byte).second) use.access = Access::kRead;
        uses.push_back(use);
      }
      story.ops.push_back(uses);
    }
    const Schedule schedule = story.schedule();
    ASSERT_EQ(live_peaks(schedule, in_order(schedule)), std::vector<uint64_t>{story.peak()}) << "round " << round;
  }
}

// One arena in many layouts, each written and read before the next, and in part beyond it:
// cut along the edges of all it would be crumbs.
TEST(LivePeaks, AreThoseOfEachLayoutWhereManyTakeTurns) {
  Story story;
  for (uint32_t turn = 0; turn < 30; ++turn) {
    const int64_t pitch = 30 + turn % 29;
    const Box left{turn % 7, {12, 11}, {pitch, 1}}, right{turn % 7 + 11, {12, 13}, {pitch, 1}};
    story.ops.push_back({{left, Access::kWrite}});
    story.ops.push_back({{right, Access::kWrite}});
    for (int again = 0; again < 3; ++again) story.ops.push_back({{left, Access::kRead}, {right, Access::kUpdate}});
    story.ops.push_back({{right, Access::kRead}});
    if (turn % 5 == 0) story.ops.push_back({{Box{600, {30}, {1}}, turn % 10 == 0 ? Access::kWrite : Access::kRead}});
  }
  const Schedule schedule = story.schedule();
  EXPECT_EQ(live_peaks(schedule, in_order(schedule)), std::vector<uint64_t>{story.peak()});
}

TEST(LivePeaks, OfArenasThatPrepareFillsAreNone) {
  ScheduleBuilder builder;
  const uint16_t space = builder.space("s", SpaceKind::kScratch, 1 << 20);
  builder.arena("a", space, 64, OwnerKind::kEveryone, 0, true);
  builder.arena("b", space, 64);
  EXPECT_EQ(live_peaks(builder.finish(), {}), (std::vector<uint64_t>{0, 0}));
}

}  // namespace
}  // namespace rondo
