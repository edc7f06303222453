// Kernels that ought to be bound by memory, against plain reads and copies of as many
// bytes, interleaved in one run.
//
//   kernel_bandwidth [--isa avx2|avx512] [--pairs N] [--only functions]
//
// Functions and norms against `copy` of rows of 768, at sizes of L1, L2 and beyond, `mul`
// also by a row and by a column that is broadcast;
// matmul of few rows (weights in panels of the widest width of the instruction set)
// against `reduce_sum` over as many bytes; one token's attention over the caches of
// all layers and heads against the same. Every line: bytes per second of both, and the
// median of time / their time over the quietest half of the ABBA pairs.
#include <cstdio>
#include <string>
#include "perf/kernels/abba.h"
#include "perf/kernels/prepared_op.h"

namespace {

using namespace rondo;
using kernels::Isa;
using perf::matrix;

constexpr uint32_t kRow = 768;

void against_copy(const char* contract, uint32_t rows, Isa isa, int pairs) {
  const View box = matrix(rows, kRow);
  View row = matrix(1, kRow);
  row.rank = 1, row.extent[0] = kRow, row.stride_bytes[0] = 4;
  const std::string name = contract;
  const uint32_t eps = 0x3727c5ac;  // 1e-5
  std::vector<View> views = {box, box};
  std::vector<uint32_t> params;
  if (name == "gelu tanh" || name == "rotary") params = {1};
  if (name == "layer_norm") views = {box, row, row, box}, params = {eps};
  if (name == "rms_norm") views = {box, row, box}, params = {eps};
  if (name == "rotary") views = {box, box, box, box};
  if (name == "add") views = {box, box, box};
  View along = box, down = box;  // one row for all rows; one element for each row
  along.stride_bytes[0] = 0;
  down.stride_bytes[0] = 4, down.stride_bytes[1] = 0;
  if (name == "mul row") views = {box, along, box};
  if (name == "mul column") views = {box, down, box};
  if (name == "div column") views = {down, box, box};
  perf::PreparedOp op(name.substr(0, name.find(' ')), views, params, 0, isa);
  // As many bytes of reads and writes, half and half.
  uint32_t boxes = 0;
  for (const View& view : views) boxes += view == box ? 1 : 0;
  const View half = matrix(rows * boxes / 2, kRow);
  perf::PreparedOp copy("copy", {half, half}, {}, 0, isa);
  const double bytes = 4.0 * kRow * rows * boxes;
  const auto compared = perf::compare_abba(copy, op, pairs, static_cast<int>(std::max(1.0, 2e7 / bytes)));
  std::printf("%-12s %9.0f KB  %6.2f  %7.1f  %7.1f\n", contract, bytes / 1e3, compared.ratio,
              bytes / compared.b_seconds * 1e-9, bytes / compared.a_seconds * 1e-9);
  std::fflush(stdout);
}

void matmul_against_reads(uint32_t m, uint32_t k, uint32_t n, Isa isa, int pairs) {
  const View b = perf::panels(k, n, isa == Isa::kAvx512 ? 32 : 16);
  perf::PreparedOp op("matmul", {matrix(m, k), b, matrix(m, n)}, {}, kOpInit | kOpFinal, isa);
  const uint32_t floats = b.extent[0] * b.block_columns * k;
  View sum = matrix(1, 1);
  sum.rank = 1;
  perf::PreparedOp read("reduce_sum", {matrix(1, floats), sum}, {}, 0, isa);
  const double bytes = 4.0 * floats;
  const auto compared = perf::compare_abba(read, op, pairs, static_cast<int>(std::max(1.0, 2e7 / bytes)));
  std::printf("matmul %3u x %5u x %6u %9.0f KB  %6.2f  %7.1f  %7.1f\n", m, k, n, bytes / 1e3, compared.ratio,
              bytes / compared.b_seconds * 1e-9, bytes / compared.a_seconds * 1e-9);
  std::fflush(stdout);
}

// One token of a decoder: every head of every layer reads all its keys and values,
// which lie in rows of all heads, from memory.
void decode_against_reads(uint32_t layers, uint32_t heads, uint32_t keys, uint32_t d, Isa isa, int pairs) {
  const View one = matrix(1, d, heads * d), cache = matrix(keys, d, heads * d);
  const View whole = matrix(layers * keys, heads * d);
  float scale = 0.125f;
  uint32_t scale_bits;
  std::memcpy(&scale_bits, &scale, sizeof scale);
  // Its memory serves all heads and layers: k and v of them all, q and y of one.
  perf::PreparedOp owner("attention", {one, whole, whole, one}, {0, scale_bits}, 0, isa);
  const kernels::KernelFn attention = kernels::find_kernel(*find_contract("attention"), isa)->fn;
  const uint32_t params[4] = {0, scale_bits};
  const auto decode = [&] {
    for (uint32_t layer = 0; layer < layers; ++layer)
      for (uint32_t head = 0; head < heads; ++head) {
        const size_t at = size_t{layer} * keys * heads * d + head * d;
        kernels::KernelArgs args = {};
        float* const data[4] = {owner.data(0), owner.data(1) + at, owner.data(2) + at, owner.data(3)};
        const View* const views[4] = {&one, &cache, &cache, &one};
        for (uint32_t i = 0; i < 4; ++i) args.data[i] = reinterpret_cast<std::byte*>(data[i]), args.view[i] = views[i];
        args.params = params;
        attention(args);
      }
  };
  View sum = matrix(1, 1);
  sum.rank = 1;
  const uint32_t floats = 2 * layers * keys * heads * d;
  perf::PreparedOp read("reduce_sum", {matrix(1, floats), sum}, {}, 0, isa);
  const auto compared = perf::compare_abba(read, decode, pairs, 1);
  const double bytes = 4.0 * floats;
  std::printf("attention %2u x %2u x %5u x %3u %8.0f KB  %6.2f  %7.1f  %7.1f\n", layers, heads, keys, d, bytes / 1e3,
              compared.ratio, bytes / compared.b_seconds * 1e-9, bytes / compared.a_seconds * 1e-9);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Isa isa = kernels::detect_isa();
  int pairs = 21;
  bool functions_only = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--isa" && i + 1 < argc)
      isa = std::string(argv[++i]) == "avx2" ? Isa::kAvx2 : Isa::kAvx512;
    else if (word == "--pairs" && i + 1 < argc)
      pairs = std::max(1, std::atoi(argv[++i]));
    else if (word == "--only" && i + 1 < argc && std::string(argv[i + 1]) == "functions")
      functions_only = true, ++i;
    else
      return std::fprintf(stderr, "usage: %s [--isa avx2|avx512] [--pairs N] [--only functions]\n", argv[0]), 2;
  }
  if (isa == Isa::kReference || isa > kernels::detect_isa())
    return std::fprintf(stderr, "this CPU has no such vector kernels\n"), 77;
  std::printf("kernel              bytes   ratio     GB/s  copy GB/s\n");
  for (const char* contract : {"add", "mul row", "mul column", "div column", "exp", "tanh", "sigmoid", "silu",
                               "gelu erf", "gelu tanh", "rms_norm", "layer_norm", "softmax", "rotary"})
    for (uint32_t rows : {3u, 64u, 8192u}) against_copy(contract, rows, isa, pairs);
  if (functions_only) return 0;
  std::printf("weights                      bytes   ratio     GB/s  read GB/s\n");
  for (uint32_t m : {1u, 2u, 4u, 8u, 16u}) matmul_against_reads(m, 768, 3072, isa, pairs);
  for (uint32_t m : {1u, 4u}) matmul_against_reads(m, 768, 50257, isa, pairs);
  matmul_against_reads(1, 3072, 768, isa, pairs);
  matmul_against_reads(1, 768, 256, isa, pairs);
  std::printf("layers, heads, keys, d          bytes   ratio     GB/s  read GB/s\n");
  decode_against_reads(12, 12, 1024, 64, isa, pairs);
  decode_against_reads(6, 16, 1024, 64, isa, pairs);
  decode_against_reads(2, 32, 1024, 128, isa, pairs);
  decode_against_reads(12, 12, 64, 64, isa, pairs);
  return 0;
}
