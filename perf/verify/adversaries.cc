#include "perf/verify/adversaries.h"

#include <algorithm>
#include <string>
#include "schedules/builder/builder.h"

namespace rondo::perf {
namespace {

constexpr uint32_t kStreams = 264;

// One lane, an input and an output of `bytes` bytes, an arena of `bytes`.
struct Bench {
  explicit Bench(uint32_t bytes) {
    space = builder.space("scratch", SpaceKind::kScratch, uint64_t{1} << 40);
    arena = builder.arena("a", space, bytes);
    x = builder.binding("x", Role::kInput, DType::kU8, {bytes});
    y = builder.binding("y", Role::kOutput, DType::kU8, {bytes});
    one = builder.view(DType::kU8, {1}, {1});
    all = builder.view(DType::kU8, {bytes}, {1});
    builder.phase("p");
  }
  void copy(uint32_t stream, uint16_t from, uint64_t from_at, uint32_t from_view, uint16_t to, uint64_t to_at,
            uint32_t to_view, std::vector<Wait> waits = {}, std::vector<SignalSpec> signals = {}) {
    OpSpec op;
    op.kernel = "copy";
    op.operands = {{from, from_at, from_view, Access::kRead}, {to, to_at, to_view, Access::kWrite}};
    op.waits = std::move(waits);
    op.signals = std::move(signals);
    builder.add(stream, op);
  }
  ScheduleBuilder builder;
  uint16_t space, arena, x, y;
  uint32_t one, all;
};

Schedule fine_writes(uint32_t ops) {
  const uint32_t half = ops / 2;
  Bench bench(half);
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  for (uint32_t i = 0; i < half; ++i) bench.copy(stream, bench.x, 0, bench.one, bench.arena, i, bench.one);
  for (uint32_t i = 0; i < half; ++i) bench.copy(stream, bench.arena, 0, bench.all, bench.y, 0, bench.all);
  return bench.builder.finish();
}

// Each op waits for its neighbour's last and signals: every clock differs, and the
// last stream waits for all of them at the end, newest first.
Schedule late_waits(uint32_t ops) {
  const uint32_t streams = kStreams, rounds = ops / 2 / streams;
  Bench bench(streams);
  for (uint32_t s = 0; s < streams; ++s) bench.builder.stream("s" + std::to_string(s), 0, Engine::kCompute);
  std::vector<uint32_t> token;
  for (uint32_t s = 0; s < streams; ++s) token.push_back(bench.builder.token());
  for (uint32_t round = 0; round < rounds; ++round)
    for (uint32_t s = 0; s < streams; ++s) {
      std::vector<Wait> waits;
      if (round > 0) waits.push_back({token[(s + 1) % streams], round});
      bench.copy(s, bench.x, 0, bench.one, bench.y, s, bench.one, waits, {{token[s], SignalKind::kDone}});
    }
  const uint32_t last = bench.builder.stream("last", 0, Engine::kCompute);
  for (uint32_t s = 0; s < streams; ++s) bench.builder.add(last, OpSpec{.waits = {{token[s], rounds}}});
  for (uint32_t round = rounds; round-- > 0;)
    for (uint32_t s = 0; s < streams; s += 2)
      bench.builder.add(last, OpSpec{.waits = {{token[s], round + 1}, {token[s + 1], round + 1}}});
  return bench.builder.finish();
}

// Two streams hand a token to and fro; many others wait for its last signal and
// are looked at again with each.
Schedule dense_wait_lists(uint32_t ops) {
  const uint32_t waiters = std::min(60000u, ops / 8), rounds = (ops - waiters) / 2;
  Bench bench(1);
  const uint32_t ping = bench.builder.stream("ping", 0, Engine::kCompute);
  const uint32_t pong = bench.builder.stream("pong", 0, Engine::kCompute);
  const uint32_t there = bench.builder.token(), back = bench.builder.token();
  for (uint32_t i = 0; i < rounds; ++i) {
    std::vector<Wait> waits;
    if (i > 0) waits.push_back({back, i});
    bench.copy(ping, bench.x, 0, bench.one, bench.y, 0, bench.one, waits, {{there, SignalKind::kDone}});
    bench.copy(pong, bench.y, 0, bench.one, bench.arena, 0, bench.one, {{there, i + 1}}, {{back, SignalKind::kDone}});
  }
  for (uint32_t i = 0; i < waiters; ++i) {
    const uint32_t stream = bench.builder.stream("w" + std::to_string(i), 0, Engine::kCompute);
    bench.builder.add(stream, OpSpec{.waits = {{there, rounds}}});
  }
  return bench.builder.finish();
}

// Boxes of as many pitches as there are ops, all over one arena: nothing lines up.
Schedule mixed_pitches(uint32_t ops) {
  constexpr uint32_t kBytes = 1u << 20, kRows = 512;
  Bench bench(kBytes);
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  bench.copy(stream, bench.x, 0, bench.all, bench.arena, 0, bench.all);
  for (uint32_t i = 0; i < ops; ++i) {
    const int64_t pitch = 3 + i % (kBytes / kRows - 4);
    const uint32_t view = bench.builder.view(DType::kU8, {kRows, 2}, {pitch, 1});
    bench.copy(stream, bench.arena, i / 2048, view, bench.y, 0, view);
  }
  bench.copy(stream, bench.arena, 0, bench.all, bench.y, 0, bench.all);
  return bench.builder.finish();
}

// A box that is 2^30 rows of a pitch that nothing else has.
Schedule endless_rows(uint32_t ops) {
  Bench bench(1);
  ScheduleBuilder& builder = bench.builder;
  Schedule& tables = builder.schedule();
  tables.arenas[0].bytes = uint64_t{1} << 36;
  const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
  const uint32_t rows = builder.view(DType::kU8, {1u << 30, 1}, {16, 1});
  const uint32_t other = builder.view(DType::kU8, {1u << 30, 1}, {17, 1});
  for (uint32_t i = 0; i + 1 < ops; ++i) bench.copy(stream, bench.x, 0, bench.one, bench.y, 0, bench.one);
  bench.copy(stream, bench.arena, 0, rows, bench.arena, 8, other);
  return builder.finish();
}

// Every stream reads the whole of what one wrote, in tiles, between its rewrites.
Schedule crowded_readers(uint32_t ops) {
  const uint32_t streams = kStreams, rounds = std::max(1u, ops / streams);
  Bench bench(streams);
  const uint32_t writer = bench.builder.stream("writer", 0, Engine::kCompute);
  const uint32_t ready = bench.builder.token();
  const uint32_t read = bench.builder.token(true);
  bench.copy(writer, bench.x, 0, bench.all, bench.arena, 0, bench.all, {}, {{ready, SignalKind::kDone}});
  for (uint32_t s = 1; s < streams; ++s) {
    const uint32_t stream = bench.builder.stream("s" + std::to_string(s), 0, Engine::kCompute);
    for (uint32_t round = 0; round < rounds; ++round) {
      std::vector<SignalSpec> signals;
      if (round + 1 == rounds) signals.push_back({read, SignalKind::kDone});
      bench.copy(stream, bench.arena, round % streams, bench.one, bench.y, s, bench.one, {{ready, 1}}, signals);
    }
  }
  bench.copy(writer, bench.x, 0, bench.all, bench.arena, 0, bench.all, {{read, streams - 1}});
  bench.copy(writer, bench.x, 0, bench.one, bench.y, 0, bench.one);
  return bench.builder.finish();
}

}  // namespace

const std::vector<Adversary>& adversaries() {
  static const std::vector<Adversary> list = {
      {"fine_writes", "one-byte writes, then reads of the whole arena", fine_writes, true},
      {"late_waits", "264 streams, every signal waited for at the end", late_waits, true},
      {"dense_wait_lists", "thousands of streams woken by each signal", dense_wait_lists, true},
      {"mixed_pitches", "boxes of many pitches over one arena", mixed_pitches, true},
      {"endless_rows", "2^30 rows in one operand", endless_rows, true},
      {"crowded_readers", "264 streams read every cell between two writes", crowded_readers, false},
  };
  return list;
}

}  // namespace rondo::perf
