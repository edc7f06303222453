#include <cstring>
#include "kernels/pointwise/pointwise.h"
#include "kernels/walk/walk.h"

namespace rondo::kernels {
namespace {

constexpr int64_t kElement = sizeof(float);

float* floats(std::byte* p) { return reinterpret_cast<float*>(p); }
std::byte* bytes(float* p) { return reinterpret_cast<std::byte*>(p); }
const std::byte* bytes(const float* p) { return reinterpret_cast<const std::byte*>(p); }

// `count` elements of a row as a dense row: where they lie, or copied to `buffer`.
const float* gather(std::byte* from, int64_t stride_bytes, int64_t count, float* buffer) {
  if (stride_bytes == kElement) return floats(from);
  for (int64_t i = 0; i < count; ++i) buffer[i] = *floats(from + i * stride_bytes);
  return buffer;
}

void scatter(const float* buffer, std::byte* to, int64_t stride_bytes, int64_t count) {
  for (int64_t i = 0; i < count; ++i) *floats(to + i * stride_bytes) = buffer[i];
}

// Splits a row into pieces that fit the buffers; a dense row is one piece.
template <class Piece>
void in_pieces(bool dense, int64_t count, Piece piece) {
  const int64_t step = dense ? count : kRowBuffer;
  for (int64_t begin = 0; begin < count; begin += step) piece(begin, count - begin < step ? count - begin : step);
}

}  // namespace

void walk_binary(const KernelArgs& args, const BinaryForms& op) {
  BoxWalk walk = plan_walk(args.view, 3, 2);
  const int64_t a_step = walk.row_stride_bytes(0), b_step = walk.row_stride_bytes(1), y_step = walk.row_stride_bytes(2);
  const int64_t count = walk.row_extent();
  std::byte* const data[3] = {args.data[0], args.data[1], args.data[2]};
  const bool a_dense = a_step == kElement, b_dense = b_step == kElement, y_dense = y_step == kElement;
  // Without a buffer, and the rows of an axis in one call: through the buffer a number a row
  // took 5 to 9 times as long as a copy of the row in L2 and L1, and a call for each row of
  // 16 elements 7 times.
  const auto form = count <= 1 || (a_dense && b_dense && y_dense) ? op.rows
                    : a_step == 0 && b_dense && y_dense           ? op.number_left
                    : a_dense && b_step == 0 && y_dense           ? op.number_right
                                                                  : nullptr;
  if (form != nullptr) {
    constexpr uint32_t kRows = kMaxRank - 2;
    BinaryBlock block = {};
    block.a_row = walk.stride_bytes[0][kRows];
    block.b_row = walk.stride_bytes[1][kRows];
    block.y_row = walk.stride_bytes[2][kRows];
    block.rows = walk.extent[kRows];
    block.count = count;
    walk.extent[kRows] = 1;
    for_each_row(walk, data, [&](std::byte** at) {
      block.a = at[0], block.b = at[1], block.y = at[2];
      form(block);
    });
    return;
  }
  float a_buffer[kRowBuffer], b_buffer[kRowBuffer];
  for_each_row(walk, data, [&](std::byte** at) {
    in_pieces(false, count, [&](int64_t begin, int64_t length) {
      BinaryBlock piece = {};
      piece.rows = 1;
      piece.count = length;
      piece.a = bytes(gather(at[0] + begin * a_step, a_step, length, a_buffer));
      piece.b = bytes(gather(at[1] + begin * b_step, b_step, length, b_buffer));
      std::byte* y = at[2] + begin * y_step;
      piece.y = y_dense ? y : bytes(a_buffer);
      op.rows(piece);
      if (!y_dense) scatter(a_buffer, y, y_step, length);
    });
  });
}

void walk_unary(const KernelArgs& args, UnaryRow row) {
  const BoxWalk walk = plan_walk(args.view, 2, 1);
  const int64_t x_step = walk.row_stride_bytes(0), y_step = walk.row_stride_bytes(1);
  const int64_t count = walk.row_extent();
  const bool dense = count <= 1 || (x_step == kElement && y_step == kElement);
  std::byte* const data[2] = {args.data[0], args.data[1]};
  float buffer[kRowBuffer];
  for_each_row(walk, data, [&](std::byte** at) {
    in_pieces(dense, count, [&](int64_t begin, int64_t length) {
      if (dense) return row(floats(at[0]), floats(at[1]), length);
      const float* x = gather(at[0] + begin * x_step, x_step, length, buffer);
      std::byte* y = at[1] + begin * y_step;
      if (y_step == kElement) return row(x, floats(y), length);
      row(x, buffer, length);
      scatter(buffer, y, y_step, length);
    });
  });
}

void walk_fill(const KernelArgs& args, FillRow row) {
  const BoxWalk walk = plan_walk(args.view, 1, 0);
  const int64_t y_step = walk.row_stride_bytes(0);
  const int64_t count = walk.row_extent();
  float value;
  std::memcpy(&value, &args.params[0], sizeof value);
  std::byte* const data[1] = {args.data[0]};
  for_each_row(walk, data, [&](std::byte** at) {
    if (count <= 1 || y_step == kElement) return row(floats(at[0]), count, value);
    for (int64_t i = 0; i < count; ++i) *floats(at[0] + i * y_step) = value;
  });
}

}  // namespace rondo::kernels
