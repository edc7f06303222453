// The verb that measures a machine.
#include <memory>
#include "tools/command_line/option_kinds.h"

namespace rondo::cli {

void add_calibrate_verb(std::vector<Verb>& verbs) {
  const auto calibrate = std::make_shared<CalibrateCommand>();
  Option name = text("--name", "NAME", calibrate->name, "what to call the machine (default: after its processor)");
  name.take = [take = name.take](const std::string& given) {
    return given.empty() ? "a machine has a name" : take(given);
  };
  verbs.push_back(
      {.name = "calibrate",
       .what = "Measure this machine and write what a planner has to know of it.",
       .examples = "rondo calibrate -o here.yaml                 about a minute; rondo plan G --machine here.yaml\n"
                   "rondo calibrate -o here.yaml --quick         a few seconds, rougher\n"
                   "rondo calibrate --ceilings roofs.csv         what the machine reaches, as a table",
       .notes = "Arithmetic and memory by element type, instruction set and cache, alone and on all\n"
                "cores; handing over a token and waking a thread; every kernel over many shapes, from\n"
                "which costs are fitted. Best done while the machine does nothing else.",
       .options = {file("-o,--output", calibrate->output, "machine file to write ('-': stdout)"),
                   file("--ceilings", calibrate->ceilings, "also what the machine reaches, as a table (.csv)"), name,
                   flag("--quick", calibrate->quick, "a few seconds and a rougher result"),
                   flag("--no-kernels", calibrate->no_kernels, "leave out the rates of kernels"),
                   number("--time-limit", calibrate->time_limit_seconds, 1, 86400, "seconds to take at most, about")},
       .run = [calibrate](Console& console) { return run_calibrate(*calibrate, console); }});
}

}  // namespace rondo::cli
