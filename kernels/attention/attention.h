// attention and attention_indexed: y = softmax(scale q k^T) v for one head, or for
// any block of its query rows.
//
// Row i sees the keys [0, visible(i)): all s of them, or under a causal mask those
// with j <= i + s - m. What a row does not see it does not touch: no byte of a
// hidden key or value reaches it, NaN or not. A row without keys is 0.
//
// Otherwise IEEE arithmetic decides, as in softmax: scores of -inf weigh nothing as
// long as the row has a larger one; a row with only such, or with a score of +inf or
// NaN, is NaN; so is an element whose value is NaN, or infinite with weight 0.
//
// attention_indexed takes rows rows[j] of k and v, clamped to the rows there are
// (kernels/gather/gather.h); where there are none, y is 0.
#pragma once
#include <cstdint>
#include <cstring>
#include "kernels/gather/gather.h"
#include "kernels/kernel.h"

namespace rondo::kernels {

// The operands of one op in plain numbers. Strides are in bytes; rows are dense.
struct AttentionShape {
  int64_t m, s, d, e;
  const std::byte *q, *k, *v;
  int64_t q_row, k_row, v_row;
  std::byte* y;
  int64_t y_row;
  float scale;
  bool causal;

  int64_t visible(int64_t row) const {
    const int64_t keys = causal ? row + s - m + 1 : s;
    return keys < 0 ? 0 : keys;
  }
};

inline AttentionShape shape_of_attention(const KernelArgs& args) {
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &y = *args.view[3];
  AttentionShape shape = {.m = q.extent[0],
                          .s = k.extent[0],
                          .d = q.extent[1],
                          .e = v.extent[1],
                          .q = args.data[0],
                          .k = args.data[1],
                          .v = args.data[2],
                          .q_row = q.stride_bytes[0],
                          .k_row = k.stride_bytes[0],
                          .v_row = v.stride_bytes[0],
                          .y = args.data[3],
                          .y_row = y.stride_bytes[0],
                          .scale = 0,
                          .causal = args.params[0] != 0};
  std::memcpy(&shape.scale, &args.params[1], sizeof shape.scale);
  return shape;
}

// s is the length of the table, and 0 where k and v have no rows.
inline AttentionShape shape_of_attention_indexed(const KernelArgs& args) {
  const View &q = *args.view[0], &k = *args.view[1], &v = *args.view[2], &rows = *args.view[3], &y = *args.view[4];
  AttentionShape shape = {.m = q.extent[0],
                          .s = k.extent[0] == 0 ? 0 : rows.extent[0],
                          .d = q.extent[1],
                          .e = v.extent[1],
                          .q = args.data[0],
                          .k = args.data[1],
                          .v = args.data[2],
                          .q_row = q.stride_bytes[0],
                          .k_row = k.stride_bytes[0],
                          .v_row = v.stride_bytes[0],
                          .y = args.data[4],
                          .y_row = y.stride_bytes[0],
                          .scale = 0,
                          .causal = false};
  std::memcpy(&shape.scale, &args.params[0], sizeof shape.scale);
  return shape;
}

}  // namespace rondo::kernels
