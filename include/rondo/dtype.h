// Element types. The numbers are part of the binary format and are never reused.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace rondo {

enum class DType : uint8_t { kF32 = 0, kF64 = 1, kF16 = 2, kBF16 = 3, kI8 = 4, kU8 = 5, kI32 = 6, kI64 = 7 };

struct DTypeInfo {
  DType dtype;
  std::string_view name;  // as in graph and schedule files
  uint8_t bytes;
  std::string_view npy;  // the NumPy descr, "" where NumPy has none
  // Exponent and mantissa bits of a float (0 for integers): the order that
  // accumulation widths are compared in.
  uint8_t exponent_bits, mantissa_bits;
};

// The one list of element types; index == number.
inline constexpr std::array<DTypeInfo, 8> kDTypes = {{
    {DType::kF32, "f32", 4, "<f4", 8, 23},
    {DType::kF64, "f64", 8, "<f8", 11, 52},
    {DType::kF16, "f16", 2, "<f2", 5, 10},
    {DType::kBF16, "bf16", 2, "", 8, 7},
    {DType::kI8, "i8", 1, "|i1", 0, 0},
    {DType::kU8, "u8", 1, "|u1", 0, 0},
    {DType::kI32, "i32", 4, "<i4", 0, 0},
    {DType::kI64, "i64", 8, "<i8", 0, 0},
}};

constexpr bool is_dtype(uint8_t number) { return number < kDTypes.size(); }
constexpr const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<uint8_t>(dtype)]; }
constexpr uint64_t size_of(DType dtype) { return info(dtype).bytes; }

// A set of element types: bit i stands for number i.
using DTypeSet = uint32_t;
constexpr DTypeSet set_of(DType dtype) { return DTypeSet{1} << static_cast<uint8_t>(dtype); }
inline constexpr DTypeSet kAnyDType = (DTypeSet{1} << kDTypes.size()) - 1;

}  // namespace rondo
