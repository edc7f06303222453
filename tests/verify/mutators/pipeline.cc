#include "tests/verify/mutators/pipeline.h"

#include <algorithm>
#include <string>
#include <vector>
#include "planner/claims/derive_claims.h"
#include "schedules/builder/builder.h"

namespace rondo {
namespace {

constexpr uint32_t kF32 = 4;

class Maker {
 public:
  explicit Maker(const PipelineShape& shape)
      : shape_(shape),
        pitch_(shape.packed ? std::max(shape.tile, shape.n) : shape.tile),
        tile_bytes_(uint64_t{shape.tile} * pitch_ * kF32) {}

  Schedule make() {
    builder_.schedule().producer = "hand";
    declare();
    if (shape_.packed) pack();
    builder_.stream("load", 0, Engine::kCopyIn);
    builder_.stream("compute", 0, Engine::kCompute);
    builder_.stream("store", 0, Engine::kCopyOut);
    load_ = shape_.packed ? 1 : 0;
    uint32_t tile_count = 0;
    uint32_t width = shape_.packed ? shape_.n : shape_.tile;  // panels are read whole
    for (uint32_t row = 0; row < shape_.m; row += shape_.tile)
      for (uint32_t column = 0; column < shape_.n; column += width) add_tile(row, column, tile_count++);
    if (shape_.claims) {
      builder_.cost("copy", 1, 0, 0);
      builder_.cost("matmul", 1.725, 0, 0);
      builder_.cost("relu", 0.5, 0, 0);
      uint32_t steps = tile_count * ((shape_.k + shape_.tile - 1) / shape_.tile);
      uint64_t reads = steps * 2 + tile_count * 2, loads = shape_.packed ? steps : steps * 2;
      builder_.claim(ClaimKind::kLoadsEliminated, reads - loads);
      builder_.claim(ClaimKind::kLowerBound, 1.0, "nothing is faster than one op");
    }
    Schedule schedule = builder_.finish();
    if (shape_.claims) add_derived_claims(schedule);
    return schedule;
  }

 private:
  uint32_t cut(uint32_t low, uint32_t whole) const { return std::min(shape_.tile, whole - low); }

  void declare() {
    builder_.space("host", SpaceKind::kHost, uint64_t{1} << 30);
    uint16_t scratch = builder_.space("scratch", SpaceKind::kScratch, 64 * tile_bytes_ + 4096);
    uint64_t ring_bytes = shape_.depth * tile_bytes_;
    uint64_t bytes = (shape_.packed ? 2 : 3) * ring_bytes;
    arena_ = builder_.arena("tiles", scratch, bytes, OwnerKind::kLane, 0);
    uint32_t panels = (shape_.n + 7) / 8;
    if (shape_.packed)
      panels_ = builder_.arena("panels", 0, uint64_t{panels} * shape_.k * 8 * kF32, OwnerKind::kEveryone, 0, true);
    a_ = builder_.binding("a", Role::kInput, DType::kF32, {shape_.m, shape_.k});
    b_ = builder_.binding("b", shape_.packed ? Role::kConstant : Role::kInput, DType::kF32, {shape_.k, shape_.n});
    bias_ = builder_.binding("bias", Role::kConstant, DType::kF32, {shape_.n});
    y_ = builder_.binding("y", Role::kOutput, DType::kF32, {shape_.m, shape_.n});
    tensor_a_ = builder_.tensor("a", DType::kF32, {shape_.m, shape_.k}, a_);
    tensor_b_ = builder_.tensor("b", DType::kF32, {shape_.k, shape_.n}, b_);
    tensor_bias_ = builder_.tensor("bias", DType::kF32, {shape_.n}, bias_);
    tensor_z_ = builder_.tensor("z", DType::kF32, {shape_.m, shape_.n});
    tensor_y_ = builder_.tensor("y", DType::kF32, {shape_.m, shape_.n}, y_);
    auto ring = [&](uint64_t index) {
      Ring made;
      made.base = arena_;
      made.depth = static_cast<uint16_t>(shape_.depth);
      made.offset_bytes = index * ring_bytes;
      made.stride_bytes = tile_bytes_;
      return builder_.ring(made);
    };
    ring_c_ = ring(0);
    ring_a_ = ring(1);
    if (!shape_.packed) ring_b_ = ring(2);
    builder_.phase("y");
    full_ = builder_.token();
    free_ = builder_.token();
    done_ = builder_.token();
    stored_ = builder_.token();
  }

  // b as panels of 8 columns, once per program.
  void pack() {
    builder_.stream("pack", 0, Engine::kCompute, Part::kPrepare);
    OperandSpec from = whole(b_, tensor_b_, 0, 0, shape_.k, shape_.n, shape_.n, Access::kRead);
    OperandSpec to = panels(0, shape_.k, Access::kWrite);
    builder_.add(0, {.kernel = "pack", .operands = {from, to}});
  }

  OperandSpec panels(uint32_t k, uint32_t k_count, Access access) {
    View view;
    view.rank = 2;
    view.layout = static_cast<uint8_t>(Layout::kPanels);
    view.block_columns = 8;
    view.extent[0] = (shape_.n + 7) / 8;
    view.extent[1] = k_count;
    view.stride_bytes[0] = int64_t{shape_.k} * 8 * kF32;
    view.stride_bytes[1] = 8 * kF32;
    Value value;
    value.tensor = tensor_b_;
    value.low[0] = k;
    value.extent[0] = k_count;
    value.extent[1] = shape_.n;
    value.axis[0] = 1;
    value.axis[1] = 0;
    return {.base = panels_,
            .offset_bytes = uint64_t{k} * 8 * kF32,
            .view = builder_.view(view),
            .access = access,
            .label = {.value = builder_.value(value)}};
  }

  uint32_t box(uint32_t tensor, uint32_t low0, uint32_t low1, uint32_t rows, uint32_t columns, uint32_t version = 0) {
    Value value;
    value.tensor = tensor;
    value.version = version;
    value.low[0] = low0;
    value.low[1] = low1;
    value.extent[0] = rows;
    value.extent[1] = columns;
    value.axis[0] = 0;
    value.axis[1] = 1;
    return builder_.value(value);
  }

  // A box of a dense binding.
  OperandSpec whole(uint16_t base, uint32_t tensor, uint32_t row, uint32_t column, uint32_t rows, uint32_t columns,
                    uint32_t pitch, Access access) {
    return {.base = base,
            .offset_bytes = (uint64_t{row} * pitch + column) * kF32,
            .view = builder_.view(DType::kF32, {rows, columns}, {int64_t{pitch} * kF32, kF32}),
            .access = access,
            .label = {.value = box(tensor, row, column, rows, columns)}};
  }

  // The same box in a slot of a ring.
  OperandSpec slot(uint16_t ring, uint32_t turn, uint32_t tensor, uint32_t row, uint32_t column, uint32_t rows,
                   uint32_t columns, Access access, uint32_t version = 0) {
    auto index = static_cast<uint16_t>(turn % shape_.depth);
    return {.base = arena_,
            .offset_bytes = builder_.schedule().rings[ring].offset_bytes + index * tile_bytes_,
            .view = builder_.view(DType::kF32, {rows, columns}, {int64_t{pitch_} * kF32, kF32}),
            .access = access,
            .label = {.value = box(tensor, row, column, rows, columns, version), .ring = ring, .slot = index}};
  }

  void add_tile(uint32_t row, uint32_t column, uint32_t tile) {
    uint32_t rows = cut(row, shape_.m), columns = shape_.packed ? shape_.n : cut(column, shape_.n);
    uint32_t last = (shape_.k - 1) / shape_.tile, compute = load_ + 1, store = load_ + 2;
    for (uint32_t step = 0; step <= last; ++step, ++turn_) {
      uint32_t k = step * shape_.tile, k_count = cut(k, shape_.k);
      std::vector<Wait> released;
      if (turn_ >= shape_.depth) released = {{free_, turn_ + 1 - shape_.depth}};
      OperandSpec b;
      if (shape_.packed) {
        b = panels(k, k_count, Access::kRead);
      } else {
        b = slot(ring_b_, turn_, tensor_b_, k, column, k_count, columns, Access::kWrite);
      }
      OperandSpec a = slot(ring_a_, turn_, tensor_a_, row, k, rows, k_count, Access::kWrite);
      builder_.add(load_, {.kernel = "copy",
                           .operands = {whole(a_, tensor_a_, row, k, rows, k_count, shape_.k, Access::kRead), a},
                           .waits = released,
                           .signals = shape_.packed ? std::vector<SignalSpec>{{full_}} : std::vector<SignalSpec>{}});
      if (!shape_.packed) {
        builder_.add(load_,
                     {.kernel = "copy",
                      .operands = {whole(b_, tensor_b_, k, column, k_count, columns, shape_.n, Access::kRead), b},
                      .signals = {{full_}}});
      }
      a.access = b.access = Access::kRead;
      bool init = step == 0, final = step == last;
      OpSpec product;
      product.kernel = "matmul";
      product.flags = static_cast<uint16_t>((init ? kOpInit : kOpAccumulate) | (final ? kOpFinal : 0));
      product.operands = {a, b,
                          slot(ring_c_, tile, tensor_z_, row, column, rows, columns,
                               init ? Access::kWrite : Access::kUpdate, final ? 0 : step + 1)};
      if (final) product.operands.push_back(bias(column, columns));
      product.waits = {{full_, turn_ + 1}};
      if (init && tile >= shape_.depth) product.waits.push_back({stored_, tile + 1 - shape_.depth});
      product.signals = {{free_}};
      builder_.add(compute, product);
    }
    OperandSpec z = slot(ring_c_, tile, tensor_z_, row, column, rows, columns, Access::kRead);
    OperandSpec y = slot(ring_c_, tile, tensor_y_, row, column, rows, columns, Access::kWrite);
    builder_.add(compute, {.kernel = "relu", .operands = {z, y}, .signals = {{done_}}});
    y.access = Access::kRead;
    builder_.add(store, {.kernel = "copy",
                         .operands = {y, whole(y_, tensor_y_, row, column, rows, columns, shape_.n, Access::kWrite)},
                         .waits = {{done_, tile + 1}},
                         .signals = {{stored_}}});
  }

  OperandSpec bias(uint32_t column, uint32_t columns) {
    Value value;
    value.tensor = tensor_bias_;
    value.low[0] = column;
    value.extent[0] = columns;
    value.axis[0] = 0;
    return {.base = bias_,
            .offset_bytes = uint64_t{column} * kF32,
            .view = builder_.view(DType::kF32, {columns}, {kF32}),
            .label = {.value = builder_.value(value)}};
  }

  PipelineShape shape_;
  uint32_t pitch_;       // elements from row to row of a slot
  uint64_t tile_bytes_;  // of a slot
  ScheduleBuilder builder_;
  uint16_t arena_ = 0, panels_ = 0, a_ = 0, b_ = 0, bias_ = 0, y_ = 0;
  uint32_t tensor_a_ = 0, tensor_b_ = 0, tensor_bias_ = 0, tensor_z_ = 0, tensor_y_ = 0;
  uint16_t ring_a_ = 0, ring_b_ = 0, ring_c_ = 0;
  uint32_t full_ = 0, free_ = 0, done_ = 0, stored_ = 0;
  uint32_t load_ = 0;
  uint32_t turn_ = 0;
};

}  // namespace

Schedule tiled_product(const PipelineShape& shape) { return Maker(shape).make(); }

}  // namespace rondo
