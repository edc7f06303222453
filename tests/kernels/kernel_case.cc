#include "tests/kernels/kernel_case.h"

#include <gtest/gtest.h>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <sstream>
#include "rondo/contracts.h"

namespace rondo::testing {
namespace {

// The case that is running, for the last words of a test that touched a guard page.
const KernelCase* running = nullptr;

void say_what_ran(int signal) {
  if (running != nullptr) std::fprintf(stderr, "\na fault, outside an operand of %s\n", running->to_string().c_str());
  running = nullptr;
  std::signal(signal, SIG_DFL);  // and fault again
}

void say_what_ran_on_a_fault() {
  static const auto previous = std::signal(SIGSEGV, say_what_ran);
  (void)previous;
}

constexpr double kEps = 0x1p-24;  // half an ulp of 1

// |gelu'| <= 1.13; the functions' own errors are in kernels/vector/math.h.
double activation_error(uint32_t activation, double input_error, double magnitude) {
  if (activation < 2) return input_error;
  return 1.13 * input_error + 8 * kEps * magnitude + 1e-38;
}

std::vector<double> matmul_error(const KernelCase& kase, const RunOf& run) {
  const View& a = kase.views[0];
  const View& c = kase.views[2];
  const uint32_t k = a.extent[1];
  const bool final = (kase.flags & kOpFinal) != 0;
  const std::vector<float> a_values = run.operands[0]->values(), b_values = run.operands[1]->values();
  std::vector<double> allowed;
  for (uint32_t row = 0; row < c.extent[0]; ++row) {
    for (uint32_t column = 0; column < c.extent[1]; ++column) {
      double sum = 0;
      for (uint32_t step = 0; step < k; ++step)
        sum += std::fabs(static_cast<double>(a_values[uint64_t{row} * k + step]) *
                         b_values[element_of(kase.views[1], step, column)]);
      if ((kase.flags & kOpAccumulate) != 0) sum += std::fabs(run.before[uint64_t{row} * c.extent[1] + column]);
      if (final && run.operands.size() > 3) sum += std::fabs(run.operands[3]->get(column));
      allowed.push_back(activation_error(final ? kase.params[0] : 0, (k + 4) * kEps * sum, sum));
    }
  }
  return allowed;
}

// Ulps that kernels/vector/math.h states; 0 for what is not a function of one element.
double function_error(std::string_view contract) {
  if (contract == "exp") return 2;
  if (contract == "sigmoid") return 4;
  if (contract == "silu") return 5;
  if (contract == "tanh") return 3;
  return 0;
}

std::vector<double> reduction_error(const KernelCase& kase, const RunOf& run) {
  const uint32_t n = kase.views[0].extent[kase.views[1].rank];
  std::vector<double> allowed(run.result->size(), 0x1p-149);  // either zero for the largest
  if (kase.contract == "reduce_max") return allowed;
  for (size_t row = 0; row < allowed.size(); ++row) {
    double sum = 0;
    for (uint32_t i = 0; i < n; ++i) sum += std::fabs(run.operands[0]->get(row * n + i));
    allowed[row] += (24 + n / 16.0) * kEps * sum / (kase.contract == "reduce_mean" && n > 0 ? n : 1);
  }
  return allowed;
}

std::vector<double> rotary_error(const KernelCase& kase, const RunOf& run) {
  const std::vector<float> x = kase.in_place >= 0 ? run.before : run.operands[0]->values();
  const std::vector<float> cos = run.operands[1]->values(), sin = run.operands[2]->values();
  const View& view = kase.views[0];
  const uint64_t d = view.extent[view.rank - 1];
  std::vector<double> allowed(x.size(), 0.0);
  for (uint64_t i = 0; i < x.size(); ++i) {
    const uint64_t row = i / d * d, column = i % d;
    if (column >= d / 2 * 2) continue;
    const uint64_t other = kase.params[0] == 1 ? column ^ 1 : column < d / 2 ? column + d / 2 : column - d / 2;
    allowed[i] = 2 * kEps * (std::fabs(double{x[i]} * cos[i]) + std::fabs(double{x[row + other]} * sin[i])) + 1e-45;
  }
  return allowed;
}

// Over all rows of k and v, whichever of them a row sees.
std::vector<double> attention_error(const KernelCase& kase, const RunOf& run) {
  const bool indexed = kase.contract == "attention_indexed";
  const uint64_t m = kase.views[0].extent[0], d = kase.views[0].extent[1], n = kase.views[1].extent[0],
                 e = kase.views[2].extent[1], s = indexed ? kase.views[3].extent[0] : n;
  float scale;
  std::memcpy(&scale, &kase.params[indexed ? 0 : 1], sizeof scale);
  const std::vector<float> q = run.operands[0]->values(), k = run.operands[1]->values(), v = run.operands[2]->values();
  std::vector<double> largest(e, 0.0), allowed;
  for (uint64_t i = 0; i < v.size(); ++i) largest[i % e] = std::max<double>(largest[i % e], std::fabs(v[i]));
  for (uint64_t row = 0; row < m; ++row) {
    double most = 0;
    for (uint64_t key = 0; key < n; ++key) {
      double sum = 0;
      for (uint64_t c = 0; c < d; ++c) sum += std::fabs(double{q[row * d + c]} * k[key * d + c]);
      most = std::max(most, sum);
    }
    const double score = static_cast<double>(d + 4) * kEps * scale * most;
    for (uint64_t c = 0; c < e; ++c)
      allowed.push_back((4 * score + (16 + static_cast<double>(s) / 4) * kEps) * largest[c] + 1e-45);
  }
  return allowed;
}

// The rows that the entries of table operand `table` choose from.
uint32_t indexed_rows(const Contract& contract, const KernelCase& kase, uint32_t table) {
  for (uint32_t i = 0; i < contract.operand_count; ++i)
    if (contract.operands[i].indexed_by == static_cast<int>(table)) return kase.views[i].extent[0];
  return 0;
}

}  // namespace

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

uint32_t result_of(const Contract& contract) {
  for (uint32_t i = 0; i < contract.operand_count; ++i)
    if (contract.operands[i].use == Use::kResult) return i;
  return 0;
}

std::string KernelCase::to_string() const {
  std::ostringstream text;
  text << contract << " flags=" << flags << " in_place=" << in_place << " params=";
  for (uint32_t param : params) text << param << ",";
  for (const View& view : views) {
    text << " [";
    for (uint32_t axis = 0; axis < view.rank; ++axis) text << (axis > 0 ? "," : "") << view.extent[axis];
    text << ":";
    for (uint32_t axis = 0; axis < view.rank; ++axis) text << (axis > 0 ? "," : "") << view.stride_bytes[axis];
    text << (view.layout != 0 ? " panels of " + std::to_string(view.block_columns) : "") << "]";
  }
  return text.str();
}

float uniform_float(std::mt19937& random) { return static_cast<float>(random() >> 8) * 0x1p-23f - 1; }

double uniform_double(std::mt19937& random) {
  const uint64_t high = random() >> 6, low = random() >> 5;
  return static_cast<double>(high << 27 | low) * 0x1p-52 - 1;
}

RunOf run_case(const KernelCase& kase, kernels::KernelFn fn, Placement placement, int64_t shift_bytes) {
  const Contract& contract = *find_contract(kase.contract);
  const uint32_t result = result_of(contract);
  RunOf run;
  std::mt19937 random(kase.seed);
  for (uint32_t i = 0; i < kase.views.size(); ++i) {
    run.operands.push_back(std::make_unique<GuardedOperand>(kase.views[i], placement, shift_bytes));
    GuardedOperand& operand = *run.operands.back();
    if (contract.operands[i].use == Use::kTable) {
      const int64_t rows = indexed_rows(contract, kase, i);
      for (uint64_t element = 0; element < operand.size(); ++element)
        operand.set_index(element,
                          kase.draw_index ? kase.draw_index(random) : static_cast<int64_t>(random() % (rows + 4)) - 2);
    } else if (contract.operands[i].dtypes == kDoubles) {
      for (uint64_t element = 0; element < operand.size(); ++element)
        operand.set_double(element, kase.draw ? double{kase.draw(random)} : uniform_double(random));
    } else if (static_cast<DType>(kase.views[i].dtype) != DType::kF32) {
      operand.fill_bytes(random);
    } else {
      for (uint64_t element = 0; element < operand.size(); ++element)
        operand.set(element, kase.draw ? kase.draw(random) : uniform_float(random));
    }
    if (i != result && static_cast<int>(i) != kase.in_place) operand.remember();
  }
  run.result = run.operands[kase.in_place >= 0 ? static_cast<uint32_t>(kase.in_place) : result].get();
  if (static_cast<DType>(run.result->view().dtype) == DType::kF32) run.before = run.result->values();

  kernels::KernelArgs args = {};
  running = &kase;
  say_what_ran_on_a_fault();
  uint32_t params[4] = {};
  for (size_t i = 0; i < kase.params.size(); ++i) params[i] = kase.params[i];
  for (uint32_t i = 0; i < run.operands.size(); ++i) {
    GuardedOperand& operand = i == result ? *run.result : *run.operands[i];
    args.data[i] = operand.data();
    args.view[i] = &operand.view();
  }
  args.params = params;
  args.flags = kase.flags;
  fn(args);
  running = nullptr;

  for (uint32_t i = 0; i < run.operands.size(); ++i)
    if (const auto damage = run.operands[i]->first_damage())
      ADD_FAILURE() << kase.to_string() << ": operand " << i << " changed outside its box at byte " << *damage;
  return run;
}

std::vector<kernels::KernelEntry> kernels_to_test(std::string_view contract, bool with_reference) {
  std::vector<kernels::KernelEntry> found;
  for (const kernels::KernelEntry& entry : kernels::all_kernels())
    if (entry.contract == contract && entry.isa <= kernels::detect_isa() &&
        (with_reference || entry.isa != kernels::Isa::kReference))
      found.push_back(entry);
  return found;
}

kernels::KernelFn reference_of(std::string_view contract) {
  return kernels::find_kernel(*find_contract(contract), kernels::Isa::kReference)->fn;
}

std::vector<double> allowed_error(const KernelCase& kase, const RunOf& run) {
  if (kase.contract == "matmul") return matmul_error(kase, run);
  std::vector<double> allowed(run.result->size(), 0.0);
  if (kase.contract == "gelu")
    for (size_t i = 0; i < allowed.size(); ++i)
      allowed[i] = 8 * kEps * std::fabs(kase.in_place >= 0 ? run.before[i] : run.operands[0]->get(i)) + 1e-38;
  if (kase.contract == "attention" || kase.contract == "attention_indexed") return attention_error(kase, run);
  if (kase.contract.starts_with("reduce_")) return reduction_error(kase, run);
  if (kase.contract == "rotary") return rotary_error(kase, run);
  if (const double ulps = function_error(kase.contract); ulps > 0)
    for (size_t i = 0; i < allowed.size(); ++i)
      allowed[i] = 2 * ulps * kEps * std::fabs(run.result->get(i)) + (kase.contract == "silu" ? 0x1p-142 : 0x1p-148);
  const View& view = run.result->view();
  const uint32_t columns = view.rank > 0 ? view.extent[view.rank - 1] : 1;
  if (kase.contract == "softmax")
    for (size_t i = 0; i < allowed.size(); ++i)
      allowed[i] = (8 + columns / 8.0) * kEps * std::fabs(run.result->get(i)) + 1e-38;
  if (kase.contract == "rms_norm")
    for (size_t i = 0; i < allowed.size(); ++i)
      allowed[i] = (8 + columns / 8.0) * kEps * std::fabs(run.result->get(i)) + 1e-38;
  if (kase.contract == "layer_norm")
    for (size_t i = 0; i < allowed.size(); ++i) {
      const double beta = run.operands[2]->get(i % columns), gamma = run.operands[1]->get(i % columns);
      allowed[i] = 16 * kEps * (std::fabs(run.result->get(i) - beta) + std::fabs(beta) + std::fabs(gamma));
    }
  return allowed;
}

namespace {

void expect_all_agree(const KernelCase& kase, const std::vector<kernels::KernelEntry>& entries) {
  // One run of the reference serves all: what it touches is tested as an entry of its own.
  const RunOf expected = run_case(kase, reference_of(kase.contract), Placement::kEndsAtUnreadablePage);
  const bool bits_only = static_cast<DType>(expected.result->view().dtype) != DType::kF32;
  const std::vector<double> allowed = bits_only ? std::vector<double>() : allowed_error(kase, expected);
  for (const kernels::KernelEntry& entry : entries) {
    for (Placement placement : {Placement::kEndsAtUnreadablePage, Placement::kBeginsAfterUnreadablePage}) {
      const RunOf actual = run_case(kase, entry.fn, placement);
      if (bits_only) {
        EXPECT_TRUE(actual.result->same_bits(*expected.result)) << entry.name << ": " << kase.to_string();
        continue;
      }
      for (uint64_t i = 0; i < expected.result->size(); ++i) {
        const float want = expected.result->get(i), got = actual.result->get(i);
        if (bits_of(want) == bits_of(got) || (std::isnan(want) && std::isnan(got))) continue;
        if (std::fabs(static_cast<double>(want) - got) <= allowed[i] && allowed[i] > 0) continue;
        ADD_FAILURE() << entry.name << ": " << kase.to_string() << ": element " << i << " is " << got << ", not "
                      << want << ", allowed " << allowed[i];
        break;
      }
    }
  }
}

}  // namespace

void expect_agrees_with_reference(const KernelCase& kase, const kernels::KernelEntry& entry) {
  expect_all_agree(kase, {entry});
}

void expect_all_agree_with_reference(const KernelCase& kase) { expect_all_agree(kase, kernels_to_test(kase.contract)); }

}  // namespace rondo::testing
