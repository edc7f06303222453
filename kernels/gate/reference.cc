// Plain and in order: what the vector kernels must equal bit by bit.
#include "kernels/gate/gate.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

double& element(const KernelArgs& args, uint32_t operand, int64_t i, int64_t j = 0, int64_t k = 0) {
  const View& view = *args.view[operand];
  return *reinterpret_cast<double*>(args.data[operand] + i * view.stride_bytes[0] + j * view.stride_bytes[1] +
                                    k * view.stride_bytes[2]);
}

// The offset of element `index` of a view, counted row by row.
int64_t offset_of(const View& view, uint64_t index) {
  int64_t offset = 0;
  for (uint32_t axis = view.rank; axis-- > 0; index /= view.extent[axis])
    offset += static_cast<int64_t>(index % view.extent[axis]) * view.stride_bytes[axis];
  return offset;
}

}  // namespace

void vecmat_f64_reference(const KernelArgs& args) {
  const View& a = *args.view[1];
  for (int64_t n = 0; n < a.extent[1]; ++n) {
    double sum = (args.flags & kOpAccumulate) != 0 ? element(args, 2, n) : 0.0;
    for (int64_t k = 0; k < a.extent[0]; ++k) {
      const volatile double product = element(args, 0, k) * element(args, 1, k, n);
      sum += product;
    }
    element(args, 2, n) = sum;
  }
}

void reglu_f64_reference(const KernelArgs& args) {
  const View& y = *args.view[2];
  for (uint64_t i = 0; i < block_count(y); ++i) {
    const double a = *reinterpret_cast<double*>(args.data[0] + offset_of(*args.view[0], i));
    const double b = *reinterpret_cast<double*>(args.data[1] + offset_of(*args.view[1], i));
    *reinterpret_cast<double*>(args.data[2] + offset_of(y, i)) = a * (b < 0 ? 0.0 : b);
  }
}

void attention_hard_f64_reference(const KernelArgs& args) {
  const View &k = *args.view[1], &v = *args.view[2];
  const int64_t rows = k.extent[0], heads = k.extent[1], depth = k.extent[2], width = v.extent[2];
  for (int64_t head = 0; head < heads; ++head) {
    double best = 0;
    int64_t equals = 0;
    for (int64_t c = 0; c < width; ++c) element(args, 3, head, c) = 0;
    for (int64_t row = 0; row < rows; ++row) {
      double score = 0;
      for (int64_t d = 0; d < depth; ++d) {
        const volatile double product = element(args, 0, head, d) * element(args, 1, row, head, d);
        score += product;
      }
      if (equals == 0 ? score != score : !(score >= best)) continue;
      const bool joins = equals != 0 && score == best && args.params[0] == 1;
      equals = joins ? equals + 1 : 1;
      best = score;
      for (int64_t c = 0; c < width; ++c) {
        double& y = element(args, 3, head, c);
        y = (joins ? y : 0.0) + element(args, 2, row, head, c);
      }
    }
    for (int64_t c = 0; c < width && equals > 1; ++c) element(args, 3, head, c) /= static_cast<double>(equals);
  }
}

}  // namespace rondo::kernels
