#include "schedules/verify/findings.h"

#include <algorithm>
#include "schedules/structure/sentence.h"

namespace rondo::proof {

void Findings::add(std::string_view rule, Level level, std::initializer_list<uint32_t> ops, std::string message) {
  if (!wants(rule)) return;
  ++counts_[rule];
  ++kept_[rule];
  Finding finding;
  finding.rule = rule;
  finding.level = level;
  uint32_t count = 0;
  for (const uint32_t op : ops)
    if (count < 3) finding.ops[count++] = op;
  if (finding.ops[0] < schedule_.op_lines.size()) finding.line = schedule_.op_lines[finding.ops[0]];
  finding.message = std::move(message);
  list_.push_back(std::move(finding));
}

bool Findings::wants(std::string_view rule) {
  if (kept_[rule] < per_rule_) return true;
  drop(rule, 1);
  return false;
}

void Findings::drop(std::string_view rule, uint64_t count) {
  counts_[rule] += count;
  dropped_ += count;
}

uint64_t Findings::count(std::string_view rule) const {
  const auto found = counts_.find(rule);
  return found == counts_.end() ? 0 : found->second;
}

uint32_t stream_of(const Schedule& schedule, uint32_t op) {
  const auto after = std::upper_bound(schedule.streams.begin(), schedule.streams.end(), op,
                                      [](uint32_t index, const Stream& stream) { return index < stream.first_op; });
  // Empty streams share their first_op with the next one; the last of equals holds the op.
  return after == schedule.streams.begin() ? kNone : static_cast<uint32_t>(after - schedule.streams.begin() - 1);
}

std::string op_name(const Schedule& schedule, uint32_t op) {
  const uint32_t stream = stream_of(schedule, op);
  const uint32_t number = op < schedule.op_numbers.size() ? schedule.op_numbers[op] : op;
  std::string text = sentence("op ", number, " (stream ");
  if (stream == kNone) {
    text += "?";
  } else if (schedule.streams[stream].name == 0) {
    text += std::to_string(stream);
  } else {
    text += schedule.name(schedule.streams[stream].name);
  }
  if (op < schedule.op_lines.size() && schedule.op_lines[op] != 0) text += sentence(", line ", schedule.op_lines[op]);
  return text + ")";
}

std::string base_name(const Schedule& schedule, uint32_t base) {
  if (schedule.is_arena(base)) return sentence("arena '", schedule.name(schedule.arenas[base].name), "'");
  constexpr const char* kRoles[] = {"input", "output", "constant", "state", "table"};
  const Binding& binding = schedule.binding_of(base);
  return sentence(kRoles[binding.role], " '", schedule.name(binding.name), "'");
}

std::string range_name(const Schedule& schedule, uint32_t base, uint64_t offset_bytes, uint64_t byte_count) {
  return sentence("bytes [", offset_bytes, ", ", offset_bytes + byte_count, ") of ", base_name(schedule, base));
}

std::string token_name(const Schedule& schedule, uint32_t token) {
  const NameId name = schedule.tokens[token].name;
  return name == 0 ? sentence("t", token) : sentence("t", token, " '", schedule.name(name), "'");
}

std::string with_commas(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace rondo::proof
