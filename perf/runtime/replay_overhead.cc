// What a replay costs beside its kernels, at 1 to 100,000 ops.
//
//   replay_overhead [--pairs N]
//
// Each line replays a proven chain of add, mul and relu on 16-element tiles, and
// calls the same kernels in the same order in a plain loop over arguments that stay
// in L1; both interleaved in one run (ABBA). Columns: a replay and the loop, ns an
// op; their difference, which is what the executor costs; and the executor alone,
// over the same tables with kernels that do nothing. Last the empty replay.
#include <sched.h>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
#include "kernels/kernel.h"
#include "perf/kernels/abba.h"
#include "rondo/contracts.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"
#include "runtime/serial.h"
#include "schedules/builder/builder.h"

namespace {

using namespace rondo;

constexpr uint32_t kTiles = 256, kTileBytes = 64;
constexpr std::string_view kKernels[] = {"relu", "add", "mul"};

// x -> a chain of `count` ops over tiles of one arena -> y; 0: nothing at all.
Schedule chain(uint32_t count) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t scratch_space = builder.space("scratch", SpaceKind::kScratch, kTiles * kTileBytes);
  const uint16_t scratch = builder.arena("scratch", scratch_space, kTiles * kTileBytes, OwnerKind::kLane, 0);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  builder.phase("chain");
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  if (count == 0) return builder.finish();
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  const uint32_t line = builder.view(DType::kF32, {16}, {4});
  OperandSpec source = {x, 0, line, Access::kRead};
  for (uint32_t i = 0; i < count; ++i) {
    OperandSpec target = {scratch, uint64_t{i % kTiles} * kTileBytes, line, Access::kWrite};
    if (i + 1 == count) target = {y, 0, line, Access::kWrite};
    std::vector<OperandSpec> operands(i % 3 == 0 ? 1 : 2, source);
    operands.push_back(target);
    builder.add(compute, {.kernel = kKernels[i % 3], .operands = std::move(operands)});
    source = target;
    source.access = Access::kRead;
  }
  return builder.finish();
}

VerifiedSchedule proven(Schedule schedule) {
  Verification verification = verify(std::move(schedule));
  for (const Finding& finding : verification.report.findings) std::fprintf(stderr, "%s\n", finding.message.c_str());
  if (!verification.schedule) std::exit(1);
  return *verification.schedule;
}

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str()), std::exit(1);
  return std::move(result).value();
}

// The executor over tables of a schedule, with kernels that return at once.
double executor_alone_ns(const VerifiedSchedule& verified, int pairs, int calls) {
  const Schedule& schedule = verified.schedule();
  const std::vector<runtime::ResolvedKernel> kernels(schedule.kernels.size() + 1,
                                                     {[](const kernels::KernelArgs&) {}, 3});
  std::vector<std::byte> memory(kTiles * kTileBytes);
  const std::vector<std::byte*> bases(schedule.base_count(), memory.data());
  runtime::SerialWork work;
  work.ops = schedule.ops.data();
  work.operands = schedule.operands.data();
  work.order = verified.order(Part::kReplay).data();
  work.op_count = verified.order(Part::kReplay).size();
  work.kernels = kernels.data();
  work.bases = bases.data();
  work.views = schedule.views.data();
  const auto run = [&] { runtime::run_serial(work); };
  return perf::compare_abba(run, run, pairs, calls).b_seconds * 1e9;
}

void measure(uint32_t count, int pairs) {
  const VerifiedSchedule verified = proven(chain(count));
  Runtime runtime;
  Program program = must(runtime.prepare(verified));
  Session session = must(program.session());
  std::vector<float> x(16, 0.5f), y(16);
  if (!session.bind("x", x).ok() || !session.bind("y", y).ok()) std::exit(1);

  // The plain loop: the arguments of the first 3 * kTiles ops, over and over.
  const kernels::Isa isa = kernels::detect_isa();
  std::vector<std::byte> tiles(kTiles * kTileBytes + 64);
  const View line = verified.schedule().views[0];
  const uint32_t params[4] = {};
  struct PlainCall {
    kernels::KernelFn run;
    kernels::KernelArgs args;
  };
  std::vector<PlainCall> plain(3 * kTiles);
  for (uint32_t i = 0; i < plain.size(); ++i) {
    const uint32_t last = i % 3 == 0 ? 1 : 2;
    plain[i].run = kernels::find_kernel(*find_contract(kKernels[i % 3]), isa)->fn;
    plain[i].args = {};
    plain[i].args.params = params;
    for (uint32_t operand = 0; operand <= last; ++operand) {
      const uint32_t tile = operand == last ? i : i + kTiles - 1;
      plain[i].args.data[operand] = tiles.data() + (tile % kTiles) * kTileBytes;
      plain[i].args.view[operand] = &line;
    }
  }
  const auto replay = [&] {
    if (!session.replay().ok()) std::abort();
  };
  const auto loop = [&] {
    for (uint32_t done = 0; done < count;)
      for (uint32_t i = 0; i < plain.size() && done < count; ++i, ++done) plain[i].run(plain[i].args);
  };
  const int calls = static_cast<int>(std::max(1u, 200000 / count));
  const perf::Comparison compared = perf::compare_abba(loop, replay, pairs, calls);
  const double replay_ns = compared.b_seconds * 1e9 / count, loop_ns = compared.a_seconds * 1e9 / count;
  std::printf("%8u  %9.2f  %9.2f  %10.2f  %8.2f\n", count, replay_ns, loop_ns, replay_ns - loop_ns,
              executor_alone_ns(verified, pairs, calls) / count);
  std::fflush(stdout);
}

void measure_empty(int pairs) {
  Session session = must(must(Runtime().prepare(proven(chain(0)))).session());
  const auto replay = [&] {
    if (!session.replay().ok()) std::abort();
  };
  std::printf("empty replay: %.1f ns\n", perf::compare_abba(replay, replay, pairs, 100000).b_seconds * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  int pairs = 31;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) != "--pairs" || i + 1 == argc)
      return std::fprintf(stderr, "usage: %s [--pairs N]\n", argv[0]), 2;
    pairs = std::max(1, std::atoi(argv[++i]));
  }
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &cpu);
  sched_setaffinity(0, sizeof cpu, &cpu);
  std::printf("           replay       loop  difference  executor\n");
  std::printf("     ops    ns/op      ns/op       ns/op     ns/op\n");
  for (const uint32_t count : {1u, 1000u, 10000u, 100000u}) measure(count, pairs);
  measure_empty(pairs);
  return 0;
}
