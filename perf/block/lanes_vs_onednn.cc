// One product on several lanes: against one lane, and against oneDNN with as many threads.
//
//   lanes_vs_onednn [--turns N] [--threads N] [MxKxN[xL] ...]
//
// L products one after another, each with weights of its own (k = n then), as a model
// reads them. In every turn each side runs a few times after a pause in which the
// others' threads go to sleep; its time is the least of them. What is printed are
// medians over the quieter half of the turns: one worker's time over that of all
// (speed-up), our time over oneDNN's, GFLOP/s, and bytes of weights read a second as a
// share of what as many threads can read of fresh memory (which only means something
// where the weights exceed the caches).
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "perf/kernels/abba.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"

namespace {

using namespace rondo;

struct Shape {
  uint32_t m = 0, k = 0, n = 0, layers = 1;
};

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().to_string().c_str()), std::exit(1);
  return std::move(result).value();
}
void must(const Status& status) {
  if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str()), std::exit(1);
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string graph_text(const Shape& shape) {
  std::ostringstream text;
  text << "tensors:\n  x: {shape: [" << shape.m << ", " << shape.k << "], role: input}\n  y: {role: output}\n";
  for (uint32_t i = 0; i < shape.layers; ++i)
    text << "  w" << i << ": {shape: [" << shape.k << ", " << shape.n << "], role: constant}\n";
  text << "operators:\n";
  for (uint32_t i = 0; i < shape.layers; ++i)
    text << "  - {op: matmul, inputs: [" << (i == 0 ? "x" : "h" + std::to_string(i)) << ", w" << i
         << "], output: " << (i + 1 == shape.layers ? "y" : "h" + std::to_string(i + 1)) << "}\n";
  return text.str();
}

// Planned for `lanes`, replayed by as many workers.
struct Replayed {
  Replayed(const Shape& shape, uint32_t lanes, const std::vector<std::vector<float>>& weights, std::vector<float>& x,
           std::vector<float>& y)
      : runtime([&] {
          RuntimeOptions options;
          options.workers = lanes;
          return options;
        }()) {
    PlanOptions options;
    options.lanes = lanes;
    Plan plan = must(plan_tiles(must(parse_graph(graph_text(shape))), default_machine(), options));
    Verification verification = verify(std::move(plan.schedule));
    if (!verification.schedule)
      std::fprintf(stderr, "refuted: %s\n", verification.report.summary().c_str()), std::exit(1);
    std::vector<std::string> names;
    for (size_t i = 0; i < weights.size(); ++i) names.push_back("w" + std::to_string(i));
    std::vector<Constant> constants;
    for (size_t i = 0; i < weights.size(); ++i)
      constants.push_back({names[i], Buffer(weights[i].data(), weights[i].size() * 4, DType::kF32)});
    program.emplace(must(runtime.prepare(*verification.schedule, constants)));
    session.emplace(must(program->session()));
    must(session->bind("x", Buffer(x)));
    must(session->bind("y", Buffer(y)));
  }
  void run() { must(session->replay()); }

  Runtime runtime;
  std::optional<Program> program;
  std::optional<Session> session;
};

class OneDnn {
 public:
  OneDnn(const Shape& shape, std::vector<std::vector<float>>& weights, std::vector<float>& x) {
    using dnnl::memory;
    const auto f32 = memory::data_type::f32;
    memory source({{shape.m, shape.k}, f32, memory::format_tag::ab}, engine_, x.data());
    for (std::vector<float>& w : weights) {
      const memory::desc any({shape.k, shape.n}, f32, memory::format_tag::any);
      const memory::desc plain({shape.k, shape.n}, f32, memory::format_tag::ab);
      const memory::desc result({shape.m, shape.n}, f32, memory::format_tag::ab);
      const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(source.get_desc(), any, result), engine_);
      memory given(plain, engine_, w.data()), packed(primitive.weights_desc(), engine_);
      dnnl::reorder(given, packed).execute(stream_, given, packed);
      stream_.wait();
      memory target(result, engine_);
      steps_.push_back(
          {dnnl::matmul(primitive), {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, target}}});
      source = target;
    }
  }
  void run() {
    for (Step& step : steps_) step.primitive.execute(stream_, step.args);
    stream_.wait();
  }

 private:
  struct Step {
    dnnl::matmul primitive;
    std::unordered_map<int, dnnl::memory> args;
  };
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<Step> steps_;
};

// Bytes a second that `threads` threads read of memory that no cache holds, at best.
double read_bandwidth(uint32_t threads) {
  constexpr size_t kFloats = size_t{48} << 20;
  auto* memory = static_cast<float*>(std::aligned_alloc(size_t{2} << 20, kFloats * 4));
  madvise(memory, kFloats * 4, MADV_HUGEPAGE);
  std::fill_n(memory, kFloats, 1.0f);
  [[maybe_unused]] static volatile float sink;
  double best = 0;
  for (int turn = 0; turn < 4; ++turn) {
    std::vector<std::thread> crew;
    const double begin = now();
    for (uint32_t thread = 0; thread < threads; ++thread)
      crew.emplace_back([thread, threads, memory] {
        using Vector = float __attribute__((vector_size(64)));
        const auto* at = reinterpret_cast<const Vector*>(memory) + kFloats / 16 / threads * thread;
        Vector first = {}, second = {};  // as many as there are registers for
        for (size_t i = 0; i + 2 <= kFloats / 16 / threads; i += 2) {
          first += at[i];
          second += at[i + 1];
        }
        const Vector sum = first + second;
        sink = sum[0] + sum[15];
      });
    for (std::thread& thread : crew) thread.join();
    best = std::max(best, static_cast<double>(kFloats) * 4 / (now() - begin));
  }
  std::free(memory);
  return best;
}

void compare(const std::string& name, const Shape& shape, uint32_t threads, int turns, double bandwidth) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  std::vector<float> x(size_t{shape.m} * shape.k), one(size_t{shape.m} * shape.n), all = one;
  for (float& value : x) value = uniform(random);
  std::vector<std::vector<float>> weights(shape.layers, std::vector<float>(size_t{shape.k} * shape.n));
  for (auto& w : weights)
    for (float& value : w) value = uniform(random) / std::sqrt(static_cast<float>(shape.k));
  Replayed alone(shape, 1, weights, x, one), together(shape, threads, weights, x, all);
  OneDnn peer(shape, weights, x);
  const double flops = 2.0 * shape.m * shape.k * shape.n * shape.layers;
  const int calls = static_cast<int>(std::clamp(2e9 / flops, 3.0, 50.0));
  const auto least = [&](auto& side) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    side.run();
    double best = 1e9;
    for (int i = 0; i < calls; ++i) {
      const double begin = now();
      side.run();
      best = std::min(best, now() - begin);
    }
    return best;
  };
  struct Turn {
    double alone, together, peer;
    double sum() const { return alone + together + peer; }
  };
  std::vector<Turn> measured;
  for (int turn = 0; turn < turns; ++turn) {
    Turn made{least(alone), least(together), least(peer)};
    made.peer = std::min(made.peer, least(peer));
    made.together = std::min(made.together, least(together));
    made.alone = std::min(made.alone, least(alone));
    measured.push_back(made);
  }
  std::sort(measured.begin(), measured.end(), [](const Turn& a, const Turn& b) { return a.sum() < b.sum(); });
  measured.resize(std::max<size_t>(1, measured.size() / 2));
  std::vector<double> speed_up, ratio, time;
  for (const Turn& turn : measured) {
    speed_up.push_back(turn.alone / turn.together);
    ratio.push_back(turn.together / turn.peer);
    time.push_back(turn.together);
  }
  const double seconds = perf::median(time), bytes = 4.0 * shape.k * shape.n * shape.layers;
  std::printf("%-20s %7u  %8.2f  %9.3f  %9.1f  %8.1f  %6.1f  %5.0f %%  %s\n", name.c_str(), threads,
              perf::median(speed_up), perf::median(ratio), seconds * 1e6, flops / seconds * 1e-9,
              bytes / seconds * 1e-9, 100 * bytes / seconds / bandwidth, one == all ? "same bits" : "OTHER BITS");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int turns = 15, threads_wanted = 2;
  std::vector<std::string> shapes;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if ((word == "--turns" || word == "--threads") && i + 1 < argc)
      (word == "--turns" ? turns : threads_wanted) = std::max(1, std::atoi(argv[++i]));
    else
      shapes.push_back(word);
  }
  const auto threads = static_cast<uint32_t>(threads_wanted);
  if (shapes.empty()) shapes = {"512x512x512", "1024x1024x1024", "128x768x3072", "1x2048x2048x8"};
  if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    set_threads(threads_wanted);
  const double bandwidth = read_bandwidth(threads);
  std::printf("fresh memory: %.1f GB/s by %u threads\n", bandwidth * 1e-9, threads);
  std::printf("m x k x n x layers   threads  speed-up  vs oneDNN    ours us   GFLOP/s   GB/s  of read  results\n");
  for (const std::string& name : shapes) {
    Shape shape;
    uint32_t* const fields[] = {&shape.m, &shape.k, &shape.n, &shape.layers};
    std::istringstream words(name);
    size_t count = 0;
    for (std::string word; count < 4 && std::getline(words, word, 'x'); ++count)
      *fields[count] = static_cast<uint32_t>(std::atoi(word.c_str()));
    if (count < 3 || shape.m == 0 || shape.k == 0 || shape.n == 0 || shape.layers == 0 ||
        (shape.layers > 1 && shape.k != shape.n))
      return std::fprintf(stderr, "usage: %s [--turns N] [--threads N] [MxKxN[xL] ...]\n", argv[0]), 2;
    compare(name, shape, threads, turns, bandwidth);
  }
  return 0;
}
