#include "perf/schedules/generate_schedule.h"

#include <algorithm>
#include "schedules/builder/builder.h"

namespace rondo::perf {
namespace {

constexpr uint32_t kRows = 128, kColumns = 32, kElement = 4;
constexpr uint32_t kTileRowBytes = kColumns * kElement;
constexpr uint32_t kSums = 2;  // accumulators a lane: one is summed while the other is stored

class Generator {
 public:
  explicit Generator(const GenerateOptions& options)
      : o_(options),
        lanes_(std::max(1u, options.streams / 2)),
        ops_a_tile_(2 * options.k_steps + 1),
        tiles_(std::max(1u, options.ops / (lanes_ * ops_a_tile_))) {}

  Schedule generate() {
    declare();
    s_ = builder_.finish();
    s_.lane_count = lanes_;
    if (o_.values) declare_values();
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      copy_stream(lane);
      compute_stream(lane);
    }
    if (!o_.values)
      s_.labels.clear();
    else
      s_.claims.push_back({static_cast<uint16_t>(ClaimKind::kOps), 0, 0, 0, s_.ops.size(), 0, 0});
    return std::move(s_);
  }

 private:
  const GenerateOptions o_;
  const uint32_t lanes_, ops_a_tile_, tiles_;
  ScheduleBuilder builder_;
  Schedule s_;
  uint16_t x_ = 0, w_ = 0, y_ = 0, copy_ = 0, matmul_ = 0;
  uint32_t x_tile_ = 0, w_tile_ = 0, y_tile_ = 0, slot_ = 0, sum_ = 0;  // views

  uint32_t depth() const { return o_.k_steps * kColumns; }
  uint32_t loaded(uint32_t lane) const { return 2 * lane; }
  uint32_t freed(uint32_t lane) const { return 2 * lane + 1; }
  uint64_t sums_at() const { return uint64_t{kRows} * o_.ring_slots * kTileRowBytes; }

  uint32_t tile_view(uint32_t rows, uint64_t pitch_bytes) {
    return builder_.view(DType::kF32, {rows, kColumns}, {static_cast<int64_t>(pitch_bytes), kElement});
  }

  void declare() {
    builder_.schedule().producer = "generate_schedule";
    const uint16_t scratch = builder_.space("scratch", SpaceKind::kScratch, uint64_t{1} << 30);
    const uint64_t bytes = sums_at() + uint64_t{kRows} * kSums * kTileRowBytes;
    for (uint32_t lane = 0; lane < lanes_; ++lane)
      builder_.arena("scratch" + std::to_string(lane), scratch, bytes, OwnerKind::kLane, lane);
    x_ = builder_.binding("x", Role::kInput, DType::kF32, {lanes_ * kRows, depth()});
    w_ = builder_.binding("w", Role::kInput, DType::kF32, {depth(), tiles_ * kColumns});
    y_ = builder_.binding("y", Role::kOutput, DType::kF32, {lanes_ * kRows, tiles_ * kColumns});
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      builder_.token();  // loaded: signalled by the copy stream
      builder_.token();  // freed: signalled by the compute stream
    }
    copy_ = builder_.kernel("copy");
    matmul_ = builder_.kernel("matmul");
    builder_.phase("tiles");
    x_tile_ = tile_view(kRows, uint64_t{depth()} * kElement);
    w_tile_ = tile_view(kColumns, uint64_t{tiles_} * kTileRowBytes);
    y_tile_ = tile_view(kRows, uint64_t{tiles_} * kTileRowBytes);
    slot_ = tile_view(kRows, uint64_t{o_.ring_slots} * kTileRowBytes);
    sum_ = tile_view(kRows, uint64_t{kSums} * kTileRowBytes);
    if (o_.values) {
      builder_.tensor("x", DType::kF32, {lanes_ * kRows, depth()}, x_);
      builder_.tensor("w", DType::kF32, {depth(), tiles_ * kColumns}, w_);
      builder_.tensor("y", DType::kF32, {lanes_ * kRows, tiles_ * kColumns}, y_);
    }
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      builder_.stream("in" + std::to_string(lane), lane, Engine::kCopyIn);
      builder_.stream("compute" + std::to_string(lane), lane, Engine::kCompute);
    }
  }

  // ---- Values: x tiles, then w tiles, then the versions of y tiles ----

  void add_value(uint32_t tensor, uint32_t row, uint32_t rows, uint32_t column, uint32_t version) {
    Value value;
    value.tensor = tensor;
    value.version = version;
    value.low[0] = row, value.low[1] = column;
    value.extent[0] = rows, value.extent[1] = kColumns;
    value.axis[0] = 0, value.axis[1] = 1;
    s_.values.push_back(value);
  }
  void declare_values() {
    for (uint32_t lane = 0; lane < lanes_; ++lane)
      for (uint32_t k = 0; k < o_.k_steps; ++k) add_value(0, lane * kRows, kRows, k * kColumns, 0);
    for (uint32_t tile = 0; tile < tiles_; ++tile)
      for (uint32_t k = 0; k < o_.k_steps; ++k) add_value(1, k * kColumns, kColumns, tile * kColumns, 0);
    for (uint32_t lane = 0; lane < lanes_; ++lane)
      for (uint32_t tile = 0; tile < tiles_; ++tile)
        for (uint32_t version = 0; version < o_.k_steps; ++version)
          add_value(2, lane * kRows, kRows, tile * kColumns, version);
  }
  uint32_t x_value(uint32_t lane, uint32_t k) const { return lane * o_.k_steps + k; }
  uint32_t w_value(uint32_t tile, uint32_t k) const { return (lanes_ + tile) * o_.k_steps + k; }
  uint32_t y_value(uint32_t lane, uint32_t tile, uint32_t version) const {
    return (lanes_ + tiles_ + lane * tiles_ + tile) * o_.k_steps + version;
  }

  // ---- Ops ----

  void add_operand(uint16_t base, uint64_t offset, uint32_t view, Access access, uint32_t value) {
    s_.operands.push_back({view, base, static_cast<uint8_t>(access), 0, offset});
    s_.labels.push_back({o_.values ? value : kNone, 0xffff, 0});
    ++s_.ops.back().operand_count;
  }
  Op& add_op(uint16_t kernel, uint16_t flags = 0) {
    Op op;
    op.first_operand = static_cast<uint32_t>(s_.operands.size());
    op.kernel = kernel;
    op.flags = flags;
    s_.ops.push_back(op);
    return s_.ops.back();
  }
  uint64_t slot_offset(uint32_t load) const { return uint64_t{load % o_.ring_slots} * kTileRowBytes; }

  void copy_stream(uint32_t lane) {
    Stream& stream = s_.streams[2 * lane];
    stream.first_op = static_cast<uint32_t>(s_.ops.size());
    for (uint32_t load = 0; load < tiles_ * o_.k_steps; ++load) {
      const uint32_t k = load % o_.k_steps;
      Op& op = add_op(copy_);
      op.signals[0] = loaded(lane);
      if (load >= o_.ring_slots) op.waits[0] = {freed(lane), load - o_.ring_slots + 1};
      add_operand(x_, (uint64_t{lane} * kRows * depth() + uint64_t{k} * kColumns) * kElement, x_tile_, Access::kRead,
                  x_value(lane, k));
      add_operand(static_cast<uint16_t>(lane), slot_offset(load), slot_, Access::kWrite, x_value(lane, k));
    }
    stream.op_count = static_cast<uint32_t>(s_.ops.size()) - stream.first_op;
  }

  void compute_stream(uint32_t lane) {
    Stream& stream = s_.streams[2 * lane + 1];
    const auto scratch = static_cast<uint16_t>(lane);
    stream.first_op = static_cast<uint32_t>(s_.ops.size());
    for (uint32_t tile = 0; tile < tiles_; ++tile) {
      const uint64_t sum = sums_at() + uint64_t{tile % kSums} * kTileRowBytes;
      for (uint32_t k = 0; k < o_.k_steps; ++k) {
        const uint32_t load = tile * o_.k_steps + k;
        const bool last = k + 1 == o_.k_steps;
        Op& op = add_op(matmul_, static_cast<uint16_t>((k == 0 ? kOpInit : kOpAccumulate) | (last ? kOpFinal : 0)));
        op.waits[0] = {loaded(lane), load + 1};
        op.signals[0] = freed(lane);
        add_operand(scratch, slot_offset(load), slot_, Access::kRead, x_value(lane, k));
        add_operand(w_, (uint64_t{k} * kColumns * tiles_ + tile) * kTileRowBytes, w_tile_, Access::kRead,
                    w_value(tile, k));
        add_operand(scratch, sum, sum_, k == 0 ? Access::kWrite : Access::kUpdate,
                    y_value(lane, tile, last ? 0 : k + 1));
      }
      add_op(copy_);
      add_operand(scratch, sum, sum_, Access::kRead, y_value(lane, tile, 0));
      add_operand(y_, (uint64_t{lane} * kRows * tiles_ + tile) * kTileRowBytes, y_tile_, Access::kWrite,
                  y_value(lane, tile, 0));
    }
    stream.op_count = static_cast<uint32_t>(s_.ops.size()) - stream.first_op;
  }
};

}  // namespace

Schedule generate_schedule(const GenerateOptions& options) { return Generator(options).generate(); }

}  // namespace rondo::perf
