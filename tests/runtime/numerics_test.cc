// Results depend on bytes and parameters alone: not on addresses, not on the host's
// floating-point mode, not on how often.
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::AlignedFloats;
using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

constexpr uint32_t kM = 5, kK = 33, kN = 19;

class Numerics : public ::testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (GetParam() > detect_instruction_set()) GTEST_SKIP() << "this CPU has no " << name_of(GetParam());
    const Constant constants[] = {{"w", w_}, {"bias", bias_}};
    program_.emplace(
        must(Runtime({.limit = GetParam()}).prepare(proven(fixtures::packed_matmul(kM, kK, kN)), constants)));
  }
  std::vector<float> run(const std::vector<float>& x, size_t x_beyond_bytes = 0, size_t y_beyond_bytes = 0) {
    AlignedFloats input(x.size(), x_beyond_bytes), output(kM * kN, y_beyond_bytes);
    std::copy(x.begin(), x.end(), input.begin());
    Session session = must(program_->session());
    EXPECT_EQ(text_of(session.bind("x", input)), "ok");
    EXPECT_EQ(text_of(session.bind("y", output)), "ok");
    EXPECT_EQ(text_of(session.replay()), "ok");
    return {output.begin(), output.end()};
  }
  static bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  }

  std::vector<float> x_ = fixtures::values(kM * kK, 1), w_ = fixtures::values(kK * kN, 2),
                     bias_ = fixtures::values(kN, 3);
  std::optional<Program> program_;
};

TEST_P(Numerics, GiveTheSameBitsAtEveryLegalAddress) {
  const std::vector<float> want = run(x_);
  for (size_t beyond = 4; beyond < 64; beyond += 4) {
    EXPECT_TRUE(same_bits(run(x_, beyond, 0), want)) << "x " << beyond << " B beyond a cache line";
    EXPECT_TRUE(same_bits(run(x_, 0, beyond), want)) << "y " << beyond << " B beyond a cache line";
  }
}

TEST_P(Numerics, PropagateNaNThroughItsOwnRowOnly) {
  x_[1 * kK + 7] = std::nanf("");
  const std::vector<float> y = run(x_);
  for (uint32_t i = 0; i < kM; ++i)
    for (uint32_t j = 0; j < kN; ++j) EXPECT_EQ(std::isnan(y[i * kN + j]), i == 1) << i << ", " << j;
}

#if defined(__x86_64__)
TEST_P(Numerics, IgnoreAndRestoreTheHostsFloatingPointMode) {
  constexpr float kDenormal = 1e-40f;
  for (float& value : x_) value *= kDenormal;
  bias_.assign(kN, 0.0f);
  const Constant constants[] = {{"w", w_}, {"bias", bias_}};
  const VerifiedSchedule schedule = proven(fixtures::packed_matmul(kM, kK, kN));
  program_.emplace(must(Runtime({.limit = GetParam()}).prepare(schedule, constants)));
  const std::vector<float> want = run(x_);
  ASSERT_TRUE(std::any_of(want.begin(), want.end(), [](float v) { return v > 0 && v < 1e-38f; }));

  AlignedFloats input(x_.size()), output(kM * kN);
  std::copy(x_.begin(), x_.end(), input.begin());
  const unsigned before = _mm_getcsr();
  // Flush to zero, denormals are zero, round towards zero, and a sticky flag that stays as it is.
  constexpr unsigned kHostMode = 0x1f80 | 0x8000 | 0x0040 | 0x6000 | 0x0001;
  _mm_setcsr(kHostMode);
  Program program = must(Runtime({.limit = GetParam()}).prepare(schedule, constants));
  Session session = must(program.session());
  const std::string bound = text_of(session.bind("x", input)) + text_of(session.bind("y", output));
  const std::string replayed = text_of(session.replay());
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(bound, "okok");
  EXPECT_EQ(replayed, "ok");
  EXPECT_EQ(after, kHostMode);
  EXPECT_TRUE(same_bits({output.begin(), output.end()}, want));
}
#endif

INSTANTIATE_TEST_SUITE_P(Sets, Numerics,
                         ::testing::Values(InstructionSet::kReference, InstructionSet::kAvx2, InstructionSet::kAvx512),
                         [](const auto& set) { return std::string(name_of(set.param)); });

}  // namespace
}  // namespace rondo
