// One attention op against oneDNN's matmul, softmax and matmul, one thread,
// interleaved in one run.
//
//   attention_vs_onednn [--isa avx2|avx512] [--pairs N] [--heads N] [MxSxD ...]
//
// q, k, v and y are heads of rows of `heads` heads (default 12), as they lie in a
// transformer; oneDNN reads and writes them there too. Every line: the median of our
// time / their time over the quietest half of the ABBA pairs (below 1 is faster), and
// both rates; then the same op under a causal mask, as a share of the unmasked time;
// then our bytes of k and v per second against those that `reduce_sum` reads of dense
// rows of as many bytes, for decode steps.
#include <dlfcn.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include "perf/kernels/abba.h"
#include "perf/kernels/prepared_op.h"

namespace {

using rondo::kernels::Isa;

struct Shape {
  uint32_t m, s, d;
};

void one_thread() {
  // oneDNN's OpenMP runtime has read the environment already when main begins.
  if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) set_threads(1);
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

void compare(const Shape& s, uint32_t heads, Isa isa, int pairs) {
  using namespace rondo;
  const uint32_t row = heads * s.d;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.d));
  const std::vector<View> views = {perf::matrix(s.m, s.d, row), perf::matrix(s.s, s.d, row),
                                   perf::matrix(s.s, s.d, row), perf::matrix(s.m, s.d, row)};
  perf::PreparedOp ours("attention", views, {0, bits_of(scale)}, 0, isa);
  perf::PreparedOp causal("attention", views, {1, bits_of(scale)}, 0, isa);

  using dnnl::memory;
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static dnnl::stream stream(engine);
  const auto f32 = memory::data_type::f32;
  const auto dims = [](uint32_t a, uint32_t b) { return memory::dims{a, b}; };
  const memory::desc q_desc(dims(s.m, s.d), f32, dims(row, 1)), k_desc(dims(s.d, s.s), f32, dims(1, row)),
      v_desc(dims(s.s, s.d), f32, dims(row, 1)), score_desc(dims(s.m, s.s), f32, memory::format_tag::ab),
      y_desc(dims(s.m, s.d), f32, dims(row, 1));
  dnnl::primitive_attr scaled;
  scaled.set_output_scales(0, {scale});
  dnnl::matmul scores(dnnl::matmul::primitive_desc(dnnl::matmul::desc(q_desc, k_desc, score_desc), scaled, engine));
  dnnl::softmax_forward softmax(dnnl::softmax_forward::primitive_desc(
      dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, score_desc, 1), engine));
  dnnl::matmul values(dnnl::matmul::primitive_desc(dnnl::matmul::desc(score_desc, v_desc, y_desc), engine));
  std::vector<float> score(size_t{s.m} * s.s), y(size_t{s.m} * row);
  memory q_memory(q_desc, engine, ours.data(0)), k_memory(k_desc, engine, ours.data(1)),
      v_memory(v_desc, engine, ours.data(2)), score_memory(score_desc, engine, score.data()),
      y_memory(y_desc, engine, y.data());
  const std::unordered_map<int, memory> score_args = {
      {DNNL_ARG_SRC, q_memory}, {DNNL_ARG_WEIGHTS, k_memory}, {DNNL_ARG_DST, score_memory}};
  const std::unordered_map<int, memory> softmax_args = {{DNNL_ARG_SRC, score_memory}, {DNNL_ARG_DST, score_memory}};
  const std::unordered_map<int, memory> value_args = {
      {DNNL_ARG_SRC, score_memory}, {DNNL_ARG_WEIGHTS, v_memory}, {DNNL_ARG_DST, y_memory}};
  const auto theirs = [&] {
    scores.execute(stream, score_args);
    softmax.execute(stream, softmax_args);
    values.execute(stream, value_args);
  };

  const double flops = 4.0 * s.m * s.s * s.d;
  const int calls = static_cast<int>(std::max(1.0, 2e7 / flops));
  const auto compared = perf::compare_abba(theirs, ours, pairs, calls);
  const auto masked = perf::compare_abba(ours, causal, pairs / 2 + 1, calls);
  const uint32_t bytes = 2 * s.s * s.d * 4;
  perf::PreparedOp read("reduce_sum", {perf::matrix(1, bytes / 4), perf::matrix(1, 1)}, {}, 0, isa);
  read.view(1).rank = 1;
  const auto bandwidth = perf::compare_abba(read, ours, pairs / 2 + 1, calls);
  double worst = 0;
  for (uint32_t i = 0; i < s.m; ++i)
    for (uint32_t c = 0; c < s.d; ++c)
      worst = std::max(worst, std::fabs(static_cast<double>(ours.data(3)[i * row + c]) - y[i * row + c]));
  std::printf("%5u x%5u x%4u  %6.3f  %8.1f  %8.1f   %5.2f   %6.1f  %6.1f   %.1e\n", s.m, s.s, s.d, compared.ratio,
              flops / compared.b_seconds * 1e-9, flops / compared.a_seconds * 1e-9, masked.ratio,
              bytes / bandwidth.b_seconds * 1e-9, bytes / bandwidth.a_seconds * 1e-9, worst);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Isa isa = rondo::kernels::detect_isa();
  int pairs = 41;
  uint32_t heads = 12;
  std::vector<Shape> shapes;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    Shape shape;
    if (word == "--isa" && i + 1 < argc)
      isa = std::string(argv[++i]) == "avx2" ? Isa::kAvx2 : Isa::kAvx512;
    else if (word == "--pairs" && i + 1 < argc)
      pairs = std::max(1, std::atoi(argv[++i]));
    else if (word == "--heads" && i + 1 < argc)
      heads = static_cast<uint32_t>(std::max(1, std::atoi(argv[++i])));
    else if (std::sscanf(word.c_str(), "%ux%ux%u", &shape.m, &shape.s, &shape.d) == 3)
      shapes.push_back(shape);
    else
      return std::fprintf(stderr, "usage: %s [--isa avx2|avx512] [--pairs N] [--heads N] [MxSxD ...]\n", argv[0]), 2;
  }
  if (isa == Isa::kReference || isa > rondo::kernels::detect_isa())
    return std::fprintf(stderr, "this CPU has no such vector kernels\n"), 77;
  if (shapes.empty())
    shapes = {{128, 128, 64}, {128, 128, 128}, {512, 512, 64}, {1024, 1024, 64}, {16, 128, 64},
              {1, 1, 64},     {1, 16, 64},     {1, 128, 64},   {1, 512, 64},     {1, 1024, 64},
              {2, 1024, 64},  {3, 1024, 64},   {4, 1024, 64}};
  one_thread();
  std::printf("    m x    s x   d   ratio      ours    oneDNN   causal /    k and v GB/s     differ\n");
  std::printf("                    (time)   GFLOP/s   GFLOP/s   whole     ours  plain read  at most\n");
  for (const Shape& shape : shapes) compare(shape, heads, isa, pairs);
  return 0;
}
