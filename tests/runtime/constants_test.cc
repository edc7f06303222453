// Constants: named once, packed once, read-only from then on.
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

constexpr uint32_t kM = 3, kK = 20, kN = 21;

// relu(x w + bias) in double precision.
std::vector<double> expected(const std::vector<float>& x, const std::vector<float>& w, const std::vector<float>& bias) {
  std::vector<double> y(kM * kN);
  for (uint32_t i = 0; i < kM; ++i)
    for (uint32_t j = 0; j < kN; ++j) {
      double sum = bias[j];
      for (uint32_t p = 0; p < kK; ++p) sum += double{x[i * kK + p]} * w[p * kN + j];
      y[i * kN + j] = std::max(sum, 0.0);
    }
  return y;
}

class Constants : public ::testing::Test {
 protected:
  Result<Program> prepare(std::vector<Constant> constants, PrepareOptions options = {}) {
    return runtime_.prepare(proven(fixtures::packed_matmul(kM, kK, kN)), constants, options);
  }
  std::vector<float> run(const Program& program) {
    std::vector<float> y(kM * kN);
    Session session = must(program.session());
    EXPECT_EQ(text_of(session.bind("x", x_)), "ok");
    EXPECT_EQ(text_of(session.bind("y", y)), "ok");
    EXPECT_EQ(text_of(session.replay()), "ok");
    return y;
  }
  void expect_close(const std::vector<float>& y, const std::vector<double>& want) {
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i], 1e-5) << "element " << i;
  }

  Runtime runtime_;
  std::vector<float> x_ = fixtures::values(kM * kK, 1), w_ = fixtures::values(kK * kN, 2), b_ = fixtures::values(kN, 3);
};

TEST_F(Constants, ArePackedOnceAndReadByEveryReplay) {
  Program program = must(prepare({{"w", w_}, {"bias", b_}}));
  const std::vector<double> want = expected(x_, w_, b_);
  expect_close(run(program), want);
  expect_close(run(program), want);
}

TEST_F(Constants, ThatOnlyPrepareReadsMayGoAfterwards) {
  Program program = must(prepare({{"w", w_}, {"bias", b_}}));
  const std::vector<double> want = expected(x_, w_, b_);
  w_.assign(w_.size(), std::nanf(""));
  expect_close(run(program), want);
}

TEST_F(Constants, AreCopiedWhenTheHostAsks) {
  Program program = must(prepare({{"w", w_}, {"bias", b_}}, {.copy_constants = true}));
  const std::vector<double> want = expected(x_, w_, b_);
  b_.assign(b_.size(), std::nanf(""));
  expect_close(run(program), want);
}

TEST_F(Constants, SayInTheRequirementsWhoReadsThem) {
  const Program program = must(prepare({{"w", w_}, {"bias", b_}}));
  const std::vector<BindingRequirement>& bindings = program.requirements().bindings;
  ASSERT_EQ(bindings[1].name, "w");
  EXPECT_TRUE(bindings[1].read_in_prepare);
  EXPECT_FALSE(bindings[1].used_in_replay);
  ASSERT_EQ(bindings[2].name, "bias");
  EXPECT_FALSE(bindings[2].read_in_prepare);
  EXPECT_TRUE(bindings[2].used_in_replay);
}

TEST_F(Constants, AreAllNamedWhenMissing) {
  EXPECT_EQ(text_of(prepare({})), "invalid-argument: prepare needs the constants 'w' and 'bias'");
  EXPECT_EQ(text_of(prepare({{"w", w_}})), "invalid-argument: prepare needs the constants 'bias'");
}

TEST_F(Constants, AreRefusedWhenUnknownOrGivenTwice) {
  EXPECT_EQ(text_of(prepare({{"w", w_}, {"bias", b_}, {"x", x_}})),
            "invalid-argument: there is no constant 'x'; the schedule has 'w' and 'bias'");
  EXPECT_EQ(text_of(prepare({{"w", w_}, {"w", w_}, {"bias", b_}})), "invalid-argument: constant 'w' is given twice");
}

TEST_F(Constants, AreRefusedWithAnotherSizeOrType) {
  const std::vector<double> doubles(kN);
  EXPECT_EQ(text_of(prepare({{"w", w_}, {"bias", doubles}})),
            "invalid-argument: constant 'bias' is f32[21], the buffer holds f64");
  EXPECT_EQ(text_of(prepare({{"w", b_}, {"bias", b_}})),
            "invalid-argument: constant 'w' is f32[20, 21] and takes 1680 B, the buffer has 84 B");
}

TEST_F(Constants, MayBePackedIntoMemoryOfTheHost) {
  fixtures::AlignedFloats packed(2 * kK * 16);
  Program program = must(prepare({{"w", w_}, {"bias", b_}}, {.arenas = {{0, packed.data(), packed.size() * 4}}}));
  EXPECT_EQ(runtime_.bytes_in_use(), 0u);
  EXPECT_EQ(packed[0], w_[0]);
  expect_close(run(program), expected(x_, w_, b_));
}

TEST_F(Constants, MustLieApartFromWhereTheyArePacked) {
  fixtures::AlignedFloats packed(2 * kK * 16);
  EXPECT_EQ(text_of(prepare({{"w", std::span(packed.data(), kK * kN)}, {"bias", b_}},
                            {.arenas = {{0, packed.data(), packed.size() * 4}}})),
            "invalid-argument: the buffer for constant 'w' shares 1680 B with arena 'packed'; arena 'packed' is "
            "written and must lie apart");
}

TEST_F(Constants, StayReadOnlyInReplays) {
  fixtures::AlignedFloats packed(2 * kK * 16);
  Program program = must(prepare({{"w", w_}, {"bias", b_}}, {.arenas = {{0, packed.data(), packed.size() * 4}}}));
  const std::vector<float> before(packed.begin(), packed.end());
  run(program);
  EXPECT_EQ(std::vector<float>(packed.begin(), packed.end()), before);
}

}  // namespace
}  // namespace rondo
