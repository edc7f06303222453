// What bind accepts, and the exact words of what it refuses.
#include <gtest/gtest.h>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::AlignedFloats;
using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

class Bind : public ::testing::Test {
 protected:
  Session make(Schedule schedule) {
    program_.emplace(must(runtime_.prepare(proven(std::move(schedule)))));
    return must(program_->session());
  }
  BindingHandle handle(std::string_view name) { return must(program_->binding(name)); }

  Runtime runtime_;
  std::optional<Program> program_;
  std::vector<float> x_ = std::vector<float>(32, 1.0f), y_ = std::vector<float>(32);
};

TEST_F(Bind, TakesABufferOfTheStatedSizeTypeAndAlignment) {
  Session session = make(fixtures::relu());
  EXPECT_EQ(text_of(session.bind(handle("x"), x_)), "ok");
  EXPECT_EQ(text_of(session.bind("y", y_)), "ok");
  EXPECT_EQ(text_of(session.replay()), "ok");
}

TEST_F(Bind, RefusesAnotherElementType) {
  Session session = make(fixtures::relu());
  const std::vector<double> wrong(16);
  EXPECT_EQ(text_of(session.bind("x", wrong)), "invalid-argument: input 'x' is f32[4, 8], the buffer holds f64");
}

TEST_F(Bind, RefusesAnotherSize) {
  Session session = make(fixtures::relu());
  const std::vector<float> wrong(31);
  EXPECT_EQ(text_of(session.bind("x", wrong)),
            "invalid-argument: input 'x' is f32[4, 8] and takes 128 B, the buffer has 124 B");
  const std::vector<float> larger(33);
  EXPECT_EQ(text_of(session.bind("x", larger)),
            "invalid-argument: input 'x' is f32[4, 8] and takes 128 B, the buffer has 132 B");
}

TEST_F(Bind, RefusesAnAddressBelowTheAlignment) {
  Schedule schedule = fixtures::relu();
  schedule.bindings[0].align_bytes = 64;
  Session session = make(std::move(schedule));
  AlignedFloats wrong(32, 4);
  EXPECT_EQ(text_of(session.bind("x", wrong)),
            "invalid-argument: input 'x' must start at a multiple of 64 B, the buffer starts 4 B beyond one");
}

TEST_F(Bind, RefusesNoMemoryAtAll) {
  Session session = make(fixtures::relu());
  EXPECT_EQ(text_of(session.bind("x", Buffer(static_cast<const void*>(nullptr), 128, DType::kF32))),
            "invalid-argument: the buffer for input 'x' is null");
}

TEST_F(Bind, RefusesReadOnlyMemoryForAnOutput) {
  Session session = make(fixtures::relu());
  const std::vector<float> constant(32);
  EXPECT_EQ(text_of(session.bind("y", constant)), "invalid-argument: output 'y' is written, the buffer is read-only");
}

TEST_F(Bind, RefusesAnOutputThatSharesBytesWithAnInput) {
  Session session = make(fixtures::relu());
  std::vector<float> both(40);
  ASSERT_EQ(text_of(session.bind("x", std::span(both).first(32))), "ok");
  EXPECT_EQ(text_of(session.bind("y", std::span(both).last(32))),
            "invalid-argument: the buffer for output 'y' shares 96 B with input 'x'; output 'y' is written and must "
            "lie apart");
}

TEST_F(Bind, RefusesAnInputThatSharesBytesWithAnOutput) {
  Session session = make(fixtures::relu());
  ASSERT_EQ(text_of(session.bind("y", y_)), "ok");
  EXPECT_EQ(text_of(session.bind("x", y_)),
            "invalid-argument: the buffer for input 'x' shares 128 B with output 'y'; output 'y' is written and must "
            "lie apart");
}

TEST_F(Bind, LetsInputsShareMemory) {
  Session session = make(fixtures::staged_add());
  std::vector<float> both = fixtures::values(128, 1), y(128);
  EXPECT_EQ(text_of(session.bind("a", both)), "ok");
  EXPECT_EQ(text_of(session.bind("b", both)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], both[i] + both[i]);
}

TEST_F(Bind, RefusesABufferInsideAnArenaOfTheSession) {
  program_.emplace(must(runtime_.prepare(proven(fixtures::staged_add()))));
  AlignedFloats scratch(512);
  Session session = must(program_->session({.arenas = {{0, scratch.data(), 2048}}}));
  EXPECT_EQ(text_of(session.bind("a", std::span(scratch.data(), 128))),
            "invalid-argument: the buffer for input 'a' shares 512 B with arena 'scratch'; arena 'scratch' is written "
            "and must lie apart");
}

TEST_F(Bind, RefusesAnOutputOverAConstantThatReplaysRead) {
  std::vector<float> w(8 * 8), bias(8), x(8);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  Program program = must(runtime_.prepare(proven(fixtures::packed_matmul(1, 8, 8)), constants));
  Session session = must(program.session());
  EXPECT_EQ(text_of(session.bind("y", bias)),
            "invalid-argument: the buffer for output 'y' shares 32 B with constant 'bias'; output 'y' is written and "
            "must lie apart");
}

TEST_F(Bind, KeepsTheOldBufferWhenANewOneIsRefused) {
  Session session = make(fixtures::relu());
  ASSERT_EQ(text_of(session.bind("x", x_)), "ok");
  ASSERT_EQ(text_of(session.bind("y", y_)), "ok");
  const std::vector<float> wrong(3);
  ASSERT_FALSE(session.bind("x", wrong).ok());
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(y_, x_);
}

TEST_F(Bind, ReplacesABufferAndItsPlaceInTheOverlapCheck) {
  Session session = make(fixtures::relu());
  ASSERT_EQ(text_of(session.bind("y", y_)), "ok");
  std::vector<float> other(32);
  ASSERT_EQ(text_of(session.bind("y", other)), "ok");
  EXPECT_EQ(text_of(session.bind("x", y_)), "ok");
}

TEST_F(Bind, ListsTheNamesThereAreWhenOneIsUnknown) {
  Session session = make(fixtures::relu());
  EXPECT_EQ(text_of(session.bind("z", x_)), "not-found: there is no binding 'z'; the schedule has 'x' and 'y'");
  EXPECT_EQ(text_of(program_->binding("z")), "not-found: there is no binding 'z'; the schedule has 'x' and 'y'");
}

TEST_F(Bind, RefusesTheHandleOfAnotherProgram) {
  Session session = make(fixtures::relu());
  Program other = must(runtime_.prepare(proven(fixtures::relu())));
  EXPECT_EQ(text_of(session.bind(must(other.binding("x")), x_)),
            "invalid-argument: the handle belongs to another program");
  EXPECT_EQ(text_of(session.bind(BindingHandle{}, x_)), "invalid-argument: the handle belongs to another program");
}

TEST_F(Bind, RefusesAConstantBecauseItBelongsToTheProgram) {
  std::vector<float> w(8 * 8), bias(8);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  Program program = must(runtime_.prepare(proven(fixtures::packed_matmul(1, 8, 8)), constants));
  Session session = must(program.session());
  EXPECT_EQ(text_of(session.bind("w", w)),
            "invalid-argument: constant 'w' belongs to the program: it is given to prepare");
  EXPECT_EQ(text_of(program.binding("w")),
            "invalid-argument: constant 'w' belongs to the program: it is given to prepare");
}

}  // namespace
}  // namespace rondo
