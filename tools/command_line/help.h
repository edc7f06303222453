// What --help prints of the program, a group of verbs, and a verb.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include "tools/command_line/verb.h"

namespace rondo::cli {

std::string program_help(std::span<const Verb> verbs);
std::string group_help(std::span<const Verb> verbs, std::string_view group);
// In the order a newcomer reads: what it is, examples, usage, options.
std::string verb_help(const Verb& verb);

}  // namespace rondo::cli
