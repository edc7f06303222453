// Collects findings: at most so many per rule, the rest counted; and names the
// things of a schedule the way every message does.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include "rondo/schedule.h"
#include "rondo/verify.h"

namespace rondo::proof {

class Findings {
 public:
  // At least one a rule is kept, whatever `per_rule` says: an empty list means safe.
  Findings(const Schedule& schedule, uint32_t per_rule)
      : schedule_(schedule), per_rule_(per_rule == 0 ? 1 : per_rule) {}

  // `ops` are up to three witnesses, the op at fault first. `rule` is a literal.
  void add(std::string_view rule, Level level, std::initializer_list<uint32_t> ops, std::string message);
  // For callers that would build many messages: whether one more would be kept.
  // When it would not, it is counted as dropped here and must not be added.
  bool wants(std::string_view rule);
  // Counts findings that were never built, before or after others are added: they
  // take no place from those.
  void drop(std::string_view rule, uint64_t count);

  uint64_t count(std::string_view rule) const;  // kept and dropped
  uint64_t dropped() const { return dropped_; }
  bool none() const { return list_.empty() && dropped_ == 0; }
  std::vector<Finding>& list() { return list_; }

 private:
  const Schedule& schedule_;
  uint32_t per_rule_;
  uint64_t dropped_ = 0;
  std::unordered_map<std::string_view, uint64_t> kept_, counts_;
  std::vector<Finding> list_;
};

// "op 14 (stream compute, line 31)"; the line only where it is known.
std::string op_name(const Schedule& schedule, uint32_t op);
// "arena 'scratch'", "output 'y'".
std::string base_name(const Schedule& schedule, uint32_t base);
// "bytes [64, 128) of arena 'scratch'".
std::string range_name(const Schedule& schedule, uint32_t base, uint64_t offset_bytes, uint64_t byte_count);
// "t3", with its name where it has one: "t3 'full'".
std::string token_name(const Schedule& schedule, uint32_t token);
// "1,234,567".
std::string with_commas(uint64_t number);
// The stream an op belongs to.
uint32_t stream_of(const Schedule& schedule, uint32_t op);

}  // namespace rondo::proof
