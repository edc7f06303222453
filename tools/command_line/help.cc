#include "tools/command_line/help.h"
#include <algorithm>
#include "tools/table.h"

namespace rondo::cli {
namespace {

constexpr std::string_view kExitCodes =
    "Exit codes: 0 good, 1 the thing checked is bad, 2 wrong usage, 3 cannot (file, device,\n"
    "memory), 77 skipped, 130 interrupted.\n";

std::string indented(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    text += "  " + std::string(lines.substr(0, end)) + "\n";
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

Table two_columns() { return Table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft}); }

// "GRAPH" or "-o, --output FILE".
std::string spelling(const Option& option) {
  std::string text = option.names;
  if (const size_t comma = text.find(','); comma != std::string::npos) text.insert(comma + 1, " ");
  return option.value.empty() ? text : text + " " + option.value;
}

}  // namespace

std::string program_help(std::span<const Verb> verbs) {
  std::string text = "rondo plans a tensor program ahead of time, proves the plan safe, and replays it.\n\nExamples:\n";
  text += indented(
      "rondo plan mlp.yaml                                      graph -> schedule (mlp.rondo)\n"
      "rondo verify mlp.rondo                                   is it safe, is what it claims true?\n"
      "rondo run mlp.rondo --random-inputs 1 --check mlp.yaml   replay, compare with the graph");
  text += "\nUsage: rondo VERB [options]; `rondo VERB --help` tells more.\n\nVerbs:\n";
  Table table = two_columns();
  for (const Verb& verb : verbs) table.add({std::string(verb.name), std::string(verb.what)});
  return text + table.text() + "\n" + std::string(kExitCodes);
}

std::string group_help(std::span<const Verb> verbs, std::string_view group) {
  const std::string prefix = std::string(group) + " ";
  std::string text =
      "Usage: rondo " + prefix + "VERB [options]; `rondo " + prefix + "VERB --help` tells more.\n\nVerbs:\n";
  Table table = two_columns();
  for (const Verb& verb : verbs)
    if (verb.name.starts_with(prefix))
      table.add({std::string(verb.name.substr(prefix.size())), std::string(verb.what)});
  return text + table.text() + "\n" + std::string(kExitCodes);
}

std::string verb_help(const Verb& verb) {
  std::string text = std::string(verb.what) + "\n\nExamples:\n" + indented(verb.examples);
  text += "\nUsage: rondo " + std::string(verb.name);
  Table table = two_columns();
  for (const Option& option : verb.options) {
    const bool several = option.kind == Option::Kind::kArguments;
    if (several || option.kind == Option::Kind::kArgument) text += " " + option.names + (several ? "..." : "");
    table.add({spelling(option), option.what});
  }
  table.add({"-h, --help", "print this"});
  text += " [options]\n\n" + table.text();
  if (!verb.notes.empty()) text += "\n" + std::string(verb.notes) + "\n";
  return text + "\n" + std::string(kExitCodes);
}

}  // namespace rondo::cli
