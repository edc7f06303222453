// How long a schedule of a million ops takes to read, from memory and from disk.
// Bars: binary with the structural check < 0.3 s, text < 3 s.
#include <benchmark/benchmark.h>
#include <unistd.h>
#include "perf/schedules/generate_schedule.h"
#include "rondo/load.h"

namespace rondo::perf {
namespace {

const Schedule& million(bool values) {
  static const Schedule plain = generate_schedule({});
  static const Schedule labelled = generate_schedule({.values = true});
  return values ? labelled : plain;
}

void report(benchmark::State& state, size_t bytes, const Schedule& schedule) {
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["ops"] = static_cast<double>(schedule.ops.size());
  state.counters["operands"] = static_cast<double>(schedule.operands.size());
}

void BM_ParseBinary(benchmark::State& state) {
  const std::vector<std::byte> bytes = write_binary(million(state.range(0)));
  for (auto _ : state) {
    const Result<Schedule> schedule = parse_binary(bytes);
    if (!schedule) return state.SkipWithError(schedule.error().message.c_str());
  }
  report(state, bytes.size(), million(state.range(0)));
}

void BM_ParseText(benchmark::State& state) {
  const std::string text = print_text(million(state.range(0)));
  for (auto _ : state) {
    const Result<Schedule> schedule = parse_text(text);
    if (!schedule) return state.SkipWithError(schedule.error().message.c_str());
  }
  report(state, text.size(), million(state.range(0)));
}

// From a file, as `rondo` does it.
void BM_LoadBinaryFile(benchmark::State& state) {
  const std::string path = "/tmp/rondo_load_benchmark." + std::to_string(getpid());
  const std::vector<std::byte> bytes = write_binary(million(state.range(0)));
  if (const Status status = write_file(path, bytes); !status)
    return state.SkipWithError(status.error().message.c_str());
  for (auto _ : state) {
    const Result<Schedule> schedule = load(path);
    if (!schedule) return state.SkipWithError(schedule.error().message.c_str());
  }
  ::unlink(path.c_str());
  report(state, bytes.size(), million(state.range(0)));
}

void BM_CheckStructure(benchmark::State& state) {
  const Schedule& schedule = million(state.range(0));
  for (auto _ : state)
    if (!check_structure(schedule)) return state.SkipWithError("refused");
}

void BM_PrintText(benchmark::State& state) {
  const Schedule& schedule = million(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(print_text(schedule));
}

void BM_WriteBinary(benchmark::State& state) {
  const Schedule& schedule = million(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(write_binary(schedule));
}

void BM_Digest(benchmark::State& state) {
  const Schedule& schedule = million(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(digest_of(schedule));
}

BENCHMARK(BM_ParseBinary)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LoadBinaryFile)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ParseText)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CheckStructure)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PrintText)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_WriteBinary)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Digest)->ArgName("values")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rondo::perf
