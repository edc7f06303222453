#include "tests/backends/launch_world.h"

#include <algorithm>

namespace rondo::runtime::testing {
namespace {

constexpr uint32_t kTile = 48;  // floats
constexpr uint64_t kTileBytes = kTile * sizeof(float);

OperandSpec read(uint16_t base, uint32_t view, uint64_t offset_bytes) {
  return {base, offset_bytes, view, Access::kRead};
}
OperandSpec write(uint16_t base, uint32_t view, uint64_t offset_bytes) {
  return {base, offset_bytes, view, Access::kWrite};
}

}  // namespace

// Slot s of a lane has tokens loaded[s] (copy-in done), used[s] (relu done reading and
// writing) and stored[s] (copy-out done reading): signallers of one token are ordered.
Schedule ring_of_copies(uint32_t lanes, uint32_t depth, uint32_t steps) {
  ScheduleBuilder builder;
  builder.schedule().lane_count = lanes;
  builder.space("host", SpaceKind::kHost, 1 << 24);
  const uint16_t space = builder.space("scratch", SpaceKind::kScratch, 1 << 20);
  std::vector<uint16_t> scratch;
  for (uint32_t lane = 0; lane < lanes; ++lane)
    scratch.push_back(
        builder.arena("scratch" + std::to_string(lane), space, 2 * depth * kTileBytes, OwnerKind::kLane, lane));
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {lanes * steps, kTile});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {lanes * steps, kTile});
  builder.phase("all");
  const uint32_t box = builder.view(DType::kF32, {kTile}, {4});
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const std::string suffix = std::to_string(lane);
    const uint32_t in =
        builder.stream("in" + suffix, lane, Engine::kCopyIn, Part::kReplay, static_cast<uint16_t>(depth));
    const uint32_t compute = builder.stream("compute" + suffix, lane, Engine::kCompute);
    const uint32_t out =
        builder.stream("out" + suffix, lane, Engine::kCopyOut, Part::kReplay, static_cast<uint16_t>(depth));
    std::vector<uint32_t> loaded, stored;
    for (uint32_t slot = 0; slot < depth; ++slot) {
      loaded.push_back(builder.token());
      stored.push_back(builder.token());
    }
    const uint32_t used = builder.token();
    for (uint32_t step = 0; step < steps; ++step) {
      const uint32_t slot = step % depth, turn = step / depth;
      const uint64_t there = uint64_t{lane * steps + step} * kTileBytes;
      const uint64_t source = slot * kTileBytes, result = (depth + slot) * kTileBytes;
      std::vector<Wait> refill, again;
      if (turn > 0) {
        refill = {{used, step - depth + 1}};
        again = {{stored[slot], turn}};
      }
      again.push_back({loaded[slot], turn + 1});
      builder.add(in, {.kernel = "copy",
                       .operands = {read(x, box, there), write(scratch[lane], box, source)},
                       .waits = refill,
                       .signals = {{loaded[slot]}}});
      builder.add(compute, {.kernel = "relu",
                            .operands = {read(scratch[lane], box, source), write(scratch[lane], box, result)},
                            .waits = again,
                            .signals = {{used}}});
      builder.add(out, {.kernel = "copy",
                        .operands = {read(scratch[lane], box, result), write(y, box, there)},
                        .waits = {{used, step + 1}},
                        .signals = {{stored[slot]}}});
    }
  }
  return builder.finish();
}

Schedule refill_after_read(uint32_t steps) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 24);
  const uint16_t space = builder.space("scratch", SpaceKind::kScratch, 1 << 20);
  const uint16_t scratch = builder.arena("scratch", space, (1 + steps) * kTileBytes, OwnerKind::kLane, 0);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {steps, kTile});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {steps, kTile});
  builder.phase("all");
  const uint32_t box = builder.view(DType::kF32, {kTile}, {4});
  const uint32_t in = builder.stream("in", 0, Engine::kCopyIn);
  const uint32_t move = builder.stream("move", 0, Engine::kCopyIn);
  const uint32_t out = builder.stream("out", 0, Engine::kCopyOut);
  const uint32_t loaded = builder.token(), free = builder.token(), moved = builder.token();
  for (uint32_t step = 0; step < steps; ++step) {
    builder.add(in, {.kernel = "copy",
                     .operands = {read(x, box, step * kTileBytes), write(scratch, box, 0)},
                     .waits = step > 0 ? std::vector<Wait>{{free, step}} : std::vector<Wait>{},
                     .signals = {{loaded}}});
    builder.add(move, {.kernel = "copy",
                       .operands = {read(scratch, box, 0), write(scratch, box, (1 + step) * kTileBytes)},
                       .waits = {{loaded, step + 1}},
                       .signals = {{free, SignalKind::kRead}, {moved}}});
    builder.add(out, {.kernel = "copy",
                      .operands = {read(scratch, box, (1 + step) * kTileBytes), write(y, box, step * kTileBytes)},
                      .waits = {{moved, step + 1}}});
  }
  return builder.finish();
}

Schedule adds_to_state() {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 24);
  const uint16_t space = builder.space("device", SpaceKind::kDevice, 1 << 20);
  const uint16_t room = builder.arena("room", space, kTileBytes);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {1, kTile});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {1, kTile});
  const uint16_t sum = builder.binding("sum", Role::kState, DType::kF32, {1, kTile});
  builder.phase("all");
  const uint32_t box = builder.view(DType::kF32, {kTile}, {4});
  const uint32_t in = builder.stream("in", 0, Engine::kCopyIn);
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  const uint32_t out = builder.stream("out", 0, Engine::kCopyOut);
  const uint32_t loaded = builder.token(), added = builder.token();
  builder.add(in, {.kernel = "copy", .operands = {read(x, box, 0), write(room, box, 0)}, .signals = {{loaded}}});
  builder.add(compute, {.kernel = "add",
                        .operands = {read(sum, box, 0), read(room, box, 0), write(sum, box, 0)},
                        .waits = {{loaded, 1}},
                        .signals = {{added}}});
  builder.add(out, {.kernel = "copy", .operands = {read(sum, box, 0), write(y, box, 0)}, .waits = {{added, 1}}});
  return builder.finish();
}

Schedule waits_for_the_host() {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 24);
  const uint16_t space = builder.space("scratch", SpaceKind::kScratch, 1 << 20);
  const uint16_t scratch = builder.arena("scratch", space, kTileBytes, OwnerKind::kLane, 0);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {1, kTile});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {1, kTile});
  builder.phase("all");
  const uint32_t box = builder.view(DType::kF32, {kTile}, {4});
  const uint32_t host = builder.token();
  const uint32_t copies = builder.stream("copies", 0, Engine::kCopyIn);
  builder.add(copies, {.kernel = "copy", .operands = {read(x, box, 0), write(scratch, box, 0)}});
  builder.add(copies, {.kernel = "copy", .operands = {read(scratch, box, 0), write(y, box, 0)}, .waits = {{host, 1}}});
  return builder.finish();
}

LaunchWorld::LaunchWorld(Device& device, DeviceQueue& queue, Schedule made) : schedule(std::move(made)), queue_(queue) {
  for (const KernelRef& ref : schedule.kernels) {
    const Contract* contract = find_contract(schedule.name(ref.name));
    kernels_.push_back({kernels::find_kernel(*contract, kernels::Isa::kReference)->fn, contract->operand_count});
  }
  for (const Arena& arena : schedule.arenas) {
    Result<DeviceBlock> block = device.allocate(arena.bytes, 64, "an arena");
    EXPECT_TRUE(block.ok());
    scratch_.push_back({block->data(), block->bytes()});
    bases_.push_back(block->data());
    blocks_.push_back(std::move(*block));
  }
  x_.resize(bytes_of(schedule.bindings[0]) / sizeof(float));
  y_.resize(x_.size());
  bases_.push_back(reinterpret_cast<std::byte*>(x_.data()));
  bases_.push_back(reinterpret_cast<std::byte*>(y_.data()));
  bases_.resize(schedule.base_count());
  tokens = *device.make_tokens(static_cast<uint32_t>(schedule.tokens.size()));
  renew(0);
  ranges_ = all_ranges();
  launch_.tables = {&schedule, kernels_.data(), bases_.data(), schedule.views.data(), nullptr, tokens.get(), nullptr};
  launch_.scratch = scratch_;
  launch_.control = &control;
  launch_.ranges = ranges_;
  EXPECT_TRUE(queue_.reserve(launch_).ok());
}

std::vector<StreamRange> LaunchWorld::all_ranges() const {
  std::vector<StreamRange> ranges;
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    ranges.push_back({stream, schedule.streams[stream].first_op, schedule.streams[stream].op_count});
  return ranges;
}

Status LaunchWorld::try_launch(std::vector<StreamRange> ranges) {
  ranges_ = std::move(ranges);
  counts_before_.clear();
  for (uint32_t token = 0; token < schedule.tokens.size(); ++token) counts_before_.push_back(tokens->read(token));
  launch_.ranges = ranges_;
  launch_.lanes = lane_count(schedule, ranges_);
  launch_.tables.counts_before = counts_before_.data();
  launch_.times = times.empty() ? nullptr : times.data();
  return queue_.launch(launch_);
}

void LaunchWorld::launch(std::vector<StreamRange> ranges) {
  const Status launched = try_launch(std::move(ranges));
  EXPECT_TRUE(launched.ok());
}

void LaunchWorld::renew(uint32_t seed) {
  for (size_t i = 0; i < x_.size(); ++i) x_[i] = static_cast<float>((i * 7 + seed * 13) % 64) - 31.5f;
  std::fill(y_.begin(), y_.end(), 12345.0f);
}

std::vector<float> LaunchWorld::expected() const {
  const bool has_relu = std::any_of(schedule.kernels.begin(), schedule.kernels.end(),
                                    [&](const KernelRef& ref) { return schedule.name(ref.name) == "relu"; });
  std::vector<float> values = x_;
  if (has_relu)
    for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

std::vector<std::byte> LaunchWorld::scratch_content() {
  std::vector<std::byte> bytes(blocks_[0].bytes());
  queue_.copy(bytes.data(), blocks_[0].data(), bytes.size());
  EXPECT_TRUE(queue_.drain(std::chrono::seconds(20)));
  return bytes;
}

}  // namespace rondo::runtime::testing
