#include "tools/command_line/option_kinds.h"
#include "tools/command_line/verb.h"
#include "tools/commands.h"

namespace rondo::cli {

std::vector<Verb> verbs(Console& console) {
  std::vector<Verb> verbs;
  add_schedule_verbs(verbs);
  add_calibrate_verb(verbs);
  add_contest_verbs(verbs);
  add_phase_verbs(verbs);
  verbs.push_back({.name = "version",
                   .what = "Print the version and what this build can do.",
                   .examples = "rondo version\n"
                               "rondo version --json",
                   .run = run_version});
  for (Verb& verb : verbs) {
    verb.options.push_back(flag("--json", console.json, "print JSON instead of text"));
    verb.options.push_back(flag(
        "-q,--quiet", [&console] { console.verbosity = -1; }, "only data and errors"));
    verb.options.push_back(flag(
        "-v,--verbose", [&console] { console.verbosity = 1; }, "say what is being done"));
  }
  return verbs;
}

}  // namespace rondo::cli
