#include "runtime/tables.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include "rondo/dtype.h"

namespace rondo::runtime {
namespace {

uint64_t entry_count(const Binding& binding) { return bytes_of(binding) / size_of(static_cast<DType>(binding.dtype)); }

template <class Integer>
int64_t load_as(const std::byte* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool holds_indices(DType dtype) {
  return dtype == DType::kI8 || dtype == DType::kU8 || dtype == DType::kI32 || dtype == DType::kI64;
}

int64_t entry_at(const Block& entries, DType dtype, uint64_t index) {
  const std::byte* at = entries.data() + index * size_of(dtype);
  switch (dtype) {
    case DType::kI8:
      return load_as<int8_t>(at);
    case DType::kU8:
      return load_as<uint8_t>(at);
    case DType::kI32:
      return load_as<int32_t>(at);
    default:
      return load_as<int64_t>(at);
  }
}

}  // namespace

uint64_t table_bytes(const Binding& binding) {
  const uint64_t bytes = bytes_of(binding);
  const uint64_t sorting = binding.distinct != 0 ? entry_count(binding) * sizeof(int64_t) : 0;
  return saturating_add(saturating_add(bytes, bytes), sorting);
}

Result<Table> Table::make(const std::shared_ptr<Core>& core, const Binding& binding, const std::string& what) {
  const DType dtype = static_cast<DType>(binding.dtype);
  if (!holds_indices(dtype))
    return make_error(ErrorCode::kInvalidSchedule,
                      what + " has element type " + std::string(info(dtype).name) + "; indices are i8, u8, i32 or i64");
  Table table;
  table.binding_ = binding;
  table.what_ = what;
  const uint64_t align_bytes = std::max<uint64_t>(binding.align_bytes, 64);
  for (Block* block : {&table.in_force_, &table.copy_}) {
    Result<Block> made = allocate(core, bytes_of(binding), align_bytes, what);
    if (!made) return made.error();
    *block = std::move(*made);
  }
  if (binding.distinct != 0) {
    Result<Block> made = allocate(core, entry_count(binding) * sizeof(int64_t), align_bytes, what);
    if (!made) return made.error();
    table.sorted_ = std::move(*made);
  }
  touch_pages(table.in_force_);
  return table;
}

Status Table::set(const void* entries) {
  const DType dtype = static_cast<DType>(binding_.dtype);
  const uint64_t count = entry_count(binding_);
  std::memcpy(copy_.data(), entries, copy_.bytes());
  for (uint64_t i = 0; i < count; ++i) {
    const int64_t entry = entry_at(copy_, dtype, i);
    if (entry < 0 || static_cast<uint64_t>(entry) >= binding_.index_limit)
      return make_error(ErrorCode::kInvalidArgument, "entry " + std::to_string(i) + " of " + what_ + " is " +
                                                         std::to_string(entry) + "; entries are at least 0 and below " +
                                                         std::to_string(binding_.index_limit));
  }
  if (binding_.distinct != 0) {
    auto* sorted = reinterpret_cast<int64_t*>(sorted_.data());
    for (uint64_t i = 0; i < count; ++i) sorted[i] = entry_at(copy_, dtype, i);
    std::sort(sorted, sorted + count);
    if (const int64_t* twice = std::adjacent_find(sorted, sorted + count); twice != sorted + count)
      return make_error(ErrorCode::kInvalidArgument,
                        what_ + " has the entry " + std::to_string(*twice) + " twice; its entries must differ");
  }
  std::memcpy(in_force_.data(), copy_.data(), copy_.bytes());
  is_set_ = true;
  return {};
}

}  // namespace rondo::runtime
