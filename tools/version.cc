// rondo version: what this build is, what it reads, what this CPU offers it.
#include <ostream>
#include <span>
#include <string_view>
#include <vector>
#include "planner/phase/milp/solver.h"
#include "rondo/contracts.h"
#include "rondo/graph.h"
#include "rondo/runtime.h"
#include "rondo/schedule.h"
#include "rondo/verify.h"
#include "tools/commands.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

// Solvers of mixed integer programmes that this build has: its own, then others'.
std::vector<std::string_view> solvers() {
  std::vector<std::string_view> names;
  for (const milp::SolverKind kind : {milp::SolverKind::kOwn, milp::SolverKind::kCbc, milp::SolverKind::kHighs})
    if (milp::is_available(kind)) names.push_back(name_of(kind));
  return names;
}

constexpr std::string_view kPlanners[] = {"tile", "fusion", "phase"};

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : " ") + std::string(word);
  return text;
}

Json array_of(std::span<const std::string_view> words) {
  Json array = Json::array();
  for (const std::string_view word : words) array.add(word);
  return array;
}

}  // namespace

int run_version(Console& console) {
  const char* isa = name_of(detect_instruction_set());
  std::vector<std::string_view> kernels, operators;
  for (const Contract& contract : kContracts) kernels.push_back(contract.name);
  for (const OperatorInfo& op : kOperators) operators.push_back(op.name);
  if (console.json) {
    Json json = Json::object();
    json.set("version", RONDO_VERSION).set("format_version", kFormatVersion).set("compiler", __VERSION__);
    json.set("instruction_set", isa).set("backends", Json::array().add("cpu").add("emulated"));
    json.set("planners", array_of(kPlanners))
        .set("solvers", array_of(solvers()))
        .set("verifier_rules", verifier_rules().size());
    json.set("kernels", array_of(kernels)).set("operators", array_of(operators));
    console.print(json);
    return kGood;
  }
  console.out() << "rondo " << RONDO_VERSION << '\n';
  Table table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  table.add({"schedule format", std::to_string(kFormatVersion)});
  table.add({"backends", std::string("cpu (this one: ") + isa + "), emulated"});
  table.add({"planners", joined(kPlanners)});
  table.add({"solvers", joined(solvers())});
  table.add({"operators", joined(operators)});
  table.add({"kernels", joined(kernels)});
  table.add({"verifier", counted(verifier_rules().size(), "rule")});
  console.out() << table.text();
  return kGood;
}

}  // namespace rondo::cli
