// Machine files: what they mean, and the exact words for what is wrong with them.
#include "rondo/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "rondo/contracts.h"

namespace rondo {
namespace {

std::string machine_refusal(std::string_view text) {
  const Result<Machine> machine = parse_machine(text, "m.yaml");
  return machine.ok() ? "accepted" : machine.error().to_string();
}

constexpr char kHost[] = "spaces: {host: {kind: host, capacity: 1 GiB}}\n";

TEST(Machine, TakesWhatIsLeftOutFromTheDefaults) {
  const Result<Machine> machine = parse_machine(std::string("machine: m\n") + kHost);
  ASSERT_TRUE(machine.ok()) << machine.error().to_string();
  EXPECT_EQ(machine->backend, "cpu");
  EXPECT_EQ(machine->lanes, 1u);
  EXPECT_TRUE(machine->direct_operands);
  EXPECT_EQ(machine->space(SpaceKind::kHost)->capacity_bytes, uint64_t{1} << 30);
  EXPECT_EQ(machine->space(SpaceKind::kHost)->align_bytes, 64u);
  EXPECT_EQ(machine->space(SpaceKind::kScratch), nullptr);
  EXPECT_EQ(machine->cost("matmul"), nullptr);
}

TEST(Machine, PrintIsReadBackTheSame) {
  for (const char* name : {"host-cpu", "tile-accelerator", "emulated"}) {
    const Result<Machine> machine =
        load_machine(std::string(RONDO_SOURCE_DIR "/schedules/library/machines/") + name + ".yaml");
    ASSERT_TRUE(machine.ok()) << machine.error().to_string();
    EXPECT_EQ(machine->name, name);
    const std::string printed = print_machine(*machine);
    const Result<Machine> again = parse_machine(printed);
    ASSERT_TRUE(again.ok()) << again.error().to_string() << "\n" << printed;
    EXPECT_EQ(print_machine(*again), printed);
  }
}

TEST(Machine, DefaultIsACommittedFile) {
  const Result<Machine> file = load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/host-cpu.yaml");
  ASSERT_TRUE(file.ok()) << file.error().to_string();
  EXPECT_EQ(print_machine(default_machine()), print_machine(*file));
}

TEST(Machine, TileAcceleratorCostsAreThePublishedRatio) {
  const Result<Machine> machine = load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/tile-accelerator.yaml");
  ASSERT_TRUE(machine.ok());
  EXPECT_EQ(machine->cost("copy")->ns_per_byte * 2 * 4096, 1.0);
  EXPECT_EQ(machine->cost("matmul")->ns_per_flop * 2 * 32 * 32 * 32, 1.725);
  EXPECT_FALSE(machine->direct_operands);
  EXPECT_EQ(machine->space(SpaceKind::kScratch)->capacity_bytes, 256u * 1024);
}

constexpr char kMeasured[] = R"(machine: m
spaces: {host: {kind: host, capacity: 1 GiB}}
wake_ns: 12000
measured: {cpu: "a \"fast\" one", isa: avx2, when: "2026-01-02T03:04:05Z", tool: rondo calibrate}
caches:
  - {name: l1, bytes: 32 KiB}
  - {name: l2, bytes: 1 MiB, cores: 2}
figures:
  - {kind: compute, name: f32_avx2, value: 100, low: 90, high: 101.5, source: measured, clock_mhz: 3600, method: "FMA, 8 wide"}
  - {kind: compute, name: f32_avx2, value: 200, threads: 2}
  - {kind: bandwidth, name: l2_copy, value: 50, source: spec}
  - {kind: latency, name: token, value: 47.5}
costs:
  add: {ns_per_byte: 0.25, shapes: 9, residual: 0.1, low: 0.8, high: 1.3}
rates:
  add:
    l1: {fixed_ns: 2, ns_per_row: 1.5}
    memory: {fixed_ns: 3}
)";

TEST(Machine, KeepsWhatWasMeasured) {
  const Result<Machine> machine = parse_machine(kMeasured);
  ASSERT_TRUE(machine.ok()) << machine.error().to_string();
  EXPECT_EQ(machine->measured.cpu, "a \"fast\" one");
  ASSERT_EQ(machine->figures.size(), 4u);
  const Figure* peak = machine->figure(FigureKind::kCompute, "f32_avx2", 1);
  ASSERT_NE(peak, nullptr);
  EXPECT_EQ(peak->low, 90);
  EXPECT_EQ(peak->method, "FMA, 8 wide");
  EXPECT_EQ(machine->figure(FigureKind::kCompute, "f32_avx2", 2)->high, 200);  // the value, when it is not said
  EXPECT_EQ(machine->figure(FigureKind::kBandwidth, "f32_avx2", 1), nullptr);
  const Result<Machine> again = parse_machine(print_machine(*machine));
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->figures, machine->figures);
  EXPECT_EQ(print_machine(*again), print_machine(*machine));
}

TEST(Machine, ExpectsOfAnOperationWhatItsLevelTakes) {
  const Result<Machine> machine = parse_machine(kMeasured);
  ASSERT_TRUE(machine.ok()) << machine.error().to_string();
  EXPECT_EQ(machine->level_of(32 << 10), "l1");
  EXPECT_EQ(machine->level_of((32 << 10) + 1), "l2");
  EXPECT_EQ(machine->level_of((1 << 20) + 1), "memory");
  EXPECT_EQ(machine->expected_cost("add", 1000)->fixed_ns, 2);
  EXPECT_EQ(machine->expected_cost("add", 1000)->ns_per_row, 1.5);
  EXPECT_EQ(machine->expected_cost("add", 10000000)->ns_per_row, 0);    // as in files from before there were rows
  EXPECT_EQ(machine->expected_cost("add", 100000)->ns_per_byte, 0.25);  // no rate of that level
  EXPECT_EQ(machine->expected_cost("add", 10000000)->fixed_ns, 3);
  EXPECT_EQ(machine->expected_cost("matmul", 1000), nullptr);
}

TEST(Machine, PrintsItsFiguresAsATable) {
  EXPECT_EQ(ceilings_csv(*parse_machine(kMeasured)),
            "device,kind,name,unit,value,low,high,source,method,threads,clock_mhz,when\n"
            "\"a \"\"fast\"\" one\",compute,f32_avx2,GFLOP/s,100,90,101.5,measured,\"FMA, 8 wide\",1,3600,"
            "2026-01-02T03:04:05Z\n"
            "\"a \"\"fast\"\" one\",compute,f32_avx2,GFLOP/s,200,200,200,user,,2,,2026-01-02T03:04:05Z\n"
            "\"a \"\"fast\"\" one\",bandwidth,l2_copy,GB/s,50,50,50,spec,,1,,2026-01-02T03:04:05Z\n"
            "\"a \"\"fast\"\" one\",latency,token,ns,47.5,47.5,47.5,user,,1,,2026-01-02T03:04:05Z\n");
}

TEST(Machine, RefusesFiguresThatSayNothing) {
  const auto with = [](const std::string& lines) {
    return machine_refusal(std::string("machine: m\n") + kHost + lines);
  };
  EXPECT_EQ(with("figures: [{kind: speed, name: x, value: 1}]\n"),
            "m.yaml:3:18: kind of a figure is 'speed'; allowed: compute, bandwidth, latency");
  EXPECT_EQ(with("figures: [{kind: compute, value: 1}]\n"), "m.yaml:3:11: a figure has no 'name'");
  EXPECT_EQ(with("figures: [{kind: compute, name: x, value: 1, low: 2}]\n"),
            "m.yaml:3:11: figure 'x': its value does not lie between low and high");
  EXPECT_EQ(with("figures: [{kind: compute, name: x, value: 1}, {kind: compute, name: x, value: 2}]\n"),
            "m.yaml:3:47: figures of the machine: 'x' is there twice");
  EXPECT_EQ(with("caches: {l1: 1}\n"), "m.yaml:3:9: caches of the machine must be a list");
  EXPECT_EQ(with("caches: [{name: l1, bytes: 2 KiB}, {name: l2, bytes: 2 KiB}]\n"),
            "m.yaml:3:36: caches of the machine: 'l2' is no larger than 'l1' before it");
  EXPECT_EQ(with("rates: {add: {l1: {fixed_ns: 1}}}\n"),
            "m.yaml:3:19: rates of 'add': there is no level 'l1'; the levels of the machine are memory");
}

TEST(Machine, RefusesUnknownWordsAndGuesses) {
  EXPECT_EQ(
      machine_refusal(std::string("machine: m\nlane: 2\n") + kHost),
      "m.yaml:2:1: unknown key 'lane' in the machine (did you mean 'lanes'?); allowed: machine, backend, lanes, "
      "spaces, copy_in_engines, copy_out_engines, copy_in_flight, direct_operands, panel_width, token_ns, wake_ns, "
      "costs, rates, caches, figures, measured");
  EXPECT_EQ(machine_refusal("machine: m\nspaces: {host: {kind: hots, capacity: 1 KiB}}\n"),
            "m.yaml:2:23: kind of space 'host' is 'hots'; allowed: host, scratch, device");
  std::string known;
  for (const Contract& contract : kContracts) known += (known.empty() ? "" : ", ") + std::string(contract.name);
  EXPECT_EQ(machine_refusal(std::string("machine: m\n") + kHost + "costs: {matmull: {fixed_ns: 1}}\n"),
            "m.yaml:3:18: unknown kernel 'matmull' (did you mean 'matmul'?); known: " + known);
  EXPECT_EQ(machine_refusal(std::string("machine: m\n") + kHost + "costs: {matmul: {per_flop: 1}}\n"),
            "m.yaml:3:18: unknown key 'per_flop' in cost of 'matmul'; allowed: fixed_ns, ns_per_flop, ns_per_byte, "
            "ns_per_row, shapes, residual, low, high");
  EXPECT_EQ(machine_refusal(std::string("machine: m\n") + kHost + "costs: {matmul: {ns_per_row: 1}}\n"),
            "m.yaml:3:17: cost of 'matmul': ns_per_row is for rates; costs that schedules carry have no term for rows");
}

TEST(Machine, RefusesFiguresThatCannotBe) {
  EXPECT_EQ(machine_refusal(std::string("machine: m\nlanes: 0\n") + kHost),
            "m.yaml:2:8: lanes of the machine is 0; allowed is 1 to 65535");
  EXPECT_EQ(machine_refusal(std::string("machine: m\npanel_width: 24\n") + kHost),
            "m.yaml:2:14: panel_width of the machine is 24; allowed: 0, 32, 16, 8");
  EXPECT_EQ(machine_refusal(std::string("machine: m\ntoken_ns: -3\n") + kHost),
            "m.yaml:2:11: token_ns of the machine is -3; it cannot be negative");
  // A makespan of such would be infinite, and the verifier refuses claims that are no number.
  EXPECT_EQ(machine_refusal(std::string("machine: m\n") + kHost + "costs: {matmul: {ns_per_flop: 1e308}}\n"),
            "m.yaml:3:31: ns_per_flop of cost of 'matmul' is 1e308; at most 1e18 is allowed");
  EXPECT_EQ(machine_refusal("machine: m\nspaces: {host: {kind: host, capacity: 1 KiB, align: 48}}\n"),
            "m.yaml:2:53: align of space 'host' is 48, no power of two");
  EXPECT_EQ(machine_refusal("machine: m\nspaces: {host: {kind: host}}\n"), "m.yaml:2:16: space 'host' has no capacity");
}

TEST(Machine, RefusesOneThatContradictsItself) {
  EXPECT_EQ(machine_refusal(kHost), "m.yaml:1:1: the machine has no name (key 'machine')");
  EXPECT_EQ(machine_refusal("machine: m\n"), "m.yaml:1:1: the machine has no space of kind host");
  EXPECT_EQ(
      machine_refusal("machine: m\nspaces:\n  a: {kind: host, capacity: 1 KiB}\n  b: {kind: host, capacity: 1 KiB}\n"),
      "m.yaml:4:6: spaces 'a' and 'b' are both of kind host; one is allowed");
  EXPECT_EQ(machine_refusal(std::string("machine: m\ndirect_operands: false\n") + kHost),
            "m.yaml:1:1: the machine has neither direct operands nor a space of kind scratch: nothing can run on it");
}

TEST(MachineFile, ThatDoesNotExistIsSaidToBeMissing) {
  const Result<Machine> machine = load_machine("/nowhere/m.yaml");
  ASSERT_FALSE(machine.ok());
  EXPECT_EQ(machine.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rondo
