#include "tools/command_line.h"
#include <algorithm>
#include <ostream>
#include "schedules/yaml/document.h"
#include "tools/command_line/help.h"
#include "tools/command_line/parse_arguments.h"
#include "tools/command_line/verb.h"

namespace rondo::cli {
namespace {

const Verb* find_verb(std::span<const Verb> verbs, std::string_view name) {
  const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

// "'--tiel' is not an option of rondo plan (did you mean '--tile'?)", or "".
std::string unknown_option(const Verb& verb, const std::vector<std::string>& arguments) {
  std::vector<std::string_view> names = {"--help"};
  for (const Option& option : verb.options)
    if (const size_t dashes = option.names.find("--"); dashes != std::string::npos)
      names.push_back(std::string_view(option.names).substr(dashes));
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("--") || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return "'" + name + "' is not an option of rondo " + std::string(verb.name) + yaml::did_you_mean(name, names);
  }
  return {};
}

// "'pln' is not a verb of rondo: plan, ... (did you mean 'plan'?)"; of the words of a group
// where one is named.
std::string unknown_verb(std::span<const Verb> verbs, const std::string& word, const std::string& group) {
  std::vector<std::string_view> names;
  std::string allowed;
  const std::string prefix = group.empty() ? "" : group + " ";
  for (const Verb& verb : verbs) {
    if (!verb.name.starts_with(prefix)) continue;
    const std::string_view rest = verb.name.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.find(' '));
    if (!names.empty() && names.back() == name) continue;
    names.push_back(name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(name);
  }
  return "'" + word + "' is not a verb of rondo" + (group.empty() ? "" : " " + group) + ": " + allowed +
         yaml::did_you_mean(word, names);
}

// The parser's complaint, or a better one where it knows less than the list of verbs.
int usage_error(std::span<const Verb> verbs, const ParsedArguments& parsed, const std::vector<std::string>& arguments,
                Console& console) {
  if (arguments.empty()) {
    console.note(program_help(verbs));
    return console.fail(kUsage, "a verb is missing");
  }
  std::string message = parsed.complaint;
  if (const Verb* verb = find_verb(verbs, parsed.words)) {
    if (const std::string better = unknown_option(*verb, arguments); !better.empty()) message = better;
  } else if (parsed.words.empty()) {
    message = unknown_verb(verbs, arguments[0], "");
  } else {
    message = arguments.size() < 2 ? "a verb is missing" : unknown_verb(verbs, arguments[1], parsed.words);
  }
  return console.fail(kUsage, message + "\nrondo: `rondo" + (parsed.words.empty() ? "" : " " + parsed.words) +
                                  " --help` shows how it is used");
}

}  // namespace

int run_command_line(const std::vector<std::string>& given, Console& console) {
  const std::vector<Verb> list = verbs(console);
  std::vector<std::string> arguments = given;
  if (!arguments.empty() && arguments[0] == "--version") arguments[0] = "version";
  const ParsedArguments parsed = parse_arguments(list, arguments);
  if (parsed.outcome == ParsedArguments::Outcome::kWrong) return usage_error(list, parsed, arguments, console);
  const Verb* verb = find_verb(list, parsed.words);
  if (parsed.outcome == ParsedArguments::Outcome::kRun) return verb->run(console);
  console.out() << (verb != nullptr        ? verb_help(*verb)
                    : parsed.words.empty() ? program_help(list)
                                           : group_help(list, parsed.words));
  return kGood;
}

}  // namespace rondo::cli
