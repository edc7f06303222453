// The list of kernels, its lookup, and what holds for every entry of it.
#include <gtest/gtest.h>
#include <set>
#include <string>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

using kernels::Isa;

// One ordinary case of each contract, ragged in every axis.
std::vector<KernelCase> ordinary_cases() {
  const View v = box({5, 37}), row = box({37});
  const uint32_t eps = bits_of(1e-5f);
  const auto d = [](const std::vector<uint32_t>& extent, const std::vector<int64_t>& stride = {}) {
    return box(extent, stride, DType::kF64);
  };
  return {
      {.contract = "copy", .views = {box({5, 37}, {1, 7}), v}},
      {.contract = "copy", .views = {v, v}},
      {.contract = "fill", .views = {v}, .params = {bits_of(3.0f)}},
      {.contract = "pack", .views = {v, panels(5, 37, 16)}},
      {.contract = "pack", .views = {box({5, 37}, {1, 5}), panels(5, 37, 32)}},
      {.contract = "matmul",
       .views = {box({13, 5}), v, box({13, 37}), row},
       .params = {2},
       .flags = kOpInit | kOpFinal},
      {.contract = "matmul", .views = {box({13, 5}), box({5, 37}, {1, 5}), box({13, 37})}, .flags = kOpAccumulate},
      {.contract = "matmul", .views = {box({13, 5}), panels(5, 37, 32), box({13, 37})}, .flags = kOpInit},
      {.contract = "matmul", .views = {box({13, 5}), panels(5, 37, 8), box({13, 37})}, .flags = kOpInit},
      {.contract = "add", .views = {v, box({5, 37}, {0, 1}), v}},
      {.contract = "mul", .views = {v, box({5, 37}, {1, 0}), v}},
      {.contract = "relu", .views = {v, v}, .in_place = 0},
      {.contract = "gelu", .views = {v, v}, .params = {0}},
      {.contract = "gelu", .views = {v, v}, .params = {1}},
      {.contract = "softmax", .views = {v, v}},
      {.contract = "layer_norm", .views = {v, row, row, v}, .params = {eps}},
      {.contract = "assign", .views = {box({5, 37}, {1, 7}), v}},
      {.contract = "sub", .views = {v, box({5, 37}, {0, 1}), v}},
      {.contract = "div", .views = {v, box({5, 37}, {1, 0}), v}},
      {.contract = "tanh", .views = {v, v}},
      {.contract = "sigmoid", .views = {v, v}},
      {.contract = "silu", .views = {v, v}, .in_place = 0},
      {.contract = "exp", .views = {v, v}},
      {.contract = "sqrt", .views = {v, v}},
      {.contract = "rms_norm", .views = {v, row, v}, .params = {eps}},
      {.contract = "reduce_sum", .views = {v, box({5})}},
      {.contract = "reduce_max", .views = {box({5, 37}, {1, 5}), box({5}, {3})}},
      {.contract = "reduce_mean", .views = {v, box({5})}},
      {.contract = "gather", .views = {box({5}, {}, DType::kI32), box({11, 37}), v}},
      {.contract = "gather", .views = {box({5}, {2}, DType::kI64), box({11, 37}, {1, 12}), v}},
      {.contract = "scatter", .views = {box({5}, {}, DType::kI32), v, box({3, 37}, {40, 1})}},
      {.contract = "rotary", .views = {v, v, v, v}, .params = {0}},
      {.contract = "rotary", .views = {v, box({5, 37}, {0, 1}), box({5, 37}, {0, 1}), v}, .params = {1}, .in_place = 0},
      {.contract = "attention",
       .views = {box({5, 19}), box({37, 19}), box({37, 21}), box({5, 21})},
       .params = {0, bits_of(0.25f)}},
      {.contract = "attention",
       .views = {box({37, 19}, {30, 1}), box({35, 19}), box({35, 21}), box({37, 21}, {25, 1})},
       .params = {1, bits_of(0.25f)}},
      {.contract = "attention_indexed",
       .views = {box({3, 19}), box({40, 19}), box({40, 21}), box({37}, {}, DType::kI32), box({3, 21})},
       .params = {bits_of(0.25f)}},
      {.contract = "vecmat", .views = {d({5}), d({5, 37}), d({37})}, .flags = kOpInit},
      {.contract = "vecmat", .views = {d({5}, {3}), d({5, 37}, {40, 1}), d({37})}, .flags = kOpAccumulate},
      {.contract = "reglu", .views = {d({5, 37}), d({5, 37}, {1, 7}), d({5, 37})}, .in_place = 0},
      {.contract = "attention_hard", .views = {d({3, 2}), d({37, 3, 2}), d({37, 3, 2}), d({3, 2})}, .params = {0}},
      {.contract = "attention_hard", .views = {d({3, 5}), d({37, 3, 5}), d({37, 3, 4}), d({3, 4})}, .params = {1}},
  };
}

TEST(Registry, HasAReferenceForEveryContractAndNothingElse) {
  std::set<std::string> names, contracts;
  for (const kernels::KernelEntry& entry : kernels::all_kernels()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_NE(find_contract(entry.contract), nullptr) << entry.name;
    EXPECT_TRUE(std::string(entry.name).ends_with(name_of(entry.isa))) << entry.name;
    if (entry.isa == Isa::kReference) contracts.insert(entry.contract);
  }
  for (const Contract& contract : kContracts) EXPECT_TRUE(contracts.contains(std::string(contract.name)));
}

TEST(Registry, FindsTheHighestInstructionSetNotAboveTheLimit) {
  for (const Contract& contract : kContracts) {
    for (Isa limit : {Isa::kReference, Isa::kAvx2, Isa::kAvx512}) {
      const kernels::KernelEntry* entry = kernels::find_kernel(contract, limit);
      ASSERT_NE(entry, nullptr);
      EXPECT_EQ(entry->contract, contract.name);
#if defined(RONDO_X86_KERNELS)
      EXPECT_EQ(entry->isa, limit) << contract.name;
#else
      EXPECT_EQ(entry->isa, Isa::kReference) << contract.name;
#endif
    }
  }
}

TEST(Registry, KnowsNoKernelOfAnUnknownName) {
  Contract unknown;
  unknown.name = "convolution";
  EXPECT_EQ(kernels::find_kernel(unknown, Isa::kAvx512), nullptr);
}

TEST(Registry, OrdinaryCasesReachEveryContract) {
  std::set<std::string_view> reached;
  for (const KernelCase& kase : ordinary_cases()) reached.insert(kase.contract);
  EXPECT_EQ(reached.size(), kContracts.size());
}

TEST(EveryKernel, AgreesWithTheReferenceUnderEachLimit) {
  for (const KernelCase& kase : ordinary_cases())
    for (Isa limit : {Isa::kReference, Isa::kAvx2, Isa::kAvx512})
      if (limit <= kernels::detect_isa())
        expect_agrees_with_reference(kase, *kernels::find_kernel(*find_contract(kase.contract), limit));
}

TEST(EveryKernel, GivesTheSameBitsAtEveryAddress) {
  for (const KernelCase& kase : ordinary_cases()) {
    for (const kernels::KernelEntry& entry : kernels_to_test(kase.contract, true)) {
      const RunOf first = run_case(kase, entry.fn, Placement::kBeginsAfterUnreadablePage);
      const auto step = static_cast<int64_t>(size_of(static_cast<DType>(first.result->view().dtype)));
      for (int64_t shift = step; shift <= 64; shift += step) {
        const RunOf shifted = run_case(kase, entry.fn, Placement::kBeginsAfterUnreadablePage, shift);
        EXPECT_TRUE(shifted.result->same_bits(*first.result)) << entry.name << " " << shift << " " << kase.to_string();
      }
    }
  }
}

TEST(EveryKernel, GivesTheSameBitsEveryTime) {
  for (const KernelCase& kase : ordinary_cases()) {
    for (const kernels::KernelEntry& entry : kernels_to_test(kase.contract, true)) {
      const RunOf first = run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage);
      for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(run_case(kase, entry.fn, Placement::kEndsAtUnreadablePage).result->same_bits(*first.result))
            << entry.name;
    }
  }
}

}  // namespace
}  // namespace rondo::testing
