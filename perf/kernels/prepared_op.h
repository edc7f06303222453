// One op with memory of its own, ready to be called and timed.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string_view>
#include <vector>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "rondo/footprint.h"

namespace rondo::perf {

// Rows and columns of f32; `row` elements from row to row, 0 where they lie densely.
inline View matrix(uint32_t rows, uint32_t columns, uint32_t row = 0) {
  View view;
  view.rank = 2;
  view.extent[0] = rows, view.extent[1] = columns;
  view.stride_bytes[0] = int64_t{row == 0 ? columns : row} * 4, view.stride_bytes[1] = 4;
  return view;
}

inline View panels(uint32_t k, uint32_t n, uint16_t width) {
  View view;
  view.rank = 2;
  view.layout = static_cast<uint8_t>(Layout::kPanels);
  view.block_columns = width;
  view.extent[0] = (n + width - 1) / width, view.extent[1] = k;
  view.stride_bytes[0] = int64_t{k} * width * 4, view.stride_bytes[1] = width * 4;
  return view;
}

// Page-aligned memory that is all there before it is timed, filled with numbers
// between -1 and 1. Tables hold 0, 1, 2, ...
class PreparedOp {
 public:
  PreparedOp(std::string_view contract, const std::vector<View>& views, std::vector<uint32_t> params, uint32_t flags,
             kernels::Isa isa)
      : views_(views), params_(std::move(params)), kernel_(kernels::find_kernel(*find_contract(contract), isa)->fn) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    params_.resize(4);
    for (uint32_t i = 0; i < views_.size(); ++i) {
      const size_t bytes = (*span_bytes(views_[i]) + 4095) / 4096 * 4096 + 4096;
      memory_.emplace_back(static_cast<float*>(std::aligned_alloc(4096, bytes)), std::free);
      float* data = memory_.back().get();
      const bool table = find_contract(contract)->operands[i].use == Use::kTable;
      for (size_t at = 0; at < bytes / 4; ++at) {
        data[at] = uniform(random);
        const auto index = static_cast<int32_t>(at);
        if (table) std::memcpy(&data[at], &index, sizeof index);
      }
      args_.data[i] = reinterpret_cast<std::byte*>(data);
    }
    for (uint32_t i = 0; i < views_.size(); ++i) args_.view[i] = &views_[i];
    args_.params = params_.data();
    args_.flags = flags;
  }
  PreparedOp(const PreparedOp&) = delete;
  PreparedOp& operator=(const PreparedOp&) = delete;

  void operator()() const { kernel_(args_); }
  float* data(uint32_t operand) { return memory_[operand].get(); }
  View& view(uint32_t operand) { return views_[operand]; }

 private:
  std::vector<View> views_;
  std::vector<uint32_t> params_;
  std::vector<std::unique_ptr<float, decltype(&std::free)>> memory_;
  kernels::KernelArgs args_ = {};
  kernels::KernelFn kernel_;
};

}  // namespace rondo::perf
