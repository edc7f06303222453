// The canonical print of a contract says all that its hash covers.
#include "rondo/contracts.h"
#include <gtest/gtest.h>
#include <set>

namespace rondo {
namespace {

TEST(CanonicalPrint, ReadsAsOneLine) {
  EXPECT_EQ(canonical_print(*find_contract("matmul")),
            "matmul family=matmul values=product accumulate=f32 deterministic=bitwise engine=compute "
            "flags=init|accumulate|final (source a [m k] f32 rows, source b [k n] f32 rows|panels panel_align=64, "
            "result c [m "
            "n] f32 rows unit_inner, optional source bias [n] f32 rows) act={none relu gelu_erf gelu_tanh}");
}

TEST(CanonicalPrint, DiffersWhereverTheHashDiffers) {
  std::vector<Contract> contracts(kContracts.begin(), kContracts.end());
  const Contract& matmul = *find_contract("matmul");
  const auto change = [&](auto&& edit) {
    Contract contract = matmul;
    edit(contract);
    contracts.push_back(contract);
  };
  change([](Contract& c) { c.name = "matmul2"; });
  change([](Contract& c) { c.family = Family::kRows; });
  change([](Contract& c) { c.flags = kOpInit; });
  change([](Contract& c) { c.values = ValueRule::kMap; });
  change([](Contract& c) { c.accumulate = DType::kF64; });
  change([](Contract& c) { c.engine = Engine::kCopyIn; });
  change([](Contract& c) { c.operand_count = 3; });
  change([](Contract& c) { c.operands[0].name = "left"; });
  change([](Contract& c) { c.operands[0].dims = "k m"; });
  change([](Contract& c) { c.operands[0].use = Use::kHint; });
  change([](Contract& c) { c.operands[0].dtypes |= set_of(DType::kF64); });
  change([](Contract& c) { c.operands[0].layouts = kPanelsOnly; });
  change([](Contract& c) { c.operands[0].optional = 1; });
  change([](Contract& c) { c.operands[0].unit_inner = 1; });
  change([](Contract& c) { c.operands[0].panel_align = 32; });
  change([](Contract& c) { c.operands[1].panel_align = 32; });
  change([](Contract& c) { c.operands[2].may_equal = 0; });
  change([](Contract& c) { c.operands[2].may_equal = 1; });
  change([](Contract& c) { c.operands[0].spaces = set_of(SpaceKind::kHost); });
  change([](Contract& c) { c.operands[0].use = Use::kTable; });
  change([](Contract& c) { c.operands[0].indexed_by = 1; });
  change([](Contract& c) { c.operands[0].indexed_by = 3; });
  change([](Contract& c) { c.operands[1].indexed_by = 3; });
  change([](Contract& c) { c.params[0].name = "activation"; });
  change([](Contract& c) { c.params[0].kind = ParamKind::kF32; });
  change([](Contract& c) { c.params[0].choices = "none relu"; });
  std::set<std::string> prints;
  std::set<uint64_t> hashes;
  for (const Contract& contract : contracts) {
    EXPECT_TRUE(prints.insert(canonical_print(contract)).second) << canonical_print(contract);
    EXPECT_TRUE(hashes.insert(hash_of(contract)).second) << canonical_print(contract);
  }
}

TEST(CanonicalPrint, AndTheHashIgnoreDocumentationAndCosts) {
  Contract contract = *find_contract("matmul");
  contract.summary = "other words";
  contract.flops = {};
  contract.bytes = {};
  EXPECT_EQ(canonical_print(contract), canonical_print(*find_contract("matmul")));
  EXPECT_EQ(hash_of(contract), hash_of(*find_contract("matmul")));
}

}  // namespace
}  // namespace rondo
