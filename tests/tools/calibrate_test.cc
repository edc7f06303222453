// rondo calibrate, and the pieces it is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include "rondo/contracts.h"
#include "rondo/machine.h"
#include "tests/tools/small_files.h"
#include "tools/calibrate/bandwidth.h"
#include "tools/calibrate/caches.h"
#include "tools/calibrate/fit.h"
#include "tools/calibrate/kernel_rates.h"
#include "tools/calibrate/peaks.h"

namespace rondo {
namespace {

using calibrate::fit_cost;
using calibrate::TimedOp;
using cli::read_bytes;
using cli::rondo;
using cli::ScratchFolder;
using cli::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(FitCost, FindsTheFormulaThatTimesWereMadeWith) {
  std::vector<TimedOp> ops;
  for (const double flops : {10.0, 1e3, 1e5, 1e7})
    for (const double bytes : {64.0, 4096.0, 1e6}) ops.push_back({flops, bytes, 25 + 0.01 * flops + 0.005 * bytes});
  const KernelCost cost = fit_cost(ops);
  EXPECT_NEAR(cost.fixed_ns, 25, 1e-6);
  EXPECT_NEAR(cost.ns_per_flop, 0.01, 1e-9);
  EXPECT_NEAR(cost.ns_per_byte, 0.005, 1e-9);
  EXPECT_NEAR(cost.residual, 0, 1e-9);
  EXPECT_NEAR(cost.low, 1, 1e-9);
  EXPECT_NEAR(cost.high, 1, 1e-9);
  EXPECT_EQ(cost.shapes, 12u);
}

// Times that fall with the bytes ask for a negative coefficient.
TEST(FitCost, NeverGivesTimeBack) {
  const KernelCost cost = fit_cost({{100, 1000, 50}, {200, 500, 90}, {400, 100, 200}, {50, 2000, 20}});
  EXPECT_GE(cost.fixed_ns, 0);
  EXPECT_GE(cost.ns_per_flop, 0);
  EXPECT_GE(cost.ns_per_byte, 0);
  EXPECT_GT(cost.ns_per_flop, 0);
}

// flops = bytes / 8 throughout, as for y = x + x: one of them says all.
TEST(FitCost, LeavesATermOutThatSaysNothingNew) {
  std::vector<TimedOp> ops;
  for (const double n : {8.0, 64.0, 512.0, 4096.0}) ops.push_back({n, 8 * n, 12 + 0.5 * n});
  const KernelCost cost = fit_cost(ops);
  EXPECT_NEAR(cost.fixed_ns, 12, 1e-6);
  EXPECT_NEAR(calibrate::cost_ns(cost, 1000, 8000), 512, 1e-6);
  EXPECT_TRUE(cost.ns_per_flop == 0 || cost.ns_per_byte == 0);
}

// A norm: 20 ns a row and 0.01 a byte, in rows of 16 to 4,096 elements.
TEST(FitCost, TellsRowsFromBytes) {
  std::vector<TimedOp> ops, without;
  for (const double rows : {4.0, 37.0, 300.0})
    for (const double columns : {16.0, 200.0, 4096.0})
      ops.push_back({0, 8 * rows * columns, 50 + 20 * rows + 0.08 * rows * columns, rows});
  const KernelCost cost = fit_cost(ops);
  EXPECT_NEAR(cost.ns_per_row, 20, 1e-6);
  EXPECT_NEAR(cost.ns_per_byte, 0.01, 1e-9);
  EXPECT_NEAR(cost.residual, 0, 1e-9);
  without = ops;
  for (TimedOp& op : without) op.rows = 0;
  EXPECT_EQ(fit_cost(without).ns_per_row, 0);
  EXPECT_GT(fit_cost(without).residual, 0.3);
}

// Schedules carry costs of three terms.
TEST(FitCost, GivesRowsATermInRatesOnly) {
  Machine machine;
  machine.caches = {{"l1", 1 << 16, 1}};
  std::vector<TimedOp> ops;
  for (const double rows : {4.0, 16.0, 64.0})
    for (const double columns : {16.0, 64.0}) ops.push_back({0, 8 * rows * columns, 20 * rows + rows * columns, rows});
  EXPECT_EQ(calibrate::cost_of("softmax", ops).ns_per_row, 0);
  std::vector<KernelRate> rates = calibrate::rates_of("softmax", ops, machine);
  ASSERT_EQ(rates.size(), 1u);
  EXPECT_NEAR(rates[0].cost.ns_per_row, 20, 1e-6);
  ops.pop_back();  // five shapes are too few for four terms
  rates = calibrate::rates_of("softmax", ops, machine);
  ASSERT_EQ(rates.size(), 1u);
  EXPECT_EQ(rates[0].cost.ns_per_row, 0);
}

TEST(RowsWalked, AreThoseOfTheResultOrOfWhatIsReduced) {
  const calibrate::ShapeLimits limits;
  const auto rows = [&](const char* kernel, const std::vector<uint32_t>& extents) {
    return calibrate::make_op(*find_contract(kernel), extents, limits)->rows;
  };
  EXPECT_EQ(rows("layer_norm", {3, 5, 7}), 15u);
  EXPECT_EQ(rows("reduce_sum", {3, 5, 7}), 15u);
  EXPECT_EQ(rows("matmul", {6, 8, 32}), 6u);
}

TEST(FitCost, OfOneOperationIsItsTime) { EXPECT_NEAR(calibrate::cost_ns(fit_cost({{0, 64, 7}}), 0, 64), 7, 1e-9); }

TEST(FindCaches, ReadsWhatTheSystemTells) {
  const ScratchFolder folder;
  const auto cache = [](int index, const char* level, const char* type, const char* size, const char* shared) {
    const std::string at = "cpu0/cache/index" + std::to_string(index) + "/";
    std::filesystem::create_directories(at);
    write_bytes(at + "level", std::string(level) + "\n");
    write_bytes(at + "type", std::string(type) + "\n");
    write_bytes(at + "size", std::string(size) + "\n");
    write_bytes(at + "shared_cpu_list", std::string(shared) + "\n");
  };
  cache(0, "1", "Data", "48K", "0,64");
  cache(1, "1", "Instruction", "32K", "0,64");
  cache(2, "2", "Unified", "2048K", "0,64");
  cache(3, "3", "Unified", "105M", "0-31,64-95");
  const std::vector<MachineCache> caches = calibrate::find_caches(".");
  ASSERT_EQ(caches.size(), 3u);
  EXPECT_EQ(caches[0].name, "l1");
  EXPECT_EQ(caches[0].bytes, 48u << 10);
  EXPECT_EQ(caches[0].cores, 2u);
  EXPECT_EQ(caches[2].name, "l3");
  EXPECT_EQ(caches[2].bytes, uint64_t{105} << 20);
  EXPECT_EQ(caches[2].cores, 64u);
  EXPECT_TRUE(calibrate::find_caches("nowhere").empty());
}

// Under AddressSanitizer also: kernels stay inside the memory of what is sampled.
TEST(SampledOps, AreLegalAndAsLargeAsAskedFor) {
  const kernels::Isa isa = kernels::detect_isa();
  calibrate::ShapeLimits limits;
  limits.most_bytes = 1 << 16;
  for (const Contract& contract : kContracts) {
    const kernels::KernelEntry* kernel = kernels::find_kernel(contract, isa);
    ASSERT_NE(kernel, nullptr) << contract.name;
    for (uint32_t i = 0; i < 5; ++i) {
      auto op = calibrate::sample_op(contract, i, 5, limits);
      ASSERT_TRUE(op.has_value());
      EXPECT_LE(op->bytes, 2 * limits.most_bytes) << contract.name;
      EXPECT_LE(op->flops, limits.most_flops) << contract.name;
      if (i == 4) {
        EXPECT_GE(op->bytes, limits.most_bytes / 8) << contract.name;
      }
      const TimedOp timed = calibrate::time_op(*kernel, *op, 0);
      EXPECT_GT(timed.ns, 0) << contract.name;
      const auto again = calibrate::sample_op(contract, i, 5, limits);
      EXPECT_EQ(again->extents, op->extents);
    }
  }
}

TEST(PeakLoops, RunEachInstructionSetThereIs) {
  const kernels::Isa isa = kernels::detect_isa();
  for (const calibrate::PeakLoop& loop : calibrate::peak_loops(isa)) {
    loop.run(10);
    EXPECT_GT(loop.flops_per_round, 0) << loop.name;
  }
}

// The kernel's own list of mappings says which of them may have huge pages ("hg").
TEST(WorkingSets, LieInHugePagesFromTheirSizeOn) {
  std::ifstream mappings("/proc/self/smaps");
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled") || !mappings)
    GTEST_SKIP() << "this system has no transparent huge pages, or does not tell";
  const cli::AlignedBytes small = calibrate::working_set(8192), large = calibrate::working_set(uint64_t{8} << 20);
  const auto at = reinterpret_cast<uintptr_t>(large.data());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(small.data()) % 4096, 0u);
  EXPECT_EQ(at % (2 << 20), 0u);
  bool inside = false;
  std::string flags;
  for (std::string line; std::getline(mappings, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= at && at < end;
    if (inside && line.starts_with("VmFlags:")) flags = line + " ";
  }
  EXPECT_THAT(flags, HasSubstr(" hg "));
}

TEST(WalkMemory, CopiesTheFirstHalfOntoTheSecondAndWritesAll) {
  for (const kernels::Isa isa : {kernels::Isa::kReference, kernels::Isa::kAvx2, kernels::Isa::kAvx512}) {
    if (isa > kernels::detect_isa()) continue;
    cli::AlignedBytes memory(8192, 4096);
    std::fill_n(memory.data(), 4096, std::byte{7});
    std::fill_n(memory.data() + 4096, 4096, std::byte{1});
    walk_memory(calibrate::Traffic::kRead, isa, memory.data(), 8192);
    EXPECT_EQ(memory.data()[4096], std::byte{1});
    walk_memory(calibrate::Traffic::kCopy, isa, memory.data(), 8192);
    EXPECT_EQ(std::count(memory.data(), memory.data() + 8192, std::byte{7}), 8192);
    walk_memory(calibrate::Traffic::kWrite, isa, memory.data(), 8192);
    EXPECT_EQ(std::count(memory.data(), memory.data() + 8192, std::byte{7}), 0);
  }
}

TEST(CalibrateVerb, WritesAMachineThatPlansAreMadeFor) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", cli::kLayerGraph);
  const cli::Ran ran =
      rondo({"calibrate", "--quick", "--time-limit", "1", "--name", "here", "-o", "here.yaml", "--ceilings", "c.csv"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  // On a busy machine a second does not do for everything: what is left out is named instead.
  const auto measured_or_named = [&](const char* line, const char* level) {
    return ran.out.find(line) != std::string::npos ||
           ran.err.find(std::string("bandwidth of ") + level + " by 1 thread: the time was over") != std::string::npos;
  };
  EXPECT_TRUE(measured_or_named("\n  l1 ", "l1")) << ran.out << ran.err;
  EXPECT_TRUE(measured_or_named("\n  dram ", "dram")) << ran.out << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("  wake "), HasSubstr("wrote here.yaml\n")));
  const Result<Machine> machine = load_machine("here.yaml");
  ASSERT_TRUE(machine.ok()) << machine.error().to_string();
  EXPECT_EQ(machine->name, "here");
  EXPECT_EQ(machine->figure(FigureKind::kBandwidth, "dram", 1) != nullptr,
            ran.out.find("\n  dram ") != std::string::npos);
  EXPECT_EQ(print_machine(*machine), read_bytes("here.yaml"));
  EXPECT_THAT(read_bytes("c.csv"),
              StartsWith("device,kind,name,unit,value,low,high,source,method,threads,clock_mhz,when\n"));
  const cli::Ran planned = rondo({"plan", "layer.yaml", "--machine", "here.yaml"});
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("machine   here (cpu)"));
}

TEST(CalibrateVerb, StopsOnCtrlC) {
  const ScratchFolder folder;
  const std::atomic<bool> interrupted{true};
  const cli::Ran ran = rondo({"calibrate", "-o", "here.yaml"}, {}, &interrupted);
  EXPECT_EQ(ran.code, 130);
  EXPECT_FALSE(std::filesystem::exists("here.yaml"));
}

TEST(CalibrateVerb, PrintsOneThingOnly) {
  EXPECT_EQ(rondo({"calibrate", "-o", "-", "--json"}).code, 2);
  EXPECT_EQ(rondo({"calibrate", "-o", "-", "--ceilings", "-"}).code, 2);
}

TEST(CalibrateVerb, RefusesANameThatAMachineFileWould) {
  const cli::Ran ran = rondo({"calibrate", "--name", "my machine"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("rondo: --name: machine of the machine must be a name of letters, digits"));
}

}  // namespace
}  // namespace rondo
