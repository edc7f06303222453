// Machine files: what they mean, and the exact words for what is wrong with them.
#include "rondo/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo {
namespace {

std::string refusal(std::string_view text) {
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
  for (const char* name : {"host-cpu", "tile-accelerator"}) {
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

TEST(Machine, RefusesUnknownWordsAndGuesses) {
  EXPECT_EQ(refusal(std::string("machine: m\nlane: 2\n") + kHost),
            "m.yaml:2:1: unknown key 'lane' in the machine (did you mean 'lanes'?); allowed: machine, backend, lanes, "
            "spaces, copy_in_engines, copy_out_engines, copy_in_flight, direct_operands, panel_width, token_ns, costs");
  EXPECT_EQ(refusal("machine: m\nspaces: {host: {kind: hots, capacity: 1 KiB}}\n"),
            "m.yaml:2:23: kind of space 'host' is 'hots'; allowed: host, scratch, device");
  EXPECT_EQ(
      refusal(std::string("machine: m\n") + kHost + "costs: {matmull: {fixed_ns: 1}}\n"),
      "m.yaml:3:18: unknown kernel 'matmull' (did you mean 'matmul'?); known: copy, fill, pack, matmul, add, mul, "
      "relu, gelu, softmax, layer_norm");
  EXPECT_EQ(refusal(std::string("machine: m\n") + kHost + "costs: {matmul: {per_flop: 1}}\n"),
            "m.yaml:3:18: unknown key 'per_flop' in cost of 'matmul'; allowed: fixed_ns, ns_per_flop, ns_per_byte");
}

TEST(Machine, RefusesFiguresThatCannotBe) {
  EXPECT_EQ(refusal(std::string("machine: m\nlanes: 0\n") + kHost),
            "m.yaml:2:8: lanes of the machine is 0; allowed is 1 to 65535");
  EXPECT_EQ(refusal(std::string("machine: m\npanel_width: 24\n") + kHost),
            "m.yaml:2:14: panel_width of the machine is 24; allowed: 0, 32, 16, 8");
  EXPECT_EQ(refusal(std::string("machine: m\ntoken_ns: -3\n") + kHost),
            "m.yaml:2:11: token_ns of the machine is -3; it cannot be negative");
  EXPECT_EQ(refusal("machine: m\nspaces: {host: {kind: host, capacity: 1 KiB, align: 48}}\n"),
            "m.yaml:2:53: align of space 'host' is 48, no power of two");
  EXPECT_EQ(refusal("machine: m\nspaces: {host: {kind: host}}\n"), "m.yaml:2:16: space 'host' has no capacity");
}

TEST(Machine, RefusesOneThatContradictsItself) {
  EXPECT_EQ(refusal(kHost), "m.yaml:1:1: the machine has no name (key 'machine')");
  EXPECT_EQ(refusal("machine: m\n"), "m.yaml:1:1: the machine has no space of kind host");
  EXPECT_EQ(refusal("machine: m\nspaces:\n  a: {kind: host, capacity: 1 KiB}\n  b: {kind: host, capacity: 1 KiB}\n"),
            "m.yaml:4:6: spaces 'a' and 'b' are both of kind host; one is allowed");
  EXPECT_EQ(refusal(std::string("machine: m\ndirect_operands: false\n") + kHost),
            "m.yaml:1:1: the machine has neither direct operands nor a space of kind scratch: nothing can run on it");
}

TEST(MachineFile, ThatDoesNotExistIsSaidToBeMissing) {
  const Result<Machine> machine = load_machine("/nowhere/m.yaml");
  ASSERT_FALSE(machine.ok());
  EXPECT_EQ(machine.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rondo
