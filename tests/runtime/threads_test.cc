// What may happen at once: sessions of one program, programs of one runtime.
// Threads wait for each other at a barrier, never for a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
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

// Two sessions replay over and over with one state; whoever comes while the other is
// at it is told so. A replay is long beside the way from one to the next, so the
// threads meet as soon as both run, even on one core.
TEST(Threads, FindAStateThatIsInUse) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::add_to_state(20000))));
  State state = must(program.state());
  std::vector<float> x(16);
  std::vector<std::vector<float>> y(2, std::vector<float>(16));
  std::vector<std::string> answers(2);
  std::atomic<bool> met{false};
  std::vector<std::thread> threads;
  for (int which = 0; which < 2; ++which)
    threads.emplace_back([&, which] {
      Session session = must(program.session({.own_state = false}));
      answers[which] =
          text_of(session.attach(state)) + text_of(session.bind("x", x)) + text_of(session.bind("y", y[which]));
      for (int replay = 0; replay < 100000 && !met; ++replay)
        if (const Status status = session.replay(); !status) {
          answers[which] += text_of(status);
          met = true;
        }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(met);
  for (const std::string& answer : answers)
    EXPECT_TRUE(answer == "okokok" ||
                answer == "okokokfailed-precondition: the state is in use by a replay of another session")
        << answer;
}

// A session belongs to one thread; a second one that replays it by mistake is told.
TEST(Threads, FindASessionThatIsInUse) {
  Program program = must(Runtime().prepare(proven(fixtures::add_to_state(20000))));
  Session session = must(program.session());
  std::vector<float> x(16), y(16);
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  std::vector<std::string> answers(2, "never met");
  std::atomic<bool> met{false};
  std::vector<std::thread> threads;
  for (int which = 0; which < 2; ++which)
    threads.emplace_back([&, which] {
      for (int replay = 0; replay < 100000 && !met; ++replay)
        if (const Status status = session.replay(); !status) {
          answers[which] = text_of(status);
          met = true;
        }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(answers, ::testing::Contains("failed-precondition: a replay of the session is in flight"));
}

}  // namespace
}  // namespace rondo
