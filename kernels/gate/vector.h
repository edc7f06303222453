// The loops of gate.h for files with instruction set flags of their own, which turn them
// into vector code: the elements of a row of y side by side. -ffp-contract=off keeps
// products apart from sums.
#pragma once
#include <cstring>
#include "kernels/gate/gate.h"
#include "kernels/vector/inline.h"

namespace rondo::kernels {
namespace {

// y[0 .. n) over rows of a, four at a time so that y is loaded and stored a quarter as
// often; each y still takes its products in the order of k.
RONDO_KERNEL_INLINE void add_rows(const double* x, int64_t x_step, const std::byte* a, int64_t a_step, int64_t k,
                                  int64_t n, double* __restrict y) {
  const auto row = [&](int64_t i) { return reinterpret_cast<const double*>(a + i * a_step); };
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    const double x0 = x[i * x_step], x1 = x[(i + 1) * x_step], x2 = x[(i + 2) * x_step], x3 = x[(i + 3) * x_step];
    const double *a0 = row(i), *a1 = row(i + 1), *a2 = row(i + 2), *a3 = row(i + 3);
    for (int64_t j = 0; j < n; ++j) y[j] = (((y[j] + x0 * a0[j]) + x1 * a1[j]) + x2 * a2[j]) + x3 * a3[j];
  }
  for (; i < k; ++i) {
    const double x0 = x[i * x_step];
    const double* a0 = row(i);
    for (int64_t j = 0; j < n; ++j) y[j] += x0 * a0[j];
  }
}

RONDO_KERNEL_INLINE void vecmat(const KernelArgs& args) {
  const View &x = *args.view[0], &a = *args.view[1];
  auto* y = reinterpret_cast<double*>(args.data[2]);
  if ((args.flags & kOpAccumulate) == 0)
    for (int64_t j = 0; j < a.extent[1]; ++j) y[j] = 0;
  add_rows(reinterpret_cast<const double*>(args.data[0]), x.stride_bytes[0] / 8, args.data[1], a.stride_bytes[0],
           a.extent[0], a.extent[1], y);
}

// a, b and y row by row; rows of one element where the rank is 0.
RONDO_KERNEL_INLINE void reglu(const KernelArgs& args) {
  const View& view = *args.view[2];
  int64_t extent[kMaxRank] = {1, 1, 1, 1}, step[3][kMaxRank] = {};
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    const uint32_t at = kMaxRank - view.rank + axis;
    extent[at] = view.extent[axis];
    for (uint32_t operand = 0; operand < 3; ++operand) step[operand][at] = args.view[operand]->stride_bytes[axis];
  }
  for (int64_t i = 0; i < extent[0]; ++i)
    for (int64_t j = 0; j < extent[1]; ++j)
      for (int64_t k = 0; k < extent[2]; ++k) {
        std::byte* at[3];
        for (uint32_t operand = 0; operand < 3; ++operand)
          at[operand] = args.data[operand] + i * step[operand][0] + j * step[operand][1] + k * step[operand][2];
        for (int64_t c = 0; c < extent[3]; ++c) {
          const double a = *reinterpret_cast<const double*>(at[0] + c * step[0][3]);
          const double b = *reinterpret_cast<const double*>(at[1] + c * step[1][3]);
          *reinterpret_cast<double*>(at[2] + c * step[2][3]) = a * (b < 0 ? 0.0 : b);
        }
      }
}

// Heads of two numbers that take the latest of equals, side by side: rows outside, so that
// history is read once and in order. A row is held as a double, which counts them exactly.
RONDO_KERNEL_INLINE void latest_of_pairs(const KernelArgs& args, int64_t first, int64_t heads) {
  constexpr int64_t kMost = 8;
  double q0[kMost], q1[kMost], best[kMost], leader[kMost];
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &y = *args.view[3];
  for (int64_t h = 0; h < heads; ++h) {
    const auto* query = reinterpret_cast<const double*>(args.data[0] + (first + h) * q.stride_bytes[0]);
    q0[h] = query[0], q1[h] = query[1];
    best[h] = -__builtin_inf(), leader[h] = -1;
  }
  for (int64_t row = 0; row < k.extent[0]; ++row) {
    const auto* key = reinterpret_cast<const double*>(args.data[1] + row * k.stride_bytes[0]) + 2 * first;
    const auto now = static_cast<double>(row);
    for (int64_t h = 0; h < heads; ++h) {
      const double score = q0[h] * key[2 * h] + q1[h] * key[2 * h + 1];
      const bool leads = score >= best[h];  // false for NaN
      best[h] = leads ? score : best[h];
      leader[h] = leads ? now : leader[h];
    }
  }
  for (int64_t h = 0; h < heads; ++h) {
    auto* result = reinterpret_cast<double*>(args.data[3] + (first + h) * y.stride_bytes[0]);
    const auto row = static_cast<int64_t>(leader[h]);
    const auto* value = reinterpret_cast<const double*>(args.data[2] + (first + h) * v.stride_bytes[1]);
    for (int64_t c = 0; c < 2; ++c)
      result[c] = row < 0 ? 0.0
                          : 0.0 + *reinterpret_cast<const double*>(reinterpret_cast<const std::byte*>(value + c) +
                                                                   row * v.stride_bytes[0]);
  }
}

RONDO_KERNEL_INLINE bool are_pairs(const KernelArgs& args) {
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &y = *args.view[3];
  return args.params[0] == 0 && k.extent[2] == 2 && v.extent[2] == 2 && q.stride_bytes[1] == 8 &&
         k.stride_bytes[1] == 16 && k.stride_bytes[2] == 8 && v.stride_bytes[2] == 8 && y.stride_bytes[1] == 8;
}

// Scores of one head, row by row; the values of a row are touched only where it leads.
RONDO_KERNEL_INLINE void attention_hard(const KernelArgs& args) {
  if (are_pairs(args)) {
    const int64_t heads = args.view[1]->extent[1];
    int64_t first = 0;
    for (; first + 8 <= heads; first += 8) latest_of_pairs(args, first, 8);
    if (first < heads) latest_of_pairs(args, first, heads - first);
    return;
  }
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &y = *args.view[3];
  const bool mean = args.params[0] == 1;
  const auto at = [](const std::byte* base) { return *reinterpret_cast<const double*>(base); };
  for (int64_t head = 0; head < k.extent[1]; ++head) {
    const std::byte* query = args.data[0] + head * q.stride_bytes[0];
    const std::byte* key = args.data[1] + head * k.stride_bytes[1];
    const std::byte* value = args.data[2] + head * v.stride_bytes[1];
    std::byte* result = args.data[3] + head * y.stride_bytes[0];
    double best = 0;
    int64_t equals = 0, leader = 0;
    const auto give = [&](int64_t c, double number) {
      *reinterpret_cast<double*>(result + c * y.stride_bytes[1]) = number;
    };
    const auto take = [&](int64_t row, int64_t c) {
      return at(value + row * v.stride_bytes[0] + c * v.stride_bytes[2]);
    };
    for (int64_t row = 0; row < k.extent[0]; ++row) {
      double score = 0;
      for (int64_t d = 0; d < k.extent[2]; ++d)
        score += at(query + d * q.stride_bytes[1]) * at(key + row * k.stride_bytes[0] + d * k.stride_bytes[2]);
      if (equals == 0 ? score != score : !(score >= best)) continue;
      if (!mean) {
        equals = 1;
        best = score;
        leader = row;
        continue;
      }
      const bool joins = equals != 0 && score == best;
      equals = joins ? equals + 1 : 1;
      best = score;
      for (int64_t c = 0; c < v.extent[2]; ++c)
        give(c, (joins ? at(result + c * y.stride_bytes[1]) : 0.0) + take(row, c));
    }
    for (int64_t c = 0; c < v.extent[2]; ++c) {
      if (equals == 0)
        give(c, 0);
      else if (!mean)
        give(c, 0.0 + take(leader, c));
      else if (equals > 1)
        give(c, at(result + c * y.stride_bytes[1]) / static_cast<double>(equals));
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
