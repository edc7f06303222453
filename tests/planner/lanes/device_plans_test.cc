// Direct plans for a device with memory of its own: copies beside the kernels, begun
// as early as there is room, everything else as on the host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "planner/claims/derive_claims.h"
#include "planner/direct/plan_direct.h"
#include "rondo/residence.h"
#include "rondo/verify.h"
#include "tests/planner/direct/replayed_bits.h"
#include "tests/planner/graph_text.h"
#include "tests/planner/lanes/small_block.h"
#include "tests/planner/verdict.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

using testing::graph_of;
using ::testing::HasSubstr;
using testing::verdict;

Machine device_machine(uint64_t device_bytes = 64 << 20, uint64_t scratch_bytes = 256 << 10) {
  Result<Machine> machine = parse_machine(R"(
machine: board
backend: emulated
lanes: 1
spaces:
  host: {kind: host, capacity: 1 GiB}
  device: {kind: device, capacity: )" + std::to_string(device_bytes) +
                                              R"(, align: 256}
  scratch: {kind: scratch, capacity: )" + std::to_string(scratch_bytes) +
                                              R"(}
copy_in_engines: 1
copy_out_engines: 1
copy_in_flight: 3
panel_width: 32
costs:
  copy: {ns_per_byte: 0.1}
  matmul: {ns_per_flop: 0.0125}
)",
                                          "m.yaml");
  EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  return machine.ok() ? *std::move(machine) : Machine{};
}
Schedule plan_for(const Graph& graph, const Machine& machine) {
  Result<Plan> plan = plan_tiles(graph, machine);
  EXPECT_TRUE(plan.ok()) << plan.error().to_string();
  return plan.ok() ? std::move(*plan).schedule : Schedule{};
}
const Stream& stream_called(const Schedule& schedule, std::string_view name) {
  for (const Stream& stream : schedule.streams)
    if (schedule.name(stream.name) == name) return stream;
  ADD_FAILURE() << "no stream " << name;
  return schedule.streams.front();
}
// Ops of compute streams that touch host memory: inputs, outputs, arenas there.
uint64_t ops_out_of_reach(const Schedule& schedule) {
  uint64_t count = 0;
  for (const Stream& stream : schedule.streams) {
    if (stream.engine != static_cast<uint8_t>(Engine::kCompute)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
      for (uint32_t i = 0; i < schedule.ops[op].operand_count; ++i) {
        const uint32_t base = schedule.operands[schedule.ops[op].first_operand + i].base;
        const bool host =
            schedule.is_arena(base)
                ? schedule.spaces[schedule.arenas[base].space].kind == static_cast<uint8_t>(SpaceKind::kHost)
                : space_of(schedule, schedule.binding_of(base)) == first_space_of(schedule, SpaceKind::kHost);
        count += host ? 1 : 0;
      }
  }
  return count;
}

constexpr const char* kLayers = R"(
tensors:
  x: {shape: [512, 128], role: input}
  w1: {shape: [128, 256], role: constant}
  w2: {shape: [256, 128], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: p}
  - {op: relu, inputs: [p], output: h}
  - {op: matmul, inputs: [h, w2], output: y}
)";

TEST(DevicePlans, ReachBindingsByCopiesOnly) {
  const Graph graph = graph_of(kLayers);
  const Schedule schedule = plan_for(graph, device_machine());
  EXPECT_EQ(verdict(schedule), "faithful");
  EXPECT_EQ(ops_out_of_reach(schedule), 0u);
  EXPECT_EQ(stream_called(schedule, "copy-in").in_flight, 3u);
  Machine host = default_machine();
  EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, host)));
}

TEST(DevicePlans, ComputeOneBlockWhileTheNextIsCopied) {
  for (const uint64_t scratch : {uint64_t{128} << 10, uint64_t{4} << 20}) {  // in blocks of rows, and whole
    const Schedule schedule = plan_for(graph_of(kLayers), device_machine(64 << 20, scratch));
    const std::vector<uint32_t> order = canonical_order(schedule, Part::kReplay);
    double all = 0;
    for (const uint32_t op : order)
      for (const Cost& cost : schedule.costs)
        if (cost.kernel == schedule.ops[op].kernel)
          all += cost.fixed + cost.per_flop * static_cast<double>(flops_of(schedule, schedule.ops[op])) +
                 cost.per_byte * static_cast<double>(bytes_of(schedule, schedule.ops[op]));
    double copies = 0;
    for (const char* name : {"copy-in", "copy-out"}) {
      const Stream& stream = stream_called(schedule, name);
      EXPECT_GE(stream.op_count, 4u);
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        copies += 0.1 * static_cast<double>(bytes_of(schedule, schedule.ops[op]));
    }
    // All copying but the first and the last block is hidden.
    EXPECT_LT(makespan_of(schedule, order), all - 0.6 * copies);
  }
}

TEST(DevicePlans, HoldTwoBlocksOfWhatIsCopiedBlockByBlock) {
  const Schedule schedule = plan_for(graph_of(kLayers), device_machine());
  std::set<uint64_t> places;
  const Stream& copy_in = stream_called(schedule, "copy-in");
  for (uint32_t op = copy_in.first_op; op < copy_in.first_op + copy_in.op_count; ++op)
    if (schedule.ops[op].kernel != kNoKernel)
      places.insert(schedule.operands[schedule.ops[op].first_operand + 1].offset_bytes);
  EXPECT_EQ(places.size(), 2u);
}

TEST(DevicePlans, TakeAWholeBlock) {
  const Graph graph = graph_of(testing::kSmallBlock);
  const auto expected = replayed_bits(graph, plan_for(graph, default_machine()));
  for (const uint32_t lanes : {1u, 2u}) {
    Machine machine = device_machine();
    machine.lanes = lanes;
    machine.token_ns = 1e-3;
    const Schedule schedule = plan_for(graph, machine);
    EXPECT_EQ(verdict(schedule), "faithful");
    EXPECT_EQ(schedule.lane_count, lanes);
    EXPECT_EQ(ops_out_of_reach(schedule), 0u);
    EXPECT_EQ(replayed_bits(graph, schedule), expected);
  }
}

// Every lane has engines of its own, and so streams of copies.
TEST(DevicePlans, DealCopiesToTheEnginesOfAllLanes) {
  const Graph graph = graph_of(kLayers);
  for (const uint64_t scratch : {uint64_t{64}, uint64_t{128} << 10}) {  // copied ahead, and beside blocks of rows
    Machine machine = device_machine(64 << 20, scratch);
    machine.lanes = 2;
    machine.token_ns = 1e-3;
    machine.costs = {{.kernel = "copy", .ns_per_byte = 1}, {.kernel = "matmul", .ns_per_flop = 0.001}};
    const Schedule schedule = plan_for(graph, machine);
    EXPECT_EQ(verdict(schedule), "faithful");
    ASSERT_EQ(schedule.lane_count, 2u);
    const double all = 2.0 * 512 * 128 * 4;  // of x, and as much of y
    for (const char* name : {"copy-in0", "copy-in1", "copy-out0", "copy-out1"}) {
      const Stream& stream = stream_called(schedule, name);
      double bytes = 0;
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        bytes += static_cast<double>(bytes_of(schedule, schedule.ops[op]));
      EXPECT_NEAR(bytes, all / 2, all / 8) << name;
      EXPECT_EQ(stream.lane, name[std::string(name).size() - 1] == '0' ? 0u : 1u);
    }
    // One engine each way needs `all` for x alone, and then the last block of y.
    EXPECT_LT(makespan_of(schedule, canonical_order(schedule, Part::kReplay)), 0.85 * all);
    EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, default_machine())));
  }
}

constexpr uint64_t kNoRow = 64;  // scratch that holds no row of what follows

constexpr const char* kTwoInputs = R"(
tensors:
  x: {shape: [64, 256], role: input}
  late: {shape: [64, 256], role: input}
  y: {role: output}
operators:
  - {op: softmax, inputs: [x], output: a}
  - {op: gelu, inputs: [a], output: b}
  - {op: softmax, inputs: [b], output: c}
  - {op: add, inputs: [c, late], output: y}
)";

TEST(DevicePlans, CopyAheadAsFarAsThereIsRoom) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [64, 256], role: input}
  l1: {shape: [64, 256], role: input}
  l2: {shape: [64, 256], role: input}
  y: {role: output}
operators:
  - {op: softmax, inputs: [x], output: a}
  - {op: add, inputs: [a, l1], output: b}
  - {op: add, inputs: [b, l2], output: y}
)");
  const auto waits_of_last_copies = [&](uint64_t device_bytes) {
    const Schedule schedule = plan_for(graph, device_machine(device_bytes, kNoRow));
    EXPECT_EQ(verdict(schedule), "faithful");
    EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, default_machine())));
    const Stream& compute = stream_called(schedule, "compute");
    std::set<uint32_t> of_compute;  // tokens that the kernels signal
    for (uint32_t op = compute.first_op; op < compute.first_op + compute.op_count; ++op)
      for (const uint32_t signal : schedule.ops[op].signals) of_compute.insert(signal);
    const Stream& copy_in = stream_called(schedule, "copy-in");
    uint32_t waits = 0;
    for (uint32_t op = copy_in.first_op; op < copy_in.first_op + copy_in.op_count; ++op)
      for (const Wait& wait : schedule.ops[op].waits) waits += wait.token != kNone && of_compute.count(wait.token);
    return waits;
  };
  EXPECT_EQ(waits_of_last_copies(64 << 20), 0u);
  EXPECT_GT(waits_of_last_copies(200 << 10), 0u);  // `l1` lies where `x` lay
}

TEST(DevicePlans, SayHowMuchMemoryOfTheDeviceIsMissing) {
  const Result<Plan> plan = plan_tiles(graph_of(kTwoInputs), device_machine(100 << 10, kNoRow));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kDoesNotFit);
  EXPECT_THAT(plan.error().to_string(), HasSubstr("bytes of space 'device', which has 102400"));
}

constexpr const char* kCache = R"(
scalars: {position: {max: 15}}
states: {keys: {shape: [16, 8], filled: position}, values: {shape: [16, 8], filled: position}}
tables: {token: {shape: [1], limit: 32}}
tensors:
  embedding: {shape: [32, 24], role: constant}
  y: {role: output}
operators:
  - {op: gather, inputs: [embedding, token], output: x}
  - {op: slice, inputs: [x], output: q, begin: 0, end: 8}
  - {op: slice, inputs: [x], output: k, begin: 8, end: 16}
  - {op: slice, inputs: [x], output: v, begin: 16, end: 24}
  - {op: append, inputs: [keys, k], output: all_keys, at: position}
  - {op: append, inputs: [values, v], output: all_values, at: position}
  - {op: attention, inputs: [q, all_keys, all_values], output: y, heads: 2}
)";

TEST(DevicePlans, LeaveStatesAndTablesOnTheDevice) {
  const Graph graph = graph_of(kCache);
  const Schedule schedule = plan_for(graph, device_machine());
  EXPECT_EQ(verdict(schedule), "faithful");
  EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, default_machine())));
  // y is all that moves between host and device: 8 numbers.
  std::map<std::string, double> moved;
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(ClaimKind::kBytesMoved))
      moved[std::string(schedule.name(schedule.spaces[claim.a].name)) + " to " +
            std::string(schedule.name(schedule.spaces[claim.b].name))] = static_cast<double>(claim.value);
  EXPECT_EQ(moved.count("host to device"), 0u);
  EXPECT_EQ(moved.at("device to host"), 32);
}

TEST(DevicePlans, CountStatesAndTablesAsMemoryOfTheDevice) {
  const Result<Plan> plan = plan_tiles(graph_of(kCache), device_machine(1024, kNoRow));
  ASSERT_FALSE(plan.ok());
  // Two states of 512 bytes, a table, the embedding, x and the copy of y.
  EXPECT_THAT(plan.error().to_string(), HasSubstr("bytes of space 'device', which has 1024"));
  EXPECT_TRUE(plan_tiles(graph_of(kCache), device_machine(8 << 10, kNoRow)).ok());
}

TEST(DevicePlans, RefuseADeviceThatNothingCopiesTo) {
  Machine machine = device_machine();
  machine.copy_in_engines = 0;
  const Result<Plan> plan = plan_direct(graph_of(kTwoInputs), machine);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidMachine);
}

TEST(DevicePlans, AreRefusedWhereKernelsWouldReachMemoryOfTheHost) {
  Machine machine = default_machine();
  machine.backend = "emulated";
  const Result<Plan> plan = plan_direct(graph_of(kTwoInputs), machine);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidMachine);
  EXPECT_EQ(
      plan.error().message,
      "machine 'host-cpu' is of backend 'emulated', whose kernels do not reach memory of the host: give it a space "
      "of kind device, or scratch with copy engines and direct_operands: false");
}

TEST(DevicePlans, ClaimCutsWhereNothingInScratchIsStillToBeRead) {
  const Schedule whole = plan_for(graph_of(kTwoInputs), device_machine(64 << 20, kNoRow));  // all in device memory
  EXPECT_EQ(whole.cuts.size(), 3u);
  EXPECT_EQ(verdict(whole), "faithful");
  const Schedule chained = plan_for(graph_of(kTwoInputs), device_machine(64 << 20, 1 << 20));  // all in scratch
  EXPECT_EQ(chained.cuts.size(), 0u);
  EXPECT_EQ(verdict(chained), "faithful");
}

class RandomGraphsOnADevice : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomGraphsOnADevice, ComputeWhatTheHostComputes) {
  for (uint32_t i = 0; i < 25; ++i) {
    const uint64_t seed = GetParam() * 1000 + i;
    const Graph graph = testing::random_graph(seed);
    const uint64_t scratch = seed % 3 == 0 ? 4096 : seed % 3 == 1 ? 32768 : 1 << 20;
    Machine host = default_machine();
    for (MachineSpace& space : host.spaces)
      if (space.kind == SpaceKind::kScratch) space.capacity_bytes = scratch;
    const auto expected = replayed_bits(graph, plan_for(graph, host));
    for (const uint32_t lanes : {1u, 3u})
      for (const bool one_copy_engine : {false, true}) {
        Machine machine = device_machine(64 << 20, scratch);
        machine.lanes = lanes;
        machine.token_ns = 1e-3;
        if (one_copy_engine) machine.copy_out_engines = 0;
        const Schedule schedule = plan_for(graph, machine);
        ASSERT_EQ(verdict(schedule), "faithful") << "seed " << seed << " on " << lanes;
        EXPECT_EQ(ops_out_of_reach(schedule), 0u);
        ASSERT_TRUE(replayed_bits(graph, schedule) == expected) << "seed " << seed << " on " << lanes;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphsOnADevice, ::testing::Range(1u, 9u));

}  // namespace
}  // namespace rondo
