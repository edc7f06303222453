// gather and scatter: rows of any element type, chosen by a table of i32 or i64.
//
// An entry below 0 counts as 0, one beyond the last row as the last row. Where the
// indexed operand has no rows, gather writes zeros and scatter nothing.
// scatter goes through its rows in order: of two that fall on one, the later stays.
#pragma once
#include <cstdint>
#include <cstring>
#include "kernels/kernel.h"

namespace rondo::kernels {

// A table of row indices and the number of rows they choose from.
class RowIndices {
 public:
  // `rows` >= 1 wherever `at` is called.
  RowIndices(const std::byte* data, const View& view, int64_t rows)
      : data_(data),
        step_(view.stride_bytes[0]),
        last_(rows - 1),
        wide_(static_cast<DType>(view.dtype) == DType::kI64) {}

  // Entry i as a row: in [0, rows).
  int64_t at(int64_t i) const {
    const int64_t index = wide_ ? entry<int64_t>(i) : entry<int32_t>(i);
    return index < 0 ? 0 : index > last_ ? last_ : index;
  }

 private:
  template <class Entry>
  Entry entry(int64_t i) const {
    Entry index;
    std::memcpy(&index, data_ + i * step_, sizeof index);
    return index;
  }

  const std::byte* data_;
  int64_t step_, last_;
  bool wide_;
};

// bytes >= 0, no overlap.
using CopyRun = void (*)(const std::byte* src, std::byte* dst, int64_t bytes);

void walk_gather(const KernelArgs& args, CopyRun run);
void walk_scatter(const KernelArgs& args, CopyRun run);

}  // namespace rondo::kernels
