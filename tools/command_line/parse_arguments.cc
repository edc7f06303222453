// The one door to CLI11. It splits words into options and values and knows which are missing
// or too many; what a value may be is the options' own business.
#include "tools/command_line/parse_arguments.h"
#include <CLI/CLI.hpp>

namespace rondo::cli {
namespace {

void add_option(CLI::App& app, const Option& option) {
  using Kind = Option::Kind;
  if (option.kind == Kind::kFlag) {
    CLI::Option* flag = app.add_flag_callback(option.names, [&option] { option.take(""); });
    if (!option.excludes.empty()) flag->excludes(app.get_option(option.excludes));
    return;
  }
  // "-o,--output" is called by its long name in errors.
  const std::string name = option.names.substr(option.names.find(',') + 1);
  CLI::Option* added =
      app.add_option_function<std::vector<std::string>>(option.names, [&option, name](const auto& values) {
        for (const std::string& value : values)
          if (const std::string complaint = option.take(value); !complaint.empty())
            throw CLI::ValidationError(name, complaint);
      });
  if (option.kind == Kind::kArgument || option.kind == Kind::kArguments) added->required();
  if (option.kind != Kind::kArguments) added->expected(1)->allow_extra_args(false);
  if (option.kind == Kind::kValues) added->take_all();
  if (option.kind == Kind::kValue) added->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void add_verb(CLI::App& app, const Verb& verb) {
  CLI::App* parent = &app;
  std::string_view name = verb.name;
  if (const size_t space = name.find(' '); space != std::string_view::npos) {
    const std::string group(name.substr(0, space));
    const auto known = app.get_subcommands([&](CLI::App* other) { return other->get_name() == group; });
    parent = known.empty() ? app.add_subcommand(group)->require_subcommand(1) : known[0];
    name.remove_prefix(space + 1);
  }
  CLI::App* sub = parent->add_subcommand(std::string(name));
  for (const Option& option : verb.options) add_option(*sub, option);
}

// The verb or group that was parsed, however deep it stands.
std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* next = &app; !next->get_subcommands().empty();) {
    next = next->get_subcommands()[0];
    words += (words.empty() ? "" : " ") + next->get_name();
  }
  return words;
}

}  // namespace

ParsedArguments parse_arguments(std::span<const Verb> verbs, const std::vector<std::string>& arguments) {
  using Outcome = ParsedArguments::Outcome;
  CLI::App app;
  app.require_subcommand(1);
  for (const Verb& verb : verbs) add_verb(app, verb);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return {Outcome::kHelp, words_of(app), ""};
  } catch (const CLI::ParseError& error) {
    return {Outcome::kWrong, words_of(app), error.what()};
  }
  return {Outcome::kRun, words_of(app), ""};
}

}  // namespace rondo::cli
