#include <cstring>
#include "kernels/attention/attention.h"
#include "kernels/gather/gather.h"

namespace rondo::kernels {
namespace {

AttentionShape shape_of(const KernelArgs& args, uint32_t y_operand, uint32_t scale_param) {
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &y = *args.view[y_operand];
  AttentionShape shape = {};
  shape.m = q.extent[0], shape.s = k.extent[0], shape.d = q.extent[1], shape.e = v.extent[1];
  shape.q = args.data[0], shape.k = args.data[1], shape.v = args.data[2], shape.y = args.data[y_operand];
  shape.q_row = q.stride_bytes[0], shape.k_row = k.stride_bytes[0], shape.v_row = v.stride_bytes[0];
  shape.y_row = y.stride_bytes[0];
  std::memcpy(&shape.scale, &args.params[scale_param], sizeof shape.scale);
  return shape;
}

}  // namespace

AttentionShape shape_of_attention(const KernelArgs& args) {
  AttentionShape shape = shape_of(args, 3, 1);
  shape.causal = args.params[0] != 0;
  return shape;
}

AttentionShape shape_of_attention_indexed(const KernelArgs& args) {
  AttentionShape shape = shape_of(args, 4, 0);
  shape.table = args.data[3];
  shape.table_view = args.view[3];
  shape.table_rows = shape.s;
  shape.s = shape.table_rows == 0 ? 0 : shape.table_view->extent[0];
  return shape;
}

int64_t keys_seen(const AttentionShape& shape, int64_t row) {
  const int64_t keys = shape.causal ? row + shape.s - shape.m + 1 : shape.s;
  return keys < 0 ? 0 : keys;
}

void locate_keys(const AttentionShape& shape, int64_t begin, int64_t count, const std::byte** k, const std::byte** v) {
  if (shape.table == nullptr) {
    for (int64_t j = 0; j < count; ++j) {
      k[j] = shape.k + (begin + j) * shape.k_row;
      v[j] = shape.v + (begin + j) * shape.v_row;
    }
    return;
  }
  const RowIndices rows(shape.table, *shape.table_view, shape.table_rows);
  for (int64_t j = 0; j < count; ++j) {
    const int64_t row = rows.at(begin + j);
    k[j] = shape.k + row * shape.k_row;
    v[j] = shape.v + row * shape.v_row;
  }
}

}  // namespace rondo::kernels
