// The blocked matmul, written once over a vector type.
//
// A tile of kTileRows x (kTileVectors vectors) of c lives in registers over a
// block of k. Loops from outside: block of columns (b in L2), block of k, block
// of rows (a in L1), tiles of columns. c is read and written once per block of
// k.
#pragma once
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/tuning.h"
#include "kernels/pack/vector.h"
#include "kernels/vector/math.h"

namespace rondo::kernels {
namespace {

struct TileArgs {
  const std::byte* a;
  int64_t a_row, a_k;
  const std::byte* b;
  int64_t b_vector;  // from one vector of columns to the next
  int64_t b_k;
  std::byte* c;
  int64_t c_row;
  int64_t k;
  int64_t last;       // columns in the last vector, 1 .. lanes
  const float* bias;  // nullptr, or whole vectors
  bool add_c;         // the sum so far is in c
  bool relu;
};

// kMaskB: the last vector of b may not be read beyond `last` columns.
template <class V, int kRows, int kVectors, bool kMaskB>
__attribute__((noinline)) void multiply_tile(const TileArgs& t) {
  using F = typename V::F;
  constexpr int kGroup = 3;  // rows that one pointer reaches: p, p + a_row, p + 2 a_row
  constexpr int kGroups = (kRows + kGroup - 1) / kGroup;

  F sum[kRows][kVectors];
  RONDO_UNROLL
  for (int i = 0; i < kRows; ++i) {
    RONDO_UNROLL
    for (int v = 0; v < kVectors; ++v) sum[i][v] = V::zero();
  }

  // The tile of c comes while the products are summed; a prefetch touches
  // nothing, so it may name a line beyond the operand.
  RONDO_UNROLL
  for (int i = 0; i < kRows; ++i) {
    __builtin_prefetch(t.c + i * t.c_row, 1);
    if (kVectors * sizeof(F) > 64) __builtin_prefetch(t.c + i * t.c_row + 64, 1);
  }

  const auto mask = V::first(t.last);
  const std::byte* a[kGroups];
  RONDO_UNROLL
  for (int g = 0; g < kGroups; ++g) a[g] = t.a + g * kGroup * t.a_row;
  const int64_t a_row = t.a_row;
  const std::byte* b = t.b;
  for (int64_t k = t.k; k > 0; --k) {
    F columns[kVectors];
    RONDO_UNROLL
    for (int v = 0; v < kVectors; ++v)
      columns[v] = kMaskB && v == kVectors - 1 ? V::load(b + v * t.b_vector, mask) : V::load(b + v * t.b_vector);
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const F x = V::broadcast(a[i / kGroup] + (i % kGroup) * a_row);
      RONDO_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = V::fma(x, columns[v], sum[i][v]);
    }
    RONDO_UNROLL
    for (int g = 0; g < kGroups; ++g) a[g] += t.a_k;
    b += t.b_k;
  }

  const bool whole = t.last == V::kLanes;
  if (t.add_c) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      RONDO_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const std::byte* c = t.c + i * t.c_row + v * V::kLanes * 4;
        sum[i][v] = V::add(sum[i][v], v < kVectors - 1 || whole ? V::load(c) : V::load(c, mask));
      }
    }
  }
  if (t.bias != nullptr) {
    RONDO_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const F bias = V::load(t.bias + v * V::kLanes);
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) sum[i][v] = V::add(sum[i][v], bias);
    }
  }
  if (t.relu) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      RONDO_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = relu_of<V>(sum[i][v]);
    }
  }
  RONDO_UNROLL
  for (int i = 0; i < kRows; ++i) {
    RONDO_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      std::byte* c = t.c + i * t.c_row + v * V::kLanes * 4;
      if (v < kVectors - 1 || whole)
        V::store(c, sum[i][v]);
      else
        V::store(c, mask, sum[i][v]);
    }
  }
}

// gelu over a tile that was just stored; it needs the registers for itself.
template <class V>
__attribute__((noinline)) void activate_tile(std::byte* c, int64_t c_row, int64_t rows, int64_t columns,
                                             Activation activation) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; column += V::kLanes) {
      std::byte* at = c + row * c_row + column * 4;
      const auto mask = V::first(columns - column < V::kLanes ? columns - column : V::kLanes);
      const auto x = V::load(at, mask);
      V::store(at, mask, activation == Activation::kGeluErf ? gelu_erf_of<V>(x) : gelu_tanh_of<V>(x));
    }
  }
}

// The tile functions for 1 .. kMaxRows rows; index 0 is unused.
template <class V, int kVectors, bool kMaskB>
struct TileTable {
  static constexpr int kMaxRows = V::kLanes == 16 ? 12 : 6;
  using Tile = void (*)(const TileArgs&);
  static constexpr Tile kTile[13] = {
      nullptr,
      multiply_tile<V, 1, kVectors, kMaskB>,
      multiply_tile<V, 2, kVectors, kMaskB>,
      multiply_tile<V, 3, kVectors, kMaskB>,
      multiply_tile<V, 4, kVectors, kMaskB>,
      multiply_tile<V, 5, kVectors, kMaskB>,
      multiply_tile<V, 6, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 7, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 8, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 9, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 10, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 11, kVectors, kMaskB>,
      kMaxRows < 12 ? nullptr : multiply_tile < V,
      kMaxRows<12 ? 1 : 12, kVectors, kMaskB>,
  };
};

RONDO_KERNEL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
RONDO_KERNEL_INLINE int64_t blocks_of(int64_t extent, int64_t most) { return (extent + most - 1) / most; }

// Splits an extent into the fewest parts of at most `most`, equal up to `unit`.
RONDO_KERNEL_INLINE int64_t even_part(int64_t extent, int64_t most, int64_t unit) {
  const int64_t parts = blocks_of(extent, most);
  return parts == 0 ? unit : blocks_of(blocks_of(extent, parts), unit) * unit;
}

template <class V>
struct Matmul {
  static constexpr int kVectors = 2;
  static constexpr int64_t kColumns = kVectors * V::kLanes;
  static constexpr int kMaxRows = TileTable<V, 2, false>::kMaxRows;

  const MatmulShape& s;

  // The left operand of a tile: its first element and its strides in bytes.
  struct Left {
    const std::byte* data;
    int64_t row, k;
  };

  // Rows [row, row + rows) of the tile at `column`, over k steps from `step`.
  // `b` is where the tile's first vector lies at that step.
  RONDO_KERNEL_INLINE void tile(int64_t row, int64_t rows, int64_t column, int64_t step, int64_t steps, const Left& a,
                                const std::byte* b, int64_t b_vector, int64_t b_k, bool mask_b) const {
    const int64_t columns = smaller(s.n - column, kColumns);
    const bool two = columns > V::kLanes;
    const bool final = step + steps == s.k;
    float bias[kColumns];
    TileArgs t;
    t.a = a.data;
    t.a_row = a.row;
    t.a_k = a.k;
    t.b = b;
    t.b_vector = b_vector;
    t.b_k = b_k;
    t.c = s.c + row * s.c_row + column * 4;
    t.c_row = s.c_row;
    t.k = steps;
    t.last = two ? columns - V::kLanes : columns;
    t.bias = nullptr;
    t.add_c = step > 0 || !s.init;
    t.relu = final && s.activation == Activation::kRelu;
    if (final && s.bias != nullptr) t.bias = bias_of(column, columns, bias);

    const bool masked = mask_b && t.last < V::kLanes;
    if (two)
      (masked ? TileTable<V, 2, true>::kTile : TileTable<V, 2, false>::kTile)[rows](t);
    else
      (masked ? TileTable<V, 1, true>::kTile : TileTable<V, 1, false>::kTile)[rows](t);
    if (final && s.activation >= Activation::kGeluErf) activate_tile<V>(t.c, t.c_row, rows, columns, s.activation);
  }

  // The bias of a tile as whole vectors: in place, or copied to `buffer`.
  RONDO_KERNEL_INLINE const float* bias_of(int64_t column, int64_t columns, float* buffer) const {
    const std::byte* from = s.bias + column * s.bias_n;
    if (s.bias_n == 4 && columns == kColumns) return reinterpret_cast<const float*>(from);
    for (int64_t i = 0; i < kColumns; ++i)
      buffer[i] = i < columns ? *reinterpret_cast<const float*>(from + i * s.bias_n) : 0.0f;
    return buffer;
  }

  static constexpr int64_t kStagedRow = kMaxBlockK + 16;

  // A block of a, copied to where its rows do not share L1 sets: row by row
  // with an odd number of lines between rows, or, where a is dense along m, k
  // by k.
  static Left staged_left(const Left& a, int64_t rows, int64_t steps, float* to) {
    if (a.row == 4) {
      const auto mask = V::first(rows);
      for (int64_t k = 0; k < steps; ++k) V::store(to + k * kMaxRows, mask, V::load(a.data + k * a.k, mask));
      return {reinterpret_cast<const std::byte*>(to), 4, kMaxRows * 4};
    }
    const auto mask = V::first(steps % V::kLanes);
    for (int64_t row = 0; row < rows; ++row) {
      const std::byte* from = a.data + row * a.row;
      float* at = to + row * kStagedRow;
      int64_t k = 0;
      for (; k + V::kLanes <= steps; k += V::kLanes) V::store(at + k, V::load(from + k * 4));
      if (k < steps) V::store(at + k, mask, V::load(from + k * 4, mask));
    }
    return {reinterpret_cast<const std::byte*>(to), kStagedRow * 4, 4};
  }

  // b as it lies: panels, or rows that are dense along n.
  void run_direct() const {
    const int64_t block_k = even_part(s.k, s.width != 0 ? kMaxBlockK : kMaxRowsBlockK, 8);
    const int64_t block_n =
        even_part(s.n, kBlockBytesB / 4 / (block_k > 0 ? block_k : 1) / kColumns * kColumns, kColumns);
    const int64_t row_blocks = blocks_of(s.m, kMaxRows);
    const bool panels = s.width != 0;
    // Worth it when every copied byte serves many tiles of columns.
    const bool stage_a = s.n >= kStagedColumnsA && (s.a_row == 4 || (s.a_k == 4 && s.a_row % kAliasBytes == 0));
    alignas(64) float staged[kMaxRows * kStagedRow];
    const int64_t b_vector = panels && s.width == V::kLanes ? s.b_panel : V::kLanes * 4;
    for (int64_t n0 = 0; n0 < s.n; n0 += block_n) {
      const int64_t n1 = smaller(s.n, n0 + block_n);
      int64_t step = 0;
      do {  // once even for k = 0
        const int64_t steps = smaller(block_k, s.k - step);
        for (int64_t block = 0; block < row_blocks; ++block) {
          const int64_t row = s.m * block / row_blocks;
          const int64_t rows = s.m * (block + 1) / row_blocks - row;
          Left a = {s.a + row * s.a_row + step * s.a_k, s.a_row, s.a_k};
          if (stage_a) a = staged_left(a, rows, steps, staged);
          for (int64_t column = n0; column < n1; column += kColumns) {
            const std::byte* b = panels ? s.b + column / s.width * s.b_panel + column % s.width * 4 : s.b + column * 4;
            tile(row, rows, column, step, steps, a, b + step * s.b_k, b_vector, s.b_k, !panels);
          }
        }
        step += steps;
      } while (step < s.k);
    }
  }

  // b packed on the fly, kStagedK x kColumns at a time.
  void run_staged() const {
    alignas(64) float staged[kStagedK * kColumns];
    const int64_t block_k = even_part(s.k, kStagedK, 8);
    const int64_t row_blocks = blocks_of(s.m, kMaxRows);
    for (int64_t column = 0; column < s.n; column += kColumns) {
      int64_t step = 0;
      do {
        const int64_t steps = smaller(block_k, s.k - step);
        PanelShape panel;
        panel.src = s.b + column * s.b_n + step * s.b_k;
        panel.src_k_bytes = s.b_k;
        panel.src_n_bytes = s.b_n;
        panel.dst = reinterpret_cast<std::byte*>(staged);
        panel.dst_k_bytes = kColumns * 4;
        panel.k = steps;
        panel.columns = smaller(kColumns, s.n - column);
        panel.width = kColumns;
        pack_panel<V>(panel);
        for (int64_t block = 0; block < row_blocks; ++block) {
          const int64_t row = s.m * block / row_blocks;
          tile(row, s.m * (block + 1) / row_blocks - row, column, step, steps,
               {s.a + row * s.a_row + step * s.a_k, s.a_row, s.a_k}, panel.dst, V::kLanes * 4, panel.dst_k_bytes,
               false);
        }
        step += steps;
      } while (step < s.k);
    }
  }

  void run() const {
    if (s.width == 0 && s.b_n != 4 && s.n > 1)
      run_staged();
    else
      run_direct();
  }
};

}  // namespace
}  // namespace rondo::kernels
