// A verb of `rondo` as data: what --help says of it, its options, and what it does.
//
// The *_verbs.cc declare them, a file for each group; verbs() is the one list. Help texts, the
// parser, suggestions for misspelt words and dispatch all read it, so a verb or an option is
// written down once. Nothing here knows how arguments are parsed.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include "tools/console.h"

namespace rondo::cli {

struct Option {
  enum class Kind : uint8_t {
    kArgument,   // by position, required
    kArguments,  // by position, one or more
    kFlag,       // present or not
    kValue,      // with one value
    kValues,     // with one value, repeatable
  };
  Kind kind = Kind::kFlag;
  std::string names;  // "-o,--output", or "GRAPH" for one by position
  std::string value;  // what help calls the value: "FILE"
  std::string what;   // help, in one line
  // Takes one value (a flag: ""), and says what is wrong with it: "" where nothing is.
  std::function<std::string(const std::string&)> take;
  std::string excludes = {};  // an option of the same verb, declared before it
};

struct Verb {
  std::string_view name;      // of two words for a verb of a group: "phase check"
  std::string_view what;      // one sentence
  std::string_view examples;  // lines, two at least
  std::string_view notes;     // lines after the options, may be empty
  std::vector<Option> options;
  std::function<int(Console&)> run;  // after its options were taken; returns the exit code
};

void add_schedule_verbs(std::vector<Verb>& verbs);
void add_calibrate_verb(std::vector<Verb>& verbs);
void add_contest_verbs(std::vector<Verb>& verbs);
void add_phase_verbs(std::vector<Verb>& verbs);

// All verbs in the order of help, each with the options that all have; those set `console`,
// which must outlive the list. A list serves one command line: options keep what they took.
std::vector<Verb> verbs(Console& console);

}  // namespace rondo::cli
