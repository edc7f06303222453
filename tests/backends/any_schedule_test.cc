// Any proven schedule computes the same on every device of the boundary, whatever it
// does with streams, tokens, signals of both kinds, arenas and state: small random
// schedules, launched as they are, against the serial executor.
#include <gtest/gtest.h>
#include <cstring>
#include <random>
#include "rondo/contracts.h"
#include "rondo/verify.h"
#include "runtime/backends/cpu/cpu_device.h"
#include "runtime/backends/emulated/emulated_device.h"
#include "runtime/backends/launch_plan.h"
#include "runtime/serial.h"
#include "tests/backends/test_arguments.h"
#include "tests/verify/oracle/random_schedule.h"

namespace rondo::runtime {
namespace {

using rondo::testing::test_arguments;

struct Memory {
  std::vector<std::vector<std::byte>> bases;
  std::vector<std::byte*> addresses;

  explicit Memory(const Schedule& schedule) {
    for (const Arena& arena : schedule.arenas) bases.emplace_back(arena.bytes, std::byte{0xff});
    for (const Binding& binding : schedule.bindings) {
      std::vector<std::byte>& base = bases.emplace_back(bytes_of(binding));
      for (size_t i = 0; i < base.size(); ++i) base[i] = static_cast<std::byte>(i * 37 + bases.size() * 11);
      if (binding.dtype != static_cast<uint8_t>(DType::kF32)) continue;
      for (size_t i = 0; i + sizeof(float) <= base.size(); i += sizeof(float)) {
        const float value = static_cast<float>((i * 37 + bases.size() * 11) % 61) - 30.0f;
        std::memcpy(base.data() + i, &value, sizeof value);
      }
    }
    for (auto& base : bases) addresses.push_back(base.data());
  }
};

std::vector<ResolvedKernel> reference_kernels(const Schedule& schedule) {
  std::vector<ResolvedKernel> made;
  for (const KernelRef& ref : schedule.kernels) {
    const Contract* contract = find_contract(schedule.name(ref.name));
    made.push_back({kernels::find_kernel(*contract, kernels::Isa::kReference)->fn, contract->operand_count});
  }
  return made;
}

void replay_serially(const VerifiedSchedule& verified, const std::vector<ResolvedKernel>& kernels, Memory& memory) {
  const Schedule& schedule = verified.schedule();
  for (const Part part : {Part::kPrepare, Part::kReplay}) {
    SerialWork work;
    work.ops = schedule.ops.data();
    work.operands = schedule.operands.data();
    work.order = verified.order(part).data();
    work.op_count = verified.order(part).size();
    work.kernels = kernels.data();
    work.bases = memory.addresses.data();
    work.views = schedule.views.data();
    run_serial(work);
  }
}

// Both parts, each one launch. Arenas lie on the device, bindings are the host's.
void replay_on(Device& device, const VerifiedSchedule& verified, const std::vector<ResolvedKernel>& kernels,
               Memory& memory) {
  const Schedule& schedule = verified.schedule();
  const auto queue = *device.make_queue();
  const auto tokens = *device.make_tokens(static_cast<uint32_t>(schedule.tokens.size()));
  std::vector<std::byte*> bases = memory.addresses;
  std::vector<DeviceBlock> blocks;
  for (size_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    blocks.push_back(std::move(*device.allocate(schedule.arenas[arena].bytes, schedule.arenas[arena].align_bytes, "")));
    bases[arena] = blocks.back().data();
  }
  const std::vector<uint64_t> counts_before(schedule.tokens.size(), 0);
  for (const Part part : {Part::kPrepare, Part::kReplay}) {
    const Result<LaunchPlan> plan = plan_launches(schedule, part, device.traits());
    ASSERT_TRUE(plan.ok());
    for (const PlannedLaunch& planned : plan->launches) {
      LaunchControl control;
      Launch launch;
      launch.tables = {&schedule, kernels.data(), bases.data(),        schedule.views.data(),
                       nullptr,   tokens.get(),   counts_before.data()};
      launch.ranges = planned.ranges;
      launch.lanes = planned.lanes;
      launch.control = &control;
      ASSERT_TRUE(queue->reserve(launch).ok());
      ASSERT_TRUE(queue->launch(launch).ok());
      ASSERT_TRUE(queue->drain(std::chrono::seconds(20)));
      EXPECT_EQ(control.completed.load(), verified.order(part).size());
    }
  }
}

TEST(AnySchedule, ComputesTheSameOnEveryDeviceAsSerially) {
  std::mt19937_64 random(test_arguments().seed);
  const auto cpu = make_cpu_device();
  std::vector<std::shared_ptr<Device>> emulated;
  for (uint64_t seed = 0; seed < 8; ++seed)
    emulated.push_back(make_emulated_device({.threads = 1 + static_cast<uint32_t>(seed % 3), .seed = seed}));
  uint64_t replayed = 0, read_signals = 0, overlapping = 0;
  while (replayed < test_arguments().schedules) {
    Verification verification = verify(oracle::random_schedule(random, oracle::Leaning::kClean));
    if (!verification.schedule) continue;
    const VerifiedSchedule& verified = *verification.schedule;
    const Schedule& schedule = verified.schedule();
    const std::vector<ResolvedKernel> kernels = reference_kernels(schedule);
    Memory expected(schedule);
    replay_serially(verified, kernels, expected);
    for (Device* device : {cpu.get(), emulated[replayed % emulated.size()].get()}) {
      Memory found(schedule);
      replay_on(*device, verified, kernels, found);
      for (size_t binding = 0; binding < schedule.bindings.size(); ++binding)
        ASSERT_EQ(found.bases[schedule.arenas.size() + binding], expected.bases[schedule.arenas.size() + binding])
            << "schedule " << replayed << ", seed " << test_arguments().seed << ", binding " << binding << " on "
            << device->traits().backend;
    }
    for (const Op& op : schedule.ops) read_signals += op.signal_kinds[0] != 0 || op.signal_kinds[1] != 0;
    for (const Stream& stream : schedule.streams) overlapping += stream.in_flight > 1;
    ++replayed;
  }
  std::printf("any schedule: %llu replayed on two devices, %llu ops with read signals, %llu streams with overlap\n",
              static_cast<unsigned long long>(replayed), static_cast<unsigned long long>(read_signals),
              static_cast<unsigned long long>(overlapping));
  EXPECT_GT(read_signals, test_arguments().schedules / 20);
  EXPECT_GT(overlapping, test_arguments().schedules / 20);
}

}  // namespace
}  // namespace rondo::runtime
