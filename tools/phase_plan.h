// rondo phase plan, compare and generate: schedules of gate graphs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "planner/phase/plan_phases.h"
#include "tools/console.h"

namespace rondo::cli {

// rondo phase plan GRAPH: a schedule, and its certificate for a checker.
struct PhasePlanCommand {
  std::string graph;
  phase::PlanPhasesOptions options;
  std::string certificate;  // file; "": none, "-": stdout
  std::string svg;          // picture of the slots; "": none
  std::string mps;          // the programme of the solver; "": none
  std::string proof;        // certificate of the bound; "": none
};
int run_phase_plan(const PhasePlanCommand& command, Console& console);

enum class TableForm : uint8_t { kText, kCsv, kJson };

// rondo phase compare GRAPH...: every method side by side.
struct PhaseCompareCommand {
  std::vector<std::string> graphs;
  std::vector<phase::Mode> modes;  // empty: delayed and fused
  phase::PlanPhasesOptions options;
  TableForm form = TableForm::kText;
  std::string svg;  // of one graph: the baseline and the narrowest; "": none
};
int run_phase_compare(const PhaseCompareCommand& command, Console& console);

// rondo phase generate PROFILE: a gate graph of the project's own.
struct PhaseGenerateCommand {
  std::string profile;
  uint32_t steps = 66;
  uint64_t seed = 0;
  std::string output = "-";
};
int run_phase_generate(const PhaseGenerateCommand& command, Console& console);

// --progress of all of them; returns true when the user wants to end.
bool show_progress(Console& console, const phase::PhaseProgress& progress);

}  // namespace rondo::cli
