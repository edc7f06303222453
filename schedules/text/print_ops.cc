#include "schedules/text/print_ops.h"

#include <bit>
#include <charconv>
#include <cmath>
#include "rondo/contracts.h"
#include "schedules/structure/sentence.h"
#include "schedules/text/references.h"
#include "schedules/text/words.h"

namespace rondo {
namespace {

template <class... Words>
void append_all(std::string& text, const Words&... words) {
  (append_words(text, words), ...);
}

// The operand's name in the contract, or $i beyond it.
void append_key(std::string& text, const Contract& contract, uint32_t slot) {
  if (slot < contract.operand_count)
    text += contract.operands[slot].name;
  else
    append_all(text, "$", slot);
}

void append_offset(std::string& text, uint64_t offset) {
  if (offset == 0)
    text += '0';
  else
    append_words(text, hex(offset));
}

void append_f32(std::string& text, uint32_t bits) {
  const auto number = std::bit_cast<float>(bits);
  if (!std::isfinite(number)) return append_words(text, hex(bits));
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

OpPrinter::OpPrinter(const Schedule& schedule)
    : schedule_(schedule),
      bases_(references_to_bases(schedule).printed()),
      phases_(references_to("phase", schedule, schedule.phases).printed()) {
  for (const KernelRef& kernel : schedule.kernels) contracts_.push_back(find_contract(schedule.name(kernel.name)));
}

void OpPrinter::append(std::string& text, uint32_t index) const {
  const Op& op = schedule_.ops[index];
  if (op.kernel == kNoKernel) {
    text += "sync";
  } else {
    const Contract& contract = *contracts_[op.kernel];
    text += contract.name;
    for (uint32_t slot = 0; slot < op.operand_count; ++slot) append_operand(text, op, contract, slot);
    for (uint32_t bit = 0; bit < 3; ++bit)
      if (op.flags >> bit & 1) append_all(text, " ", kFlagWords[bit]);
    for (uint32_t i = 0; i < contract.params.size() && contract.params[i].kind != ParamKind::kAbsent; ++i) {
      const ParamContract& param = contract.params[i];
      if (param.kind == ParamKind::kF32) {
        append_all(text, " ", param.name, "=");
        append_f32(text, op.params[i]);
      } else if (op.params[i] != 0) {
        append_all(text, " ", param.name, "=");
        if (op.params[i] < word_count(param.choices))
          text += word_at(param.choices, op.params[i]);
        else
          append_all(text, "$", op.params[i]);
      }
    }
  }
  if (!phases_.empty()) append_all(text, " phase=", phases_[op.phase]);
  if (op.policy != 0) append_all(text, " policy=", op.policy);
  const Wait(&waits)[2] = op.waits;
  if (waits[0].token != kNone || waits[1].token != kNone) {
    text += " wait=";
    for (uint32_t slot = 0; slot < 2; ++slot) {
      if (slot == 1 && waits[1].token == kNone) break;
      if (slot == 1) text += ',';
      if (waits[slot].token == kNone)
        text += '-';
      else
        append_all(text, "t", waits[slot].token, ">=", waits[slot].count);
    }
  }
  if (op.signals[0] != kNone || op.signals[1] != kNone) {
    text += " signal=";
    for (uint32_t slot = 0; slot < 2; ++slot) {
      if (slot == 1 && op.signals[1] == kNone) break;
      if (slot == 1) text += ',';
      if (op.signals[slot] == kNone)
        text += '-';
      else
        append_all(text, "t", op.signals[slot], op.signal_kinds[slot] == 1 ? ".read" : "");
    }
  }
}

void OpPrinter::append_operand(std::string& text, const Op& op, const Contract& contract, uint32_t slot) const {
  const Operand& operand = schedule_.operands[op.first_operand + slot];
  text += ' ';
  append_key(text, contract, slot);
  append_all(text, "=", bases_[operand.base], "+");
  append_offset(text, operand.offset_bytes);
  append_all(text, ":v", operand.view);
  const auto access = static_cast<Access>(operand.access);
  if (PlainAccess{access, operand.aux} != plain_access(contract, slot, op.flags)) {
    append_all(text, "!", kAccessWords[operand.access]);
    if (access == Access::kIndexedRead || access == Access::kIndexedWrite) {
      text += '(';
      append_key(text, contract, operand.aux & 15);
      append_all(text, ",", operand.aux >> 4, ")");
    }
  }
  if (schedule_.labels.empty()) return;
  const OperandLabel& label = schedule_.labels[op.first_operand + slot];
  if (label.value == kNone && label.ring == 0xffff) return;
  text += '{';
  if (label.value != kNone) append_all(text, "val", label.value);
  if (label.value != kNone && label.ring != 0xffff) text += ' ';
  if (label.ring != 0xffff) append_all(text, "r", label.ring, ".", label.slot);
  text += '}';
}

}  // namespace rondo
