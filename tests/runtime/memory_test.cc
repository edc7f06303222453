// Memory: known before it is asked for, bounded, and lent by the host where it likes.
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <map>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::AlignedFloats;
using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

// Hands out heap memory, checks what comes back, and fails at the call it is told to.
class CountingAllocator {
 public:
  ~CountingAllocator() { EXPECT_TRUE(live_.empty()) << live_.size() << " blocks were not released"; }
  Allocator hook() { return {this, allocate, release}; }
  void fail_at(int call) { fail_at_ = call; }
  int calls() const { return calls_; }

 private:
  static void* allocate(void* context, uint64_t bytes, uint64_t align_bytes) {
    auto& self = *static_cast<CountingAllocator*>(context);
    if (self.calls_++ == self.fail_at_) return nullptr;
    void* data = ::operator new (bytes, std::align_val_t{align_bytes});
    self.live_[data] = {bytes, align_bytes};
    return data;
  }
  static void release(void* context, void* data, uint64_t bytes, uint64_t align_bytes) {
    auto& self = *static_cast<CountingAllocator*>(context);
    const auto found = self.live_.find(data);
    ASSERT_NE(found, self.live_.end());
    EXPECT_EQ(found->second, (std::pair{bytes, align_bytes}));
    self.live_.erase(found);
    ::operator delete (data, std::align_val_t{align_bytes});
  }
  std::map<void*, std::pair<uint64_t, uint64_t>> live_;
  int calls_ = 0, fail_at_ = -1;
};

TEST(Requirements, AreKnownBeforeAnythingIsAllocated) {
  const Requirements needs = requirements_of(proven(fixtures::staged_add()));
  ASSERT_EQ(needs.arenas.size(), 1u);
  EXPECT_EQ(needs.arenas[0].name, "scratch");
  EXPECT_EQ(needs.arenas[0].bytes, 1536u);
  EXPECT_EQ(needs.arenas[0].align_bytes, 64u);
  EXPECT_FALSE(needs.arenas[0].prepared);
  ASSERT_EQ(needs.bindings.size(), 3u);
  EXPECT_EQ(needs.bindings[2].name, "y");
  EXPECT_EQ(needs.bindings[2].role, Role::kOutput);
  EXPECT_EQ(needs.bindings[2].shape, (std::vector<uint32_t>{8, 16}));
  EXPECT_EQ(needs.bindings[2].bytes, 512u);
  EXPECT_EQ(needs.bindings[2].align_bytes, 4u);
  EXPECT_EQ(needs.program_bytes, 0u);
  EXPECT_EQ(needs.session_bytes, 1536u);
  EXPECT_EQ(needs.state_bytes, 0u);
}

TEST(Requirements, CountStateTablesAndPreparedArenasApart) {
  EXPECT_EQ(requirements_of(proven(fixtures::append_to_state())).state_bytes, 128u);
  EXPECT_EQ(requirements_of(proven(fixtures::packed_matmul(1, 8, 16))).program_bytes, 512u);
  EXPECT_EQ(requirements_of(proven(fixtures::copy_table(false))).session_bytes, 2u * 16);
  EXPECT_EQ(requirements_of(proven(fixtures::copy_table(true))).session_bytes, 2u * 16 + 32);
}

TEST(Requirements, PreferHugePagesForLargeArenas) {
  Schedule schedule = fixtures::staged_add();
  schedule.spaces[1].capacity_bytes = schedule.arenas[0].bytes = 4u << 20;
  const Requirements needs = requirements_of(proven(std::move(schedule)));
  EXPECT_EQ(needs.arenas[0].align_bytes, 64u);
  EXPECT_EQ(needs.arenas[0].preferred_align_bytes, 2u << 20);
}

TEST(Memory, AboveTheLimitIsRefusedWithTheNumbers) {
  Schedule schedule = fixtures::staged_add();
  schedule.spaces[1].capacity_bytes = schedule.arenas[0].bytes = uint64_t{1} << 40;
  Runtime runtime({.memory_limit_bytes = 1 << 20});
  Program program = must(runtime.prepare(proven(std::move(schedule))));
  EXPECT_EQ(text_of(program.session()),
            "does-not-fit: a session needs 1099511627776 B; the memory limit is 1048576 B, of which 0 B are in use");
}

TEST(Memory, IsLimitedToThatOfTheMachineByDefault) {
  Schedule schedule = fixtures::staged_add();
  schedule.spaces[1].capacity_bytes = schedule.arenas[0].bytes = uint64_t{1} << 46;
  Program program = must(Runtime().prepare(proven(std::move(schedule))));
  const auto session = program.session();
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kDoesNotFit);
}

TEST(Memory, OfOtherSessionsCountsAgainstTheLimit) {
  Runtime runtime({.memory_limit_bytes = 2000});
  Program program = must(runtime.prepare(proven(fixtures::staged_add())));
  {
    Session first = must(program.session());
    EXPECT_EQ(runtime.bytes_in_use(), 1536u);
    EXPECT_EQ(text_of(program.session()),
              "does-not-fit: a session needs 1536 B; the memory limit is 2000 B, of which 1536 B are in use");
  }
  EXPECT_EQ(runtime.bytes_in_use(), 0u);
  EXPECT_EQ(text_of(program.session()), "ok");
}

TEST(Memory, OfAStateAndOfTablesCounts) {
  Runtime runtime;
  Program state = must(runtime.prepare(proven(fixtures::append_to_state())));
  Program table = must(runtime.prepare(proven(fixtures::copy_table(true))));
  Session with_state = must(state.session()), without = must(state.session({.own_state = false}));
  EXPECT_EQ(runtime.bytes_in_use(), 128u);
  Session with_table = must(table.session());
  EXPECT_EQ(runtime.bytes_in_use(), 128u + 64u);
}

TEST(Memory, ComesFromTheHostsAllocatorAndGoesBack) {
  CountingAllocator allocator;
  Runtime runtime({.allocator = allocator.hook()});
  std::vector<float> w(8 * 8, 1.0f), bias(8), x(8, 1.0f), y(8);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  Program program = must(runtime.prepare(proven(fixtures::packed_matmul(1, 8, 8)), constants));
  Session session = must(program.session());
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(y, std::vector<float>(8, 8.0f));
  EXPECT_EQ(allocator.calls(), 1);
}

// Every allocation of a whole life fails once; each failure is an error and leaks nothing.
TEST(Memory, ThatTheAllocatorRefusesIsAnErrorEverywhere) {
  const VerifiedSchedule schedules[] = {proven(fixtures::packed_matmul(1, 8, 8)), proven(fixtures::append_to_state()),
                                        proven(fixtures::copy_table(true)), proven(fixtures::staged_add())};
  const int allocations[] = {2, 1, 3, 1};
  for (int which = 0; which < 4; ++which) {
    const VerifiedSchedule& schedule = schedules[which];
    for (int call = 0;; ++call) {
      CountingAllocator allocator;
      allocator.fail_at(call);
      Runtime runtime({.allocator = allocator.hook()});
      std::vector<float> w(8 * 8), bias(8);
      std::vector<Constant> constants;
      if (which == 0) constants = {{"w", w}, {"bias", bias}};
      std::string text = "ok";
      {
        const auto program = runtime.prepare(schedule, constants, {.copy_constants = true});
        text = text_of(program);
        if (program) text = text_of(program->session());
      }
      EXPECT_EQ(runtime.bytes_in_use(), 0u);
      if (text == "ok") {
        EXPECT_EQ(call, allocations[which]);
        break;
      }
      EXPECT_EQ(text.rfind("does-not-fit: the allocator has no ", 0), 0u) << text;
    }
  }
}

TEST(Memory, ThatTheAllocatorRefusesIsNamed) {
  CountingAllocator allocator;
  allocator.fail_at(0);
  Runtime runtime({.allocator = allocator.hook()});
  Program program = must(runtime.prepare(proven(fixtures::staged_add())));
  EXPECT_EQ(text_of(program.session()), "does-not-fit: the allocator has no 1536 B aligned to 64 for arena 'scratch'");
}

TEST(Memory, ThatIsNotAlignedAsAskedIsGivenBack) {
  static int live = 0;
  const Allocator crooked = {nullptr,
                             [](void*, uint64_t bytes, uint64_t) -> void* {
                               ++live;
                               return static_cast<std::byte*>(::operator new (bytes + 128, std::align_val_t{128})) + 32;
                             },
                             [](void*, void* data, uint64_t, uint64_t) {
                               --live;
                               ::operator delete (static_cast<std::byte*>(data) - 32, std::align_val_t{128});
                             }};
  Program program = must(Runtime({.allocator = crooked}).prepare(proven(fixtures::staged_add())));
  EXPECT_EQ(text_of(program.session()),
            "invalid-argument: the allocator returned memory for arena 'scratch' that is not aligned to 64");
  EXPECT_EQ(live, 0);
}

TEST(Memory, NeedsBothFunctionsOfAnAllocator) {
  CountingAllocator allocator;
  Allocator half = allocator.hook();
  half.release = nullptr;
  EXPECT_EQ(text_of(Runtime({.allocator = half}).prepare(proven(fixtures::relu()))),
            "invalid-argument: the allocator has one of its two functions");
}

class SuppliedScratch : public ::testing::Test {
 protected:
  std::string session_with(std::vector<SuppliedArena> arenas) {
    return text_of(program_.session({.arenas = std::move(arenas)}));
  }
  Runtime runtime_;
  Program program_ = must(runtime_.prepare(proven(fixtures::staged_add())));
  AlignedFloats scratch_{512};
};

TEST_F(SuppliedScratch, IsUsedInsteadOfOwnMemory) {
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128);
  Session session = must(program_.session({.arenas = {{0, scratch_.data(), 2048}}}));
  EXPECT_EQ(runtime_.bytes_in_use(), 0u);
  ASSERT_EQ(text_of(session.bind("a", a)), "ok");
  ASSERT_EQ(text_of(session.bind("b", b)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(scratch_[0], a[0]);
  EXPECT_EQ(scratch_[256], y[0]);
}

TEST_F(SuppliedScratch, MayHoldAnythingWhenAReplayBegins) {
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128), first;
  Session session = must(program_.session({.arenas = {{0, scratch_.data(), 2048}}}));
  ASSERT_EQ(text_of(session.bind("a", a)), "ok");
  ASSERT_EQ(text_of(session.bind("b", b)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  for (const float filler : {0.0f, std::nanf(""), 1e30f}) {
    std::fill(scratch_.begin(), scratch_.end(), filler);
    std::fill(y.begin(), y.end(), filler);
    ASSERT_EQ(text_of(session.replay()), "ok");
    if (first.empty()) first = y;
    EXPECT_EQ(y, first);
  }
}

TEST_F(SuppliedScratch, MayBeSharedBySessionsThatTakeTurns) {
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128);
  for (int turn = 0; turn < 2; ++turn) {
    Session session = must(program_.session({.arenas = {{0, scratch_.data(), 2048}}}));
    ASSERT_EQ(text_of(session.bind("a", turn == 0 ? a : b)), "ok");
    ASSERT_EQ(text_of(session.bind("b", b)), "ok");
    ASSERT_EQ(text_of(session.bind("y", y)), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
  }
  EXPECT_EQ(y[5], b[5] + b[5]);
}

TEST_F(SuppliedScratch, MustFit) {
  EXPECT_EQ(session_with({{0, scratch_.data(), 1535}}),
            "invalid-argument: arena 'scratch' takes 1536 B, the memory supplied has 1535 B");
  EXPECT_EQ(session_with({{0, scratch_.data() + 1, 2000}}),
            "invalid-argument: arena 'scratch' must start at a multiple of 64 B, the memory supplied starts 4 B beyond "
            "one");
  EXPECT_EQ(session_with({{0, nullptr, 2048}}), "invalid-argument: the memory for arena 'scratch' is null");
  EXPECT_EQ(session_with({{1, scratch_.data(), 2048}}), "invalid-argument: there is no arena 1; the schedule has 1");
  EXPECT_EQ(session_with({{0, scratch_.data(), 2048}, {0, scratch_.data(), 2048}}),
            "invalid-argument: arena 'scratch' is supplied twice");
}

TEST_F(SuppliedScratch, GoesToTheObjectThatOwnsTheArena) {
  EXPECT_EQ(text_of(runtime_.prepare(proven(fixtures::staged_add()), {}, {.arenas = {{0, scratch_.data(), 2048}}})),
            "invalid-argument: arena 'scratch' is not prepared: supply it to each session");
  std::vector<float> w(64), bias(8);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  Program packed = must(runtime_.prepare(proven(fixtures::packed_matmul(1, 8, 8)), constants));
  EXPECT_EQ(text_of(packed.session({.arenas = {{0, scratch_.data(), 2048}}})),
            "invalid-argument: arena 'packed' is prepared: supply it when the program is made");
}

}  // namespace
}  // namespace rondo
