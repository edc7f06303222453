// A planned, proven and replayed MLP against the same layers chained in oneDNN.
//
//   mlp_vs_onednn [--pairs N] [BATCHxINxHIDDENx...xOUT ...]
//
// One thread, weights packed beforehand on both sides (oneDNN: format_tag::any), bias
// and ReLU fused on both sides, interleaved in one run. Every line: the median of our
// time / their time over the quietest half of the ABBA pairs (below 1 is faster than
// oneDNN), both times, both rates, ops of a replay, the largest difference of results.
#include <dlfcn.h>
#include <sched.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>
#include "perf/kernels/abba.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"

namespace {

using namespace rondo;
using Layers = std::vector<uint32_t>;  // batch, then widths

// Page-aligned memory for both sides.
struct Floats {
  explicit Floats(size_t count)
      : data(static_cast<float*>(std::aligned_alloc(4096, (count * 4 + 4095) / 4096 * 4096))), size(count) {}
  Floats(const Floats&) = delete;
  Floats(Floats&& other) noexcept : data(std::exchange(other.data, nullptr)), size(other.size) {}
  ~Floats() { std::free(data); }
  float* data;
  size_t size;
};

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().to_string().c_str()), std::exit(1);
  return std::move(result).value();
}
void must(const Status& status) {
  if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str()), std::exit(1);
}

std::string graph_text(const Layers& layers) {
  std::ostringstream text;
  text << "graph: mlp\ntensors:\n  x: {shape: [" << layers[0] << ", " << layers[1] << "], role: input}\n";
  for (size_t layer = 1; layer + 1 < layers.size(); ++layer)
    text << "  w" << layer << ": {shape: [" << layers[layer] << ", " << layers[layer + 1] << "], role: constant}\n  b"
         << layer << ": {shape: [" << layers[layer + 1] << "], role: constant}\n";
  text << "  y: {role: output}\noperators:\n";
  std::string from = "x";
  for (size_t layer = 1; layer + 1 < layers.size(); ++layer) {
    const bool last = layer + 2 == layers.size();
    const std::string n = std::to_string(layer), sum = last ? "y" : "s" + n;
    text << "  - {op: matmul, inputs: [" << from << ", w" << n << "], output: p" << n << "}\n";
    text << "  - {op: bias, inputs: [p" << n << ", b" << n << "], output: " << sum << "}\n";
    if (!last) text << "  - {op: relu, inputs: [" << sum << "], output: h" << n << "}\n";
    from = "h" + n;
  }
  return text.str();
}

// One primitive a layer, weights in the format it asked for.
class OneDnnMlp {
 public:
  OneDnnMlp(const Layers& layers, float* x, std::vector<Floats>& weights, std::vector<Floats>& biases) {
    using dnnl::memory;
    const auto f32 = memory::data_type::f32;
    memory source({{layers[0], layers[1]}, f32, memory::format_tag::ab}, engine_, x);
    for (size_t layer = 0; layer + 2 < layers.size(); ++layer) {
      const memory::dim m = layers[0], k = layers[layer + 1], n = layers[layer + 2];
      const memory::desc any({k, n}, f32, memory::format_tag::any), plain({k, n}, f32, memory::format_tag::ab),
          row({1, n}, f32, memory::format_tag::ab), result({m, n}, f32, memory::format_tag::ab);
      dnnl::primitive_attr attributes;
      if (layer + 3 < layers.size()) {
        dnnl::post_ops relu;
        relu.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
        attributes.set_post_ops(relu);
      }
      const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(source.get_desc(), any, row, result), attributes,
                                                   engine_);
      memory given(plain, engine_, weights[layer].data), packed(primitive.weights_desc(), engine_);
      dnnl::reorder(given, packed).execute(stream_, given, packed);
      stream_.wait();
      memory target(result, engine_);
      layers_.push_back({dnnl::matmul(primitive),
                         {{DNNL_ARG_SRC, source},
                          {DNNL_ARG_WEIGHTS, packed},
                          {DNNL_ARG_BIAS, memory(row, engine_, biases[layer].data)},
                          {DNNL_ARG_DST, target}}});
      source = target;
    }
    result_ = static_cast<float*>(source.get_data_handle());
  }
  void run() {
    for (Layer& layer : layers_) layer.primitive.execute(stream_, layer.args);
  }
  const float* result() const { return result_; }

 private:
  struct Layer {
    dnnl::matmul primitive;
    std::unordered_map<int, dnnl::memory> args;
  };
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<Layer> layers_;
  float* result_ = nullptr;
};

void one_thread() {
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &cpu);
  sched_setaffinity(0, sizeof cpu, &cpu);
  // oneDNN's OpenMP runtime has read the environment already when main begins.
  if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) set_threads(1);
}

void compare(const std::string& shape, const Layers& layers, int pairs) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  const auto fill = [&](Floats& values, float scale) {
    for (size_t i = 0; i < values.size; ++i) values.data[i] = uniform(random) * scale;
  };
  Floats x(size_t{layers[0]} * layers[1]), y(size_t{layers[0]} * layers.back());
  fill(x, 1.0f);
  std::vector<Floats> weights, biases;
  std::vector<std::string> names;
  for (size_t layer = 1; layer + 1 < layers.size(); ++layer) {
    weights.emplace_back(size_t{layers[layer]} * layers[layer + 1]);
    biases.emplace_back(layers[layer + 1]);
    fill(weights.back(), 1.0f / std::sqrt(static_cast<float>(layers[layer])));
    fill(biases.back(), 1.0f);
    names.push_back("w" + std::to_string(layer));
    names.push_back("b" + std::to_string(layer));
  }
  std::vector<Constant> constants;
  for (size_t layer = 0; layer < weights.size(); ++layer) {
    constants.push_back({names[2 * layer], Buffer(weights[layer].data, weights[layer].size * 4, DType::kF32)});
    constants.push_back({names[2 * layer + 1], Buffer(biases[layer].data, biases[layer].size * 4, DType::kF32)});
  }

  Plan plan = must(plan_tiles(must(parse_graph(graph_text(layers))), default_machine()));
  Verification verification = verify(std::move(plan.schedule));
  if (!verification.schedule)
    std::fprintf(stderr, "refuted: %s\n", verification.report.summary().c_str()), std::exit(1);
  Runtime runtime;
  Program program = must(runtime.prepare(*verification.schedule, constants));
  Session session = must(program.session());
  must(session.bind("x", Buffer(x.data, x.size * 4, DType::kF32)));
  must(session.bind("y", Buffer(y.data, y.size * 4, DType::kF32)));
  OneDnnMlp peer(layers, x.data, weights, biases);

  double flops = 0;
  for (size_t layer = 1; layer + 1 < layers.size(); ++layer)
    flops += 2.0 * layers[0] * layers[layer] * layers[layer + 1];
  const auto compared = perf::compare_abba([&] { peer.run(); }, [&] { must(session.replay()); }, pairs,
                                           static_cast<int>(std::max(1.0, 1e8 / flops)));
  double differ = 0;
  for (size_t i = 0; i < y.size; ++i) differ = std::max(differ, std::fabs(double{y.data[i]} - peer.result()[i]));
  std::printf("%-22s  %6.3f  %8.1f  %8.1f  %7.1f  %7.1f  %5zu  %.1e\n", shape.c_str(), compared.ratio,
              compared.b_seconds * 1e6, compared.a_seconds * 1e6, flops / compared.b_seconds * 1e-9,
              flops / compared.a_seconds * 1e-9, program.verified().order(Part::kReplay).size(), differ);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int pairs = 41;
  std::vector<std::string> shapes;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--pairs" && i + 1 < argc)
      pairs = std::max(1, std::atoi(argv[++i]));
    else
      shapes.push_back(argv[i]);
  }
  if (shapes.empty()) shapes = {"128x784x512x512x10", "1x784x512x512x10", "8x784x512x512x10", "32x784x512x512x10"};
  one_thread();
  std::printf("batch x widths           ratio   ours us  oneDNN us  GFLOP/s  oneDNN    ops  differ\n");
  for (const std::string& shape : shapes) {
    Layers layers;
    std::istringstream words(shape);
    for (std::string word; std::getline(words, word, 'x');)
      layers.push_back(static_cast<uint32_t>(std::atoi(word.c_str())));
    if (layers.size() < 3 || std::count(layers.begin(), layers.end(), 0u) != 0)
      return std::fprintf(stderr, "usage: %s [--pairs N] [BATCHxINxHIDDENx...xOUT ...]\n", argv[0]), 2;
    compare(shape, layers, pairs);
  }
  return 0;
}
