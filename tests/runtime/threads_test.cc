// What may happen at once: sessions of one program, programs of one runtime.
// Threads wait for each other at a barrier, never for a time.
#include <gtest/gtest.h>
#include <barrier>
#include <cstring>
#include <thread>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

constexpr int kThreads = 4, kReplays = 50;

std::string replay_many(const Program& program, const std::vector<float>& x, std::vector<float>& y) {
  Session session = must(program.session());
  std::string text = text_of(session.bind("x", x)) + text_of(session.bind("y", y));
  for (int replay = 0; replay < kReplays; ++replay) {
    std::fill(y.begin(), y.end(), -1.0f);
    if (Status status = session.replay(); !status) return text_of(status);
  }
  return text;
}

TEST(Threads, ReplaySessionsOfOneProgramAtOnce) {
  std::vector<float> w(16 * 16), bias(16);
  w = fixtures::values(256, 5);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::packed_matmul(4, 16, 16)), constants));
  const std::vector<float> x = fixtures::values(64, 6);
  std::vector<std::vector<float>> y(kThreads, std::vector<float>(64));
  std::vector<std::string> texts(kThreads);
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      texts[thread] = replay_many(program, x, y[thread]);
    });
  for (std::thread& thread : threads) thread.join();
  for (int thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(texts[thread], "okok");
    EXPECT_EQ(std::memcmp(y[thread].data(), y[0].data(), 64 * sizeof(float)), 0);
  }
}

TEST(Threads, PrepareAndReplayProgramsOfOneRuntimeAtOnce) {
  Runtime runtime;
  const VerifiedSchedule relu = proven(fixtures::relu(1, 16)), chain = proven(fixtures::chain(30));
  const std::vector<float> x = fixtures::values(16, 7);
  std::vector<std::vector<float>> y(kThreads, std::vector<float>(16));
  std::vector<std::string> texts(kThreads);
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      texts[thread] = replay_many(must(runtime.prepare(thread % 2 == 0 ? relu : chain)), x, y[thread]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(texts, std::vector<std::string>(kThreads, "okok"));
  EXPECT_EQ(y[0], y[2]);
  EXPECT_EQ(y[1], y[3]);
  EXPECT_EQ(runtime.bytes_in_use(), 0u);
}

// One thread replays a long chain until it is told to stop; the session and the state
// answer other threads meanwhile that they are in use.
TEST(Threads, FindASessionOrStateThatIsInUse) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::append_to_state())));
  State state = must(program.state());
  std::vector<float> x(4), y_one(32), y_two(32);
  Session one = must(program.session({.own_state = false})), two = must(program.session({.own_state = false}));
  for (Session* session : {&one, &two}) {
    ASSERT_EQ(text_of(session->attach(state)), "ok");
    ASSERT_EQ(text_of(session->bind("x", x)), "ok");
    ASSERT_EQ(text_of(session->bind("y", session == &one ? y_one : y_two)), "ok");
    ASSERT_EQ(text_of(session->set_scalar("pos", 0)), "ok");
  }
  std::atomic<bool> done{false}, met{false};
  std::thread other([&] {
    while (!done.load()) (void)one.replay();
  });
  // A deadline in replays, not in time: with two cores the threads meet within a few.
  for (int replay = 0; replay < 2000000 && !met; ++replay) {
    const Status status = two.replay();
    if (status.ok()) continue;
    EXPECT_EQ(text_of(status), "failed-precondition: the state is in use by a replay of another session");
    met = true;
  }
  done = true;
  other.join();
  if (!met) GTEST_SKIP() << "the threads never met: one core?";
}

}  // namespace
}  // namespace rondo
