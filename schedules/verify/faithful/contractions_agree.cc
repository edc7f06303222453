// S04: the two sources of a product are summed over the same k.
#include "schedules/verify/faithful/contraction.h"
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class ContractionsAgree : public ValueObserver {
 public:
  explicit ContractionsAgree(Facts& facts) : facts_(facts) {}

  void op(uint32_t op) override {
    const Contract* contract = facts_.contract(op);
    if (contract == nullptr || contract->values != ValueRule::kProduct) return;
    const Op& full = facts_.schedule.ops[op];
    uint32_t a = full.first_operand, b = a + 1;
    if (facts_.value(a) == nullptr || facts_.value(b) == nullptr) return;
    std::optional<KRange> of_a = k_range(facts_.schedule, a, 1),
                          of_b = k_range(facts_.schedule, b, k_axis_of_b(facts_.schedule, b));
    if (const uint32_t scalar = scalar_of_k(a, b, of_a, of_b); scalar != kNone) {
      facts_.refute(a);
      if (facts_.findings.wants("S04"))
        facts_.findings.add("S04", Level::kFaithful, {op},
                            facts_.name(op) + " sums over a k that scalar '" +
                                std::string(facts_.schedule.name(facts_.schedule.scalars[scalar].name)) +
                                "' bounds or moves: which terms its result holds would depend on the scalar");
      return;
    }
    if (of_a && of_b && of_a->low == of_b->low && of_a->end == of_b->end && of_a->whole == of_b->whole) return;
    facts_.refute(a);
    if (!facts_.findings.wants("S04")) return;
    facts_.findings.add("S04", Level::kFaithful, {op},
                        facts_.name(op) + " sums " + text(of_a) + " of " + facts_.value_text(a) + " with " +
                            text(of_b) + " of " + facts_.value_text(b));
  }

 private:
  // The scalar that bounds or moves k, or kNone.
  uint32_t scalar_of_k(uint32_t a, uint32_t b, const std::optional<KRange>& of_a,
                       const std::optional<KRange>& of_b) const {
    const View &view_a = facts_.engine.view_of(facts_.schedule.operands[a]),
               &view_b = facts_.engine.view_of(facts_.schedule.operands[b]);
    if (view_a.scalar != kNone && view_a.extent_axis == 1) return view_a.scalar;
    if (of_a && facts_.value(a)->moves_along == of_a->axis + 1) return view_a.scalar;
    if (of_b && facts_.value(b)->moves_along == of_b->axis + 1) return view_b.scalar;
    return kNone;
  }

  static std::string text(const std::optional<KRange>& range) {
    if (!range) return "no k";
    return "k " + std::to_string(range->low) + ":" + std::to_string(range->end) + " (of " +
           std::to_string(range->whole) + ")";
  }

  Facts& facts_;
};

}  // namespace

const FaithfulRule kContractionsAgree = {
    {"S04", Level::kFaithful, "both sources of a product name the same k",
     "Axis 1 of `a` and axis 0 of `b` (the row axis of panels) must walk tensor axes of the same extent, over the same "
     "coordinates: k is never broadcast and no term is multiplied with the row of another. No scalar bounds or "
     "moves k: a sum "
     "names all terms it is made of, whatever the scalars are."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<ContractionsAgree>(facts); }};

}  // namespace rondo::proof
