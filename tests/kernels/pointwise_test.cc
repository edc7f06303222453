// The element-by-element kernels on every instruction set.
#include <gtest/gtest.h>
#include <cmath>
#include <cstring>
#include <limits>
#include "rondo/contracts.h"
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

constexpr uint32_t kSizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65, 511, 512, 513, 1030};
constexpr const char* kUnaries[] = {"relu", "tanh", "sigmoid", "silu", "exp", "sqrt"};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

uint32_t value_param(float value) { return bits_of(value); }

// The result of a kernel over one dense row.
std::vector<float> over(const kernels::KernelEntry& entry, const std::vector<float>& x, uint32_t param = 0) {
  const View view = box({static_cast<uint32_t>(x.size())});
  GuardedOperand from(view, Placement::kEndsAtUnreadablePage), to(view, Placement::kEndsAtUnreadablePage);
  from.fill(x);
  const uint32_t params[4] = {param};
  kernels::KernelArgs args = {};
  args.data[0] = from.data(), args.data[1] = to.data();
  args.view[0] = args.view[1] = &view;
  args.params = params;
  entry.fn(args);
  return to.values();
}

TEST(Pointwise, AgreesWithTheReferenceOnDenseRows) {
  for (uint32_t n : kSizes) {
    const View v = box({n});
    expect_all_agree_with_reference({.contract = "fill", .views = {v}, .params = {value_param(2.5f)}});
    for (const char* binary : {"add", "sub", "mul", "div"}) {
      expect_all_agree_with_reference({.contract = binary, .views = {v, v, v}});
      expect_all_agree_with_reference({.contract = binary, .views = {v, v, v}, .in_place = 0});
    }
    for (const char* unary : kUnaries) {
      expect_all_agree_with_reference({.contract = unary, .views = {v, v}});
      expect_all_agree_with_reference({.contract = unary, .views = {v, v}, .in_place = 0});
    }
    for (uint32_t form : {0u, 1u}) {
      expect_all_agree_with_reference({.contract = "gelu", .views = {v, v}, .params = {form}});
      expect_all_agree_with_reference({.contract = "gelu", .views = {v, v}, .params = {form}, .in_place = 0});
    }
  }
}

TEST(Pointwise, AgreesWithTheReferenceOnAnyStrides) {
  for (uint32_t n : {1u, 9u, 33u, 600u}) {
    const std::vector<View> sources = {
        box({3, n}),         box({3, n}, {n + 2, 1}), box({3, n}, {1, 3}), box({3, n}, {2 * n, 2}),
        box({3, n}, {0, 1}), box({3, n}, {1, 0}),     box({3, n}, {0, 0})};
    const std::vector<View> results = {box({3, n}), box({3, n}, {n + 2, 1}), box({3, n}, {1, 3}),
                                       box({3, n}, {2 * n, 2})};
    for (const View& y : results) {
      expect_all_agree_with_reference({.contract = "fill", .views = {y}, .params = {value_param(-1.0f)}});
      for (const View& a : sources) {
        for (const View& b : sources) expect_all_agree_with_reference({.contract = "add", .views = {a, b, y}});
        expect_all_agree_with_reference({.contract = "mul", .views = {a, sources[0], y}});
        for (const char* binary : {"sub", "div"})
          expect_all_agree_with_reference({.contract = binary, .views = {a, sources[1], y}});
        for (const char* unary : kUnaries) expect_all_agree_with_reference({.contract = unary, .views = {a, y}});
        expect_all_agree_with_reference({.contract = "gelu", .views = {a, y}, .params = {0}});
      }
      expect_all_agree_with_reference({.contract = "add", .views = {y, sources[1], y}, .in_place = 0});
      expect_all_agree_with_reference({.contract = "gelu", .views = {y, y}, .params = {1}, .in_place = 0});
    }
  }
}

// A number for each row, to the left and to the right, over rows of every remainder.
TEST(Pointwise, AgreesWithTheReferenceOnABroadcastColumn) {
  for (uint32_t n : kSizes) {
    const View dense = box({3, n}), apart = box({3, n}, {n + 2, 1});
    for (const char* binary : {"add", "sub", "mul", "div"})
      for (const View& number : {box({3, n}, {1, 0}), box({3, n}, {0, 0})}) {
        expect_all_agree_with_reference({.contract = binary, .views = {number, dense, apart}});
        expect_all_agree_with_reference({.contract = binary, .views = {apart, number, dense}});
        expect_all_agree_with_reference({.contract = binary, .views = {apart, number, apart}, .in_place = 0});
      }
  }
}

// One IEEE operation each, told apart by their order: 3 - 1, 1 - 3, 3 / 1, 1 / 3.
TEST(Pointwise, KeepsTheOrderOfABroadcastNumberAndARow) {
  const View row = box({1, 5}), number = box({1, 5}, {1, 0});
  for (const bool left : {false, true})
    for (const auto& [contract, expected] :
         {std::pair("sub", left ? 1.0f - 3.0f : 3.0f - 1.0f), std::pair("div", left ? 1.0f / 3.0f : 3.0f / 1.0f)})
      for (const kernels::KernelEntry& entry : kernels_to_test(contract, true)) {
        GuardedOperand of_row(row, Placement::kEndsAtUnreadablePage),
            of_number(number, Placement::kEndsAtUnreadablePage), to(row, Placement::kEndsAtUnreadablePage);
        of_row.fill(std::vector<float>(5, 3.0f));
        of_number.fill(std::vector<float>(5, 1.0f));
        kernels::KernelArgs args = {};
        args.data[0] = left ? of_number.data() : of_row.data(), args.view[0] = left ? &number : &row;
        args.data[1] = left ? of_row.data() : of_number.data(), args.view[1] = left ? &row : &number;
        args.data[2] = to.data(), args.view[2] = &row;
        const uint32_t params[4] = {};
        args.params = params;
        entry.fn(args);
        EXPECT_EQ(to.values(), std::vector<float>(5, expected)) << entry.name;
      }
}

TEST(Pointwise, TakesFourAxesOneElementAndNone) {
  for (const View& v : {box({2, 3, 4, 5}), box({2, 3, 4, 5}, {1, 2, 6, 24}), box({2, 3, 4, 5}, {100, 31, 7, 1}),
                        box({}), box({3, 0})}) {
    expect_all_agree_with_reference({.contract = "mul", .views = {v, v, v}});
    expect_all_agree_with_reference({.contract = "relu", .views = {v, v}, .in_place = 0});
  }
}

TEST(Relu, KeepsNanAndClampsInfinity) {
  for (const kernels::KernelEntry& entry : kernels_to_test("relu", true)) {
    const std::vector<float> y = over(entry, {kNan, kInf, -kInf, -1.0f, 2.0f, 0.0f, -0.0f});
    EXPECT_TRUE(std::isnan(y[0])) << entry.name;
    EXPECT_EQ(std::vector<float>(y.begin() + 1, y.end()), (std::vector<float>{kInf, 0, 0, 2, 0, 0})) << entry.name;
    EXPECT_TRUE(std::signbit(y[6])) << entry.name;
  }
}

TEST(Gelu, IsZeroAtZeroAndKeepsNanAndInfinity) {
  for (const kernels::KernelEntry& entry : kernels_to_test("gelu", true)) {
    for (uint32_t form : {0u, 1u}) {
      const std::vector<float> y = over(entry, {0.0f, kNan, kInf, -kInf, 1e30f, -1e30f}, form);
      EXPECT_EQ(y[0], 0.0f) << entry.name;
      EXPECT_TRUE(std::isnan(y[1])) << entry.name;
      EXPECT_EQ(y[2], kInf) << entry.name;
      EXPECT_EQ(y[3], 0.0f) << entry.name;
      EXPECT_EQ(y[4], 1e30f) << entry.name;
      EXPECT_EQ(y[5], 0.0f) << entry.name;
    }
  }
}

TEST(Gelu, DiffersByItsArgumentFromItsMirrorImage) {
  // x Phi(x) - (-x) Phi(-x) = x
  for (const kernels::KernelEntry& entry : kernels_to_test("gelu", true)) {
    std::vector<float> x;
    for (float v = 0.001f; v < 12; v *= 1.1f) x.insert(x.end(), {v, -v});
    for (uint32_t form : {0u, 1u}) {
      const std::vector<float> y = over(entry, x, form);
      for (size_t i = 0; i < x.size(); i += 2) EXPECT_NEAR(y[i] - y[i + 1], x[i], 2e-7 * x[i]) << entry.name;
    }
  }
}

// The errors that kernels/vector/math.h states, in ulp of the exact result.
TEST(Gelu, StaysWithinItsStatedError) {
  std::vector<float> x;
  for (float v = -16.0f; v < 16.0f; v += 1.7e-4f) x.push_back(v);
  for (float v = 1e-38f; v < 1.0f; v *= 1.01f) x.insert(x.end(), {v, -v});
  for (const kernels::KernelEntry& entry : kernels_to_test("gelu", true)) {
    const std::vector<float> erf = over(entry, x, 0), tanh = over(entry, x, 1);
    double worst_erf = 0, worst_tanh = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double v = x[i];
      const double exact_erf = v * 0.5 * std::erfc(-v / std::sqrt(2.0));
      const double exact_tanh = v / (1 + std::exp(-1.59576912160573071176 * (v + 0.044715 * v * v * v)));
      const auto ulp = [](double exact) { return std::max(std::ldexp(1.0, std::ilogb(exact) - 23), 0x1p-149); };
      if (v >= -13) worst_erf = std::max(worst_erf, std::fabs(erf[i] - exact_erf) / ulp(exact_erf));
      const double beyond = std::fabs(tanh[i] - exact_tanh) - (v < 0 ? 0x1p-26 : 0.0);
      worst_tanh = std::max(worst_tanh, beyond / ulp(exact_tanh));
    }
    EXPECT_LE(worst_erf, 6.0) << entry.name;
    EXPECT_LE(worst_tanh, 4.0) << entry.name;
    RecordProperty(std::string(entry.name) + "_erf_ulp", std::to_string(worst_erf));
    RecordProperty(std::string(entry.name) + "_tanh_ulp", std::to_string(worst_tanh));
  }
}

// Over every magnitude of both signs, subnormals among them.
std::vector<float> magnitudes(float most, double step = 1.003) {
  std::vector<float> x = {0.0f, -0.0f};
  for (double v = 1e-45; v < static_cast<double>(most); v *= v < 1e-20 ? 1.5 : step)
    x.insert(x.end(), {static_cast<float>(v), -static_cast<float>(v)});
  return x;
}

double ulp_of(double exact) { return std::max(std::ldexp(1.0, std::ilogb(exact) - 23), 0x1p-149); }

// The largest error in ulps of the exact result, beyond `absolute`.
double worst_ulps(const kernels::KernelEntry& entry, const std::vector<float>& x, double (*exact)(double),
                  double absolute = 0) {
  const std::vector<float> y = over(entry, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double wanted = exact(x[i]);
    if (wanted == static_cast<double>(y[i])) continue;
    worst = std::max(worst, (std::fabs(static_cast<double>(y[i]) - wanted) - absolute) / ulp_of(wanted));
  }
  return worst;
}

// The errors that kernels/vector/math.h states.
TEST(Functions, StayWithinTheirStatedErrors) {
  const auto check = [](const char* contract, const std::vector<float>& x, double (*exact)(double), double ulps,
                        double absolute = 0) {
    for (const kernels::KernelEntry& entry : kernels_to_test(contract, true)) {
      const double worst = worst_ulps(entry, x, exact, absolute);
      EXPECT_LE(worst, ulps) << entry.name;
      ::testing::Test::RecordProperty(std::string(entry.name) + "_ulp", std::to_string(worst));
    }
  };
  check(
      "exp", magnitudes(88.7f), [](double x) { return std::exp(x); }, 2);
  check(
      "exp", {-87.5f, -95.0f, -100.0f, -103.0f, -103.9f, -104.5f, -1e30f}, [](double x) { return std::exp(x); }, 1);
  check(
      "sigmoid", magnitudes(86.9f), [](double x) { return 1 / (1 + std::exp(-x)); }, 4);
  check(
      "sigmoid", magnitudes(3e38f, 1.01), [](double x) { return 1 / (1 + std::exp(-x)); }, 4, 0x1p-149);
  check(
      "silu", magnitudes(86.9f), [](double x) { return x / (1 + std::exp(-x)); }, 5);
  check(
      "silu", magnitudes(3e38f, 1.01), [](double x) { return x / (1 + std::exp(-x)); }, 5, 0x1p-142);
  check(
      "tanh", magnitudes(3e38f), [](double x) { return std::tanh(x); }, 3);
}

TEST(Functions, TakeNanInfinityAndZero) {
  const std::vector<float> x = {kNan, kInf, -kInf, 0.0f, -0.0f};
  const auto check = [&](const char* contract, const std::vector<float>& wanted) {
    for (const kernels::KernelEntry& entry : kernels_to_test(contract, true)) {
      const std::vector<float> y = over(entry, x);
      EXPECT_TRUE(std::isnan(y[0])) << entry.name;
      for (size_t i = 1; i < x.size(); ++i) {
        EXPECT_TRUE(y[i] == wanted[i - 1] || (std::isnan(y[i]) && std::isnan(wanted[i - 1])))
            << entry.name << " of " << x[i] << " is " << y[i];
      }
    }
  };
  check("exp", {kInf, 0, 1, 1});
  check("sigmoid", {1, 0, 0.5, 0.5});
  check("silu", {kInf, 0, 0, 0});
  check("tanh", {1, -1, 0, 0});
  check("sqrt", {kInf, kNan, 0, 0});
}

TEST(Sigmoid, AndItsMirrorImageSumToOne) {
  for (const kernels::KernelEntry& entry : kernels_to_test("sigmoid", true)) {
    const std::vector<float> y = over(entry, magnitudes(100.0f));
    for (size_t i = 0; i < y.size(); i += 2) EXPECT_NEAR(y[i] + y[i + 1], 1.0f, 2e-7) << entry.name;
  }
}

TEST(Tanh, IsOddAndSigmoidStretched) {
  for (const kernels::KernelEntry& entry : kernels_to_test("tanh", true)) {
    const std::vector<float> x = magnitudes(30.0f), y = over(entry, x);
    std::vector<float> twice;
    for (float v : x) twice.push_back(2 * v);
    for (const kernels::KernelEntry& other : kernels_to_test("sigmoid", true)) {
      const std::vector<float> sigmoid = over(other, twice);
      for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], 2 * sigmoid[i] - 1, 4e-7) << entry.name;
    }
    for (size_t i = 0; i < x.size(); i += 2) EXPECT_EQ(bits_of(y[i]), bits_of(-y[i + 1])) << entry.name << " " << x[i];
  }
}

TEST(Silu, DiffersByItsArgumentFromItsMirrorImage) {  // x s(x) + x s(-x) = x
  for (const kernels::KernelEntry& entry : kernels_to_test("silu", true)) {
    const std::vector<float> x = magnitudes(100.0f), y = over(entry, x);
    for (size_t i = 0; i < x.size(); i += 2)
      EXPECT_NEAR(y[i] - y[i + 1], x[i], 3e-7 * std::fabs(x[i]) + 1e-44) << entry.name;
  }
}

}  // namespace
}  // namespace rondo::testing
