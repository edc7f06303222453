// What fills inputs that no file gives, and what sums outputs up.
#include "tools/tensor_data.h"
#include <gtest/gtest.h>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace rondo::cli {
namespace {

Binding binding_of(DType dtype, uint32_t count, Role role = Role::kInput) {
  Binding binding;
  binding.role = static_cast<uint8_t>(role);
  binding.dtype = static_cast<uint8_t>(dtype);
  binding.rank = 1;
  binding.shape[0] = count;
  return binding;
}

std::vector<std::byte> random_bytes(const Binding& binding, uint64_t seed, std::string_view name) {
  std::vector<std::byte> data(bytes_of(binding));
  fill_random(data, binding, seed, name);
  return data;
}

TEST(RandomTensors, DependOnSeedAndNameAlone) {
  for (const DTypeInfo& dtype : kDTypes) {
    const Binding binding = binding_of(dtype.dtype, 64);
    EXPECT_EQ(random_bytes(binding, 1, "x"), random_bytes(binding, 1, "x")) << dtype.name;
    EXPECT_NE(random_bytes(binding, 1, "x"), random_bytes(binding, 2, "x")) << dtype.name;
    EXPECT_NE(random_bytes(binding, 1, "x"), random_bytes(binding, 1, "y")) << dtype.name;
  }
}

TEST(RandomTensors, StayInASmallRange) {
  for (const DTypeInfo& dtype : kDTypes) {
    const std::vector<std::byte> data = random_bytes(binding_of(dtype.dtype, 4096), 7, "x");
    const Statistics statistics = statistics_of(data, dtype.dtype);
    const bool integer = dtype.exponent_bits == 0;
    EXPECT_EQ(statistics.nans, 0u) << dtype.name;
    EXPECT_GE(statistics.min, integer ? -8 : -1) << dtype.name;
    EXPECT_LE(statistics.max, integer ? 15 : 1) << dtype.name;
    EXPECT_LT(statistics.min, statistics.max) << dtype.name;
    EXPECT_NEAR(statistics.mean,
                dtype.dtype == DType::kU8 ? 7.5
                : integer                 ? -0.5
                                          : 0,
                integer ? 0.5 : 0.05)
        << dtype.name;
  }
}

TEST(RandomTables, HoldLegalIndicesAndDistinctOnesWhereAsked) {
  Binding table = binding_of(DType::kI32, 100, Role::kTable);
  table.index_limit = 100;
  table.distinct = 1;
  std::vector<std::byte> data(bytes_of(table));
  ASSERT_TRUE(fill_random_table(data, table, 5, "rows").ok());
  std::set<double> seen;
  for (uint64_t i = 0; i < 100; ++i) seen.insert(element_at(data, DType::kI32, i));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 99);
  table.index_limit = 99;
  EXPECT_EQ(fill_random_table(data, table, 5, "rows").error().message,
            "table 'rows' has 100 entries, but only 99 indices");
}

TEST(TensorStatistics, LeaveNaNsOutAndCountThem) {
  const float values[] = {1, NAN, -3, INFINITY};
  const Statistics statistics = statistics_of(std::as_bytes(std::span(values)), DType::kF32);
  EXPECT_EQ(statistics.nans, 1u);
  EXPECT_EQ(statistics.infinities, 1u);
  EXPECT_EQ(statistics.min, -3);
  EXPECT_EQ(statistics.max, INFINITY);
  EXPECT_EQ(statistics.mean, -1);
}

TEST(TensorStatistics, ReadHalfPrecision) {
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00};  // 1, -2, 2^-24, inf, nan
  const auto data = std::as_bytes(std::span(halves));
  EXPECT_EQ(element_at(data, DType::kF16, 0), 1);
  EXPECT_EQ(element_at(data, DType::kF16, 1), -2);
  EXPECT_EQ(element_at(data, DType::kF16, 2), std::ldexp(1.0, -24));
  EXPECT_TRUE(std::isinf(element_at(data, DType::kF16, 3)));
  EXPECT_TRUE(std::isnan(element_at(data, DType::kF16, 4)));
  const uint16_t brains[] = {0x3f80, 0xc000};
  EXPECT_EQ(element_at(std::as_bytes(std::span(brains)), DType::kBF16, 0), 1);
  EXPECT_EQ(element_at(std::as_bytes(std::span(brains)), DType::kBF16, 1), -2);
}

}  // namespace
}  // namespace rondo::cli
