// One matmul op against oneDNN's, one thread, interleaved in one run.
//
//   matmul_vs_onednn [--isa avx2|avx512] [--pairs N] [--rows] [MxKxN ...]
//
// Weights are packed beforehand on both sides (oneDNN: format_tag::any). --rows
// gives our kernel plain row-major weights instead. Every line: the median of
// our time / their time over the quietest half of the ABBA pairs (below 1 is
// faster than oneDNN), both rates, and both shares of the FMA peak, which is
// measured interleaved with our kernel on the same shape.
#include <dlfcn.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <string>
#include <vector>
#include "kernels/kernel.h"
#include "perf/kernels/abba.h"
#include "perf/kernels/fma_peak.h"
#include "rondo/contracts.h"

namespace {

using rondo::kernels::Isa;

struct Shape {
  uint32_t m, k, n;
};

// Page-aligned memory that is all there before it is timed.
std::vector<float*> owned;
float* floats(size_t count) {
  void* memory = std::aligned_alloc(4096, (count * 4 + 4095) / 4096 * 4096 + 4096);
  std::memset(memory, 0, count * 4);
  owned.push_back(static_cast<float*>(memory));
  return owned.back();
}

rondo::View matrix(uint32_t rows, uint32_t columns) {
  rondo::View view;
  view.rank = 2;
  view.extent[0] = rows, view.extent[1] = columns;
  view.stride_bytes[0] = int64_t{columns} * 4, view.stride_bytes[1] = 4;
  return view;
}

rondo::View panels(uint32_t k, uint32_t n, uint16_t width) {
  rondo::View view;
  view.rank = 2;
  view.layout = static_cast<uint8_t>(rondo::Layout::kPanels);
  view.block_columns = width;
  view.extent[0] = (n + width - 1) / width, view.extent[1] = k;
  view.stride_bytes[0] = int64_t{k} * width * 4, view.stride_bytes[1] = width * 4;
  return view;
}

void one_thread() {
  // oneDNN's OpenMP runtime has read the environment already when main begins.
  if (auto* set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) set_threads(1);
}

void compare(const Shape& s, Isa isa, int pairs, bool rows, uint16_t width) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  float* a = floats(size_t{s.m} * s.k);
  float* b = floats(size_t{s.k} * s.n);
  float* c = floats(size_t{s.m} * s.n);
  float* c_peer = floats(size_t{s.m} * s.n);
  for (size_t i = 0; i < size_t{s.m} * s.k; ++i) a[i] = uniform(random);
  for (size_t i = 0; i < size_t{s.k} * s.n; ++i) b[i] = uniform(random);

  using namespace rondo;
  const View a_view = matrix(s.m, s.k), b_rows = matrix(s.k, s.n), c_view = matrix(s.m, s.n);
  const View b_panels = panels(s.k, s.n, width);
  float* packed = floats(size_t{b_panels.extent[0]} * width * s.k);
  const uint32_t params[4] = {};
  kernels::KernelArgs pack = {};
  pack.data[0] = reinterpret_cast<std::byte*>(b), pack.data[1] = reinterpret_cast<std::byte*>(packed);
  pack.view[0] = &b_rows, pack.view[1] = &b_panels;
  pack.params = params;
  kernels::find_kernel(*find_contract("pack"), isa)->fn(pack);

  kernels::KernelArgs args = {};
  args.data[0] = reinterpret_cast<std::byte*>(a);
  args.data[1] = reinterpret_cast<std::byte*>(rows ? b : packed);
  args.data[2] = reinterpret_cast<std::byte*>(c);
  args.view[0] = &a_view, args.view[1] = rows ? &b_rows : &b_panels, args.view[2] = &c_view;
  args.params = params;
  args.flags = kOpInit | kOpFinal;
  const kernels::KernelFn matmul = kernels::find_kernel(*find_contract("matmul"), isa)->fn;

  using dnnl::memory;
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static dnnl::stream stream(engine);
  const auto f32 = memory::data_type::f32;
  const memory::desc a_desc({s.m, s.k}, f32, memory::format_tag::ab), b_desc({s.k, s.n}, f32, memory::format_tag::ab),
      b_any({s.k, s.n}, f32, memory::format_tag::any), c_desc({s.m, s.n}, f32, memory::format_tag::ab);
  const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(a_desc, b_any, c_desc), engine);
  dnnl::matmul peer(primitive);
  memory a_memory(a_desc, engine, a), b_plain(b_desc, engine, b), b_memory(primitive.weights_desc(), engine),
      c_memory(c_desc, engine, c_peer);
  dnnl::reorder(b_plain, b_memory).execute(stream, b_plain, b_memory);
  stream.wait();
  const std::unordered_map<int, memory> peer_args = {
      {DNNL_ARG_SRC, a_memory}, {DNNL_ARG_WEIGHTS, b_memory}, {DNNL_ARG_DST, c_memory}};

  const double flops = 2.0 * s.m * s.n * s.k;
  const auto ours = [&] { matmul(args); };
  const auto theirs = [&] { peer.execute(stream, peer_args); };
  const int calls = static_cast<int>(std::max(1.0, 4e7 / flops));
  const auto compared = perf::compare_abba(theirs, ours, pairs, calls);

  const long rounds = std::max(1L, static_cast<long>(flops / perf::fma_flops(isa, 1)));
  const auto peak = perf::compare_abba([&] { perf::run_fma(isa, rounds); }, ours, pairs / 2 + 1, calls);
  const double share = perf::fma_flops(isa, rounds) / flops;  // of the same number of flops

  double worst = 0;
  for (size_t i = 0; i < size_t{s.m} * s.n; ++i) worst = std::max(worst, std::fabs(double{c[i]} - c_peer[i]));
  std::printf("%5u x%5u x%5u  %6.3f  %7.1f  %7.1f  %5.1f %%  %5.1f %%  %.1e\n", s.m, s.k, s.n, compared.ratio,
              flops / compared.b_seconds * 1e-9, flops / compared.a_seconds * 1e-9, 100 / (peak.ratio * share),
              100 / (peak.ratio * share) * compared.ratio, worst);
  std::fflush(stdout);
  for (float* memory_block : owned) std::free(memory_block);
  owned.clear();
}

}  // namespace

int main(int argc, char** argv) {
  Isa isa = rondo::kernels::detect_isa();
  int pairs = 41;
  bool rows = false;
  uint16_t width = 0;
  std::vector<Shape> shapes;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    Shape shape;
    if (word == "--isa" && i + 1 < argc)
      isa = std::string(argv[++i]) == "avx2" ? Isa::kAvx2 : Isa::kAvx512;
    else if (word == "--pairs" && i + 1 < argc)
      pairs = std::max(1, std::atoi(argv[++i]));
    else if (word == "--nr" && i + 1 < argc)
      width = static_cast<uint16_t>(std::atoi(argv[++i]));
    else if (word == "--rows")
      rows = true;
    else if (std::sscanf(word.c_str(), "%ux%ux%u", &shape.m, &shape.k, &shape.n) == 3)
      shapes.push_back(shape);
    else
      return std::fprintf(stderr, "usage: %s [--isa avx2|avx512] [--pairs N] [--nr N] [--rows] [MxKxN ...]\n", argv[0]),
             2;
  }
  if (isa == Isa::kReference || isa > rondo::kernels::detect_isa())
    return std::fprintf(stderr, "this CPU has no such vector kernels\n"), 77;
  if (shapes.empty())
    shapes = {{256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {128, 784, 512}, {128, 512, 512},
              {128, 512, 10},  {128, 64, 128},  {33, 35, 65},       {64, 64, 64}};
  if (width == 0) width = 32;
  one_thread();
  std::printf("    m x    k x    n   ratio     ours  oneDNN    ours      theirs   differ\n");
  std::printf("                     (time)  GFLOP/s GFLOP/s  of peak     of peak  at most\n");
  for (const Shape& shape : shapes) compare(shape, isa, pairs, rows, width);
  return 0;
}
