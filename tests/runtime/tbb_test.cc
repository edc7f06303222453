// Replays in arenas of oneTBB, however small.
#include "rondo/tbb.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <oneapi/tbb/task_arena.h>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include "rondo/runtime.h"
#include "tests/runtime/fixtures.h"
#include "tests/runtime/random_lanes.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::random_lanes;
using fixtures::text_of;

// Tasks that no replay waited for still own its crew. Counted here, so that a test ends when
// they have run and what is found leaked at exit is a leak.
std::atomic<int> tasks_left{0};

struct CountedTask {
  void (*task)(void*, uint32_t);
  void* argument;
  uint32_t index;
};

Executor counted(const Executor& inner) {
  static Executor arena;  // one at a time
  arena = inner;
  return {&arena, [](void*) { return arena.concurrency(arena.context); },
          [](void*, uint32_t count, void (*task)(void*, uint32_t), void* argument) {
            for (uint32_t index = 0; index < count; ++index) {
              auto* one = new CountedTask{task, argument, index};
              tasks_left.fetch_add(1);
              const auto run = [](void* of, uint32_t) {
                const std::unique_ptr<CountedTask> mine(static_cast<CountedTask*>(of));
                mine->task(mine->argument, mine->index);
                tasks_left.fetch_sub(1);
              };
              if (arena.start(arena.context, 1, run, one) == 0) {
                tasks_left.fetch_sub(1);
                delete one;
                return index;
              }
            }
            return count;
          }};
}

void wait_for_late_tasks() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (tasks_left.load() != 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(tasks_left.load(), 0) << "tasks nobody ran";
}

std::vector<float> replays_of(const VerifiedSchedule& verified, const RuntimeOptions& options, int replays) {
  const Program program = must(Runtime(options).prepare(verified));
  Session session = must(program.session());
  const std::vector<float> x = fixtures::values(program.requirements().bindings[0].bytes / 4, 4);
  std::vector<float> y(program.requirements().bindings[1].bytes / 4);
  EXPECT_EQ(text_of(session.bind("x", x)), "ok");
  EXPECT_EQ(text_of(session.bind("y", y)), "ok");
  for (int replay = 0; replay < replays; ++replay) {
    std::fill(y.begin(), y.end(), -1.0f);
    if (replay % 2 == 0 || options.executor.start == nullptr) {
      EXPECT_EQ(text_of(session.replay()), "ok");
    } else {
      EXPECT_EQ(text_of(session.submit()), "ok");
      EXPECT_EQ(text_of(session.wait()), "ok");
    }
  }
  return y;
}

TEST(Tbb, GivesTheBitsOfOneWorkerInArenasOfAnySize) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const VerifiedSchedule verified = proven(random_lanes(seed, {.lanes = 4, .ops = 80}));
    const std::vector<float> expected = replays_of(verified, {}, 1);
    for (const uint32_t slots : {1u, 2u, 4u}) {
      const TbbExecutor arena = must(TbbExecutor::make(slots));
      EXPECT_EQ(replays_of(verified, {.workers = 4, .executor = counted(arena.executor())}, 20), expected)
          << slots << " slots";
      wait_for_late_tasks();
    }
  }
}

// The one slot is the caller's own: no task can run before the replay is over.
TEST(Tbb, CompletesInsideAnArenaOfOneSlot) {
  const VerifiedSchedule verified = proven(random_lanes(7, {.lanes = 4, .ops = 80}));
  const std::vector<float> expected = replays_of(verified, {}, 1);
  oneapi::tbb::task_arena one_slot(1, 1);
  std::optional<TbbExecutor> arena;
  one_slot.execute([&] {
    arena.emplace(must(TbbExecutor::current()));
    EXPECT_EQ(replays_of(verified, {.workers = 4, .executor = counted(arena->executor())}, 10), expected);
  });
  wait_for_late_tasks();
}

TEST(Tbb, RefusesArenasWithoutSlots) {
  EXPECT_EQ(text_of(TbbExecutor::make(0)), "invalid-argument: an arena has 1 to 255 slots here, not 0");
}

}  // namespace
}  // namespace rondo
