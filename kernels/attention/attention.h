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
//
// Scores, weights and sums are f32; scores beyond its range are infinite. A row's
// weights are summed over blocks of keys, whose size depends on d alone; the order of
// sums depends on the extents, the row's place in them and the instruction set.
// Error, vector kernels, as tests/kernels holds them: with g the error of a score,
// (d + 4) 2^-24 scale sum |q k|, it is (4 g + (16 + s / 4) 2^-24) max |v|.
// Stack buffers stay below 56 KiB.
#pragma once
#include <cstdint>
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
  const std::byte* table;  // nullptr: key j is row j of k and v
  const View* table_view;
  int64_t table_rows;  // of k and v, that entries choose from
};

AttentionShape shape_of_attention(const KernelArgs& args);
// s is the length of the table, and 0 where k and v have no rows.
AttentionShape shape_of_attention_indexed(const KernelArgs& args);

// How many keys row i sees: in [0, s].
int64_t keys_seen(const AttentionShape& shape, int64_t row);

// Where the keys [begin, begin + count) and their values lie.
void locate_keys(const AttentionShape& shape, int64_t begin, int64_t count, const std::byte** k, const std::byte** v);

}  // namespace rondo::kernels
