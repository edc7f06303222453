#include "tests/backends/device_world.h"

namespace rondo::testing {

using fixtures::must;
using fixtures::proven;

DeviceOptions emulated(uint64_t seed, uint32_t threads) {
  DeviceOptions options;
  options.backend = "emulated";
  options.emulated.seed = seed;
  options.emulated.threads = threads;
  return options;
}

Schedule two_phases(uint32_t lanes) {
  using A = Accelerator;
  A a(lanes);
  const uint16_t x = a.builder.binding("x", Role::kInput, DType::kF32, {lanes, 64});
  const uint16_t w = a.builder.binding("w", Role::kConstant, DType::kF32, {64});
  const uint16_t bias = a.builder.binding("bias", Role::kConstant, DType::kF32, {64});
  const uint16_t y = a.builder.binding("y", Role::kOutput, DType::kF32, {lanes, 64});
  a.builder.phase("a");
  a.builder.phase("b");
  a.builder.schedule().cuts = {{1}};
  const uint32_t prepare = a.builder.stream("double", 0, Engine::kCompute, Part::kPrepare);
  a.builder.add(prepare,
                {.kernel = "add", .operands = {A::read(w, a.box), A::read(w, a.box), A::write(a.packed, a.box)}});
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const auto scratch = static_cast<uint16_t>(a.scratch + lane);
    const uint64_t at = lane * A::kTileBytes;
    const uint32_t in = a.builder.stream("in" + std::to_string(lane), lane, Engine::kCopyIn, Part::kReplay, 2);
    const uint32_t compute = a.builder.stream("compute" + std::to_string(lane), lane, Engine::kCompute);
    const uint32_t out = a.builder.stream("out" + std::to_string(lane), lane, Engine::kCopyOut);
    const uint32_t loaded = a.builder.token(), made = a.builder.token();
    a.builder.add(
        in, {.kernel = "copy", .operands = {A::read(x, a.box, at), A::write(scratch, a.box)}, .signals = {{loaded}}});
    a.builder.add(compute, {.kernel = "mul",
                            .operands = {A::read(scratch, a.box), A::read(a.packed, a.box),
                                         A::write(scratch, a.box, A::kTileBytes)},
                            .waits = {{loaded, 1}}});
    a.builder.add(
        compute, {.kernel = "relu", .operands = {A::read(scratch, a.box, A::kTileBytes), A::write(a.kept, a.box, at)}});
    a.builder.add(compute, {.kernel = "add",
                            .operands = {A::read(a.kept, a.box, at), A::read(bias, a.box), A::write(scratch, a.box)},
                            .phase = 1,
                            .signals = {{made}}});
    a.builder.add(out, {.kernel = "copy",
                        .operands = {A::read(scratch, a.box), A::write(y, a.box, at)},
                        .phase = 1,
                        .waits = {{made, 1}}});
  }
  return a.builder.finish();
}

PhasedWorld::PhasedWorld(uint32_t lanes, const DeviceOptions& device, uint64_t watchdog_ns)
    : w(fixtures::values(64, 2)),
      bias(fixtures::values(64, 3)),
      x(fixtures::values(64 * lanes, 1)),
      y(64 * lanes, 7.0f) {
  RuntimeOptions options;
  options.device = device;
  options.watchdog_ns = watchdog_ns;
  program.emplace(
      must(Runtime(options).prepare(proven(two_phases(lanes)), std::vector<Constant>{{"w", w}, {"bias", bias}})));
  open();
}

void PhasedWorld::open() {
  session.emplace(must(program->session()));
  EXPECT_TRUE(session->bind("x", x).ok());
  EXPECT_TRUE(session->bind("y", y).ok());
}

std::vector<float> PhasedWorld::expected() const {
  std::vector<float> made(x.size());
  for (size_t i = 0; i < made.size(); ++i) made[i] = std::max(x[i] * (w[i % 64] + w[i % 64]), 0.0f) + bias[i % 64];
  return made;
}

}  // namespace rondo::testing
