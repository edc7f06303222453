// Plain, in order, in f64, with every score computed as often as it is needed:
// what the vector kernels are compared with.
#include <cmath>
#include <limits>
#include "kernels/attention/attention.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

constexpr int64_t kColumns = 64;  // of y, summed at a time on the stack

const float* floats(const std::byte* p) { return reinterpret_cast<const float*>(p); }

// row_of(j): which row of k and v is the j-th key.
template <class RowOf>
void attend(const AttentionShape& a, RowOf row_of) {
  for (int64_t i = 0; i < a.m; ++i) {
    const float* q = floats(a.q + i * a.q_row);
    float* y = reinterpret_cast<float*>(a.y + i * a.y_row);
    const int64_t keys = a.visible(i);
    const auto score = [&](int64_t j) {
      const float* k = floats(a.k + row_of(j) * a.k_row);
      double sum = 0;
      for (int64_t c = 0; c < a.d; ++c) sum += static_cast<double>(q[c]) * k[c];
      return sum * a.scale;
    };
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (int64_t j = 0; j < keys; ++j) largest = std::fmax(largest, score(j));
    for (int64_t j = 0; j < keys; ++j) total += std::exp(score(j) - largest);
    for (int64_t begin = 0; begin < a.e; begin += kColumns) {
      const int64_t columns = a.e - begin < kColumns ? a.e - begin : kColumns;
      double sum[kColumns] = {};
      for (int64_t j = 0; j < keys; ++j) {
        const double weight = std::exp(score(j) - largest);
        const float* v = floats(a.v + row_of(j) * a.v_row) + begin;
        for (int64_t c = 0; c < columns; ++c) sum[c] += weight * v[c];
      }
      for (int64_t c = 0; c < columns; ++c) y[begin + c] = keys == 0 ? 0.0f : static_cast<float>(sum[c] / total);
    }
  }
}

}  // namespace

void attention_f32_reference(const KernelArgs& args) {
  attend(shape_of_attention(args), [](int64_t j) { return j; });
}

void attention_indexed_f32_reference(const KernelArgs& args) {
  const RowIndices rows(args.data[3], *args.view[3], args.view[1]->extent[0]);
  attend(shape_of_attention_indexed(args), [&](int64_t j) { return rows.at(j); });
}

}  // namespace rondo::kernels
