// reduce_sum, reduce_max and reduce_mean on every instruction set.
#include <gtest/gtest.h>
#include <cmath>
#include <limits>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kSizes[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 511, 513, 1100};
constexpr const char* kReductions[] = {"reduce_sum", "reduce_max", "reduce_mean"};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> reduced(const kernels::KernelEntry& entry, const View& x, const View& y,
                           std::function<float(std::mt19937&)> draw) {
  KernelCase kase{.contract = entry.contract, .views = {x, y}};
  kase.draw = std::move(draw);
  return run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage).result->values();
}

TEST(Reduce, AgreesWithTheReferenceHoweverTheRowsLie) {
  for (const char* contract : kReductions) {
    for (uint32_t n : kSizes) {
      const std::vector<std::pair<View, View>> cases = {
          {box({n}), box({})},
          {box({3, n}), box({3})},
          {box({3, n}, {n + 5, 1}), box({3}, {2})},
          {box({3, n}, {1, 3}), box({3})},                                // columns
          {box({3, n}, {1, 4}), box({3}, {3})},                           // columns, apart
          {box({3, n}, {2 * n + 1, 2}), box({3})},                        // elements apart
          {box({3, n}, {0, 1}), box({3})},                                // the same row again
          {box({3, n}, {1, 0}), box({3})},                                // one element again
          {box({2, 3, n}, {3 * n, 1, 3}), box({2, 3}, {1, 2})},           // columns of blocks
          {box({2, 3, 2, n}, {1, 2, 6, 12}), box({2, 3, 2}, {6, 2, 1})},  // all axes turned
      };
      for (const auto& [x, y] : cases) expect_all_agree_with_reference({.contract = contract, .views = {x, y}});
    }
  }
}

TEST(Reduce, TakesManyColumnsAndNone) {
  for (const char* contract : kReductions) {
    for (uint32_t columns : {0u, 1u, 17u, 512u, 513u, 1030u})
      expect_all_agree_with_reference(
          {.contract = contract, .views = {box({columns, 35}, {1, columns + 3}), box({columns})}});
    expect_all_agree_with_reference({.contract = contract, .views = {box({0, 7}), box({0})}});
  }
}

TEST(Reduce, OfNothingIsNeutral) {
  for (const char* contract : kReductions)
    for (const kernels::KernelEntry& entry : kernels_to_test(contract, true))
      for (float value : reduced(entry, box({5, 0}), box({5}), {}))
        EXPECT_EQ(value, std::string_view(contract) == "reduce_max" ? -kInf : 0.0f) << entry.name;
}

TEST(ReduceMax, KeepsANanWhereverItIs) {
  for (const kernels::KernelEntry& entry : kernels_to_test("reduce_max", true)) {
    for (uint32_t n : {1u, 5u, 16u, 40u, 70u, 600u}) {
      for (const View& x : {box({2, n}), box({2, n}, {1, 2}), box({2, n}, {2 * n, 2})}) {
        for (uint32_t where = 0; where<n; where += n> 100 ? 37 : 1) {
          uint32_t drawn = 0;
          const std::vector<float> y =
              reduced(entry, x, box({2}), [&](std::mt19937&) { return drawn++ == where ? kNan : 1.0f; });
          EXPECT_TRUE(std::isnan(y[0])) << entry.name << " " << n << " " << where;
          EXPECT_EQ(y[1], 1.0f) << entry.name;
        }
      }
    }
  }
}

TEST(ReduceMax, FindsTheLargestAndInfinities) {
  for (const kernels::KernelEntry& entry : kernels_to_test("reduce_max", true)) {
    for (uint32_t n : {1u, 19u, 70u}) {
      for (uint32_t where = 0; where < n; ++where) {
        for (float largest : {-2.0f, kInf}) {
          uint32_t drawn = 0;
          EXPECT_EQ(
              reduced(entry, box({n}), box({}), [&](std::mt19937&) { return drawn++ == where ? largest : -3.0f; })[0],
              largest)
              << entry.name;
        }
      }
    }
  }
}

TEST(ReduceSum, OfTheFirstNumbersIsTheirTriangle) {  // exact: all partial sums are below 2^24
  for (const kernels::KernelEntry& entry : kernels_to_test("reduce_sum", true)) {
    for (uint32_t n : {1u, 100u, 1000u, 5000u}) {
      for (const View& x : {box({1, n}), box({1, n}, {1, 3}), box({2, n}, {1, 2})}) {
        uint32_t drawn = 0;
        const float sum =
            reduced(entry, x, box({x.extent[0]}), [&](std::mt19937&) { return static_cast<float>(++drawn); })[0];
        EXPECT_EQ(sum, static_cast<float>(n) * static_cast<float>(n + 1) / 2) << entry.name;
      }
    }
  }
}

TEST(ReduceMean, OfEqualNumbersIsTheNumber) {
  for (const kernels::KernelEntry& entry : kernels_to_test("reduce_mean", true))
    for (uint32_t n : {1u, 3u, 16u, 1000u})
      EXPECT_NEAR(reduced(entry, box({n}), box({}), [](std::mt19937&) { return 0.7f; })[0], 0.7f, 1e-6) << entry.name;
}

}  // namespace
}  // namespace rondo::testing
