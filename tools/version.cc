// rondo version: what this build is, what it reads, what this CPU offers it.
#include <ostream>
#include "rondo/contracts.h"
#include "rondo/graph.h"
#include "rondo/runtime.h"
#include "rondo/schedule.h"
#include "rondo/verify.h"
#include "tools/commands.h"
#include "tools/table.h"

namespace rondo::cli {

int run_version(Console& console) {
  const char* isa = name_of(detect_instruction_set());
  if (console.json) {
    Json kernels = Json::array();
    for (const Contract& contract : kContracts) kernels.add(contract.name);
    Json operators = Json::array();
    for (const OperatorInfo& op : kOperators) operators.add(op.name);
    Json json = Json::object();
    json.set("version", RONDO_VERSION).set("format_version", kFormatVersion).set("compiler", __VERSION__);
    json.set("instruction_set", isa).set("backends", Json::array().add("cpu").add("emulated"));
    json.set("planners", Json::array().add("tile")).set("verifier_rules", verifier_rules().size());
    json.set("kernels", kernels).set("operators", operators);
    console.print(json);
    return kGood;
  }
  std::string kernels, operators;
  for (const Contract& contract : kContracts) kernels += (kernels.empty() ? "" : " ") + std::string(contract.name);
  for (const OperatorInfo& op : kOperators) operators += (operators.empty() ? "" : " ") + std::string(op.name);
  console.out() << "rondo " << RONDO_VERSION << '\n';
  Table table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  table.add({"schedule format", std::to_string(kFormatVersion)});
  table.add({"backends", std::string("cpu (this one: ") + isa + "), emulated"});
  table.add({"planners", "tile"});
  table.add({"operators", operators});
  table.add({"kernels", kernels});
  table.add({"verifier", counted(verifier_rules().size(), "rule")});
  console.out() << table.text();
  return kGood;
}

}  // namespace rondo::cli
