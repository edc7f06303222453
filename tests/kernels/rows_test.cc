// softmax and layer_norm on every instruction set.
#include <gtest/gtest.h>
#include <cmath>
#include <limits>
#include "rondo/contracts.h"
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kSizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65, 300, 1000};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

KernelCase layer_norm(const View& x, const View& y, int in_place = -1, float eps = 1e-5f) {
  const uint32_t n = x.extent[x.rank - 1];
  return {
      .contract = "layer_norm", .views = {x, box({n}), box({n}), y}, .params = {bits_of(eps)}, .in_place = in_place};
}

KernelCase rms_norm(const View& x, const View& y, int in_place = -1, float eps = 1e-5f) {
  return {.contract = "rms_norm",
          .views = {x, box({x.extent[x.rank - 1]}), y},
          .params = {bits_of(eps)},
          .in_place = in_place};
}

// Views of rows of n whose leading axes lie in every way.
std::vector<View> row_views(uint32_t n, bool source) {
  const int64_t row = n + 3;
  std::vector<View> views = {box({n}), box({4, n}), box({4, n}, {row, 1}), box({2, 3, n}, {row, 2 * row, 1}),
                             box({2, 2, 3, n}, {6 * row + 1, 3 * row, row, 1})};
  if (source) views.push_back(box({4, n}, {0, 1}));
  return views;
}

TEST(Softmax, AgreesWithTheReference) {
  for (uint32_t n : kSizes) {
    for (const View& view : row_views(n, false)) {
      expect_all_agree_with_reference({.contract = "softmax", .views = {view, view}});
      expect_all_agree_with_reference({.contract = "softmax", .views = {view, view}, .in_place = 0});
    }
    for (const View& x : row_views(n, true))
      if (x.rank == 2) expect_all_agree_with_reference({.contract = "softmax", .views = {x, box({4, n})}});
  }
}

TEST(Softmax, AgreesWithTheReferenceOnWideRangesAndInfinities) {
  KernelCase kase{.contract = "softmax", .views = {box({50, 37}), box({50, 37})}};
  kase.draw = [](std::mt19937& random) { return static_cast<float>(random() % 20000) * 0.02f - 200.0f; };
  expect_all_agree_with_reference(kase);
  kase.draw = [](std::mt19937& random) { return random() % 3 == 0 ? -kInf : static_cast<float>(random() % 7); };
  expect_all_agree_with_reference(kase);
}

TEST(Softmax, RowsSumToOne) {
  for (const kernels::KernelEntry& entry : kernels_to_test("softmax", true)) {
    for (uint32_t n : {1u, 10u, 77u, 1000u}) {
      const RunOf run = run_case({.contract = "softmax", .views = {box({3, n}), box({3, n})}}, entry.fn,
                                 Placement::kEndsAtUnreadablePage);
      for (uint32_t row = 0; row < 3; ++row) {
        double sum = 0;
        for (uint32_t i = 0; i < n; ++i) sum += run.result->get(row * n + i);
        EXPECT_NEAR(sum, 1.0, 1e-6) << entry.name << " n=" << n;
      }
    }
  }
}

TEST(Softmax, OfARowWithNanOrInfinityOrNothingFiniteIsNan) {
  for (const kernels::KernelEntry& entry : kernels_to_test("softmax", true)) {
    for (uint32_t n : {1u, 5u, 16u, 40u}) {
      for (uint32_t where : {0u, n - 1}) {
        for (float special : {kNan, kInf}) {
          uint32_t drawn = 0;
          KernelCase kase{.contract = "softmax", .views = {box({2, n}), box({2, n})}};
          kase.draw = [&](std::mt19937&) { return drawn++ == where ? special : 0.5f; };
          const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
          for (uint32_t i = 0; i < 2 * n; ++i) EXPECT_EQ(std::isnan(run.result->get(i)), i < n) << entry.name;
        }
      }
      KernelCase kase{.contract = "softmax", .views = {box({n}), box({n})}};
      kase.draw = [](std::mt19937&) { return -kInf; };
      const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
      for (float value : run.result->values()) EXPECT_TRUE(std::isnan(value)) << entry.name;
    }
  }
}

TEST(LayerNorm, AgreesWithTheReference) {
  for (uint32_t n : kSizes) {
    for (const View& view : row_views(n, false)) {
      expect_all_agree_with_reference(layer_norm(view, view));
      expect_all_agree_with_reference(layer_norm(view, view, 0));
    }
    expect_all_agree_with_reference(layer_norm(box({4, n}, {0, 1}), box({4, n})));
  }
}

TEST(LayerNorm, LosesNothingToALargeMean) {
  KernelCase kase = layer_norm(box({4, 300}), box({4, 300}));
  kase.draw = [](std::mt19937& random) { return 1000.0f + static_cast<float>(random() % 1000) * 0.0625f; };
  expect_all_agree_with_reference(kase);
}

TEST(LayerNorm, RowsHaveMeanBetaAndVarianceGammaSquared) {
  for (const kernels::KernelEntry& entry : kernels_to_test("layer_norm", true)) {
    for (uint32_t n : {2u, 10u, 77u, 1000u}) {
      KernelCase kase = layer_norm(box({2, n}), box({2, n}), -1, 0.0f);
      uint32_t drawn = 0;
      kase.draw = [&](std::mt19937& random) {  // x, then gamma = 1, then beta = 0
        const uint32_t i = drawn++;
        return i < 2 * n ? static_cast<float>(random() % 4096) * 0.01f : i < 3 * n ? 1.0f : 0.0f;
      };
      const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
      for (uint32_t row = 0; row < 2; ++row) {
        double sum = 0, squares = 0;
        for (uint32_t i = 0; i < n; ++i) {
          const double y = run.result->get(row * n + i);
          sum += y;
          squares += y * y;
        }
        EXPECT_NEAR(sum / n, 0.0, 1e-6) << entry.name << " n=" << n;
        EXPECT_NEAR(squares / n, 1.0, 2e-6) << entry.name << " n=" << n;
      }
    }
  }
}

TEST(LayerNorm, LetsNanThroughItsRowAlone) {
  for (const kernels::KernelEntry& entry : kernels_to_test("layer_norm", true)) {
    KernelCase kase = layer_norm(box({3, 21}), box({3, 21}));
    uint32_t drawn = 0;
    kase.draw = [&](std::mt19937& random) { return drawn++ == 21 + 20 ? kNan : static_cast<float>(random() % 64); };
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t i = 0; i < 63; ++i) EXPECT_EQ(std::isnan(run.result->get(i)), i / 21 == 1) << entry.name;
  }
}

TEST(RmsNorm, AgreesWithTheReference) {
  for (uint32_t n : kSizes) {
    for (const View& view : row_views(n, false)) {
      expect_all_agree_with_reference(rms_norm(view, view));
      expect_all_agree_with_reference(rms_norm(view, view, 0));
    }
    expect_all_agree_with_reference(rms_norm(box({4, n}, {0, 1}), box({4, n})));
  }
}

TEST(RmsNorm, RowsHaveTheMeanSquareOfGammaWhateverTheirScale) {
  for (const kernels::KernelEntry& entry : kernels_to_test("rms_norm", true)) {
    for (float scale : {1e-10f, 1.0f, 1e10f}) {
      for (uint32_t n : {1u, 10u, 77u, 1000u}) {
        KernelCase kase = rms_norm(box({2, n}), box({2, n}), -1, 0.0f);
        uint32_t drawn = 0;
        kase.draw = [&, scale, n](std::mt19937& random) {  // x, then gamma = 3
          return drawn++ < 2 * n ? scale * static_cast<float>(1 + random() % 4096) * 0.01f : 3.0f;
        };
        const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
        for (uint32_t row = 0; row < 2; ++row) {
          double squares = 0;
          for (uint32_t i = 0; i < n; ++i) squares += std::pow(run.result->get(row * n + i), 2);
          EXPECT_NEAR(squares / n, 9.0, 2e-5) << entry.name << " n=" << n;
        }
      }
    }
  }
}

TEST(RmsNorm, LetsNanThroughItsRowAlone) {
  for (const kernels::KernelEntry& entry : kernels_to_test("rms_norm", true)) {
    KernelCase kase = rms_norm(box({3, 21}), box({3, 21}));
    uint32_t drawn = 0;
    kase.draw = [&](std::mt19937& random) { return drawn++ == 21 + 20 ? kNan : static_cast<float>(random() % 64); };
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t i = 0; i < 63; ++i) EXPECT_EQ(std::isnan(run.result->get(i)), i / 21 == 1) << entry.name;
  }
}

}  // namespace
}  // namespace rondo::testing
