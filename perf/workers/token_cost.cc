// What a token between two workers costs, beside the ping-pong of two plain threads
// in the same run.
//
//   token_cost [TURNS]
//
//   one way    a chain of sync ops that goes from lane to lane and back: ns a hop,
//              against two threads that answer each other through two atomics
//   window w   lane 0 signals every op, lane 1 waits for each and gives credit back, so
//              that lane 0 is at most w ahead: ns an op of each lane
//   replay     two lanes of one op each: ns a replay, workers awake (whoever comes first runs them)
//   parked     the same after a pause in which the threads went to sleep
//
// Every turn measures all of them, one after another. Printed are the least and the
// median over the quieter half of the turns; another process on either CPU shows in
// all of them.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>
#include "perf/kernels/abba.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

using namespace rondo;

constexpr uint32_t kHops = 4000, kOps = 20000, kReplays = 2000;
constexpr auto kLongEnoughToPark = std::chrono::milliseconds(2);

double now_ns() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

struct Lanes {
  ScheduleBuilder builder;
  uint32_t stream[2], token[2];
  Lanes() {
    builder.space("host", SpaceKind::kHost, 1 << 20);
    builder.schedule().lane_count = 2;
    builder.phase("tokens");
    for (uint32_t lane = 0; lane < 2; ++lane) {
      stream[lane] = builder.stream(lane == 0 ? "near" : "far", lane, Engine::kCompute);
      token[lane] = builder.token(false, Part::kReplay, TokenScope::kDevice);
    }
  }
  void sync(uint32_t lane, uint32_t wait_count, bool signals = true) {
    OpSpec op;
    if (wait_count != 0) op.waits.push_back({token[1 - lane], wait_count});
    if (signals) op.signals.push_back({token[lane]});
    builder.add(stream[lane], op);
  }
};

Schedule ping_pong(uint32_t hops) {
  Lanes lanes;
  for (uint32_t i = 0; i < hops; ++i) lanes.sync(i % 2, (i + 1) / 2);
  return lanes.builder.finish();
}

Schedule windowed(uint32_t window, uint32_t ops) {
  Lanes lanes;
  for (uint32_t i = 0; i < ops; ++i) {
    // Credit is asked for once half a window is used up, as a ring of slots would.
    const uint32_t half = std::max(1u, window / 2);
    lanes.sync(0, i >= window && i % half == 0 ? i - window + half : 0);
  }
  for (uint32_t i = 0; i < ops; ++i) lanes.sync(1, i + 1);
  return lanes.builder.finish();
}

Schedule two_ops() {
  Lanes lanes;
  lanes.sync(0, 0);
  lanes.sync(1, 0);
  return lanes.builder.finish();
}

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str()), std::exit(1);
  return std::move(result).value();
}

Session session_of(const Runtime& runtime, Schedule schedule) {
  Verification verification = verify(std::move(schedule));
  for (const Finding& finding : verification.report.findings) std::fprintf(stderr, "%s\n", finding.message.c_str());
  if (!verification.schedule) std::exit(1);
  return must(must(runtime.prepare(*verification.schedule)).session());
}

double replay_ns(Session& session) {
  const double begin = now_ns();
  if (!session.replay().ok()) std::abort();
  return now_ns() - begin;
}

// Two threads, two lines; the other one sleeps between turns.
class PlainThreads {
 public:
  PlainThreads() : other_([this] { answer(); }) {}
  ~PlainThreads() {
    turn_.store(-1);
    turn_.notify_one();
    other_.join();
  }
  double hop_ns() {
    const int turn = turn_.load() + 1;
    there_.value = 0;
    back_.value = 0;
    turn_.store(turn);
    turn_.notify_one();
    while (back_.value.load(std::memory_order_acquire) != 1) pause();  // it is awake
    const double begin = now_ns();
    for (uint32_t i = 1; i <= kHops / 2; ++i) {
      there_.value.store(i, std::memory_order_release);
      while (back_.value.load(std::memory_order_acquire) != i + 1) pause();
    }
    return (now_ns() - begin) / kHops;
  }

 private:
  struct alignas(128) Line {
    std::atomic<uint32_t> value{0};
  };
  void answer() {
    for (int seen = 0;;) {
      turn_.wait(seen);
      seen = turn_.load();
      if (seen < 0) return;
      back_.value.store(1, std::memory_order_release);
      for (uint32_t i = 1; i <= kHops / 2; ++i) {
        while (there_.value.load(std::memory_order_acquire) != i) pause();
        back_.value.store(i + 1, std::memory_order_release);
      }
    }
  }

  Line there_, back_;
  alignas(128) std::atomic<int> turn_{0};
  std::thread other_;
};

void print(const char* what, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double least = values.front();
  values.resize(std::max<size_t>(1, values.size() / 2));
  std::printf("%-34s %10.1f %10.1f\n", what, least, perf::median(values));
}

// b - a of the same turn, over the turns in which the two took least together; there is no
// least of differences that says anything.
void print_difference(const char* what, const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<std::pair<double, double>> turns;
  for (size_t i = 0; i < a.size(); ++i) turns.emplace_back(a[i] + b[i], b[i] - a[i]);
  std::sort(turns.begin(), turns.end());
  turns.resize(std::max<size_t>(1, turns.size() / 2));
  std::vector<double> differences;
  for (const auto& turn : turns) differences.push_back(turn.second);
  std::printf("%-34s %10s %10.1f\n", what, "", perf::median(differences));
}

}  // namespace

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::max(1, std::atoi(argv[1])) : 41;
  // The first never lets a share go to the caller for want of patience: what is measured has two workers.
  const Runtime patient({.workers = 2, .spin_ns = 50'000'000}), usual({.workers = 2});
  Session hops = session_of(patient, ping_pong(kHops)), small = session_of(patient, two_ops());
  Session rare = session_of(usual, two_ops());
  const uint32_t windows[] = {1, 8, 32, 128};
  std::vector<Session> rings;
  for (const uint32_t window : windows) rings.push_back(session_of(patient, windowed(window, kOps)));
  PlainThreads plain;

  std::vector<double> plain_ns, hop_ns, awake_ns, parked_ns;
  std::vector<std::vector<double>> ring_ns(std::size(windows));
  for (int turn = 0; turn < turns; ++turn) {
    plain_ns.push_back(plain.hop_ns());
    (void)replay_ns(hops);  // its threads are awake
    hop_ns.push_back(replay_ns(hops) / kHops);
    for (size_t i = 0; i < rings.size(); ++i) ring_ns[i].push_back(replay_ns(rings[i]) / kOps);
    const double begin = now_ns();
    for (uint32_t i = 0; i < kReplays; ++i)
      if (!small.replay().ok()) std::abort();
    awake_ns.push_back((now_ns() - begin) / kReplays);
    std::this_thread::sleep_for(kLongEnoughToPark);
    parked_ns.push_back(replay_ns(rare));
  }
  std::printf("%-34s %10s %10s\n", "ns", "least", "median");
  print("one way, plain threads", plain_ns);
  print("one way, tokens", hop_ns);
  print_difference("  beyond plain, same turn", plain_ns, hop_ns);
  for (size_t i = 0; i < rings.size(); ++i)
    print(("window " + std::to_string(windows[i]) + ", an op").c_str(), ring_ns[i]);
  print("replay of two lanes, awake", awake_ns);
  print("replay of two lanes, parked", parked_ns);
  return 0;
}
