// rotary on every instruction set.
#include <gtest/gtest.h>
#include <cmath>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kSizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 30, 31, 32, 33, 34, 47, 64, 65, 96, 128};

TEST(Rotary, AgreesWithTheReference) {
  for (uint32_t d : kSizes) {
    for (uint32_t pairing : {0u, 1u}) {
      const View dense = box({4, d}), apart = box({4, d}, {d + 5, 1}), same = box({4, d}, {0, 1});
      expect_all_agree_with_reference(
          {.contract = "rotary", .views = {dense, dense, dense, dense}, .params = {pairing}});
      expect_all_agree_with_reference({.contract = "rotary", .views = {apart, same, same, apart}, .params = {pairing}});
      expect_all_agree_with_reference(
          {.contract = "rotary", .views = {apart, dense, same, apart}, .params = {pairing}, .in_place = 0});
      // Heads side by side in a row, angles shared by them.
      const View heads = box({4, 3, d}, {3 * d + 1, d, 1}), angles = box({4, 3, d}, {d, 0, 1});
      expect_all_agree_with_reference(
          {.contract = "rotary", .views = {heads, angles, angles, heads}, .params = {pairing}, .in_place = 0});
      expect_all_agree_with_reference(
          {.contract = "rotary", .views = {box({d}), box({d}), box({d}), box({d})}, .params = {pairing}});
    }
  }
}

// x, then cos and sin of angles that the two of a pair share, then what y was.
RunOf turned(const kernels::KernelEntry& entry, uint32_t d, uint32_t pairing, float angle_step) {
  KernelCase kase{.contract = "rotary", .views = {box({d}), box({d}), box({d}), box({d})}, .params = {pairing}};
  uint32_t drawn = 0;
  kase.draw = [&, d, pairing, angle_step](std::mt19937& random) {
    const uint32_t i = drawn++, column = i % d;
    const uint32_t pair = pairing == 1 ? column / 2 : column % (d / 2);
    const double angle = angle_step * (pair + 1);
    if (i < d) return static_cast<float>(random() % 2000) * 0.001f - 1.0f;
    return static_cast<float>(i < 2 * d ? std::cos(angle) : std::sin(angle));
  };
  return run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
}

TEST(Rotary, PreservesTheLengthOfEveryPair) {
  for (const kernels::KernelEntry& entry : kernels_to_test("rotary", true)) {
    for (uint32_t d : {2u, 16u, 34u, 64u, 128u}) {
      for (uint32_t pairing : {0u, 1u}) {
        const RunOf run = turned(entry, d, pairing, 0.37f);
        const std::vector<float> x = run.operands[0]->values(), y = run.result->values();
        for (uint32_t i = 0; i < d / 2; ++i) {
          const uint32_t a = pairing == 1 ? 2 * i : i, b = pairing == 1 ? 2 * i + 1 : i + d / 2;
          EXPECT_NEAR(std::hypot(y[a], y[b]), std::hypot(x[a], x[b]), 4e-7) << entry.name << " " << i;
        }
      }
    }
  }
}

TEST(Rotary, ByAQuarterTurnTakesXToMinusB) {
  for (const kernels::KernelEntry& entry : kernels_to_test("rotary", true)) {
    for (uint32_t pairing : {0u, 1u}) {
      constexpr uint32_t kD = 40;
      KernelCase kase{.contract = "rotary", .views = {box({kD}), box({kD}), box({kD}), box({kD})}, .params = {pairing}};
      uint32_t drawn = 0;
      kase.draw = [&](std::mt19937&) {  // x is 1 to 40, cos 0, sin 1
        const uint32_t i = drawn++;
        return i < kD ? static_cast<float>(i + 1) : i < 2 * kD ? 0.0f : 1.0f;
      };
      const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
      for (uint32_t i = 0; i < kD; ++i) {
        const uint32_t other = pairing == 1 ? i ^ 1 : (i + kD / 2) % kD;
        const bool first = pairing == 1 ? i % 2 == 0 : i < kD / 2;
        const float wanted = static_cast<float>(other + 1);
        EXPECT_EQ(run.result->get(i), first ? -wanted : wanted) << entry.name;
      }
    }
  }
}

TEST(Rotary, PassesAnOddLastColumnThrough) {
  for (const kernels::KernelEntry& entry : kernels_to_test("rotary", true))
    for (uint32_t d : {1u, 3u, 17u, 33u})
      for (uint32_t pairing : {0u, 1u}) {
        const RunOf run = run_case(
            {.contract = "rotary", .views = {box({2, d}), box({2, d}), box({2, d}), box({2, d})}, .params = {pairing}},
            entry.fn, Placement::kEndsAtUnreadablePage);
        for (uint32_t row : {0u, 1u})
          EXPECT_EQ(run.result->get(row * d + d - 1), run.operands[0]->get(row * d + d - 1)) << entry.name;
      }
}

}  // namespace
}  // namespace rondo::testing
