#include "tests/runtime/fixtures.h"

namespace rondo::fixtures {
namespace {

constexpr int64_t kFloat = 4;

uint32_t rows_view(ScheduleBuilder& builder, uint32_t rows, uint32_t columns) {
  return builder.view(DType::kF32, {rows, columns}, {columns * kFloat, kFloat});
}

OperandSpec read(uint16_t base, uint32_t view, uint64_t offset_bytes = 0) {
  return {base, offset_bytes, view, Access::kRead};
}
OperandSpec write(uint16_t base, uint32_t view, uint64_t offset_bytes = 0) {
  return {base, offset_bytes, view, Access::kWrite};
}

}  // namespace

Schedule relu(uint32_t rows, uint32_t columns) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {rows, columns});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {rows, columns});
  builder.phase("relu");
  const uint32_t box = rows_view(builder, rows, columns);
  const uint32_t stream = builder.stream("compute", 0, Engine::kCompute);
  builder.add(stream, {.kernel = "relu", .operands = {read(x, box), write(y, box)}});
  return builder.finish();
}

Schedule staged_add() {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t scratch_space = builder.space("scratch", SpaceKind::kScratch, 1 << 16);
  const uint16_t scratch = builder.arena("scratch", scratch_space, 3 * 512, OwnerKind::kLane, 0);
  const uint16_t a = builder.binding("a", Role::kInput, DType::kF32, {8, 16});
  const uint16_t b = builder.binding("b", Role::kInput, DType::kF32, {8, 16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {8, 16});
  builder.phase("add");
  const uint32_t box = rows_view(builder, 8, 16);
  const uint32_t loaded = builder.token(), added = builder.token();
  const uint32_t in = builder.stream("in", 0, Engine::kCopyIn);
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  const uint32_t out = builder.stream("out", 0, Engine::kCopyOut);
  builder.add(in, {.kernel = "copy", .operands = {read(a, box), write(scratch, box, 0)}, .signals = {{loaded}}});
  builder.add(in, {.kernel = "copy", .operands = {read(b, box), write(scratch, box, 512)}, .signals = {{loaded}}});
  builder.add(compute, {.kernel = "add",
                        .operands = {read(scratch, box, 0), read(scratch, box, 512), write(scratch, box, 1024)},
                        .waits = {{loaded, 2}},
                        .signals = {{added}}});
  builder.add(out, {.kernel = "copy", .operands = {read(scratch, box, 1024), write(y, box)}, .waits = {{added, 1}}});
  return builder.finish();
}

Schedule packed_matmul(uint32_t m, uint32_t k, uint32_t n) {
  constexpr uint32_t kColumns = 16;
  const uint32_t panels = (n + kColumns - 1) / kColumns;
  ScheduleBuilder builder;
  const uint16_t host = builder.space("host", SpaceKind::kHost, uint64_t{1} << 30);
  const uint16_t packed =
      builder.arena("packed", host, uint64_t{panels} * k * kColumns * kFloat, OwnerKind::kEveryone, 0, true);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {m, k});
  const uint16_t w = builder.binding("w", Role::kConstant, DType::kF32, {k, n});
  const uint16_t bias = builder.binding("bias", Role::kConstant, DType::kF32, {n});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {m, n});
  builder.phase("layer");
  View panel;
  panel.rank = 2;
  panel.layout = static_cast<uint8_t>(Layout::kPanels);
  panel.block_columns = kColumns;
  panel.extent[0] = panels;
  panel.extent[1] = k;
  panel.stride_bytes[0] = int64_t{k} * kColumns * kFloat;
  panel.stride_bytes[1] = kColumns * kFloat;
  const uint32_t panel_view = builder.view(panel);
  const uint32_t prepare = builder.stream("pack", 0, Engine::kCompute, Part::kPrepare);
  builder.add(prepare, {.kernel = "pack", .operands = {read(w, rows_view(builder, k, n)), write(packed, panel_view)}});
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute,
              {.kernel = "matmul",
               .operands = {read(x, rows_view(builder, m, k)), read(packed, panel_view),
                            write(y, rows_view(builder, m, n)), read(bias, builder.view(DType::kF32, {n}, {kFloat}))},
               .flags = kOpInit | kOpFinal,
               .params = {1}});  // act: relu
  return builder.finish();
}

Schedule append_to_state() {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {1, 4});
  const uint16_t cache = builder.binding("cache", Role::kState, DType::kF32, {8, 4});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {8, 4});
  builder.phase("append");
  builder.schedule().scalars.push_back(Scalar{.name = builder.name("pos"), .min = 0, .max = 7});
  View row;
  row.rank = 2;
  row.extent[0] = 1;
  row.extent[1] = 4;
  row.stride_bytes[0] = 4 * kFloat;
  row.stride_bytes[1] = kFloat;
  row.scalar = 0;
  row.offset_scale = 1;
  row.offset_modulus = 8;
  row.offset_step_bytes = 4 * kFloat;
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute,
              {.kernel = "copy", .operands = {read(x, rows_view(builder, 1, 4)), write(cache, builder.view(row))}});
  const uint32_t all = rows_view(builder, 8, 4);
  builder.add(compute, {.kernel = "copy", .operands = {read(cache, all), write(y, all)}});
  return builder.finish();
}

Schedule add_to_state(uint32_t count) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  const uint16_t sum = builder.binding("sum", Role::kState, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  builder.phase("add");
  const uint32_t line = builder.view(DType::kF32, {16}, {kFloat});
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  for (uint32_t i = 0; i < count; ++i)
    builder.add(compute, {.kernel = "add", .operands = {read(sum, line), read(x, line), write(sum, line)}});
  builder.add(compute, {.kernel = "copy", .operands = {read(sum, line), write(y, line)}});
  return builder.finish();
}

Schedule copy_table(bool distinct) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t rows = builder.binding("rows", Role::kTable, DType::kI32, {4});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kI32, {4});
  builder.schedule().bindings[0].index_limit = 10;
  builder.schedule().bindings[0].distinct = distinct ? 1 : 0;
  builder.phase("copy");
  NumericsPolicy integers;
  integers.storage = integers.compute = integers.accumulate = static_cast<uint8_t>(DType::kI32);
  builder.schedule().policies.push_back(integers);
  const uint32_t line = builder.view(DType::kI32, {4}, {4});
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute, {.kernel = "copy", .operands = {read(rows, line), write(y, line)}, .policy = 1});
  return builder.finish();
}

Schedule prefill_and_decode() {
  ScheduleBuilder builder;
  const uint16_t host = builder.space("host", SpaceKind::kHost, uint64_t{1} << 30);
  const uint16_t packed = builder.arena("packed", host, 8 * 8 * 4, OwnerKind::kEveryone, 0, true);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {4, 8});
  const uint16_t next = builder.binding("next", Role::kInput, DType::kF32, {1, 8});
  const uint16_t w = builder.binding("w", Role::kConstant, DType::kF32, {8, 8});
  const uint16_t k = builder.binding("k", Role::kState, DType::kF32, {4, 8});
  const uint16_t all = builder.binding("all", Role::kOutput, DType::kF32, {4, 8});
  const uint16_t last = builder.binding("last", Role::kOutput, DType::kF32, {1, 8});
  Schedule& schedule = builder.schedule();
  schedule.scalars.push_back({.name = builder.name("pos"), .min = 0, .max = 3});
  schedule.members = {{.name = builder.name("prefill")}, {.name = builder.name("decode")}};
  builder.phase("p");
  const uint32_t square = builder.view(DType::kF32, {8, 8}, {32, 4});
  const uint32_t rows = builder.view(DType::kF32, {4, 8}, {32, 4});
  const uint32_t row = builder.view(DType::kF32, {1, 8}, {32, 4});
  View moved = schedule.views[row];
  moved.scalar = 0;
  moved.offset_scale = 1;
  moved.offset_modulus = 4;
  moved.offset_step_bytes = 32;
  const uint32_t at_pos = builder.view(moved);
  View panel;
  panel.rank = 2;
  panel.layout = static_cast<uint8_t>(Layout::kPanels);
  panel.extent[0] = 1;
  panel.extent[1] = 8;
  panel.stride_bytes[0] = 8 * 8 * 4;
  panel.stride_bytes[1] = 8 * 4;
  panel.block_columns = 8;
  const uint32_t panels = builder.view(panel);
  const uint32_t pack = builder.stream("pack", 0, Engine::kCompute, Part::kPrepare);
  builder.add(pack,
              {.kernel = "pack",
               .operands = {{.base = w, .view = square}, {.base = packed, .view = panels, .access = Access::kWrite}}});
  const uint32_t prefill = builder.stream("prefill", 0, Engine::kCompute);
  builder.add(prefill, {.kernel = "matmul",
                        .operands = {{.base = x, .view = rows},
                                     {.base = packed, .view = panels},
                                     {.base = k, .view = rows, .access = Access::kWrite}},
                        .flags = kOpInit | kOpFinal});
  builder.add(prefill,
              {.kernel = "copy",
               .operands = {{.base = k, .view = rows}, {.base = all, .view = rows, .access = Access::kWrite}}});
  const uint32_t decode = builder.stream("decode", 0, Engine::kCompute);
  builder.add(decode, {.kernel = "matmul",
                       .operands = {{.base = next, .view = row},
                                    {.base = packed, .view = panels},
                                    {.base = k, .view = at_pos, .access = Access::kWrite}},
                       .flags = kOpInit | kOpFinal});
  builder.add(decode,
              {.kernel = "copy",
               .operands = {{.base = k, .view = at_pos}, {.base = last, .view = row, .access = Access::kWrite}}});
  schedule.streams[decode].member = 1;
  return builder.finish();
}

Schedule chain(uint32_t count) {
  constexpr uint32_t kTiles = 256;
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t scratch_space = builder.space("scratch", SpaceKind::kScratch, kTiles * 64);
  const uint16_t scratch = builder.arena("scratch", scratch_space, kTiles * 64, OwnerKind::kLane, 0);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  builder.phase("chain");
  const uint32_t line = builder.view(DType::kF32, {16}, {kFloat});
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute, {.kernel = "copy", .operands = {read(x, line), write(scratch, line, 0)}});
  constexpr std::string_view kKernels[] = {"add", "mul", "relu"};
  uint64_t last = 0;
  for (uint32_t i = 1; i < count; ++i) {
    const uint64_t next = (i % kTiles) * 64;
    const std::string_view kernel = kKernels[i % 3];
    std::vector<OperandSpec> operands = {read(scratch, line, last)};
    if (kernel != "relu") operands.push_back(read(scratch, line, last));
    operands.push_back(write(scratch, line, next));
    builder.add(compute, {.kernel = kernel, .operands = std::move(operands)});
    last = next;
  }
  builder.add(compute, {.kernel = "copy", .operands = {read(scratch, line, last), write(y, line)}});
  return builder.finish();
}

VerifiedSchedule proven(Schedule schedule) {
  Verification verification = verify(std::move(schedule));
  if (!verification.schedule) {
    for (const Finding& finding : verification.report.findings)
      std::cerr << finding.rule << ": " << finding.message << "\n";
    std::cerr << "the schedule of a runtime test was refuted\n";
    std::abort();
  }
  return *verification.schedule;
}

std::string text_of(const Status& status) {
  return status.ok() ? "ok" : std::string(name_of(status.error().code)) + ": " + status.error().message;
}

std::vector<float> values(size_t count, uint32_t seed) {
  std::vector<float> result(count);
  uint32_t state = seed * 2654435761u + 1;
  for (float& value : result) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(state >> 8) - (1 << 23)) / static_cast<float>(1 << 23);
  }
  return result;
}

}  // namespace rondo::fixtures
