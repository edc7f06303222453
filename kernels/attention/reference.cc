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

void attend(const AttentionShape& a) {
  for (int64_t i = 0; i < a.m; ++i) {
    const float* q = floats(a.q + i * a.q_row);
    float* y = reinterpret_cast<float*>(a.y + i * a.y_row);
    const int64_t keys = keys_seen(a, i);
    const std::byte *k_row, *v_row;
    const auto score = [&](int64_t j) {
      locate_keys(a, j, 1, &k_row, &v_row);
      const float* k = floats(k_row);
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
        const float* v = floats(v_row) + begin;
        for (int64_t c = 0; c < columns; ++c) sum[c] += weight * v[c];
      }
      for (int64_t c = 0; c < columns; ++c) y[begin + c] = keys == 0 ? 0.0f : static_cast<float>(sum[c] / total);
    }
  }
}

}  // namespace

void attention_f32_reference(const KernelArgs& args) { attend(shape_of_attention(args)); }
void attention_indexed_f32_reference(const KernelArgs& args) { attend(shape_of_attention_indexed(args)); }

}  // namespace rondo::kernels
