// Attention in blocks of keys, written once over a vector type.
//
// The method is that of FlashAttention (Dao et al., arXiv 2205.14135): the scores of
// one block of keys at a time, a running maximum and sum of each row, and earlier
// sums scaled down whenever the maximum grows. y itself holds the sums until they are
// divided at the end, so no work memory is needed.
//
// Many query rows: keys are packed into panels and both products run through the
// tiles of matmul. Few, or keys chosen by a table: a dot product for each key.
#pragma once
#include "kernels/attention/attention.h"
#include "kernels/attention/tuning.h"
#include "kernels/matmul/vector.h"
#include "kernels/vector/math.h"

namespace rondo::kernels {
namespace {

RONDO_KERNEL_INLINE int64_t clamped(int64_t value, int64_t most) { return value < 0 ? 0 : smaller(value, most); }

template <class V>
struct Attention {
  using F = typename V::F;
  using Mask = typename V::Mask;
  static constexpr int64_t kLanes = V::kLanes;
  static constexpr int64_t kColumns = 2 * kLanes;  // of a tile
  static constexpr int64_t kTileRows = TileTable<V, 2, false>::kMaxRows;
  static constexpr int64_t kStagedRow = kMostDepth + 16;
  static constexpr float kNothing = -__builtin_inff();

  const AttentionShape s;

  struct Running {
    float top = kNothing, sum = 0;
  };

  void run() const {
    if (s.m == 0 || s.e == 0) return;
    if (s.table != nullptr || s.m < kPackedRows)
      run_by_key();
    else
      run_packed();
  }

  // Turns `keys` >= 1 scores (times `scale`) into weights; returns the factor that the
  // row's earlier sums shrink by.
  static RONDO_KERNEL_INLINE float weigh(float* score, int64_t keys, float scale, Running& row) {
    F most = V::set(kNothing);
    int64_t j = 0;
    for (; j + kLanes <= keys; j += kLanes) most = V::max(most, V::load(score + j));
    const Mask tail = V::first(keys - j);
    if (j < keys) most = V::max(most, V::keep(tail, V::load(score + j, tail), V::set(kNothing)));
    // NaN may get lost here; its own exponential brings it back.
    const float here = V::largest(most) * scale;
    const float top = here > row.top ? here : row.top;
    const F used = V::set(top == kNothing ? 0.0f : top);
    const F factor = V::set(scale);
    F total = V::zero();
    for (j = 0; j + kLanes <= keys; j += kLanes) {
      const F weight = exp_of<V>(V::fms(V::load(score + j), factor, used));
      V::store(score + j, weight);
      total = V::add(total, weight);
    }
    if (j < keys) {
      const F weight = exp_of<V>(V::fms(V::load(score + j, tail), factor, used));
      V::store(score + j, tail, weight);
      total = V::add(total, V::keep(tail, weight, V::zero()));
    }
    const float shrink = top == row.top ? 1.0f : V::first_lane(exp_of<V>(V::sub(V::set(row.top), used)));
    row.sum = row.sum * shrink + V::sum(total);
    row.top = top;
    return shrink;
  }

  // y[0 .. e) *= factor.
  RONDO_KERNEL_INLINE void scale_row(std::byte* y, float factor) const {
    const F by = V::set(factor);
    int64_t c = 0;
    for (; c + kLanes <= s.e; c += kLanes) V::store(y + c * 4, V::mul(V::load(y + c * 4), by));
    if (c < s.e) {
      const Mask tail = V::first(s.e - c);
      V::store(y + c * 4, tail, V::mul(V::load(y + c * 4, tail), by));
    }
  }

  // A row's sums become its result; those of a row without keys are 0 and stay so.
  RONDO_KERNEL_INLINE void finish(int64_t row, const Running& running) const {
    if (keys_seen(s, row) > 0) scale_row(s.y + row * s.y_row, 1.0f / running.sum);
  }

  // ---- Keys in panels ---------------------------------------------------------

  // Rows of q times scale, for one tile: [row][depth].
  RONDO_KERNEL_INLINE void stage_q(int64_t row, int64_t rows, int64_t begin, int64_t depth, float* to) const {
    const F factor = V::set(s.scale);
    const Mask tail = V::first(depth % kLanes);
    for (int64_t i = 0; i < rows; ++i) {
      const std::byte* from = s.q + (row + i) * s.q_row + begin * 4;
      float* at = to + i * kStagedRow;
      int64_t c = 0;
      for (; c + kLanes <= depth; c += kLanes) V::store(at + c, V::mul(V::load(from + c * 4), factor));
      if (c < depth) V::store(at + c, tail, V::mul(V::load(from + c * 4, tail), factor));
    }
  }

  RONDO_KERNEL_INLINE void pack_keys(int64_t key, int64_t keys, int64_t begin, int64_t depth, float* to) const {
    for (int64_t column = 0; column < keys; column += kColumns) {
      PanelShape panel;
      panel.src = s.k + (key + column) * s.k_row + begin * 4;
      panel.src_k_bytes = 4;
      panel.src_n_bytes = s.k_row;
      panel.dst = reinterpret_cast<std::byte*>(to + column * depth);
      panel.dst_k_bytes = kColumns * 4;
      panel.k = depth;
      panel.columns = smaller(kColumns, keys - column);
      panel.width = kColumns;
      pack_panel<V>(panel);
    }
  }

  // score[i][j] (+)= staged row i times packed key j, for j < keys rounded up to whole tiles.
  RONDO_KERNEL_INLINE void score_tile(int64_t rows, int64_t keys, int64_t depth, bool add, const float* staged,
                                      const float* packed, float* score, int64_t score_row) const {
    for (int64_t column = 0; column < keys; column += kColumns) {
      TileArgs t;
      t.a = reinterpret_cast<const std::byte*>(staged);
      t.a_row = kStagedRow * 4;
      t.a_k = 4;
      t.b = reinterpret_cast<const std::byte*>(packed + column * depth);
      t.b_vector = kLanes * 4;
      t.b_k = kColumns * 4;
      t.c = reinterpret_cast<std::byte*>(score + column);
      t.c_row = score_row * 4;
      t.k = depth;
      t.last = kLanes;
      t.bias = nullptr;
      t.add_c = add;
      t.relu = false;
      TileTable<V, 2, false>::kTile[rows](t);
    }
  }

  // y[row + i] (+)= weights of row i times the values from `key` on.
  RONDO_KERNEL_INLINE void add_values_tile(int64_t row, int64_t rows, int64_t key, int64_t keys, bool add,
                                           const float* weight, int64_t weight_row) const {
    for (int64_t column = 0; column < s.e; column += kColumns) {
      const int64_t columns = smaller(s.e - column, kColumns);
      const bool two = columns > kLanes;
      TileArgs t;
      t.a = reinterpret_cast<const std::byte*>(weight);
      t.a_row = weight_row * 4;
      t.a_k = 4;
      t.b = s.v + key * s.v_row + column * 4;
      t.b_vector = kLanes * 4;
      t.b_k = s.v_row;
      t.c = s.y + row * s.y_row + column * 4;
      t.c_row = s.y_row;
      t.k = keys;
      t.last = two ? columns - kLanes : columns;
      t.bias = nullptr;
      t.add_c = add;
      t.relu = false;
      const bool masked = t.last < kLanes;
      if (two)
        (masked ? TileTable<V, 2, true>::kTile : TileTable<V, 2, false>::kTile)[rows](t);
      else
        (masked ? TileTable<V, 1, true>::kTile : TileTable<V, 1, false>::kTile)[rows](t);
    }
  }

  void run_packed() const {
    alignas(64) float packed[kPanelFloats];
    alignas(64) float score[kTileRows * kMostKeys];
    alignas(64) float staged[kTileRows * kStagedRow];
    Running running[kRowsAtOnce];
    const int64_t depth = smaller(s.d, kMostDepth);
    const int64_t most_keys = s.d <= 64 ? 128 : s.d <= 128 ? 64 : 32;
    const bool whole = depth == s.d;  // one panel serves all rows

    for (int64_t first = 0; first < s.m; first += kRowsAtOnce) {
      const int64_t end = smaller(s.m, first + kRowsAtOnce);
      for (int64_t row = first; row < end; ++row) running[row - first] = Running{};
      const int64_t seen = keys_seen(s, end - 1);
      int64_t key = 0;
      do {  // once even without keys: it writes zeros
        const int64_t keys = smaller(most_keys, seen - key);
        if (whole) pack_keys(key, keys, 0, depth, packed);
        for (int64_t row = first; row < end; row += kTileRows) {
          const int64_t rows = smaller(kTileRows, end - row);
          const int64_t most = clamped(keys_seen(s, row + rows - 1) - key, keys);
          if (key > 0 && most == 0) continue;
          const int64_t least = clamped(keys_seen(s, row) - key, keys);
          int64_t begin = 0;
          if (most > 0) do {
              const int64_t steps = smaller(kMostDepth, s.d - begin);
              if (!whole) pack_keys(key, keys, begin, steps, packed);
              stage_q(row, rows, begin, steps, staged);
              score_tile(rows, most, steps, begin > 0, staged, packed, score, most_keys);
              begin += steps;
            } while (begin < s.d);
          for (int64_t i = 0; i < rows; ++i) {
            const int64_t sees = clamped(keys_seen(s, row + i) - key, keys);
            if (sees == 0) continue;
            const float shrink = weigh(score + i * most_keys, sees, 1.0f, running[row + i - first]);
            if (key > 0 && shrink != 1.0f) scale_row(s.y + (row + i) * s.y_row, shrink);
          }
          add_values_tile(row, rows, key, least, key > 0, score, most_keys);
          // What only the later rows of the tile see.
          if (most > least)
            for (int64_t i = 1; i < rows; ++i)
              if (const int64_t sees = clamped(keys_seen(s, row + i) - key, keys); sees > least)
                add_values_tile(row + i, 1, key + least, sees - least, true, score + i * most_keys + least, most_keys);
        }
        key += most_keys;
      } while (key < seen);
      for (int64_t row = first; row < end; ++row) finish(row, running[row - first]);
    }
  }

  // ---- Keys where they lie ----------------------------------------------------

  // score[j] = q k[j], unscaled.
  RONDO_KERNEL_INLINE void dot_keys(const std::byte* q, const std::byte* const* k, int64_t keys, float* score) const {
    const int64_t whole = s.d / kLanes * kLanes;
    const Mask tail = V::first(s.d - whole);
    int64_t j = 0;
    for (; j + 4 <= keys; j += 4) {
      const std::byte *k0 = k[j], *k1 = k[j + 1], *k2 = k[j + 2], *k3 = k[j + 3];
      F sum0 = V::zero(), sum1 = V::zero(), sum2 = V::zero(), sum3 = V::zero();
      for (int64_t c = 0; c < whole * 4; c += kLanes * 4) {
        const F x = V::load(q + c);
        sum0 = V::fma(x, V::load(k0 + c), sum0);
        sum1 = V::fma(x, V::load(k1 + c), sum1);
        sum2 = V::fma(x, V::load(k2 + c), sum2);
        sum3 = V::fma(x, V::load(k3 + c), sum3);
      }
      if (whole < s.d) {
        const int64_t c = whole * 4;
        const F x = V::load(q + c, tail);
        sum0 = V::fma(x, V::load(k0 + c, tail), sum0);
        sum1 = V::fma(x, V::load(k1 + c, tail), sum1);
        sum2 = V::fma(x, V::load(k2 + c, tail), sum2);
        sum3 = V::fma(x, V::load(k3 + c, tail), sum3);
      }
      V::store_sums(score + j, sum0, sum1, sum2, sum3);
    }
    for (; j < keys; ++j) {
      F sum = V::zero();
      for (int64_t c = 0; c < whole * 4; c += kLanes * 4) sum = V::fma(V::load(q + c), V::load(k[j] + c), sum);
      if (whole < s.d) sum = V::fma(V::load(q + whole * 4, tail), V::load(k[j] + whole * 4, tail), sum);
      score[j] = V::sum(sum);
    }
  }

  // y = shrink y (or 0, for the first keys) + the weighted values. Masks are full or
  // the tail's, and with kWhole not used.
  template <int kVectors, bool kWhole>
  static RONDO_KERNEL_INLINE void add_values(const float* weight, const std::byte* const* v, int64_t keys,
                                             int64_t column, std::byte* y, bool first, float shrink, Mask mask) {
    F even[kVectors], odd[kVectors];
    const F factor = V::set(shrink);
    RONDO_UNROLL
    for (int i = 0; i < kVectors; ++i) {
      std::byte* at = y + (column + i * kLanes) * 4;
      even[i] = first ? V::zero() : V::mul(kWhole ? V::load(at) : V::load(at, mask), factor);
      odd[i] = V::zero();
    }
    int64_t j = 0;
    for (; j + 2 <= keys; j += 2) {
      const F w0 = V::broadcast(weight + j), w1 = V::broadcast(weight + j + 1);
      const std::byte *v0 = v[j] + column * 4, *v1 = v[j + 1] + column * 4;
      RONDO_UNROLL
      for (int i = 0; i < kVectors; ++i) {
        const int64_t at = i * kLanes * 4;
        even[i] = V::fma(w0, kWhole ? V::load(v0 + at) : V::load(v0 + at, mask), even[i]);
        odd[i] = V::fma(w1, kWhole ? V::load(v1 + at) : V::load(v1 + at, mask), odd[i]);
      }
    }
    if (j < keys) {
      const F w0 = V::broadcast(weight + j);
      RONDO_UNROLL
      for (int i = 0; i < kVectors; ++i) {
        const std::byte* at = v[j] + (column + i * kLanes) * 4;
        even[i] = V::fma(w0, kWhole ? V::load(at) : V::load(at, mask), even[i]);
      }
    }
    RONDO_UNROLL
    for (int i = 0; i < kVectors; ++i) {
      std::byte* at = y + (column + i * kLanes) * 4;
      if (kWhole)
        V::store(at, V::add(even[i], odd[i]));
      else
        V::store(at, mask, V::add(even[i], odd[i]));
    }
  }

  // The same of kRows rows at a time, so that a key is loaded once: score[i][j] = q[i] k[j].
  template <int kRows>
  RONDO_KERNEL_INLINE void dot_keys(const std::byte* q, const std::byte* const* k, int64_t keys, float* score) const {
    constexpr int kKeys = 4;
    const int64_t whole = s.d / kLanes * kLanes;
    const Mask tail = V::first(s.d - whole);
    int64_t j = 0;
    for (; j + kKeys <= keys; j += kKeys) {
      F sum[kRows][kKeys];
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) {
        RONDO_UNROLL
        for (int n = 0; n < kKeys; ++n) sum[i][n] = V::zero();
      }
      for (int64_t c = 0; c < whole * 4; c += kLanes * 4) {
        F x[kRows];
        RONDO_UNROLL
        for (int i = 0; i < kRows; ++i) x[i] = V::load(q + i * s.q_row + c);
        RONDO_UNROLL
        for (int n = 0; n < kKeys; ++n) {
          const F key = V::load(k[j + n] + c);
          RONDO_UNROLL
          for (int i = 0; i < kRows; ++i) sum[i][n] = V::fma(x[i], key, sum[i][n]);
        }
      }
      if (whole < s.d) {
        const int64_t c = whole * 4;
        RONDO_UNROLL
        for (int n = 0; n < kKeys; ++n) {
          const F key = V::load(k[j + n] + c, tail);
          RONDO_UNROLL
          for (int i = 0; i < kRows; ++i) sum[i][n] = V::fma(V::load(q + i * s.q_row + c, tail), key, sum[i][n]);
        }
      }
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i)
        V::store_sums(score + i * kMostKeys + j, sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
    }
    for (int i = 0; i < kRows && j < keys; ++i) dot_keys(q + i * s.q_row, k + j, keys - j, score + i * kMostKeys + j);
  }

  // And of the weighted values: row i of y shrinks by shrink[i].
  template <int kRows, int kVectors>
  RONDO_KERNEL_INLINE void add_values(const float* weight, const std::byte* const* v, int64_t keys, int64_t column,
                                      std::byte* y, bool first, const float* shrink) const {
    F sum[kRows][kVectors];
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const F factor = V::set(shrink[i]);
      RONDO_UNROLL
      for (int n = 0; n < kVectors; ++n)
        sum[i][n] = first ? V::zero() : V::mul(V::load(y + i * s.y_row + (column + n * kLanes) * 4), factor);
    }
    for (int64_t j = 0; j < keys; ++j) {
      F value[kVectors];
      RONDO_UNROLL
      for (int n = 0; n < kVectors; ++n) value[n] = V::load(v[j] + (column + n * kLanes) * 4);
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) {
        const F w = V::broadcast(weight + i * kMostKeys + j);
        RONDO_UNROLL
        for (int n = 0; n < kVectors; ++n) sum[i][n] = V::fma(w, value[n], sum[i][n]);
      }
    }
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      RONDO_UNROLL
      for (int n = 0; n < kVectors; ++n) V::store(y + i * s.y_row + (column + n * kLanes) * 4, sum[i][n]);
    }
  }

  // Columns of one row of y from `column` on.
  RONDO_KERNEL_INLINE void add_values_from(int64_t column, const float* weight, const std::byte* const* v, int64_t keys,
                                           std::byte* y, bool first, float shrink) const {
    const Mask full = V::first(kLanes);
    for (; column + 4 * kLanes <= s.e; column += 4 * kLanes)
      add_values<4, true>(weight, v, keys, column, y, first, shrink, full);
    for (; column + kLanes <= s.e; column += kLanes)
      add_values<1, true>(weight, v, keys, column, y, first, shrink, full);
    if (column < s.e) add_values<1, false>(weight, v, keys, column, y, first, shrink, V::first(s.e - column));
  }

  // Rows [row, row + kRows) over the keys that were located, of which the last row sees `most`.
  template <int kRows>
  RONDO_KERNEL_INLINE void take_keys(int64_t row, int64_t key, int64_t keys, const std::byte* const* k,
                                     const std::byte* const* v, float* score, Running* running) const {
    const int64_t most = clamped(keys_seen(s, row + kRows - 1) - key, keys);
    if (key > 0 && most == 0) return;
    const int64_t least = clamped(keys_seen(s, row) - key, keys);
    const bool first = key == 0;
    std::byte* y = s.y + row * s.y_row;
    if (most > 0) {
      if constexpr (kRows == 1)
        dot_keys(s.q + row * s.q_row, k, most, score);
      else
        dot_keys<kRows>(s.q + row * s.q_row, k, most, score);
    }
    float shrink[kRows];
    int64_t sees[kRows];
    for (int i = 0; i < kRows; ++i) {
      sees[i] = clamped(keys_seen(s, row + i) - key, keys);
      shrink[i] = sees[i] > 0 ? weigh(score + i * kMostKeys, sees[i], s.scale, running[i]) : 1.0f;
    }
    int64_t column = 0;
    if constexpr (kRows > 1)
      for (; column + 2 * kLanes <= s.e; column += 2 * kLanes)
        add_values<kRows, 2>(score, v, least, column, y, first, shrink);
    for (int i = 0; i < kRows; ++i) {
      // What only the later rows see, then the columns that are left.
      if (column > 0 && sees[i] > least) add_more(column, score + i * kMostKeys, v, least, sees[i], y + i * s.y_row);
      add_values_from(column, score + i * kMostKeys, v, sees[i], y + i * s.y_row, first, shrink[i]);
    }
  }

  // Columns [0, end) of a row of y, a multiple of 2 kLanes: the values [from, to) on top.
  RONDO_KERNEL_INLINE void add_more(int64_t end, const float* weight, const std::byte* const* v, int64_t from,
                                    int64_t to, std::byte* y) const {
    for (int64_t column = 0; column < end; column += kLanes)
      add_values<1, true>(weight + from, v + from, to - from, column, y, false, 1.0f, V::first(kLanes));
  }

  void run_by_key() const {
    alignas(64) float score[kRowsTogether * kMostKeys];
    const std::byte *k[kMostKeys], *v[kMostKeys];
    Running running[kRowsAtOnce];
    for (int64_t first = 0; first < s.m; first += kRowsAtOnce) {
      const int64_t end = smaller(s.m, first + kRowsAtOnce);
      for (int64_t row = first; row < end; ++row) running[row - first] = Running{};
      const int64_t seen = keys_seen(s, end - 1);
      int64_t key = 0;
      do {  // once even without keys: it writes zeros
        const int64_t keys = smaller(kMostKeys, seen - key);
        locate_keys(s, key, keys, k, v);
        int64_t row = first;
        for (; row + 3 <= end; row += 3) take_keys<3>(row, key, keys, k, v, score, running + (row - first));
        if (row + 2 == end) take_keys<2>(row, key, keys, k, v, score, running + (row - first));
        if (row + 1 == end) take_keys<1>(row, key, keys, k, v, score, running + (row - first));
        key += kMostKeys;
      } while (key < seen);
      for (int64_t row = first; row < end; ++row) finish(row, running[row - first]);
    }
  }
};

}  // namespace
}  // namespace rondo::kernels
