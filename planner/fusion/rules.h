// The rules of a valid solution, each with its name: what the judge reports, and what
// docs/contest.md lists.
#pragma once
#include <cstdint>
#include <span>

namespace rondo::fusion {

enum class Rule : uint8_t { kR0, kR1, kR2, kR3, kR4, kR5, kR6, kR7, kR8, kR9, kR10, kR11, kR12, kR13, kC1, kC2 };

struct RuleText {
  Rule rule;
  const char* name;
  const char* title;
  const char* text;  // one sentence or two, markdown
};

// In the order of the enum.
std::span<const RuleText> rules();
const char* name_of(Rule rule);

}  // namespace rondo::fusion
