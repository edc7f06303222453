// `rondo phase`: the layers of gate graphs.
#include <memory>
#include "tools/command_line/option_kinds.h"
#include "tools/phase_plan.h"

namespace rondo::cli {
namespace {

constexpr char kGraphHelp[] = "gate graph (JSON, phase-graph/1 or alm-graph/1)";

// What plan and compare share.
void add_search(std::vector<Option>& to, phase::PlanPhasesOptions& options) {
  to.push_back(choice("--solver", options.solver,
                      {{"auto", phase::Solver::kAuto},
                       {"cbc", phase::Solver::kCbc},
                       {"highs", phase::Solver::kHighs},
                       {"own", phase::Solver::kOwn},
                       {"none", phase::Solver::kNone}},
                      "what proves and improves (default auto: own)"));
  to.push_back(number("--layers", options.layers, 1, 1000000, "layers (default: the least)"));
  to.push_back(number("--moves", options.moves, 1, uint64_t{1} << 53, "moves of the local search (default 1,000,000)"));
  to.push_back(seconds(
      "--time-limit", [&options](double seconds) { options.time_limit_seconds = seconds; },
      "seconds to take at most, about (default: 60 a solve)"));
  to.push_back(seed(options.seed, "of the random choices (default 1)"));
}

Verb phase_plan_verb() {
  const auto plan = std::make_shared<PhasePlanCommand>();
  phase::PlanPhasesOptions& options = plan->options;
  Verb verb{
      .name = "phase plan",
      .what = "Plan the layers of a gate graph: phases of its ops, slots of its values.",
      .examples =
          "rondo phase plan graph.json --mode fused --certificate schedule.json\n"
          "rondo phase plan graph.json --layers 9 --lazy --svg slots.svg\n"
          "rondo phase plan graph.json --columns 38 --lazy     the fewest neurons within 38 columns",
      .notes =
          "First a local search, which needs no solver, then a proof: `optimal` is said only with\n"
          "a certificate that was checked in integers, else how far the bound is away.\n"
          "`rondo phase check` judges the certificate; docs/phase.md tells of modes and formats.",
      .options =
          {argument("GRAPH", plan->graph, kGraphHelp),
           choice("--mode", options.mode,
                  {{"delayed", phase::Mode::kDelayed}, {"fused", phase::Mode::kFused}, {"mixed", phase::Mode::kMixed}},
                  "when a slot takes its next value (default delayed)"),
           flag("--lazy", options.lazy, "erase when there is a neuron to spare, not at once"),
           number("--columns", options.columns, 2, 1000000, "columns to fit in (even): the fewest neurons within"),
           choice("--objective", options.objective,
                  {{"width", phase::Objective::kWidth},
                   {"neurons", phase::Objective::kNeurons},
                   {"flops", phase::Objective::kFlops}},
                  "columns; then also neurons; or flops, over several depths (default width)")},
      .run = [plan](Console& console) { return run_phase_plan(*plan, console); }};
  add_search(verb.options, options);
  verb.options.push_back(flag("--fewest-layers", options.fewest_layers, "no more of the layers than the width needs"));
  verb.options.push_back(
      file("--certificate", plan->certificate, "write the schedule for a checker (JSON; '-': stdout)"));
  verb.options.push_back(file("--proof", plan->proof, "write the certificate of the bound"));
  verb.options.push_back(file("--mps", plan->mps, "write the solver's programme (.mps)"));
  verb.options.push_back(file("--svg", plan->svg, "draw slots over time (.svg)"));
  return verb;
}

Verb compare_verb() {
  const auto compare = std::make_shared<PhaseCompareCommand>();
  Verb verb{.name = "phase compare",
            .what = "Compare all ways to plan gate graphs: baselines, heuristics, search.",
            .examples =
                "rondo phase compare graph.json\n"
                "rondo phase compare *.json --format csv > results.csv\n"
                "rondo phase compare graph.json --mode fused --svg slots.svg   the baseline beside the best",
            .options = {arguments("GRAPH", compare->graphs, "gate graphs (JSON, phase-graph/1 or alm-graph/1)"),
                        choice("--mode", compare->modes,
                               {{"delayed", {phase::Mode::kDelayed}},
                                {"fused", {phase::Mode::kFused}},
                                {"mixed", {phase::Mode::kMixed}}},
                               "one mode (default: delayed and fused)")},
            .run = [compare](Console& console) { return run_phase_compare(*compare, console); }};
  add_search(verb.options, compare->options);
  verb.options.push_back(choice("--format", compare->form,
                                {{"text", TableForm::kText}, {"csv", TableForm::kCsv}, {"json", TableForm::kJson}},
                                "form of the table (default text)"));
  verb.options.push_back(file("--svg", compare->svg, "draw the baseline and the narrowest schedule (.svg)"));
  return verb;
}

Verb phase_generate_verb() {
  const auto generate = std::make_shared<PhaseGenerateCommand>();
  return {.name = "phase generate",
          .what = "Write a gate graph of one of the built-in profiles.",
          .examples =
              "rondo phase generate universal-1 -o graph.json\n"
              "rondo phase generate specialised-1 --steps 1000 --seed 7 -o wide.json",
          .notes =
              "Profiles: universal-1 (an interpreter, 7 layers), bitops-1 (10 layers, two very wide),\n"
              "specialised-1 (a program of --steps steps), window-1 (the strict-phase machine).",
          .options = {argument("PROFILE", generate->profile, "which shape"),
                      number("--steps", generate->steps, 2, 100000, "specialised-1: steps of the program (default 66)"),
                      seed(generate->seed, "who reads whom (default 0)"),
                      file("-o,--output", generate->output, "where to write (default '-': stdout)")},
          .run = [generate](Console& console) { return run_phase_generate(*generate, console); }};
}

Verb check_verb() {
  const auto check = std::make_shared<PhaseCheckCommand>();
  return {.name = "phase check",
          .what = "Check a phase schedule: does it run the graph, and is what it claims true?",
          .examples =
              "rondo phase check graph.json schedule.json\n"
              "rondo phase check graph.json schedule.json -v        the values that make it so wide\n"
              "rondo phase check graph.json schedule.json --proof proof.txt\n"
              "rondo phase check graph.json schedule.json --json > report.json",
          .notes =
              "Three proofs that share nothing but the reading of the files: the obligations of\n"
              "docs/phase-checker.md, a simulation on formal sums, and random integers through graph\n"
              "and schedule. All must accept. Exit code 0 if they do, else 1.",
          .options = {argument("GRAPH", check->graph, kGraphHelp),
                      argument("CERTIFICATE", check->certificate, "the schedule to judge (JSON)"),
                      file("--proof", check->proof, "a proof that no schedule is narrower, to check and compare with"),
                      number("--max-layers", check->max_layers, 1, 1000000, "refuse more layers"),
                      number("--max-reglu", check->max_reglu, 1, 1000000, "refuse more ReGLU in a layer"),
                      number("--seeds", check->seeds, 1, 1000000,
                             "random inputs to run graph and schedule on (default 64)"),
                      number("--findings", check->findings_per_obligation, 1, 1000000,
                             "findings listed per obligation (default 20)")},
          .run = [check](Console& console) { return run_phase_check(*check, console); }};
}

}  // namespace

void add_phase_verbs(std::vector<Verb>& verbs) {
  verbs.push_back(phase_plan_verb());
  verbs.push_back(compare_verb());
  verbs.push_back(phase_generate_verb());
  verbs.push_back(check_verb());
}

}  // namespace rondo::cli
