// The words of a command line, dealt to the options of a verb.
#pragma once
#include <span>
#include <string>
#include <vector>
#include "tools/command_line/verb.h"

namespace rondo::cli {

struct ParsedArguments {
  enum class Outcome : uint8_t { kRun, kHelp, kWrong };
  Outcome outcome = Outcome::kWrong;
  std::string words;      // the verb or the group that was named, "" for none
  std::string complaint;  // of kWrong, in one line
};

// `arguments` without the program's name. Options of the verb that was named have taken their
// values after kRun; after anything else, some may have.
ParsedArguments parse_arguments(std::span<const Verb> verbs, const std::vector<std::string>& arguments);

}  // namespace rondo::cli
