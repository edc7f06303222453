// A planned, proven and replayed GPT-2 block against the same block chained in oneDNN.
//
//   block_vs_onednn [--pairs N] [--threads N] [--tokens N]
//
// As many lanes and workers as oneDNN gets threads. Pairs of ABBA, wall time, each side
// a pause after the other's threads went to sleep; the median of our time / their time
// over the quietest half of the pairs (below 1 is faster than oneDNN), both times, both
// rates, ops and waits of a replay, the largest difference of results.
#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "perf/block/onednn_block.h"
#include "perf/kernels/abba.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"

namespace {

using namespace rondo;
using perf::BlockShape;
using perf::BlockWeights;

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().to_string().c_str()), std::exit(1);
  return std::move(result).value();
}
void must(const Status& status) {
  if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str()), std::exit(1);
}

std::string graph_text(const BlockShape& shape) {
  const std::string t = std::to_string(shape.tokens), d = std::to_string(shape.width),
                    three = std::to_string(3 * shape.width), two = std::to_string(2 * shape.width),
                    h = std::to_string(shape.hidden), heads = std::to_string(shape.heads);
  std::ostringstream text;
  text << "graph: block\ntensors:\n  x: {shape: [" << t << ", " << d << "], role: input}\n";
  const auto constant = [&](const char* name, const std::string& extents) {
    text << "  " << name << ": {shape: [" << extents << "], role: constant}\n";
  };
  constant("gamma1", d), constant("beta1", d), constant("qkv", d + ", " + three), constant("qkv_bias", three);
  constant("proj", d + ", " + d), constant("proj_bias", d), constant("gamma2", d), constant("beta2", d);
  constant("up", d + ", " + h), constant("up_bias", h), constant("down", h + ", " + d), constant("down_bias", d);
  text << "  y: {role: output}\noperators:\n"
          "  - {op: layer_norm, inputs: [x, gamma1, beta1], output: n1}\n"
          "  - {op: matmul, inputs: [n1, qkv], output: all}\n"
          "  - {op: bias, inputs: [all, qkv_bias], output: biased}\n"
          "  - {op: slice, inputs: [biased], output: q, begin: 0, end: "
       << d
       << "}\n"
          "  - {op: slice, inputs: [biased], output: k, begin: "
       << d << ", end: " << two
       << "}\n"
          "  - {op: slice, inputs: [biased], output: v, begin: "
       << two << ", end: " << three
       << "}\n"
          "  - {op: attention, inputs: [q, k, v], output: a, heads: "
       << heads
       << ", causal: true}\n"
          "  - {op: matmul, inputs: [a, proj], output: p}\n"
          "  - {op: bias, inputs: [p, proj_bias], output: pb}\n"
          "  - {op: add, inputs: [pb, x], output: middle}\n"
          "  - {op: layer_norm, inputs: [middle, gamma2, beta2], output: n2}\n"
          "  - {op: matmul, inputs: [n2, up], output: u}\n"
          "  - {op: bias, inputs: [u, up_bias], output: ub}\n"
          "  - {op: gelu, inputs: [ub], output: g, form: tanh}\n"
          "  - {op: matmul, inputs: [g, down], output: w}\n"
          "  - {op: bias, inputs: [w, down_bias], output: wb}\n"
          "  - {op: add, inputs: [wb, middle], output: y}\n";
  return text.str();
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  int pairs = 41, threads = 1;
  BlockShape shape;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const int value = i + 1 < argc ? std::atoi(argv[i + 1]) : 0;
    if (value < 1) return std::fprintf(stderr, "usage: %s [--pairs N] [--threads N] [--tokens N]\n", argv[0]), 2;
    if (flag == "--pairs") pairs = value;
    if (flag == "--threads") threads = value;
    if (flag == "--tokens") shape.tokens = static_cast<uint32_t>(value);
    ++i;
  }
  if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    set_threads(threads);

  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  const auto numbers = [&](size_t count, float scale, float middle = 0.0f) {
    std::vector<float> made(count);
    for (float& value : made) value = middle + uniform(random) * scale;
    return made;
  };
  const size_t t = shape.tokens, d = shape.width, h = shape.hidden;
  const float wide = 1.0f / std::sqrt(static_cast<float>(d)), hidden = 1.0f / std::sqrt(static_cast<float>(h));
  std::vector<float> x = numbers(t * d, 1.0f), y(t * d);
  BlockWeights weights{numbers(d, 0.1f, 1.0f), numbers(d, 0.1f), numbers(d * 3 * d, wide), numbers(3 * d, 0.1f),
                       numbers(d * d, wide),   numbers(d, 0.1f), numbers(d, 0.1f, 1.0f),   numbers(d, 0.1f),
                       numbers(d * h, wide),   numbers(h, 0.1f), numbers(h * d, hidden),   numbers(d, 0.1f)};
  const std::vector<Constant> constants = {
      {"gamma1", Buffer(weights.gamma1)}, {"beta1", Buffer(weights.beta1)},
      {"qkv", Buffer(weights.qkv)},       {"qkv_bias", Buffer(weights.qkv_bias)},
      {"proj", Buffer(weights.proj)},     {"proj_bias", Buffer(weights.proj_bias)},
      {"gamma2", Buffer(weights.gamma2)}, {"beta2", Buffer(weights.beta2)},
      {"up", Buffer(weights.up)},         {"up_bias", Buffer(weights.up_bias)},
      {"down", Buffer(weights.down)},     {"down_bias", Buffer(weights.down_bias)}};

  PlanOptions options;
  options.lanes = static_cast<uint32_t>(threads);
  Plan plan = must(plan_tiles(must(parse_graph(graph_text(shape))), default_machine(), options));
  uint64_t waits = 0;
  for (const Op& op : plan.schedule.ops)
    for (const Wait& wait : op.waits) waits += wait.token != kNone ? 1 : 0;
  const uint64_t flops = plan.summary.flops;
  Verification verification = verify(std::move(plan.schedule));
  if (!verification.schedule) return std::fprintf(stderr, "refuted: %s\n", verification.report.summary().c_str()), 1;
  RuntimeOptions runtime_options;
  runtime_options.workers = static_cast<uint32_t>(threads);
  Runtime runtime(runtime_options);
  Program program = must(runtime.prepare(*verification.schedule, constants));
  Session session = must(program.session());
  must(session.bind("x", Buffer(x)));
  must(session.bind("y", Buffer(y)));
  perf::OneDnnBlock peer(shape, x.data(), weights);

  constexpr int kCalls = 10;
  const auto time = [&](auto run) {
    // The other side's threads spin for a while after their last work.
    if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    run();
    double least = 1e9;
    for (int i = 0; i < kCalls; ++i) {
      const double begin = now();
      run();
      least = std::min(least, now() - begin);
    }
    return least;
  };
  const auto ours = [&] { must(session.replay()); };
  const auto theirs = [&] { peer.run(); };
  struct Pair {
    double a, b;
  };
  std::vector<Pair> measured;
  for (int i = 0; i < pairs; ++i) {
    const double a1 = time(theirs), b1 = time(ours), b2 = time(ours), a2 = time(theirs);
    measured.push_back({std::min(a1, a2), std::min(b1, b2)});
  }
  std::sort(measured.begin(), measured.end(), [](const Pair& l, const Pair& r) { return l.a + l.b < r.a + r.b; });
  measured.resize(std::max<size_t>(1, measured.size() / 2));
  std::vector<double> ratios, as, bs;
  for (const Pair& pair : measured) ratios.push_back(pair.b / pair.a), as.push_back(pair.a), bs.push_back(pair.b);
  double differ = 0;
  for (size_t i = 0; i < y.size(); ++i) differ = std::max(differ, std::fabs(double{y[i]} - peer.result()[i]));
  const double a = perf::median(as), b = perf::median(bs), work = static_cast<double>(flops);
  std::printf("tokens threads   ratio   ours us  oneDNN us  GFLOP/s  oneDNN    ops  waits  differ\n");
  std::printf("%6zu  %6d  %6.3f  %8.1f  %9.1f  %7.1f  %6.1f  %5zu  %5llu  %.1e\n", t, threads, perf::median(ratios),
              b * 1e6, a * 1e6, work / b * 1e-9, work / a * 1e-9, program.verified().order(Part::kReplay).size(),
              static_cast<unsigned long long>(waits), differ);
  return 0;
}
