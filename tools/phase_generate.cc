#include "planner/phase/generate_graph.h"
#include "tools/phase_plan.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {

int run_phase_generate(const PhaseGenerateCommand& command, Console& console) {
  if (console.json && command.output == "-")
    return console.fail(kUsage, "the graph and the report would both go to stdout; write the graph to a file");
  const Result<phase::AnyGraph> graph = phase::generate_graph(command.profile, command.steps, command.seed);
  if (!graph.ok()) return console.fail(graph.error(), kUsage);
  const bool strict = std::holds_alternative<phase::SlotGraph>(*graph);
  const std::string text = strict ? print_slot_graph(std::get<phase::SlotGraph>(*graph))
                                  : print_gate_graph(std::get<phase::GateGraph>(*graph));
  if (Status status = write_output(command.output, text, console); !status.ok()) return console.fail(status.error());
  if (command.output == "-") return kGood;
  const std::string& name = strict ? std::get<phase::SlotGraph>(*graph).name : std::get<phase::GateGraph>(*graph).name;
  const size_t ops =
      strict ? std::get<phase::SlotGraph>(*graph).gates.size() : std::get<phase::GateGraph>(*graph).ops.size();
  if (console.json) {
    console.print(Json::object().set("graph", name).set("file", command.output).set(strict ? "gates" : "ops", ops));
  } else {
    console.note(name + ": " + counted(ops, strict ? "gate" : "op") + " to " + command.output);
  }
  return kGood;
}

}  // namespace rondo::cli
