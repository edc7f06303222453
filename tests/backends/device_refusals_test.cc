// Programs that the emulated device refuses when they are made, and why.
#include <gtest/gtest.h>
#include "rondo/runtime.h"
#include "tests/backends/device_world.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;
using testing::Accelerator;
using testing::emulated;
using testing::PhasedWorld;
using testing::two_phases;

std::string refusal(Schedule schedule, DeviceOptions device) {
  RuntimeOptions options;
  options.device = std::move(device);
  return text_of(Runtime(options).prepare(proven(std::move(schedule))));
}

TEST(DevicePrograms, RefuseASchedulePlannedForAnotherBackend) {
  Schedule schedule = fixtures::relu();
  EXPECT_EQ(refusal(schedule, emulated()), "ok");  // the host is there as ever
  schedule.backend = "emulated";
  EXPECT_EQ(refusal(schedule, {}),
            "unavailable: the schedule was planned for backend 'emulated', this runtime has 'cpu'");
  schedule.backend = "abacus";
  EXPECT_EQ(refusal(schedule, emulated()),
            "unavailable: the schedule was planned for backend 'abacus', this runtime has 'cpu' and 'emulated'");
  DeviceOptions unknown;
  unknown.backend = "abacus";
  EXPECT_EQ(refusal(schedule, unknown),
            "unavailable: there is no device of backend 'abacus'; this build has 'emulated'");
}

TEST(DevicePrograms, RefuseToComputeOnMemoryOfTheHostNamingTheOp) {
  Schedule schedule = fixtures::relu();
  schedule.backend = "emulated";
  EXPECT_EQ(refusal(schedule, emulated()),
            "unavailable: op 0 (relu) of stream 'compute' computes on input 'x', which is memory of the host; on "
            "backend 'emulated' only copy streams reach it");
}

TEST(DevicePrograms, RefusePreparedScratch) {
  ScheduleBuilder builder;
  builder.schedule().backend = "emulated";
  const uint16_t l2 = builder.space("l2", SpaceKind::kScratch, 1 << 16);
  const uint16_t packed = builder.arena("packed", l2, 256, OwnerKind::kLane, 0, true);
  builder.phase("p");
  const uint32_t box = builder.view(DType::kF32, {64}, {4});
  const uint32_t stream = builder.stream("fill", 0, Engine::kCompute, Part::kPrepare);
  builder.add(stream, {.kernel = "fill", .operands = {Accelerator::write(packed, box)}});
  EXPECT_EQ(refusal(builder.finish(), emulated()),
            "unavailable: arena 'packed' is prepared and lies in scratch; on backend 'emulated' scratch does not "
            "outlive a launch");
}

TEST(DevicePrograms, RefuseMemoryOfTheHostForArenasOfTheDevice) {
  PhasedWorld world(1, emulated());
  fixtures::AlignedFloats lent(192);
  SessionOptions options;
  options.arenas = {{0, lent.data(), 768}};
  EXPECT_EQ(text_of(world.program->session(options)),
            "invalid-argument: arena 'scratch0' lies on the device of backend 'emulated'; the host has no memory to "
            "lend for it");
}

TEST(DevicePrograms, RefuseWhatTheDeviceHasNoMemoryFor) {
  DeviceOptions device = emulated();
  device.emulated.memory_bytes = 1000;
  RuntimeOptions options;
  options.device = device;
  const std::vector<float> values(64);
  const Program program =
      must(Runtime(options).prepare(proven(two_phases(1)), std::vector<Constant>{{"w", values}, {"bias", values}}));
  EXPECT_EQ(text_of(program.session()),
            "does-not-fit: arena 'scratch0' needs 768 B of backend 'emulated', which has 1000 B, of which 512 B are in "
            "use");
}

}  // namespace
}  // namespace rondo
