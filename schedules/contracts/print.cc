#include "rondo/contract.h"

#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

constexpr std::string_view kFamilies[] = {"copy",   "pack",   "matmul", "pointwise", "rows",
                                          "reduce", "gather", "rotary", "attention", "gate"};
constexpr std::string_view kValueRules[] = {"same", "product", "map"};
constexpr std::string_view kUses[] = {"source", "result", "work", "hint", "table"};
constexpr std::string_view kEngines[] = {"compute", "copy_in", "copy_out"};
constexpr std::string_view kSpaceKinds[] = {"host", "scratch", "device"};
constexpr std::string_view kFlags[] = {"init", "accumulate", "final"};

// "f32|f64": the names of the bits of a set.
template <class NameOf>
std::string set_words(uint32_t set, uint32_t count, NameOf&& name_of) {
  std::string words;
  for (uint32_t bit = 0; bit < count; ++bit)
    if (set >> bit & 1) words += sentence(words.empty() ? "" : "|", name_of(bit));
  return words;
}

}  // namespace

// Every field that `hash_of` covers, and none that it does not; a test keeps the
// two in step.
std::string canonical_print(const Contract& contract) {
  std::string text = sentence(contract.name, " family=", kFamilies[static_cast<uint8_t>(contract.family)],
                              " values=", kValueRules[static_cast<uint8_t>(contract.values)],
                              " accumulate=", info(contract.accumulate).name,
                              " deterministic=bitwise engine=", kEngines[static_cast<uint8_t>(contract.engine)]);
  if (contract.flags != 0)
    text += sentence(" flags=", set_words(contract.flags, 3, [](uint32_t bit) { return kFlags[bit]; }));
  text += " (";
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const OperandContract& operand = contract.operands[i];
    text += sentence(i == 0 ? "" : ", ", operand.optional ? "optional " : "", kUses[static_cast<uint8_t>(operand.use)],
                     " ", operand.name, " [", operand.dims, "] ",
                     set_words(operand.dtypes, kDTypes.size(), [](uint32_t bit) { return kDTypes[bit].name; }), " ",
                     set_words(operand.layouts, kLayouts.size(), [](uint32_t bit) { return kLayouts[bit].name; }));
    if (operand.unit_inner) text += " unit_inner";
    if (operand.layouts != set_of(Layout::kRows) || operand.panel_align != OperandContract{}.panel_align)
      text += sentence(" panel_align=", operand.panel_align);
    if (operand.may_equal >= 0) text += sentence(" may_equal=", contract.operands[operand.may_equal].name);
    if (operand.spaces != kAnySpace)
      text += sentence(" spaces=", set_words(operand.spaces, 3, [](uint32_t bit) { return kSpaceKinds[bit]; }));
    if (operand.indexed_by >= 0) text += sentence(" indexed_by=", contract.operands[operand.indexed_by].name);
  }
  text += ")";
  for (const ParamContract& param : contract.params) {
    if (param.kind == ParamKind::kAbsent) continue;
    text += sentence(" ", param.name, "=", param.kind == ParamKind::kF32 ? "f32" : "{");
    if (param.kind == ParamKind::kEnum) text += sentence(param.choices, "}");
  }
  return text;
}

}  // namespace rondo
