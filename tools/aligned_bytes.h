// A block of host memory aligned for every kernel: tensors read from files and
// outputs of a run. Moved, never copied.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace rondo::cli {

class AlignedBytes {
 public:
  AlignedBytes() = default;
  // Uninitialised; `data()` is nullptr if the memory cannot be had. `align` is a
  // power of two; at least 64 is given.
  explicit AlignedBytes(uint64_t size, uint64_t align = 64) : size_(size) {
    align = std::max<uint64_t>(align, 64);
    if (size > PTRDIFF_MAX - align) return;
    const uint64_t padded = std::max(align, (size + align - 1) / align * align);
    data_.reset(static_cast<std::byte*>(std::aligned_alloc(align, padded)));
  }

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  uint64_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_.get(), size_}; }
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte[], Free> data_;
  uint64_t size_ = 0;
};

}  // namespace rondo::cli
