// matmul on every instruction set against the reference, which sums in double.
#include <gtest/gtest.h>
#include <cmath>
#include <limits>
#include "rondo/contracts.h"
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

// Around vector widths, tile heights (6, 12) and blocks of columns.
constexpr uint32_t kSizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65};

View left(uint32_t m, uint32_t k, uint32_t variant) {
  switch (variant % 5) {
    case 0:
      return box({m, k});
    case 1:
      return box({m, k}, {k + 3, 1});
    case 2:
      return box({m, k}, {1, m == 0 ? 1 : m});  // transposed
    case 3:
      return box({m, k}, {2 * k + 1, 2});  // every second element
    default:
      return box({m, k}, {0, 1});  // one row for all
  }
}

View right(uint32_t k, uint32_t n, uint32_t variant) {
  switch (variant % 9) {
    case 0:
      return box({k, n});
    case 1:
      return box({k, n}, {n + 5, 1});
    case 2:
      return box({k, n}, {1, k == 0 ? 1 : k});  // transposed
    case 3:
      return box({k, n}, {2 * n + 1, 2});
    case 4:
      return box({k, n}, {1, 0});  // one column for all
    case 5:
      return panels(k, n, 32);
    case 6:
      return panels(k, n, 16);
    case 7:
      return panels(k, n, 8);
    default:
      return panels(k, n, 16, 16 * 4 + 12, 16 * 4 * (k + 1) + 16 * k + 64);
  }
}

KernelCase matmul(uint32_t m, uint32_t n, uint32_t k, uint32_t variant) {
  KernelCase kase{.contract = "matmul", .views = {left(m, k, variant), right(k, n, variant / 5)}, .params = {0}};
  variant /= 45;
  kase.views.push_back(variant % 2 == 0 ? box({m, n}) : box({m, n}, {n + 2, 1}));
  variant /= 2;
  constexpr uint32_t kFlags[] = {kOpInit, kOpAccumulate, kOpInit | kOpFinal, kOpAccumulate | kOpFinal};
  kase.flags = kFlags[variant % 4];
  variant /= 4;
  kase.params[0] = variant % 4;
  variant /= 4;
  if (variant % 4 == 1) kase.views.push_back(box({n}));
  if (variant % 4 == 2) kase.views.push_back(box({n}, {3}));
  if (variant % 4 == 3) kase.views.push_back(box({n}, {0}));
  kase.seed = m * 10007 + n * 101 + k;
  return kase;
}
constexpr uint32_t kVariants = 5 * 9 * 2 * 4 * 4 * 4;

TEST(Matmul, AgreesWithTheReferenceOnEveryRaggedSize) {
  uint32_t variant = 0;
  for (uint32_t m : kSizes)
    for (uint32_t n : kSizes)
      for (uint32_t k : kSizes)
        if ((variant += 1237) % kSweepStep == 0) expect_all_agree_with_reference(matmul(m, n, k, variant % kVariants));
}

TEST(Matmul, AgreesWithTheReferenceForEveryLayoutFlagAndEpilogue) {
  for (uint32_t variant = 0; variant < kVariants; variant += kSweepStep)
    expect_all_agree_with_reference(matmul(14, 37, 11, variant));
}

TEST(Matmul, AgreesWithTheReferenceAcrossItsInnerBlocks) {
  // More than one block of k (1024; 256 where b lies in rows; 128 where it is packed on the fly).
  for (uint32_t variant : {0u, 2u, 5u, 10u, 15u, 25u, 30u, 35u, 40u})
    for (uint32_t epilogue : {0u, 90u * 1, 90u * (3 + 4 * 2 + 16)})  // init; accumulate; accumulate, final, gelu, bias
      expect_all_agree_with_reference(matmul(13, 150, variant < 25 ? 601 : 1101, variant + epilogue));
  // More than one block of columns (2 MiB of b).
  for (uint32_t variant : {0u, 25u, 30u})
    expect_all_agree_with_reference(matmul(3, variant == 0 ? 2100 : 600, 1040, variant));
}

TEST(Matmul, AgreesWithTheReferenceWhereItCopiesRowsThatAlias) {
  // Rows of a 4 KiB apart, and a dense along m: both are copied before use.
  for (uint32_t flags : {uint32_t{kOpInit}, uint32_t{kOpAccumulate | kOpFinal}})
    for (const View& a : {box({13, 401}, {1024, 1}), box({25, 401}, {1, 1024}), box({5, 77}, {1024, 1})})
      for (uint16_t width : kPanelWidths) {
        const uint32_t m = a.extent[0], k = a.extent[1];
        expect_all_agree_with_reference({.contract = "matmul",
                                         .views = {a, panels(k, 150, width), box({m, 150}), box({150})},
                                         .params = {3},
                                         .flags = flags});
        expect_all_agree_with_reference(
            {.contract = "matmul", .views = {a, box({k, 150}), box({m, 150})}, .params = {0}, .flags = flags});
      }
}

TEST(Matmul, ByTheIdentityIsExact) {
  for (const kernels::KernelEntry& entry : kernels_to_test("matmul", true)) {
    for (uint32_t n : {1u, 9u, 33u, 100u}) {
      const View view = box({n, n});
      GuardedOperand a(view, Placement::kEndsAtUnreadablePage), b(view, Placement::kEndsAtUnreadablePage),
          c(view, Placement::kEndsAtUnreadablePage);
      for (uint32_t i = 0; i < n * n; ++i) {
        a.set(i, static_cast<float>(i) * 0.37f - 5.0f);
        b.set(i, i % (n + 1) == 0 ? 1.0f : 0.0f);
      }
      const uint32_t params[4] = {};
      kernels::KernelArgs args = {};
      args.data[0] = a.data(), args.data[1] = b.data(), args.data[2] = c.data();
      args.view[0] = args.view[1] = args.view[2] = &view;
      args.params = params;
      args.flags = kOpInit | kOpFinal;
      entry.fn(args);
      EXPECT_TRUE(c.same_bits(a)) << entry.name << " n=" << n;
    }
  }
}

TEST(Matmul, OfNoStepsIsZeroPlusItsEpilogue) {
  for (const kernels::KernelEntry& entry : kernels_to_test("matmul", true)) {
    KernelCase kase = matmul(5, 19, 0, 0);
    kase.flags = kOpInit;
    for (float value : run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage).result->values())
      EXPECT_EQ(bits_of(value), 0u) << entry.name;
    kase.flags = kOpInit | kOpFinal;
    kase.views.push_back(box({19}));
    const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
    for (uint32_t i = 0; i < 5 * 19; ++i) EXPECT_EQ(run.result->get(i), run.operands[3]->get(i % 19)) << entry.name;
  }
}

TEST(Matmul, LetsNanAndInfinityThrough) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  for (const kernels::KernelEntry& entry : kernels_to_test("matmul", true)) {
    for (uint32_t activation = 0; activation < 4; ++activation) {
      for (float special : {kNan, kInf}) {
        KernelCase kase = matmul(7, 21, 9, 0);
        kase.flags = kOpInit | kOpFinal;
        kase.params = {activation};
        uint32_t drawn = 0;
        kase.draw = [&](std::mt19937&) { return drawn++ == 4 * 9 + 3 ? special : 1.0f; };  // a[4][3]
        const RunOf run = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
        for (uint32_t i = 0; i < run.result->size(); ++i) {
          const float value = run.result->get(i);
          const bool hit = i / 21 == 4;
          EXPECT_EQ(std::isnan(value), hit && std::isnan(special)) << entry.name << " element " << i;
          EXPECT_EQ(std::isinf(value), hit && std::isinf(special)) << entry.name << " element " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace rondo::testing
