#include "tools/tensor_data.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>
#include "planner/evaluate/random_data.h"

namespace rondo::cli {
namespace {

// splitmix64: one well-mixed word per position, with no state to carry.
uint64_t mix(uint64_t word) {
  word += 0x9e3779b97f4a7c15ull;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ull;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebull;
  return word ^ (word >> 31);
}

uint64_t stream_key(uint64_t seed, std::string_view name) {
  uint64_t key = mix(seed);
  for (const char c : name) key = mix(key ^ static_cast<uint8_t>(c));
  return key;
}

template <class T>
void store(std::span<std::byte> data, uint64_t index, T value) {
  std::memcpy(data.data() + index * sizeof(T), &value, sizeof(T));
}
template <class T>
T fetch(std::span<const std::byte> data, uint64_t index) {
  T value;
  std::memcpy(&value, data.data() + index * sizeof(T), sizeof(T));
  return value;
}

double widen_f16(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25));
}

// A number of [-1, 1) with 11 bits, exact in f16; its bf16 is cut to 8.
uint16_t narrow_f16(int tenth) {  // tenth in [-1024, 1024): tenth / 1024
  if (tenth == 0) return 0;
  const uint16_t sign = tenth < 0 ? 0x8000 : 0;
  int mantissa = tenth < 0 ? -tenth : tenth, exponent = 15;
  while (mantissa < 1024) mantissa *= 2, --exponent;
  return static_cast<uint16_t>(sign | exponent << 10 | (mantissa & 1023));
}

void store_integer(std::span<std::byte> data, DType dtype, uint64_t index, int64_t value) {
  switch (dtype) {
    case DType::kI8:
      return store(data, index, static_cast<int8_t>(value));
    case DType::kU8:
      return store(data, index, static_cast<uint8_t>(value));
    case DType::kI32:
      return store(data, index, static_cast<int32_t>(value));
    case DType::kI64:
      return store(data, index, value);
    default:
      return;
  }
}

}  // namespace

void fill_random(std::span<std::byte> data, const Binding& binding, uint64_t seed, std::string_view name) {
  const auto dtype = static_cast<DType>(binding.dtype);
  const uint64_t key = stream_key(seed, name);
  const uint64_t count = data.size() / size_of(dtype);
  if (dtype == DType::kF32) {
    const bool layer = binding.role == static_cast<uint8_t>(Role::kConstant) && binding.rank >= 2;
    const float scale = layer ? std::sqrt(3.0f / static_cast<float>(binding.shape[binding.rank - 2])) : 1.0f;
    const std::vector<float> values = random_floats(seed, name, count, scale);
    std::memcpy(data.data(), values.data(), data.size());
    return;
  }
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t word = mix(key + i);
    const float unit = static_cast<float>(static_cast<int32_t>(word >> 40) - (1 << 23)) * 0x1p-23f;
    switch (dtype) {
      case DType::kF32:
        store(data, i, unit);
        break;
      case DType::kF64:
        store(data, i, static_cast<double>(unit));
        break;
      case DType::kF16:
        store(data, i, narrow_f16(static_cast<int>(word >> 53) - 1024));
        break;
      case DType::kBF16: {
        uint32_t bits;
        std::memcpy(&bits, &unit, sizeof bits);
        store(data, i, static_cast<uint16_t>(bits >> 16));
        break;
      }
      case DType::kU8:
        store_integer(data, dtype, i, static_cast<int64_t>(word >> 60));
        break;
      default:
        store_integer(data, dtype, i, static_cast<int64_t>(word >> 60) - 8);
        break;
    }
  }
}

Status fill_random_table(std::span<std::byte> data, const Binding& table, uint64_t seed, std::string_view name) {
  const auto dtype = static_cast<DType>(table.dtype);
  const uint64_t count = data.size() / size_of(dtype);
  if (table.index_limit == 0 || (table.distinct != 0 && count > table.index_limit))
    return make_error(ErrorCode::kDoesNotFit, "table '" + std::string(name) + "' has " + std::to_string(count) +
                                                  " entries, but only " + std::to_string(table.index_limit) +
                                                  " indices");
  const uint64_t key = stream_key(seed, name);
  // Distinct entries: a run of neighbours from a random start, wrapping around.
  for (uint64_t i = 0; i < count; ++i)
    store_integer(data, dtype, i,
                  static_cast<int64_t>(table.distinct != 0 ? (key % table.index_limit + i) % table.index_limit
                                                           : mix(key + i) % table.index_limit));
  return {};
}

double element_at(std::span<const std::byte> data, DType dtype, uint64_t index) {
  switch (dtype) {
    case DType::kF32:
      return fetch<float>(data, index);
    case DType::kF64:
      return fetch<double>(data, index);
    case DType::kF16:
      return widen_f16(fetch<uint16_t>(data, index));
    case DType::kBF16: {
      const uint32_t bits = uint32_t{fetch<uint16_t>(data, index)} << 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case DType::kI8:
      return fetch<int8_t>(data, index);
    case DType::kU8:
      return fetch<uint8_t>(data, index);
    case DType::kI32:
      return fetch<int32_t>(data, index);
    case DType::kI64:
      return static_cast<double>(fetch<int64_t>(data, index));
  }
  return 0;
}

Statistics statistics_of(std::span<const std::byte> data, DType dtype) {
  Statistics statistics;
  statistics.elements = data.size() / size_of(dtype);
  double sum = 0;
  uint64_t numbers = 0, finite = 0;
  for (uint64_t i = 0; i < statistics.elements; ++i) {
    const double value = element_at(data, dtype, i);
    if (std::isnan(value)) {
      ++statistics.nans;
      continue;
    }
    statistics.min = numbers == 0 ? value : std::fmin(statistics.min, value);
    statistics.max = numbers == 0 ? value : std::fmax(statistics.max, value);
    ++numbers;
    if (std::isinf(value)) {
      ++statistics.infinities;
      continue;
    }
    ++finite;
    sum += value;
  }
  statistics.mean = finite == 0 ? 0 : sum / static_cast<double>(finite);
  return statistics;
}

}  // namespace rondo::cli
