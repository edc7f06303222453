// The own pool: tasks reach threads, threads sleep and wake, and nothing outlives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <set>
#include <thread>
#include "rondo/executor.h"
#include "tests/runtime/fixtures.h"
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#endif

namespace rondo {
namespace {

using fixtures::must;
using fixtures::text_of;

struct Count {
  std::atomic<uint32_t> calls{0};
  std::atomic<uint64_t> indices{0};
  std::atomic<bool> hold{false};
  static void task(void* self, uint32_t index) {
    Count& count = *static_cast<Count*>(self);
    while (count.hold) std::this_thread::yield();
    count.indices |= uint64_t{1} << index;
    ++count.calls;
  }
  void await(uint32_t calls_wanted) const {
    while (calls < calls_wanted) std::this_thread::yield();
  }
};

TEST(ThreadPool, CallsEachTaskItTookOnce) {
  const ThreadPool pool = must(ThreadPool::make({.threads = 3, .spin_ns = 20'000}));
  const Executor executor = pool.executor();
  EXPECT_EQ(executor.concurrency(executor.context), 3u);
  for (int round = 0; round < 200; ++round) {
    Count count;
    const uint32_t taken = executor.start(executor.context, 3, Count::task, &count);
    ASSERT_LE(taken, 3u);
    count.await(taken);
    EXPECT_EQ(count.indices, (uint64_t{1} << taken) - 1);
    if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // so that threads sleep
  }
}

// Three threads, three running, three to come: nine are too many.
TEST(ThreadPool, KeepsOneTaskForEachBusyThread) {
  Count count;
  const ThreadPool pool = must(ThreadPool::make({.threads = 3}));
  const Executor executor = pool.executor();
  count.hold = true;
  uint32_t taken = 0;
  while (taken < 6) taken += executor.start(executor.context, 9, Count::task, &count);
  EXPECT_EQ(executor.start(executor.context, 3, Count::task, &count), 0u);
  count.hold = false;
  count.await(6);
}

TEST(ThreadPool, FinishesWhatItTookBeforeItEnds) {
  Count count;
  uint32_t taken = 0;
  {
    const ThreadPool pool = must(ThreadPool::make({.threads = 2, .spin_ns = 0}));
    taken = pool.executor().start(pool.executor().context, 2, Count::task, &count);
  }
  EXPECT_EQ(count.calls, taken);
}

TEST(ThreadPool, RefusesWhatCannotBe) {
  EXPECT_EQ(text_of(ThreadPool::make({.threads = 0})), "invalid-argument: a pool has 1 to 255 threads, not 0");
  EXPECT_EQ(text_of(ThreadPool::make({.threads = 256})), "invalid-argument: a pool has 1 to 255 threads, not 256");
#if defined(__linux__)
  EXPECT_EQ(text_of(ThreadPool::make({.threads = 1, .cpus = {100000}})), "invalid-argument: there is no CPU 100000");
  EXPECT_EQ(text_of(ThreadPool::make({.threads = 1, .cpus = {1000}})),
            "invalid-argument: none of the CPUs that were asked for can be used");
#endif
}

#if defined(__linux__)
struct Seen {
  std::atomic<bool> done{false};
  char name[16] = {};
  int cpus = 0;
  bool has_cpu = false, blocks_interrupt = false;
  uint32_t cpu = 0;
  static void task(void* self, uint32_t) {
    Seen& seen = *static_cast<Seen*>(self);
    pthread_getname_np(pthread_self(), seen.name, sizeof seen.name);
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    seen.cpus = CPU_COUNT(&set);
    seen.has_cpu = CPU_ISSET(seen.cpu, &set);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    seen.blocks_interrupt = sigismember(&blocked, SIGINT) == 1;
    seen.done = true;
  }
};

TEST(ThreadPool, NamesItsThreadsKeepsThemToCpusAndLeavesSignalsToTheHost) {
  Seen seen;
  seen.cpu = static_cast<uint32_t>(sched_getcpu());
  const ThreadPool pool = must(ThreadPool::make({.threads = 1, .name = "a name that is long", .cpus = {seen.cpu}}));
  ASSERT_EQ(pool.executor().start(pool.executor().context, 1, Seen::task, &seen), 1u);
  while (!seen.done) std::this_thread::yield();
  EXPECT_STREQ(seen.name, "a name that i-1");
  EXPECT_EQ(seen.cpus, 1);
  EXPECT_TRUE(seen.has_cpu);
  EXPECT_TRUE(seen.blocks_interrupt);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 0);
}
#endif

}  // namespace
}  // namespace rondo
