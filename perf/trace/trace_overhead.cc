// What recording costs: the same session replayed with and without a trace buffer,
// interleaved in one run, on ops that do next to nothing.
//
//   trace_overhead [PAIRS] [REPLAYS]
//
//   one worker     CPU time of the thread (ABBA, the quietest half of PAIRS)
//   two workers    a lane each, ops that wait for nobody; ops of the second that each wait for
//                  one of the first, which takes a second stamp; wall time of REPLAYS each way,
//                  in turns: the median of the fastest tenth, when both workers had a CPU
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include "perf/kernels/abba.h"
#include "rondo/trace.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"

namespace {

using namespace rondo;

// relu over 16 elements, `count` times a lane, from tile to tile of one arena a lane.
// `in_step`: each op of the second lane waits for the same one of the first.
Schedule chains(uint32_t count, uint32_t lanes, bool in_step) {
  constexpr uint32_t kTiles = 64, kTileBytes = 64;
  ScheduleBuilder builder;
  builder.schedule().lane_count = lanes;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t space = builder.space("scratch", SpaceKind::kScratch, kTiles * kTileBytes);
  std::vector<uint16_t> scratch;
  for (uint32_t lane = 0; lane < lanes; ++lane)
    scratch.push_back(
        builder.arena("scratch" + std::to_string(lane), space, kTiles * kTileBytes, OwnerKind::kLane, lane));
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {lanes, 16});
  builder.phase("chain");
  const uint32_t line = builder.view(DType::kF32, {16}, {4});
  const uint32_t token = in_step ? builder.token(false, Part::kReplay, TokenScope::kDevice) : kNone;
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const uint32_t compute = builder.stream("compute" + std::to_string(lane), lane, Engine::kCompute);
    OperandSpec source = {x, 0, line, Access::kRead};
    for (uint32_t i = 0; i < count; ++i) {
      OperandSpec target = {scratch[lane], uint64_t{i % kTiles} * kTileBytes, line, Access::kWrite};
      if (i + 1 == count) target = {y, uint64_t{lane} * kTileBytes, line, Access::kWrite};
      OpSpec op{.kernel = "relu", .operands = {source, target}};
      if (in_step && lane == 0) op.signals = {{token}};
      if (in_step && lane == 1) op.waits = {{token, i + 1}};
      builder.add(compute, op);
      source = target;
      source.access = Access::kRead;
    }
  }
  return builder.finish();
}

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str()), std::exit(1);
  return std::move(result).value();
}

// A session of such chains with its buffers, replayed either way.
class Chains {
 public:
  Chains(uint32_t count, uint32_t lanes, bool in_step)
      : program_(prepared(count, lanes, in_step)),
        session_(must(program_.session())),
        trace_(must(TraceBuffer::make(program_, 4))),
        x_(16, 0.5f),
        y_(16 * lanes) {
    if (!session_.bind("x", x_).ok() || !session_.bind("y", y_).ok()) std::exit(1);
  }
  void plain() {
    if (!session_.replay().ok()) std::abort();
  }
  void traced() {
    if (!session_.replay(trace_).ok()) std::abort();
  }

 private:
  static Program prepared(uint32_t count, uint32_t lanes, bool in_step) {
    const Verification verification = verify(chains(count, lanes, in_step));
    for (const Finding& finding : verification.report.findings) std::fprintf(stderr, "%s\n", finding.message.c_str());
    if (!verification.schedule) std::exit(1);
    // Patient: the caller leaves the second lane to the other worker.
    return must(Runtime({.workers = lanes, .spin_ns = 50'000'000}).prepare(*verification.schedule));
  }

  Program program_;
  Session session_;
  TraceBuffer trace_;
  std::vector<float> x_, y_;
};

double of_fastest_tenth(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  times.resize(std::max<size_t>(1, times.size() / 10));
  return perf::median(times);
}

void print(const char* what, uint32_t count, double plain_ns, double traced_ns, double ratio) {
  std::printf("%-24s %8u  %11.2f  %12.2f  %10.2f  %6.3f\n", what, count, plain_ns, traced_ns, traced_ns - plain_ns,
              ratio);
}

void measure_one(uint32_t count, int pairs) {
  Chains chains(count, 1, false);
  const perf::Comparison compared =
      perf::compare_abba([&] { chains.plain(); }, [&] { chains.traced(); }, pairs, static_cast<int>(200000 / count));
  print("one worker", count, compared.a_seconds * 1e9 / count, compared.b_seconds * 1e9 / count, compared.ratio);
}

void measure_two(const char* what, uint32_t count, bool in_step, int replays) {
  using Clock = std::chrono::steady_clock;
  Chains chains(count, 2, in_step);
  std::vector<double> plain, traced;
  const auto time = [](std::vector<double>& into, const auto& replay) {
    const Clock::time_point begin = Clock::now();
    replay();
    into.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  };
  for (int i = 0; i < replays; ++i) {
    time(plain, [&] { chains.plain(); });
    time(traced, [&] { chains.traced(); });
  }
  const double plain_ns = of_fastest_tenth(plain) / count, traced_ns = of_fastest_tenth(traced) / count;
  print(what, count, plain_ns, traced_ns, traced_ns / plain_ns);
}

}  // namespace

int main(int argc, char** argv) {
  const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 31;
  const int replays = argc > 2 ? std::max(1, std::atoi(argv[2])) : 2000;
  std::printf("%-24s %8s  %11s  %12s  %10s  %6s\n", "ns an op of a worker", "ops", "plain", "traced", "difference",
              "ratio");
  for (const uint32_t count : {100u, 1000u, 10000u}) measure_one(count, pairs);
  for (const uint32_t count : {100u, 1000u, 10000u}) measure_two("two workers", count, false, replays);
  for (const uint32_t count : {100u, 1000u, 10000u}) measure_two("two, each op waits", count, true, replays);
  return 0;
}
