#include "schedules/text/parse_ops.h"

#include <bit>
#include <charconv>
#include "rondo/contracts.h"
#include "schedules/text/print_ops.h"
#include "schedules/text/words.h"
#include "schedules/yaml/document.h"

namespace rondo {
namespace {

constexpr std::string_view kKeys[] = {"phase", "policy", "wait", "signal"};

std::string list_of(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += sentence(text.empty() ? "" : ", ", word);
  return text;
}

}  // namespace

OpReader::OpReader(Schedule& schedule, NameTable& names)
    : schedule_(schedule),
      names_(names),
      bases_(references_to_bases(schedule)),
      phases_(references_to("phase", schedule, schedule.phases)) {
  for (const KernelRef& kernel : schedule.kernels) {
    const Contract* contract = find_contract(schedule.name(kernel.name));
    kernels_.push_back({contract == nullptr ? schedule.name(kernel.name) : contract->name, contract});
  }
}

bool OpReader::read(Line& line) {
  Draft draft;
  line.skip_spaces();
  if (!kernel(line, draft)) return false;
  const char* before = line.position();
  while (!line.at_end()) {
    if (line.position() == before) return line.fail(sentence("expected a space, found ", line.shown()));
    if (!item(line, draft)) return false;
    before = line.position();
  }
  Op& op = draft.op;
  op.operand_count = static_cast<uint8_t>(std::bit_width(draft.slots_given));
  if (std::popcount(draft.slots_given) != op.operand_count) {
    const uint32_t missing = static_cast<uint32_t>(std::countr_one(draft.slots_given));
    return line.fail(sentence(draft.contract->name, " has no operand '",
                              missing < draft.contract->operand_count
                                  ? std::string(draft.contract->operands[missing].name)
                                  : sentence("$", missing),
                              "' and one after it"));
  }
  op.first_operand = static_cast<uint32_t>(schedule_.operands.size());
  for (uint32_t slot = 0; slot < op.operand_count; ++slot) {
    Operand& operand = draft.operands[slot];
    if (draft.access_given[slot] == nullptr) {
      const PlainAccess plain = plain_access(*draft.contract, slot, op.flags);
      operand.access = static_cast<uint8_t>(plain.access);
      operand.aux = plain.aux;
    }
    schedule_.operands.push_back(operand);
    schedule_.labels.push_back(draft.labels[slot]);
  }
  schedule_.ops.push_back(op);
  return true;
}

bool OpReader::kernel(Line& line, Draft& draft) {
  const char* start = line.position();
  const std::string_view word = line.word();
  if (word.empty()) return line.fail(sentence("expected a kernel or 'sync', found ", line.shown()));
  if (word == "sync") return true;
  for (size_t i = 0; i < kernels_.size(); ++i) {
    if (kernels_[i].name != word) continue;
    draft.contract = kernels_[i].contract;
    draft.op.kernel = static_cast<uint16_t>(i);
    return true;
  }
  const Contract* contract = find_contract(word);
  if (contract == nullptr) {
    std::vector<std::string_view> known{"sync"};
    for (const Contract& c : kContracts) known.push_back(c.name);
    return line.fail_at(start, sentence("there is no kernel '", word, "'", yaml::did_you_mean(word, known),
                                        "; known are ", list_of(known)));
  }
  KernelRef kernel;
  kernel.name = names_.id(word);
  kernel.contract_hash = hash_of(*contract);
  draft.contract = contract;
  draft.op.kernel = static_cast<uint16_t>(kernels_.size());
  schedule_.kernels.push_back(kernel);
  kernels_.push_back({contract->name, contract});
  return true;
}

bool OpReader::item(Line& line, Draft& draft) {
  const char* start = line.position();
  const bool indexed = line.take('$');
  std::string_view word;
  if (indexed) {
    uint64_t ignored = 0;
    if (!line.number(ignored, "operand", kMaxOperands - 1)) return false;
    word = line.since(start);
  } else {
    word = line.word();
  }
  if (word.empty()) return line.fail(sentence("expected a word, found ", line.shown()));
  if (!line.take('=')) {
    const uint32_t flag = position_of(word, kFlagWords);
    if (flag == kNoWord || draft.contract == nullptr) return unknown(line, draft, start, word);
    if (draft.op.flags >> flag & 1) return line.fail_at(start, sentence("'", word, "' is given twice"));
    draft.op.flags = static_cast<uint16_t>(draft.op.flags | 1u << flag);
    return true;
  }
  const auto once = [&](bool& given) {
    if (given) return line.fail_at(start, sentence("'", word, "' is given twice"));
    return given = true;
  };
  if (draft.contract != nullptr) {
    uint32_t slot = 0;
    if (slot_of(line, draft.contract, word, slot)) return operand(line, draft, slot, start);
    for (uint32_t i = 0; i < draft.contract->params.size(); ++i)
      if (draft.contract->params[i].kind != ParamKind::kAbsent && draft.contract->params[i].name == word)
        return param(line, draft, i, start);
  }
  if (word == "wait") return once(draft.wait) && waits(line, draft.op);
  if (word == "signal") return once(draft.signal) && signals(line, draft.op);
  if (word == "phase") {
    uint32_t phase = 0;
    if (!once(draft.phase) || !phases_.read(line, phase)) return false;
    draft.op.phase = static_cast<uint16_t>(phase);
    return true;
  }
  if (word == "policy") return once(draft.policy) && line.number_of(draft.op.policy, "policy", 255);
  return unknown(line, draft, start, word);
}

// "b" or "$1", as an operand of this kernel.
bool OpReader::slot_of(Line&, const Contract* contract, std::string_view key, uint32_t& slot) const {
  if (key.starts_with('$')) {
    const auto [end, error] = std::from_chars(key.data() + 1, key.data() + key.size(), slot);
    return error == std::errc{} && slot < kMaxOperands;
  }
  for (slot = 0; slot < contract->operand_count; ++slot)
    if (contract->operands[slot].name == key) return true;
  return false;
}

bool OpReader::operand(Line& line, Draft& draft, uint32_t slot, const char* key_start) {
  if (draft.slots_given >> slot & 1) return line.fail_at(key_start, sentence("operand ", slot, " is given twice"));
  draft.slots_given |= 1u << slot;
  Operand& operand = draft.operands[slot];
  uint32_t base = 0;
  if (!bases_.read(line, base)) return false;
  operand.base = static_cast<uint16_t>(base);
  if (!line.expect('+', "the arena or binding") || !line.number(operand.offset_bytes, "offset")) return false;
  if (!line.expect(":v", "the offset")) return false;
  const char* view_start = line.position();
  if (!line.number_of(operand.view, "view", UINT32_MAX)) return false;
  if (operand.view >= schedule_.views.size())
    return line.fail_at(view_start,
                        sentence("there is no view v", operand.view, ", there are ", schedule_.views.size()));
  if (line.take('!')) {
    draft.access_given[slot] = line.position();
    const std::string_view word = line.word();
    const uint32_t access = position_of(word, kAccessWords);
    if (access == kNoWord)
      return line.fail_at(draft.access_given[slot],
                          sentence("there is no access '", word, "'; known are ",
                                   list_of({std::begin(kAccessWords), std::end(kAccessWords)})));
    operand.access = static_cast<uint8_t>(access);
    if (operand.access >= static_cast<uint8_t>(Access::kIndexedRead)) {
      if (!line.expect('(', "an indexed access")) return false;
      const char* key = line.position();
      if (line.take('$')) {
        uint64_t ignored = 0;
        if (!line.number(ignored, "operand", kMaxOperands - 1)) return false;
      } else {
        line.word();
      }
      uint32_t table = 0, axis = 0;
      if (!slot_of(line, draft.contract, line.since(key), table))
        return line.fail_at(key, sentence(draft.contract->name, " has no operand '", line.since(key), "'"));
      if (!line.expect(',', "the table operand") || !line.number_of(axis, "axis", kMaxRank - 1) ||
          !line.expect(')', "the axis"))
        return false;
      operand.aux = static_cast<uint8_t>(table | axis << 4);
    }
  }
  return line.peek() != '{' || label(line, draft.labels[slot]);
}

bool OpReader::label(Line& line, OperandLabel& label) {
  line.take('{');
  const char* start = line.position();
  if (line.take("val")) {
    if (!line.number_of(label.value, "value", UINT32_MAX)) return false;
    if (label.value >= schedule_.values.size())
      return line.fail_at(start,
                          sentence("there is no value val", label.value, ", there are ", schedule_.values.size()));
    line.take(' ');
  }
  start = line.position();
  if (line.take('r')) {
    if (!line.number_of(label.ring, "ring", 0xffff)) return false;
    if (label.ring >= schedule_.rings.size())
      return line.fail_at(start, sentence("there is no ring r", label.ring, ", there are ", schedule_.rings.size()));
    if (!line.expect('.', "the ring") || !line.number_of(label.slot, "slot", 0xffff)) return false;
  }
  return line.expect('}', "a label, which is like {val7} or {val7 r0.1}");
}

bool OpReader::param(Line& line, Draft& draft, uint32_t index, const char* key_start) {
  const ParamContract& param = draft.contract->params[index];
  if (draft.params_given >> index & 1) return line.fail_at(key_start, sentence("'", param.name, "' is given twice"));
  draft.params_given |= 1u << index;
  uint32_t& out = draft.op.params[index];
  const char* start = line.position();
  if (param.kind == ParamKind::kEnum) {
    if (line.take('$')) return line.number_of(out, param.name, UINT32_MAX);
    const std::string_view word = line.word();
    for (uint32_t i = 0; i < word_count(param.choices); ++i) {
      if (word_at(param.choices, i) != word) continue;
      out = i;
      return true;
    }
    std::vector<std::string_view> choices;
    for (uint32_t i = 0; i < word_count(param.choices); ++i) choices.push_back(word_at(param.choices, i));
    return line.fail_at(start, sentence("there is no ", param.name, " '", word, "'", yaml::did_you_mean(word, choices),
                                        "; known are ", list_of(choices)));
  }
  if (line.take("0x")) {
    line.rewind(start);
    return line.number_of(out, param.name, UINT32_MAX);
  }
  const std::string_view text = line.until_space();
  float number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return line.fail_at(start, sentence(param.name, " is '", text, "', not a number that f32 holds"));
  out = std::bit_cast<uint32_t>(number);
  return true;
}

bool OpReader::token(Line& line, uint32_t& token) {
  const char* start = line.position();
  if (!line.expect('t', "'=' or ','")) return false;
  if (!line.number_of(token, "token", UINT32_MAX)) return false;
  return token < schedule_.tokens.size() ||
         line.fail_at(start, sentence("there is no token t", token, ", there are ", schedule_.tokens.size()));
}

bool OpReader::waits(Line& line, Op& op) {
  for (Wait& wait : op.waits) {
    if (!line.take('-') &&
        !(token(line, wait.token) && line.expect(">=", "the token") && line.number_of(wait.count, "count", UINT32_MAX)))
      return false;
    if (!line.take(',')) return true;
    if (&wait == &op.waits[1]) return line.fail("an op takes at most two waits: put a sync before it");
  }
  return true;
}

bool OpReader::signals(Line& line, Op& op) {
  for (uint32_t slot = 0; slot < 2; ++slot) {
    if (!line.take('-')) {
      if (!token(line, op.signals[slot])) return false;
      if (line.take(".read")) op.signal_kinds[slot] = static_cast<uint8_t>(SignalKind::kRead);
    }
    if (!line.take(',')) return true;
    if (slot == 1) return line.fail("an op sends at most two signals: put a sync after it");
  }
  return true;
}

bool OpReader::unknown(Line& line, const Draft& draft, const char* start, std::string_view word) const {
  std::vector<std::string_view> known;
  if (draft.contract != nullptr) {
    for (uint32_t i = 0; i < draft.contract->operand_count; ++i) known.push_back(draft.contract->operands[i].name);
    for (uint32_t bit = 0; bit < 3; ++bit)
      if (draft.contract->flags >> bit & 1) known.push_back(kFlagWords[bit]);
    for (const ParamContract& param : draft.contract->params)
      if (param.kind != ParamKind::kAbsent) known.push_back(param.name);
  }
  known.insert(known.end(), std::begin(kKeys), std::end(kKeys));
  return line.fail_at(start, sentence(draft.contract == nullptr ? "sync" : draft.contract->name, " takes no '", word,
                                      "'", yaml::did_you_mean(word, known), "; known are ", list_of(known)));
}

}  // namespace rondo
