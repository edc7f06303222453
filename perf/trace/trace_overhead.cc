// What recording costs: the same session replayed with and without a trace buffer,
// interleaved in one run (ABBA), on ops that do next to nothing.
//
//   trace_overhead [PAIRS]
#include <cstdio>
#include <cstdlib>
#include "perf/kernels/abba.h"
#include "rondo/trace.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"

namespace {

using namespace rondo;

// relu over 16 elements, `count` times, from tile to tile of one arena.
Schedule chain(uint32_t count) {
  constexpr uint32_t kTiles = 64, kTileBytes = 64;
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t space = builder.space("scratch", SpaceKind::kScratch, kTiles * kTileBytes);
  const uint16_t scratch = builder.arena("scratch", space, kTiles * kTileBytes, OwnerKind::kLane, 0);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  builder.phase("chain");
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  const uint32_t line = builder.view(DType::kF32, {16}, {4});
  OperandSpec source = {x, 0, line, Access::kRead};
  for (uint32_t i = 0; i < count; ++i) {
    OperandSpec target = {scratch, uint64_t{i % kTiles} * kTileBytes, line, Access::kWrite};
    if (i + 1 == count) target = {y, 0, line, Access::kWrite};
    builder.add(compute, {.kernel = "relu", .operands = {source, target}});
    source = target;
    source.access = Access::kRead;
  }
  return builder.finish();
}

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str()), std::exit(1);
  return std::move(result).value();
}

}  // namespace

int main(int argc, char** argv) {
  const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 31;
  std::printf("     ops  plain ns/op  traced ns/op  difference   ratio\n");
  for (const uint32_t count : {100u, 1000u, 10000u}) {
    const Verification verification = verify(chain(count));
    if (!verification.schedule) return 1;
    const Program program = must(Runtime().prepare(*verification.schedule));
    Session session = must(program.session());
    TraceBuffer trace = must(TraceBuffer::make(program, 4));
    std::vector<float> x(16, 0.5f), y(16);
    if (!session.bind("x", x).ok() || !session.bind("y", y).ok()) return 1;
    const auto plain = [&] {
      if (!session.replay().ok()) std::abort();
    };
    const auto traced = [&] {
      if (!session.replay(trace).ok()) std::abort();
    };
    const perf::Comparison compared = perf::compare_abba(plain, traced, pairs, static_cast<int>(200000 / count));
    const double a = compared.a_seconds * 1e9 / count, b = compared.b_seconds * 1e9 / count;
    std::printf("%8u  %11.2f  %12.2f  %10.2f  %6.3f\n", count, a, b, b - a, compared.ratio);
  }
  return 0;
}
