// vecmat, reglu and attention_hard: every instruction set gives the bits of the reference.
#include <gtest/gtest.h>
#include <limits>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

View doubles(const std::vector<uint32_t>& extent, const std::vector<int64_t>& stride = {}) {
  return box(extent, stride, DType::kF64);
}

TEST(Vecmat, GivesTheBitsOfTheReference) {
  for (uint32_t k : {0u, 1u, 3u, 4u, 5u, 8u, 37u})
    for (uint32_t n : {0u, 1u, 7u, 8u, 9u, 16u, 31u, 38u, 100u})
      for (uint32_t flags : {kOpInit, kOpAccumulate}) {
        expect_all_agree_with_reference(
            {.contract = "vecmat", .views = {doubles({k}), doubles({k, n}), doubles({n})}, .flags = flags});
        expect_all_agree_with_reference({.contract = "vecmat",
                                         .views = {doubles({k}, {2}), doubles({k, n}, {n + 3, 1}), doubles({n})},
                                         .flags = flags});
      }
}

// A slot that holds 1e300 takes a new value in the addition that subtracts the old one:
// nothing of the old value is left only if the products are added in the order of k.
TEST(Vecmat, AddsProductsInTheOrderOfK) {
  for (const kernels::KernelEntry& entry : kernels_to_test("vecmat", true)) {
    KernelCase kase{
        .contract = "vecmat", .views = {doubles({2}), doubles({2, 9}), doubles({9})}, .flags = kOpAccumulate};
    constexpr float kSources[] = {-1e30f, 0.1f};
    uint32_t drawn = 0;
    kase.draw = [&](std::mt19937&) {  // x, then a, then y
      const uint32_t i = drawn++;
      return i < 2 ? kSources[i] : i < 20 ? 1.0f : 1e30f;
    };
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t n = 0; n < 9; ++n) EXPECT_EQ(run.result->get_double(n), double{0.1f}) << entry.name;
  }
}

TEST(Vecmat, RoundsProductsBeforeItAddsThem) {
  for (const kernels::KernelEntry& entry : kernels_to_test("vecmat", true)) {
    KernelCase kase{
        .contract = "vecmat", .views = {doubles({1}), doubles({1, 9}), doubles({9})}, .flags = kOpAccumulate};
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t n = 0; n < 9; ++n) {
      GuardedOperand before(doubles({9}), Placement::kEndsAtUnreadablePage);
      std::mt19937 random(kase.seed);
      const double x = uniform_double(random);
      std::vector<double> a(9), y(9);
      for (double& value : a) value = uniform_double(random);
      for (double& value : y) value = uniform_double(random);
      const volatile double product = x * a[n];
      EXPECT_EQ(run.result->get_double(n), product + y[n]) << entry.name;
    }
  }
}

TEST(Reglu, GivesTheBitsOfTheReference) {
  for (uint32_t n : {0u, 1u, 3u, 8u, 9u, 33u}) {
    const View dense = doubles({5, n}), apart = doubles({5, n}, {2 * n + 3, 2}), same = doubles({5, n}, {0, 1});
    for (const View& a : {dense, apart, same})
      for (const View& b : {dense, apart, same}) {
        expect_all_agree_with_reference({.contract = "reglu", .views = {a, b, dense}});
        expect_all_agree_with_reference({.contract = "reglu", .views = {a, b, apart}});
      }
    expect_all_agree_with_reference({.contract = "reglu", .views = {apart, dense, apart}, .in_place = 0});
  }
  expect_all_agree_with_reference({.contract = "reglu", .views = {doubles({}), doubles({}), doubles({})}});
  const View deep = doubles({2, 3, 2, 5});
  expect_all_agree_with_reference({.contract = "reglu", .views = {deep, deep, deep}});
}

TEST(Reglu, ClosesForNegativeGatesAndKeepsNaN) {
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kSources[] = {3, 3, -3, 2, 2, /*b*/ -1, 2, 0.5f, kNaN, kInf};
  for (const kernels::KernelEntry& entry : kernels_to_test("reglu", true)) {
    KernelCase kase{.contract = "reglu", .views = {doubles({5}), doubles({5}), doubles({5})}};
    uint32_t drawn = 0;
    kase.draw = [&](std::mt19937&) { return drawn < 10 ? kSources[drawn++] : 0.0f; };
    const RunOf run = run_case(kase, entry.fn, Placement::kBeginsAfterUnreadablePage);
    EXPECT_EQ(run.result->get_double(0), 0) << entry.name;
    EXPECT_EQ(run.result->get_double(1), 6) << entry.name;
    EXPECT_EQ(run.result->get_double(2), -1.5) << entry.name;
    EXPECT_NE(run.result->get_double(3), run.result->get_double(3)) << entry.name;
    EXPECT_EQ(run.result->get_double(4), std::numeric_limits<double>::infinity()) << entry.name;
  }
}

TEST(AttentionHard, GivesTheBitsOfTheReference) {
  for (uint32_t s : {0u, 1u, 2u, 17u, 64u})
    for (uint32_t h : {0u, 1u, 3u})
      for (uint32_t d : {0u, 1u, 2u, 5u})
        for (uint32_t e : {0u, 1u, 2u})
          for (uint32_t equals : {0u, 1u}) {
            KernelCase kase{.contract = "attention_hard",
                            .views = {doubles({h, d}), doubles({s, h, d}), doubles({s, h, e}), doubles({h, e})},
                            .params = {equals}};
            expect_all_agree_with_reference(kase);
            // Few numbers, so that many scores are equal; rows and heads apart.
            kase.draw = [](std::mt19937& random) { return static_cast<float>(random() % 3); };
            kase.views = {doubles({h, d}, {d + 3, 1}), doubles({s, h, d}, {h * d + 5, d, 1}),
                          doubles({s, h, e}, {2 * h * e + 1, 2 * e, 2}), doubles({h, e}, {e + 1, 1})};
            expect_all_agree_with_reference(kase);
          }
}

TEST(AttentionHard, GivesTheBitsOfTheReferenceForAnyNumberOfPairs) {
  for (uint32_t s : {0u, 1u, 3u, 40u})
    for (uint32_t h : {1u, 2u, 7u, 8u, 9u, 15u, 16u, 37u}) {
      KernelCase kase{.contract = "attention_hard",
                      .views = {doubles({h, 2}), doubles({s, h, 2}, {2 * h + 6, 2, 1}),
                                doubles({s, h, 2}, {4 * h, 4, 1}), doubles({h, 2}, {3, 1})},
                      .params = {0}};
      expect_all_agree_with_reference(kase);
      kase.draw = [](std::mt19937& random) { return static_cast<float>(random() % 3); };
      expect_all_agree_with_reference(kase);
    }
}

// Scores 1 2 2 0: the latest of the best is row 2, their mean is of rows 1 and 2. Then a
// NaN among the scores, and nothing but NaN.
TEST(AttentionHard, TakesTheLatestOfEqualsOrTheirMean) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  struct Case {
    float keys[4];
    double latest, mean;
  };
  const Case kCases[] = {{{1, 2, 2, 0}, 30, 25},
                         {{1, kNaN, 2, 2}, 40, 35},
                         {{kNaN, 1, 1, kNaN}, 30, 25},
                         {{-kInf, kNaN, -kInf, kNaN}, 30, 20},
                         {{kNaN, kNaN, kNaN, kNaN}, 0, 0}};
  for (const kernels::KernelEntry& entry : kernels_to_test("attention_hard", true))
    for (const Case& of : kCases)
      for (uint32_t equals : {0u, 1u}) {
        for (uint32_t d : {1u, 2u}) {  // two numbers a head take a way of their own
          KernelCase kase{.contract = "attention_hard",
                          .views = {doubles({1, d}), doubles({4, 1, d}), doubles({4, 1, d}), doubles({1, d})},
                          .params = {equals}};
          uint32_t drawn = 0;
          kase.draw = [&](std::mt19937&) {  // q, then k, then v; the second number is 0
            const uint32_t i = drawn % d == 0 ? drawn / d : 99;
            ++drawn;
            return i == 0 ? 1.0f : i < 5 ? of.keys[i - 1] : i < 9 ? 10.0f * static_cast<float>(i - 4) : 0.0f;
          };
          const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
          EXPECT_EQ(run.result->get_double(0), equals == 0 ? of.latest : of.mean) << entry.name;
        }
      }
}

}  // namespace
}  // namespace rondo::testing
