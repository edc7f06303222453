// attention and attention_indexed on every instruction set.
#include <gtest/gtest.h>
#include <cmath>
#include <limits>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Rows of the columns of one head among others, `apart` elements between them.
View head(uint32_t rows, uint32_t columns, int64_t apart) { return box({rows, columns}, {columns + apart, 1}); }

KernelCase attention(uint32_t m, uint32_t s, uint32_t d, uint32_t e, bool causal, float scale, int64_t apart = 0) {
  return {.contract = "attention",
          .views = {head(m, d, apart), head(s, d, apart), head(s, e, apart), head(m, e, apart)},
          .params = {causal ? 1u : 0u, bits_of(scale)}};
}

KernelCase indexed(uint32_t m, uint32_t n, uint32_t s, uint32_t d, uint32_t e, float scale, int64_t apart = 0,
                   DType index = DType::kI32) {
  return {.contract = "attention_indexed",
          .views = {head(m, d, apart), head(n, d, apart), head(n, e, apart), box({s}, {}, index), head(m, e, apart)},
          .params = {bits_of(scale)}};
}

// Draws of q, k, v in order, and of what y was.
struct Draws {
  uint64_t q, k, v;
  std::function<float(uint64_t, std::mt19937&)> of_q, of_k, of_v;
  uint64_t drawn = 0;

  float operator()(std::mt19937& random) {
    const uint64_t i = drawn++;
    if (i < q) return of_q(i, random);
    if (i < q + k) return of_k(i - q, random);
    return i < q + k + v ? of_v(i - q - k, random) : kNan;
  }
};

float any(uint64_t, std::mt19937& random) { return static_cast<float>(random() % 2001) * 0.001f - 1.0f; }

std::vector<float> attended(const kernels::KernelEntry& entry, KernelCase kase, Draws draws) {
  draws.q = uint64_t{kase.views[0].extent[0]} * kase.views[0].extent[1];
  draws.k = uint64_t{kase.views[1].extent[0]} * kase.views[1].extent[1];
  draws.v = uint64_t{kase.views[2].extent[0]} * kase.views[2].extent[1];
  kase.draw = draws;
  return run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage).result->values();
}

TEST(Attention, AgreesWithTheReferenceOverRowsAndKeys) {
  for (uint32_t m : {1u, 2u, 5u, 6u, 7u, 11u, 12u, 13u, 25u})
    for (uint32_t s : {0u, 1u, 2u, 5u, 15u, 16u, 17u, 31u, 33u, 64u, 127u, 128u, 129u, 200u})
      for (bool causal : {false, true}) expect_all_agree_with_reference(attention(m, s, 9, 17, causal, 0.33f, 3));
}

TEST(Attention, AgreesWithTheReferenceOverColumns) {
  for (uint32_t m : {1u, 3u, 8u})
    for (uint32_t d : {0u, 1u, 2u, 7u, 8u, 15u, 16u, 17u, 32u, 63u, 64u, 65u, 128u, 129u, 255u, 256u, 257u, 520u})
      for (uint32_t s : {1u, 7u, 40u}) expect_all_agree_with_reference(attention(m, s, d, 5, s == 40, 0.125f, 5));
  for (uint32_t m : {1u, 8u})
    for (uint32_t e : {0u, 1u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 47u, 48u, 63u, 64u, 65u, 79u, 128u, 130u})
      for (uint32_t s : {1u, 2u, 5u, 40u}) expect_all_agree_with_reference(attention(m, s, 6, e, s == 40, 0.5f, 2));
}

TEST(Attention, AgreesWithTheReferenceOverManyRowsAndBlocks) {
  for (bool causal : {false, true}) {
    expect_all_agree_with_reference(attention(300, 310, 16, 16, causal, 0.25f));
    expect_all_agree_with_reference(attention(250, 100, 8, 8, causal, 0.25f));  // causal: rows without keys
    expect_all_agree_with_reference(attention(40, 500, 70, 20, causal, 1.0f, 1));
    expect_all_agree_with_reference(attention(4, 700, 64, 64, causal, 3.0f));
    expect_all_agree_with_reference(attention(0, 9, 4, 4, causal, 1.0f));
  }
}

TEST(Attention, TakesRowsThatAreOneRow) {  // stride 0
  KernelCase kase = attention(14, 37, 20, 20, true, 0.5f);
  kase.views[0] = box({14, 20}, {0, 1});
  kase.views[1] = box({37, 20}, {0, 1});
  expect_all_agree_with_reference(kase);
  kase.views[2] = box({37, 20}, {0, 1});
  expect_all_agree_with_reference(kase);
}

TEST(AttentionIndexed, AgreesWithTheReference) {
  for (uint32_t m : {1u, 3u, 13u})
    for (uint32_t s : {0u, 1u, 3u, 4u, 17u, 128u, 131u})
      for (DType index : {DType::kI32, DType::kI64}) {
        expect_all_agree_with_reference(indexed(m, 50, s, 9, 21, 0.5f, 3, index));
        expect_all_agree_with_reference(indexed(m, 1, s, 64, 64, 0.125f, 0, index));
        expect_all_agree_with_reference(indexed(m, 0, s, 4, 4, 0.5f, 0, index));
      }
}

TEST(Attention, OfOneValueIsThatValue) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {1u, 13u})
      for (uint32_t s : {1u, 40u, 129u, 300u})
        for (bool causal : {false, true}) {
          const std::vector<float> y =
              attended(entry, attention(m, s, 16, 18, causal, 2.0f),
                       {0, 0, 0, any, any, [](uint64_t i, std::mt19937&) { return static_cast<float>(i % 18); }});
          for (uint64_t i = 0; i < y.size(); ++i)
            EXPECT_NEAR(y[i], m > s && i / 18 < m - s && causal ? 0.0f : static_cast<float>(i % 18), 2e-5)
                << entry.name << " m=" << m << " s=" << s;
        }
}

TEST(Attention, WithEqualScoresIsTheMeanOfTheKeysSeen) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {1u, 5u, 30u, 260u}) {
      const uint32_t s = 150;
      const std::vector<float> y = attended(entry, attention(m, s, 3, 1, true, 1.0f),
                                            {0, 0, 0, [](uint64_t, std::mt19937&) { return 0.0f; }, any,
                                             [](uint64_t i, std::mt19937&) { return static_cast<float>(i); }});
      for (uint32_t row = 0; row < m; ++row) {
        const int64_t seen = int64_t{row} + s - m + 1;
        EXPECT_NEAR(y[row], seen <= 0 ? 0.0 : static_cast<double>(seen - 1) / 2, 1e-4) << entry.name << " " << row;
      }
    }
}

TEST(Attention, PicksTheKeyOfALargeScore) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {2u, 20u})
      for (uint32_t where : {0u, 77u, 127u, 128u, 299u}) {
        const std::vector<float> y = attended(entry, attention(m, 300, 1, 2, false, 100.0f),
                                              {0, 0, 0, [](uint64_t, std::mt19937&) { return 3.0f; },
                                               [=](uint64_t i, std::mt19937&) { return i == where ? 1.0f : 0.0f; },
                                               [](uint64_t i, std::mt19937&) { return static_cast<float>(i); }});
        for (uint32_t i = 0; i < 2 * m; ++i) EXPECT_EQ(y[i], static_cast<float>(2 * where + i % 2)) << entry.name;
      }
}

TEST(Attention, CausalSeesNothingOfHiddenKeysAndValues) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {1u, 4u, 7u, 12u, 30u, 250u})
      for (uint32_t s : {m, m + 1, m + 140, m - 1})
        for (uint32_t bad : {0u, s / 2, s - 2, s - 1}) {
          if (bad >= s) continue;
          const auto spoiled = [=](uint64_t i, std::mt19937& random) { return i / 6 == bad ? kNan : any(i, random); };
          for (bool key : {false, true}) {
            const std::vector<float> y =
                attended(entry, attention(m, s, 6, 6, true, 1.0f),
                         {0, 0, 0, any, key ? spoiled : std::function<float(uint64_t, std::mt19937&)>(any),
                          key ? std::function<float(uint64_t, std::mt19937&)>(any) : spoiled});
            for (uint32_t row = 0; row < m; ++row)
              EXPECT_EQ(std::isnan(y[row * 6]), int64_t{bad} <= int64_t{row} + s - m)
                  << entry.name << " m=" << m << " s=" << s << " bad=" << bad << " row=" << row;
          }
        }
}

TEST(Attention, GivesNoWeightToMinusInfinityAndNanToRowsOfNothingElse) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {1u, 9u})
      for (uint32_t finite : {0u, 1u, 50u, 130u}) {  // the last keys; 200 before them score -inf
        const uint32_t s = 200 + finite;
        const std::vector<float> y = attended(entry, attention(m, s, 1, 1, false, 1.0f),
                                              {0, 0, 0, [](uint64_t, std::mt19937&) { return 1.0f; },
                                               [](uint64_t i, std::mt19937&) { return i < 200 ? -kInf : 0.5f; },
                                               [](uint64_t i, std::mt19937&) { return i < 200 ? 1e6f : 2.0f; }});
        for (float value : y) {
          if (finite == 0) {
            EXPECT_TRUE(std::isnan(value)) << entry.name;
          } else {
            EXPECT_NEAR(value, 2.0f, 1e-5) << entry.name;
          }
        }
      }
}

TEST(Attention, LetsNanAndInfiniteScoresThroughTheirRowAlone) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention", true))
    for (uint32_t m : {3u, 14u})
      for (float bad : {kNan, kInf}) {
        const std::vector<float> y =
            attended(entry, attention(m, 140, 4, 3, false, 1.0f),
                     {0, 0, 0, [=](uint64_t i, std::mt19937& random) { return i / 4 == 1 ? bad : any(i, random); },
                      [](uint64_t, std::mt19937&) { return 1.0f; }, any});
        for (uint32_t i = 0; i < 3 * m; ++i) EXPECT_EQ(std::isnan(y[i]), i / 3 == 1) << entry.name;
      }
}

TEST(AttentionIndexed, WithEveryRowInOrderIsAttention) {
  const std::vector<kernels::KernelEntry> plain = kernels_to_test("attention", true);
  for (const kernels::KernelEntry& entry : kernels_to_test("attention_indexed", true))
    for (const kernels::KernelEntry& other : plain) {
      if (other.isa != entry.isa) continue;
      for (uint32_t s : {1u, 127u, 129u, 260u}) {
        KernelCase kase = indexed(2, s, s, 33, 40, 0.3f);
        kase.draw_index = [i = int64_t{0}](std::mt19937&) mutable { return i++; };
        const std::vector<float> y = attended(entry, kase, {0, 0, 0, any, any, any}),
                                 expected =
                                     attended(other, attention(2, s, 33, 40, false, 0.3f), {0, 0, 0, any, any, any});
        EXPECT_EQ(y, expected) << entry.name << " s=" << s;
      }
    }
}

TEST(AttentionIndexed, CaresNotForTheOrderOfItsRows) {
  for (const kernels::KernelEntry& entry : kernels_to_test("attention_indexed", true)) {
    KernelCase forward = indexed(3, 150, 150, 16, 20, 1.0f), backward = forward;
    forward.draw_index = [i = int64_t{0}](std::mt19937&) mutable { return i++; };
    backward.draw_index = [i = int64_t{150}](std::mt19937&) mutable { return --i; };
    const auto of = [](uint64_t i, std::mt19937&) { return std::sin(static_cast<float>(i)); };
    const std::vector<float> a = attended(entry, forward, {0, 0, 0, of, of, of}),
                             b = attended(entry, backward, {0, 0, 0, of, of, of});
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-6) << entry.name;
  }
}

}  // namespace
}  // namespace rondo::testing
