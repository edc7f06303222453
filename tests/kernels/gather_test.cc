// gather and scatter on every instruction set: they move bits, and agree bit by bit.
#include <gtest/gtest.h>
#include <limits>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kColumns[] = {0, 1, 3, 7, 8, 9, 15, 16, 17, 33, 64, 100, 768};

// Rows of c elements that lie densely, apart, and along the other axis.
std::vector<View> views_of(uint32_t rows, uint32_t c, DType dtype) {
  return {box({rows, c}, {}, dtype), box({rows, c}, {c + 3, 1}, dtype), box({rows, c}, {1, rows + 1}, dtype),
          box({rows, c}, {3 * c + 1, 2}, dtype)};
}

TEST(Gather, AgreesWithTheReferenceForEveryElementType) {
  for (DType dtype : {DType::kF32, DType::kF64, DType::kBF16, DType::kI8, DType::kI64})
    for (DType index : {DType::kI32, DType::kI64})
      for (uint32_t c : kColumns)
        for (const View& src : views_of(9, c, dtype))
          for (const View& dst : views_of(5, c, dtype))
            expect_all_agree_with_reference({.contract = "gather", .views = {box({5}, {2}, index), src, dst}});
}

TEST(Scatter, AgreesWithTheReferenceForEveryElementType) {
  for (DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kU8})
    for (DType index : {DType::kI32, DType::kI64})
      for (uint32_t c : kColumns)
        for (const View& src : views_of(5, c, dtype))
          for (const View& dst : views_of(3, c, dtype))
            expect_all_agree_with_reference({.contract = "scatter", .views = {box({5}, {2}, index), src, dst}});
}

TEST(Gather, TakesNoRowsAndRowsOfNothing) {
  for (uint32_t r : {0u, 4u})
    for (uint32_t n : {0u, 1u}) {
      expect_all_agree_with_reference(
          {.contract = "gather", .views = {box({r}, {}, DType::kI32), box({n, 5}), box({r, 5}, {9, 1})}});
      expect_all_agree_with_reference(
          {.contract = "scatter", .views = {box({r}, {}, DType::kI32), box({r, 5}, {0, 1}), box({n, 5}, {9, 1})}});
    }
}

TEST(Gather, OfNoRowsIsZero) {
  for (const kernels::KernelEntry& entry : kernels_to_test("gather", true))
    for (float value : run_case({.contract = "gather", .views = {box({3}, {}, DType::kI32), box({0, 5}), box({3, 5})}},
                                entry.fn, Placement::kEndsAtUnreadablePage)
                           .result->values())
      EXPECT_EQ(value, 0.0f) << entry.name;
}

TEST(Gather, ClampsIndices) {
  constexpr int64_t kIndices[] = {-1, 4, 5, 2, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(),
                                  0};
  constexpr int64_t kWideIndices[] = {
      -1, 4, 5, 2, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), int64_t{1} << 32};
  constexpr float kRows[] = {0, 4, 4, 2, 0, 4, 0}, kWideRows[] = {0, 4, 4, 2, 0, 4, 4};
  for (const kernels::KernelEntry& entry : kernels_to_test("gather", true)) {
    for (bool wide : {false, true}) {
      KernelCase kase{.contract = "gather",
                      .views = {box({7}, {}, wide ? DType::kI64 : DType::kI32), box({5, 1}), box({7, 1})}};
      uint32_t drawn = 0, index = 0;
      kase.draw = [&](std::mt19937&) { return static_cast<float>(drawn++); };
      kase.draw_index = [&](std::mt19937&) { return wide ? kWideIndices[index++] : kIndices[index++]; };
      const RunOf run = run_case(kase, entry.fn, Placement::kBeginsAfterUnreadablePage);
      for (uint32_t i = 0; i < 7; ++i) EXPECT_EQ(run.result->get(i), (wide ? kWideRows : kRows)[i]) << entry.name << i;
    }
  }
}

TEST(Scatter, LetsTheLaterOfTwoRowsWinAndOtherRowsStay) {
  for (const kernels::KernelEntry& entry : kernels_to_test("scatter", true)) {
    KernelCase kase{.contract = "scatter", .views = {box({4}, {}, DType::kI32), box({4, 20}), box({5, 20})}};
    constexpr int64_t kIndices[] = {3, 1, 3, 9};
    uint32_t drawn = 0, index = 0;
    kase.draw = [&](std::mt19937&) { return static_cast<float>(drawn++ / 20); };  // src 0 to 3, dst 4 to 8
    kase.draw_index = [&](std::mt19937&) { return kIndices[index++]; };
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    constexpr float kExpected[] = {4, 1, 6, 2, 3};
    for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(run.result->get(i), kExpected[i / 20]) << entry.name;
  }
}

TEST(Gather, UndoesAScatterOfDistinctRows) {
  for (const kernels::KernelEntry& entry : kernels_to_test("gather", true)) {
    const auto permutation = [](std::mt19937&) {
      static int64_t i = 0;
      return 5 * i++ % 13;
    };
    KernelCase kase{.contract = "gather", .views = {box({13}, {}, DType::kI64), box({13, 21}), box({13, 21})}};
    kase.draw_index = permutation;
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    double before = 0, after = 0;
    for (float value : run.operands[1]->values()) before += value;
    for (float value : run.result->values()) after += value;
    EXPECT_NEAR(before, after, 1e-5) << entry.name;  // each row once
  }
}

}  // namespace
}  // namespace rondo::testing
