// What a trace of the emulated device shows.
#include <gtest/gtest.h>
#include <algorithm>
#include <bit>
#include <cstdio>
#include <set>
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/trace.h"
#include "tests/backends/device_world.h"
#include "tests/planner/graph_text.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;
using testing::emulated;

struct Seen {
  std::vector<OpTimes> by_op;
  double duration_ns = 0;
};

Seen recorded(const Program& program, Session& session) {
  TraceBuffer trace = must(TraceBuffer::make(program));
  EXPECT_EQ(text_of(session.replay(trace)), "ok");
  const std::vector<ReplayTimes> replays = must(trace.replays());
  Seen seen;
  seen.by_op.resize(program.schedule().ops.size());
  const std::vector<uint32_t>& order = program.verified().order(Part::kReplay);
  for (size_t position = 0; position < order.size(); ++position) seen.by_op[order[position]] = replays[0].ops[position];
  seen.duration_ns = static_cast<double>(replays[0].end_ns - replays[0].begin_ns);
  return seen;
}

// Loads that are under way while a product is computed, in a plan for `emulated.yaml`.
TEST(DeviceTraces, ShowCopiesBesideProductsAndTakeTheTimeTheFilePredicts) {
  const Graph graph = must(load_graph(std::string(RONDO_SOURCE_DIR) + "/schedules/library/mlp.yaml"));
  const Machine machine =
      must(load_machine(std::string(RONDO_SOURCE_DIR) + "/schedules/library/machines/emulated.yaml"));
  const Schedule schedule = must(plan_tiles(graph, machine)).schedule;
  EXPECT_EQ(schedule.backend, "emulated");
  double makespan = 0;
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(ClaimKind::kMakespan)) makespan = std::bit_cast<double>(claim.value);
  ASSERT_GT(makespan, 0);
  constexpr double kNsPerCost = 100000;
  DeviceOptions device = emulated(1, 2);
  device.emulated.ns_per_cost = kNsPerCost;
  RuntimeOptions options;
  options.device = device;
  std::vector<std::vector<float>> data;
  std::vector<Constant> constants;
  for (const Binding& binding : schedule.bindings) data.emplace_back(bytes_of(binding) / 4, 0.5f);
  for (size_t i = 0; i < data.size(); ++i)
    if (schedule.bindings[i].role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back({schedule.name(schedule.bindings[i].name), data[i]});
  const Program program = must(Runtime(options).prepare(proven(schedule), constants));
  Session session = must(program.session());
  for (size_t i = 0; i < data.size(); ++i)
    if (schedule.bindings[i].role != static_cast<uint8_t>(Role::kConstant)) {
      ASSERT_TRUE(session.bind(schedule.name(schedule.bindings[i].name), data[i]).ok());
    }
  const Seen seen = recorded(program, session);
  uint32_t copies = 0, beside = 0;
  for (const Stream& stream : schedule.streams) {
    if (stream.engine == static_cast<uint8_t>(Engine::kCompute)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
      if (schedule.ops[op].kernel == kNoKernel) continue;
      ++copies;
      for (const Stream& compute : schedule.streams) {
        if (compute.engine != static_cast<uint8_t>(Engine::kCompute)) continue;
        bool overlaps = false;
        for (uint32_t other = compute.first_op; other < compute.first_op + compute.op_count; ++other)
          overlaps |=
              seen.by_op[other].begin_ns < seen.by_op[op].end_ns && seen.by_op[op].begin_ns < seen.by_op[other].end_ns;
        beside += overlaps;
      }
    }
  }
  std::printf("emulated mlp: predicted %.3f ms, took %.3f ms; %u of %u copies beside a product\n",
              makespan * kNsPerCost / 1e6, seen.duration_ns / 1e6, beside, copies);
  EXPECT_GE(seen.duration_ns, makespan * kNsPerCost * 0.999);
  EXPECT_GE(beside * 2, copies);
}

// Two lanes of a board: each copies its part by engines of its own, at the same time.
TEST(DeviceTraces, ShowCopiesOfSeveralLanesAtOnce) {
  const Graph graph = testing::graph_of(R"(
tensors:
  x: {shape: [512, 64], role: input}
  w: {shape: [64, 64], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w], output: y}
)");
  Machine machine = must(load_machine(std::string(RONDO_SOURCE_DIR) + "/schedules/library/machines/device-board.yaml"));
  machine.lanes = 2;
  machine.token_ns = 1e-3;
  machine.costs = {{.kernel = "copy", .ns_per_byte = 1}, {.kernel = "matmul", .ns_per_flop = 1e-3}};
  const Schedule schedule = must(plan_tiles(graph, machine)).schedule;
  ASSERT_EQ(schedule.lane_count, 2u);
  constexpr double kNsPerCost = 800;  // 105 ms where the engines work at once
  DeviceOptions device = emulated(1, 3);
  device.emulated.ns_per_cost = kNsPerCost;
  RuntimeOptions options;
  options.device = device;
  std::vector<float> x(512 * 64, 0.5f), w(64 * 64, 0.25f), y(512 * 64);
  const Program program = must(Runtime(options).prepare(proven(schedule), std::vector<Constant>{{"w", w}}));
  Session session = must(program.session());
  ASSERT_TRUE(session.bind("x", x).ok());
  ASSERT_TRUE(session.bind("y", y).ok());
  const double busy = 2.0 * kNsPerCost * 512 * 64 * 4;
  double shortest = 1e300;  // of some replays: the threads of the device share cores with others
  for (int replay = 0; replay < 4 && shortest >= 0.8 * busy; ++replay) {
    const Seen seen = recorded(program, session);
    double first = 1e300, last = 0;
    std::set<uint32_t> lanes;
    for (const Stream& stream : schedule.streams)
      if (stream.engine == static_cast<uint8_t>(Engine::kCopyIn))
        for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
          if (schedule.ops[op].kernel == kNoKernel) continue;
          lanes.insert(stream.lane);
          first = std::min(first, static_cast<double>(seen.by_op[op].begin_ns));
          last = std::max(last, static_cast<double>(seen.by_op[op].end_ns));
        }
    EXPECT_EQ(lanes.size(), 2u);
    shortest = std::min(shortest, last - first);
  }
  std::printf("copies in: %.1f ms of two engines in %.1f ms\n", busy / 1e6, shortest / 1e6);
  EXPECT_LT(shortest, busy);  // which one engine alone could not
}

}  // namespace
}  // namespace rondo
