// K01: each op is what its kernel's contract says.
#include <bit>
#include <cmath>
#include <cstdio>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

constexpr const char* kAccessNames[] = {"read", "write", "update", "work", "hint", "indexed read", "indexed write"};
constexpr const char* kEngineNames[] = {"compute", "copy-in", "copy-out"};

// The first thing about an op that its contract does not allow, or "": first of
// what many ops have in common, then of its parameters.
class SignatureCheck {
 public:
  SignatureCheck(const Schedule& schedule, const Contract& contract, uint32_t op_index)
      : schedule_(schedule), contract_(contract), op_(schedule.ops[op_index]) {}

  // Of the form of the op: the same for all ops of one form.
  std::string fault_of_form(const Stream& stream) const {
    if (std::string f = flags(); !f.empty()) return f;
    uint32_t least = contract_.operand_count;
    while (least > 0 && contract_.operands[least - 1].optional) --least;
    if (op_.operand_count < least || op_.operand_count > contract_.operand_count)
      return sentence("has ", op_.operand_count, " operands, ", contract_.name, " takes ", least,
                      least == contract_.operand_count ? "" : sentence(" to ", contract_.operand_count));
    for (uint32_t slot = 0; slot < op_.operand_count; ++slot)
      if (std::string f = operand(slot); !f.empty()) return sentence(operand_name(&contract_, slot), " ", f);
    if (std::string f = dims(); !f.empty()) return f;
    // Copy engines run what the contract offers them; compute engines run anything.
    if (contract_.engine == rondo::Engine::kCompute &&
        static_cast<rondo::Engine>(stream.engine) != rondo::Engine::kCompute)
      return sentence("runs on a ", kEngineNames[stream.engine], " engine, ", contract_.name,
                      " needs a compute engine");
    return {};
  }

  // Of the op alone.
  std::string params() const {
    for (uint32_t i = 0; i < contract_.params.size(); ++i) {
      const ParamContract& param = contract_.params[i];
      if (param.kind == ParamKind::kAbsent && op_.params[i] != 0)
        return sentence("has parameter ", i, " = ", op_.params[i], ", ", contract_.name, " has none there");
      if (param.kind == ParamKind::kEnum && op_.params[i] >= word_count(param.choices))
        return sentence("has ", param.name, " = ", op_.params[i], ", allowed are 0 to ", word_count(param.choices) - 1,
                        " (", param.choices, ")");
      if (param.kind == ParamKind::kF32) {
        const auto value = std::bit_cast<float>(op_.params[i]);
        if (!std::isfinite(value) || value < param.low || value > param.high)
          return sentence("has ", param.name, " = ", number(value), ", allowed is ", number(param.low), " to ",
                          number(param.high));
      }
    }
    return {};
  }

 private:
  static std::string number(float value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", static_cast<double>(value));
    return digits;
  }

  const View& view(uint32_t slot) const { return schedule_.views[at(slot).view]; }
  const Operand& at(uint32_t slot) const { return schedule_.operands[op_.first_operand + slot]; }

  std::string flags() const {
    if ((op_.flags & ~contract_.flags) != 0)
      return sentence("has flags ", hex(op_.flags), ", ", contract_.name, " takes ", hex(contract_.flags));
    const uint16_t sum = op_.flags & (kOpInit | kOpAccumulate);
    if ((contract_.flags & kOpAccumulate) != 0 && std::popcount(sum) != 1)
      return sentence("must be exactly one of init and accumulate, it is ", sum == 0 ? "neither" : "both");
    return {};
  }

  Access expected(const OperandContract& declared) const {
    switch (declared.use) {
      case Use::kSource:
        return declared.indexed_by >= 0 ? Access::kIndexedRead : Access::kRead;
      case Use::kResult:
        if (declared.indexed_by >= 0) return Access::kIndexedWrite;
        return (op_.flags & kOpAccumulate) != 0 ? Access::kUpdate : Access::kWrite;
      case Use::kWork:
        return Access::kWork;
      case Use::kHint:
        return Access::kHint;
      case Use::kTable:
        return Access::kRead;
    }
    return Access::kRead;
  }

  // The first operand that is no table: its dtype is that of all others.
  uint32_t typed_slot() const {
    uint32_t slot = 0;
    while (slot + 1 < op_.operand_count && contract_.operands[slot].use == Use::kTable) ++slot;
    return slot;
  }

  std::string operand(uint32_t slot) const {
    const OperandContract& declared = contract_.operands[slot];
    const Operand& operand = at(slot);
    const View& box = view(slot);
    const Access access = expected(declared);
    if (operand.access != static_cast<uint8_t>(access))
      return sentence("is ", kAccessNames[operand.access], ", ", contract_.name,
                      (op_.flags & kOpAccumulate) != 0 && declared.use == Use::kResult ? " under accumulate" : "",
                      " needs ", kAccessNames[static_cast<int>(access)]);
    const uint32_t aux = declared.indexed_by >= 0 ? static_cast<uint32_t>(declared.indexed_by) : 0;
    if (operand.aux != aux) {
      if (declared.indexed_by < 0) return sentence("has aux ", operand.aux, ", only indexed access has one");
      return sentence("is indexed by operand ", operand.aux & 15, " along axis ", operand.aux >> 4, ", ",
                      contract_.name, " indexes it by ", operand_name(&contract_, aux), " along axis 0");
    }
    const auto dtype = static_cast<DType>(box.dtype);
    if ((declared.dtypes & set_of(dtype)) == 0)
      return sentence("is ", info(dtype).name, ", which ", contract_.name, " does not take");
    if (const uint32_t typed = typed_slot(); declared.use != Use::kTable && box.dtype != view(typed).dtype)
      return sentence("is ", info(dtype).name, " and ", operand_name(&contract_, typed), " is ",
                      info(static_cast<DType>(view(typed).dtype)).name, ", all operands of an op have one dtype");
    const auto layout = static_cast<Layout>(box.layout);
    if ((declared.layouts & set_of(layout)) == 0)
      return sentence("has layout ", kLayouts[box.layout].name, ", which ", contract_.name, " does not take there");
    const auto leading = leading_axes(declared, box);
    if (!leading) return sentence("has rank ", box.rank, ", ", contract_.name, " needs the axes '", declared.dims, "'");
    if (declared.unit_inner && layout == Layout::kRows && box.rank > 0 && box.extent[box.rank - 1] > 1 &&
        static_cast<uint64_t>(box.stride_bytes[box.rank - 1]) != size_of(dtype))
      return sentence("has stride ", box.stride_bytes[box.rank - 1], " along its last axis, ", contract_.name,
                      " needs ", size_of(dtype));
    return {};
  }

  static std::string describe(const Dim& dim) {
    if (dim.scalar == kNone) return std::to_string(dim.extent);
    return sentence("min(", dim.extent, ", ", dim.scale, " * scalar ", dim.scalar, " + ", dim.bias, ")");
  }

  // Equal names, equal extents; a panel's columns are rounded up to whole panels.
  std::string dims() const {
    const auto extents = extents_of(contract_, schedule_, op_);
    if (!extents) return sentence("has operands whose axes do not fit ", contract_.name);
    for (uint32_t slot = 0; slot < op_.operand_count; ++slot) {
      const OperandContract& declared = contract_.operands[slot];
      const View& box = view(slot);
      const uint32_t words = word_count(declared.dims);
      if (words > 0 && word_at(declared.dims, 0) == "...") {
        const uint32_t leading = *leading_axes(declared, box);
        if (leading != extents->leading_count)
          return sentence(operand_name(&contract_, slot), " has ", leading, " leading axes, ", extents->leading_count,
                          " are needed");
        for (uint32_t axis = 0; axis < leading; ++axis) {
          const Dim dim = dim_at(box, axis, {});
          if (dim != extents->leading[axis])
            return sentence("has axis ", axis, " = ", describe(extents->leading[axis]), " but ", describe(dim), " in ",
                            operand_name(&contract_, slot));
        }
      }
      for (uint32_t w = 0; w < words; ++w) {
        const std::string_view name = word_at(declared.dims, w);
        if (name == "...") continue;
        const Dim& wanted = *extents->find(name);
        Dim dim = dim_at(box, axis_of(declared, box, name), name);
        if (static_cast<Layout>(box.layout) == Layout::kPanels && wanted.scalar == kNone) {
          const uint64_t block = axis_of(declared, box, name) == 0 ? box.block_columns : box.block_rows;
          if (dim.extent == (wanted.extent + block - 1) / block * block) dim.extent = wanted.extent;
        }
        if (dim != wanted)
          return sentence("has ", name, " = ", describe(wanted), " but ", describe(dim), " in ",
                          operand_name(&contract_, slot));
      }
    }
    return {};
  }

  static Dim dim_at(const View& box, uint32_t axis, std::string_view name) {
    Dim dim;
    dim.name = name;
    dim.extent = box.extent[axis];
    if (static_cast<Layout>(box.layout) == Layout::kPanels)
      dim.extent *= axis == 0 ? box.block_columns : box.block_rows;
    if (box.scalar != kNone && box.extent_axis == axis) {
      dim.scalar = box.scalar;
      dim.scale = box.extent_scale;
      dim.bias = box.extent_bias;
    }
    return dim;
  }

  const Schedule& schedule_;
  const Contract& contract_;
  const Op& op_;
};

void check_signature(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  std::vector<std::string> faults(tables.first_of_form.size());
  for (uint32_t form = 0; form < faults.size(); ++form) {
    const uint32_t op_index = tables.first_of_form[form];
    const Op& op = schedule.ops[op_index];
    if (const Contract* contract = tables.contract(op)) {
      faults[form] =
          SignatureCheck(schedule, *contract, op_index).fault_of_form(schedule.streams[tables.stream_of_op[op_index]]);
    } else if (op.operand_count != 0) {
      faults[form] = sentence("is a sync and has ", op.operand_count, " operands");
    } else if (op.flags != 0) {
      faults[form] = sentence("is a sync and has flags ", hex(op.flags));
    }
  }
  for (uint32_t op_index = 0; op_index < schedule.ops.size(); ++op_index) {
    std::string fault = faults[tables.form_of_op[op_index]];
    const Contract* contract = tables.contract(schedule.ops[op_index]);
    if (fault.empty() && contract != nullptr) fault = SignatureCheck(schedule, *contract, op_index).params();
    if (fault.empty() || !findings.wants("K01")) continue;
    findings.add("K01", Level::kSafe, {op_index}, sentence(op_name(schedule, op_index), ": ", fault));
  }
}

}  // namespace

const SafeRule kSignatureRule = {
    {"K01", Level::kSafe, "every op fits its kernel's contract",
     "Number of operands; access of each (a result is written under `init` and updated under `accumulate`, and "
     "exactly one of the two is set where the contract takes them; what the contract indexes has indexed access "
     "by its table along axis 0); one dtype for all operands but tables, from the contract's set; layouts; rank; equal "
     "extents, and equal bounds by scalars, for equal dimension names (columns of panels "
     "rounded up to whole panels); unit stride where asked; flags and parameters within their ranges; an engine "
     "that runs the kernel. Kernels check nothing of this, but clamp indices."},
    check_signature};

}  // namespace rondo::proof
