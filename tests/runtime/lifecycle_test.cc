// From a verified schedule to replays: what each object answers and when.
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

TEST(Replay, ComputesWhatTheScheduleSays) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::staged_add())));
  Session session = must(program.session());
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128);
  ASSERT_EQ(text_of(session.bind("a", a)), "ok");
  ASSERT_EQ(text_of(session.bind("b", b)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], a[i] + b[i]);
  EXPECT_EQ(session.epoch(), 1u);
}

TEST(Replay, GivesTheSameBitsTwice) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::chain(500))));
  Session session = must(program.session());
  const std::vector<float> x = fixtures::values(16, 3);
  std::vector<float> first(16), second(16);
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", first)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  ASSERT_EQ(text_of(session.bind("y", second)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(std::memcmp(first.data(), second.data(), 64), 0);
}

TEST(Replay, NamesEverythingThatIsMissing) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::append_to_state())));
  Session session = must(program.session({.own_state = false}));
  EXPECT_EQ(text_of(session.replay()),
            "failed-precondition: replay needs input 'x', state 'cache', output 'y' and scalar 'pos'");
  EXPECT_EQ(session.epoch(), 0u);
}

TEST(Replay, NeedsABufferAgainAfterUnbind) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::relu())));
  Session session = must(program.session());
  std::vector<float> x(32), y(32);
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.unbind(must(program.binding("x")))), "ok");
  EXPECT_EQ(text_of(session.replay()), "failed-precondition: replay needs input 'x'");
  EXPECT_EQ(text_of(session.bind("x", y)),
            "invalid-argument: the buffer for input 'x' shares 128 B with output 'y'; output 'y' is written and must "
            "lie apart");
}

TEST(Program, IsRefusedForAnotherBackend) {
  Schedule schedule = fixtures::relu();
  schedule.backend = "cuda";
  Verification verification = verify(std::move(schedule));
  if (!verification.schedule) GTEST_SKIP() << "this verifier knows no backend 'cuda'";
  EXPECT_EQ(text_of(Runtime().prepare(*verification.schedule)),
            "unavailable: the schedule was planned for backend 'cuda', this runtime has 'cpu'");
}

TEST(Program, OutlivesTheRuntimeAndIsKeptByItsSessions) {
  std::vector<float> x(32, -1.0f), y(32, 5.0f);
  Session session = must(must(Runtime().prepare(proven(fixtures::relu()))).session());
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(y, std::vector<float>(32, 0.0f));
}

TEST(Program, NamesTheKernelsItResolved) {
  Runtime runtime({.limit = InstructionSet::kReference});
  Program program = must(runtime.prepare(proven(fixtures::relu())));
  EXPECT_EQ(program.instruction_set(), InstructionSet::kReference);
  EXPECT_EQ(program.kernel_names(), std::vector<std::string>{"relu_f32_reference"});
}

TEST(Program, UsesNoWiderInstructionSetThanTheCpuHas) {
  Program program = must(Runtime().prepare(proven(fixtures::relu())));
  EXPECT_EQ(program.instruction_set(), detect_instruction_set());
}

TEST(Session, IsIndependentOfOthersOfTheSameProgram) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::staged_add())));
  Session one = must(program.session()), two = must(program.session());
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y_one(128), y_two(128);
  for (Session* session : {&one, &two}) {
    ASSERT_EQ(text_of(session->bind("a", a)), "ok");
    ASSERT_EQ(text_of(session->bind("b", session == &one ? a : b)), "ok");
    ASSERT_EQ(text_of(session->bind("y", session == &one ? y_one : y_two)), "ok");
  }
  ASSERT_EQ(text_of(one.replay()), "ok");
  ASSERT_EQ(text_of(two.replay()), "ok");
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(y_one[i], a[i] + a[i]);
    EXPECT_EQ(y_two[i], a[i] + b[i]);
  }
}

TEST(Session, AsksForARestartAfterAnInterruptedReplay) {
  Runtime runtime;
  Program program = must(runtime.prepare(proven(fixtures::chain(10))));
  Session session = must(program.session());
  std::vector<float> x(16, 1.0f), y(16);
  ASSERT_EQ(text_of(session.bind("x", x)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  std::atomic<bool> stop{true};
  EXPECT_EQ(text_of(session.replay(stop)), "cancelled: the replay was stopped after 0 of 11 ops");
  EXPECT_EQ(text_of(session.replay()),
            "failed-precondition: the last replay of the session was interrupted; restart it");
  ASSERT_EQ(text_of(session.restart()), "ok");
  stop = false;
  EXPECT_EQ(text_of(session.replay(stop)), "ok");
  EXPECT_EQ(session.epoch(), 1u);
}

}  // namespace
}  // namespace rondo
