// copy and pack move bits: equal to the reference in every bit, for any strides.
#include <gtest/gtest.h>
#include <algorithm>
#include "rondo/contracts.h"
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kSizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65};
constexpr DType kTypes[] = {DType::kF32, DType::kF64, DType::kF16, DType::kBF16,
                            DType::kI8,  DType::kU8,  DType::kI32, DType::kI64};

TEST(Copy, MovesDenseRunsOfEveryType) {
  for (DType dtype : kTypes)
    for (uint32_t n = 0; n < 300; n += n < 70 ? 1 : 37)
      expect_all_agree_with_reference({.contract = "copy", .views = {box({n}, {}, dtype), box({n}, {}, dtype)}});
}

TEST(Assign, MovesWhatCopyMoves) {
  for (DType dtype : kTypes)
    for (uint32_t n : kSizes)
      for (const View& src : {box({5, n}, {n + 3, 1}, dtype), box({5, n}, {1, 6}, dtype), box({5, n}, {0, 2}, dtype)})
        expect_all_agree_with_reference({.contract = "assign", .views = {src, box({5, n}, {n + 1, 1}, dtype)}});
}

TEST(Copy, MovesRowsWithGaps) {
  for (DType dtype : kTypes)
    for (uint32_t n : kSizes)
      expect_all_agree_with_reference(
          {.contract = "copy", .views = {box({5, n}, {n + 3, 1}, dtype), box({5, n}, {n + 1, 1}, dtype)}});
}

TEST(Copy, Transposes) {
  for (DType dtype : {DType::kF32, DType::kI32, DType::kF64, DType::kI8})
    for (uint32_t m : kSizes)
      for (uint32_t n : {1u, 7u, 8u, 9u, 17u, 33u})
        expect_all_agree_with_reference(
            {.contract = "copy", .views = {box({m, n}, {1, m + 2}, dtype), box({m, n}, {n + 1, 1}, dtype)}});
}

TEST(Copy, MovesAnyOrderOfFourAxes) {
  const View dense = box({3, 4, 5, 6});
  for (int64_t gap : {0, 1}) {
    // Each permutation of the axes of the source, dense and with gaps.
    int order[4] = {0, 1, 2, 3};
    do {
      std::vector<int64_t> stride(4);
      int64_t next = 1;
      for (int place = 3; place >= 0; --place) {
        stride[static_cast<size_t>(order[place])] = next;
        next = next * dense.extent[order[place]] + gap;
      }
      const View permuted = box({3, 4, 5, 6}, stride);
      expect_all_agree_with_reference({.contract = "copy", .views = {permuted, dense}});
      expect_all_agree_with_reference({.contract = "copy", .views = {dense, permuted}});
    } while (std::next_permutation(order, order + 4));
  }
}

TEST(Copy, RepeatsABroadcastSource) {
  for (const std::vector<int64_t>& stride : {std::vector<int64_t>{0, 1}, {1, 0}, {0, 0}})
    expect_all_agree_with_reference({.contract = "copy", .views = {box({9, 33}, stride), box({9, 33})}});
}

TEST(Copy, TakesASingleElementAndNone) {
  expect_all_agree_with_reference({.contract = "copy", .views = {box({}), box({})}});
  expect_all_agree_with_reference({.contract = "copy", .views = {box({4, 0, 3}), box({4, 0, 3})}});
}

TEST(Pack, FillsPanelsFromAnyStrides) {
  for (uint16_t width : kPanelWidths)
    for (uint32_t k : {0u, 1u, 7u, 8u, 9u, 33u})
      for (uint32_t n : kSizes)
        for (const View& src : {box({k, n}), box({k, n}, {n + 5, 1}), box({k, n}, {1, k + 2}),
                                box({k, n}, {2 * n + 1, 2}), box({k, n}, {0, 1})})
          expect_all_agree_with_reference({.contract = "pack", .views = {src, panels(k, n, width)}});
}

TEST(Pack, TouchesNoGapBetweenRowsAndPanels) {
  for (uint16_t width : kPanelWidths)
    for (uint32_t n : {5u, 16u, 37u})
      expect_all_agree_with_reference(
          {.contract = "pack", .views = {box({6, n}), panels(6, n, width, width * 4 + 12, 6 * (width * 4 + 12) + 64)}});
}

TEST(Pack, ZerosTheColumnsBeyondTheLast) {
  for (const kernels::KernelEntry& entry : kernels_to_test("pack", true)) {
    const KernelCase kase{.contract = "pack", .views = {box({3, 5}), panels(3, 5, 8)}};
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t k = 0; k < 3; ++k)
      for (uint32_t n = 0; n < 8; ++n)
        EXPECT_EQ(run.result->get(k * 8 + n), n < 5 ? run.operands[0]->get(k * 5 + n) : 0.0f) << entry.name;
  }
}

}  // namespace
}  // namespace rondo::testing
