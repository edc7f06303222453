// N01: an op's numerics policy is wide enough, and one its kernel's contract keeps.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

bool is_float(DType dtype) { return info(dtype).mantissa_bits != 0; }
bool as_wide(DType wide, DType narrow) {
  return info(wide).exponent_bits >= info(narrow).exponent_bits &&
         info(wide).mantissa_bits >= info(narrow).mantissa_bits;
}

class PoliciesAreKept : public ValueObserver {
 public:
  explicit PoliciesAreKept(Facts& facts) : facts_(facts) {}

  void op(uint32_t op) override {
    const Contract* contract = facts_.contract(op);
    if (contract == nullptr || contract->values == ValueRule::kSame) return;  // moves bytes, computes nothing
    const Op& full = facts_.schedule.ops[op];
    const NumericsPolicy& policy = facts_.schedule.policies[full.policy];
    auto storage = static_cast<DType>(policy.storage), compute = static_cast<DType>(policy.compute),
         accumulate = static_cast<DType>(policy.accumulate);
    std::string fault;
    for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
      auto dtype = static_cast<DType>(facts_.engine.view_of(facts_.schedule.operands[operand]).dtype);
      if (!writes(facts_.schedule.operands[operand].access) || dtype == storage) continue;
      fault = "stores " + text(storage) + " in a result of " + text(dtype);
    }
    if (!is_float(compute) || !is_float(accumulate))
      fault = "computes in " + text(is_float(compute) ? accumulate : compute) + ", no kernel does";
    else if (!as_wide(accumulate, compute))
      fault = "sums in " + text(accumulate) + ", narrower than the " + text(compute) + " it computes in";
    else if (!as_wide(contract->accumulate, accumulate))
      fault = "sums in " + text(accumulate) + ", the contract promises " + text(contract->accumulate);
    else if (policy.rounding != static_cast<uint8_t>(Rounding::kNearestEven))
      fault = "rounds toward zero, the contract promises nearest even";
    else if (policy.saturation != static_cast<uint8_t>(Saturation::kUnbounded))
      fault = "saturates, the contract does not";
    else if (policy.denormals != static_cast<uint8_t>(Denormals::kKeep))
      fault = "flushes denormals, the contract keeps them";
    if (fault.empty() || !facts_.findings.wants("N01")) return;
    facts_.findings.add("N01", Level::kFaithful, {op},
                        facts_.name(op) + " has policy " + std::to_string(full.policy) + " for '" +
                            std::string(contract->name) + "': it " + fault);
  }

 private:
  static std::string text(DType dtype) { return std::string(info(dtype).name); }

  Facts& facts_;
};

}  // namespace

const FaithfulRule kPoliciesAreKept = {
    {"N01", Level::kFaithful, "sums are at least as wide as products, and the policy is one the contract keeps",
     "The policy of an op names the types it stores, computes and sums in. Sums are as wide as products in exponent "
     "and "
     "mantissa, and no wider than the contract of the kernel promises; what is stored is the type of the result; "
     "rounding, saturation and denormals are those the contract has. Copies compute nothing and are not asked."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<PoliciesAreKept>(facts); }};

}  // namespace rondo::proof
