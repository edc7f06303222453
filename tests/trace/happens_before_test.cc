// Every edge of a schedule, in the times that its replays record.
//
// An op is before another if stream order (with in_flight 1) and tokens join them, over
// any number of steps. The closure is computed here, from the tables alone, as a bit per
// pair; the recorded end of the one must not be after the recorded begin of the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <bitset>
#include "rondo/load.h"
#include "rondo/plan.h"
#include "rondo/trace.h"
#include "tests/runtime/fixtures.h"
#include "tests/trace/wire_reader.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;

constexpr size_t kMostOps = 2048;
// For others to come: a caller that runs all shares itself has every edge for nothing.
constexpr uint64_t kPatience = 2'000'000'000;

// before[b][a]: op at position a is complete when the op at position b begins.
std::vector<std::bitset<kMostOps>> closure_of(const Schedule& schedule, const std::vector<uint32_t>& order) {
  std::vector<uint32_t> position_of(schedule.ops.size(), kNone);
  for (uint32_t position = 0; position < order.size(); ++position) position_of[order[position]] = position;
  std::vector<std::vector<uint32_t>> signallers(schedule.tokens.size());  // in the order of their counts
  std::vector<uint32_t> previous(order.size(), kNone);                    // in the same stream, where that orders
  for (const Stream& stream : schedule.streams) {
    if (stream.part != static_cast<uint8_t>(Part::kReplay)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
      if (op > stream.first_op && stream.in_flight == 1) previous[position_of[op]] = position_of[op - 1];
      for (int i = 0; i < 2; ++i)
        if (const uint32_t token = schedule.ops[op].signals[i]; token != kNone)
          signallers[token].push_back(position_of[op]);
    }
  }
  std::vector<std::bitset<kMostOps>> before(order.size());
  const auto follow = [&](uint32_t from, uint32_t to) {
    before[to] |= before[from];
    before[to].set(from);
  };
  for (uint32_t position = 0; position < order.size(); ++position) {
    if (previous[position] != kNone) follow(previous[position], position);
    for (const Wait& wait : schedule.ops[order[position]].waits) {
      if (wait.token == kNone || wait.count == 0) continue;
      // One stream signals it, in the order of its ops; a join asks for all signals.
      for (uint32_t i = 0; i < wait.count; ++i) follow(signallers[wait.token].at(i), position);
    }
  }
  return before;
}

struct Traced {
  Program program;
  std::vector<ReplayTimes> replays;
  std::string file;
};

Traced replay(const Schedule& schedule, const RuntimeOptions& options, uint64_t replays) {
  const VerifiedSchedule verified = proven(schedule);
  std::vector<std::unique_ptr<fixtures::AlignedFloats>> buffers;
  std::vector<Constant> constants;
  const Requirements needs = requirements_of(verified);
  for (const BindingRequirement& need : needs.bindings) {
    buffers.push_back(std::make_unique<fixtures::AlignedFloats>(need.bytes / 4));
    std::fill(buffers.back()->begin(), buffers.back()->end(), 0.25f);
    if (need.role == Role::kConstant)
      constants.push_back(
          {need.name, Buffer(static_cast<const void*>(buffers.back()->data()), need.bytes, need.dtype)});
  }
  const Program program = must(Runtime(options).prepare(verified, constants));
  Session session = must(program.session());
  for (size_t i = 0; i < needs.bindings.size(); ++i)
    if (needs.bindings[i].role != Role::kConstant) {
      EXPECT_TRUE(session
                      .bind(needs.bindings[i].name,
                            Buffer(buffers[i]->data(), needs.bindings[i].bytes, needs.bindings[i].dtype))
                      .ok());
    }
  TraceBuffer trace = must(TraceBuffer::make(program, replays));
  for (uint64_t i = 0; i < replays; ++i) EXPECT_EQ(fixtures::text_of(session.replay(trace)), "ok");
  return {program, must(trace.replays()), must(perfetto_trace(program, trace))};
}

// How many pairs were compared.
size_t expect_edges_hold(const Traced& traced) {
  const std::vector<uint32_t>& order = traced.program.verified().order(Part::kReplay);
  const auto before = closure_of(traced.program.schedule(), order);
  size_t pairs = 0;
  for (const ReplayTimes& replay : traced.replays)
    for (size_t later = 0; later < order.size(); ++later) {
      EXPECT_TRUE(replay.ops[later].ran());
      for (size_t earlier = 0; earlier < order.size(); ++earlier) {
        if (!before[later].test(earlier)) continue;
        ++pairs;
        if (replay.ops[earlier].end_ns > replay.ops[later].begin_ns)
          ADD_FAILURE() << "op " << order[earlier] << " ends "
                        << replay.ops[earlier].end_ns - replay.ops[later].begin_ns << " ns after op " << order[later]
                        << " begins, in replay " << replay.number;
      }
    }
  return pairs;
}

Schedule planned(const char* graph, const Machine& machine) {
  return must(plan_tiles(must(load_graph(std::string(RONDO_SOURCE_DIR "/schedules/library/") + graph)), machine))
      .schedule;
}

Schedule dealt_to_lanes(uint32_t lanes) {
  Machine machine = default_machine();
  machine.lanes = lanes;
  return planned("attention.yaml", machine);
}

TEST(HappensBefore, HoldsInTheRecordedTimesOfEveryNumberOfWorkers) {
  const Schedule schedule = dealt_to_lanes(4);
  for (uint32_t workers = 1; workers <= 4; ++workers) {
    RuntimeOptions options;
    options.workers = workers;
    options.spin_ns = kPatience;
    EXPECT_GT(expect_edges_hold(replay(schedule, options, 8)), 8u * 100) << workers;
  }
}

TEST(HappensBefore, HoldsOnTheEmulatedDevice) {
  Machine machine = must(load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/tile-accelerator.yaml"));
  RuntimeOptions options;
  options.device.backend = "emulated";
  for (const uint32_t in_flight : {1u, 3u}) {
    machine.copy_in_flight = in_flight;
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      options.device.emulated.seed = seed;
      Schedule schedule = planned("mlp.yaml", machine);
      schedule.backend = "emulated";
      EXPECT_GT(expect_edges_hold(replay(schedule, options, 3)), 3u * 100);
    }
  }
}

// What the trace draws is what was recorded: an arrow from worker to worker goes forward.
TEST(HappensBefore, HoldsForTheArrowsOfATraceAcrossWorkers) {
  RuntimeOptions options;
  options.workers = 2;
  options.spin_ns = kPatience;
  const Traced traced = replay(dealt_to_lanes(2), options, 20);
  const trace_test::Decoded trace = trace_test::decode(traced.file);
  std::map<uint64_t, const trace_test::Slice*> from;
  for (const trace_test::Slice& slice : trace.slices)
    for (const uint64_t flow : slice.flows_out) EXPECT_TRUE(from.emplace(flow, &slice).second);
  size_t arrows = 0;
  for (const trace_test::Slice& slice : trace.slices)
    for (const uint64_t flow : slice.flows_in) {
      ASSERT_EQ(from.count(flow), 1u);
      EXPECT_LE(from[flow]->end_ns, slice.begin_ns);
      arrows += from[flow]->track != slice.track ? 1 : 0;
    }
  EXPECT_GE(arrows, 20u);
}

}  // namespace
}  // namespace rondo
