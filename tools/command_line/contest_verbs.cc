// `rondo contest`: problems of fast-memory scheduling and their solutions.
#include <memory>
#include "tools/command_line/option_kinds.h"
#include "tools/contest.h"
#include "tools/contest_lower.h"
#include "tools/contest_solve.h"

namespace rondo::cli {
namespace {

Verb score_verb() {
  const auto score = std::make_shared<ContestScoreCommand>();
  return {.name = "contest score",
          .what = "Judge a solution of a fast-memory problem: which rule it breaks, or what it costs.",
          .examples =
              "rondo contest score problem.json solution.json\n"
              "rondo contest score problem.json solution.json --explain         why each granularity is as it is\n"
              "rondo contest score problem.json solution.json --svg picture.svg",
          .notes =
              "docs/contest.md explains rules and bounds. Exit code 0 for a valid solution, 1 for one\n"
              "that breaks a rule.",
          .options = {argument("PROBLEM", score->problem, "problem file (JSON)"),
                      argument("SOLUTION", score->solution, "the solution to judge (JSON)"),
                      flag("--divisible", score->divisible, "only granularities that divide the tensors (rule R13)"),
                      flag("--explain", score->explain, "what the next larger and smaller granularities break or cost"),
                      file("--svg", score->svg, "draw the schedule ('-': stdout)")},
          .run = [score](Console& console) { return run_contest_score(*score, console); }};
}

Verb rules_verb() {
  return {.name = "contest rules",
          .what = "List the rules that a solution of a fast-memory problem must keep.",
          .examples =
              "rondo contest rules\n"
              "rondo contest rules --json",
          .run = run_contest_rules};
}

Verb contest_generate_verb() {
  const auto generate = std::make_shared<ContestGenerateCommand>();
  std::vector<std::pair<std::string, fusion::Family>> families;
  for (const fusion::FamilyName& family : fusion::families()) families.emplace_back(family.name, family.family);
  Option family =
      choice("--family", generate->options.family, families,
             "mixed (default), chain, attention, experts, shared-weights, reduction, branches, residual, diamond");
  family.value = "NAME";  // all of them on one line would push every description to the right
  return {.name = "contest generate",
          .what = "Make a fast-memory problem like the contest's, of any size.",
          .examples =
              "rondo contest generate problem.json --operators 200 --seed 7\n"
              "rondo contest generate problem.json --family experts --operators 95",
          .notes = "The same options give the same problem on every machine.",
          .options = {argument("PROBLEM", generate->problem, "where to write ('-': stdout)"),
                      number("--operators", generate->options.operators, 0, fusion::kMaxGenerated,
                             "how many, exactly (default 32)"),
                      seed(generate->options.seed, "of the random choices (default 1)"), family,
                      whole_number(
                          "--native",
                          [generate](uint64_t native) { generate->options.native = static_cast<int64_t>(native); }, 2,
                          4096, "native granularity (default 128)"),
                      flag("--ragged", generate->options.ragged, "extents that are no multiples of it")},
          .run = [generate](Console& console) { return run_contest_generate(*generate, console); }};
}

Verb solve_verb() {
  const auto solve = std::make_shared<ContestSolveCommand>();
  return {
      .name = "contest solve",
      .what = "Find a schedule for a fast-memory problem, better the longer it may search.",
      .examples =
          "rondo contest solve problem.json solution.json --time-limit 60\n"
          "rondo contest solve problem.json solution.json --work 100000 --seed 7   the same on every machine\n"
          "rondo contest solve problem.json solution.json --explain                what each subgraph costs, and why",
      .notes =
          "The problem of the MLSys 2026 contest. The first valid solution is written within\n"
          "milliseconds and replaced, as a whole, by better ones; Ctrl-C keeps the best. Every\n"
          "solution has passed the judge before it is written.",
      .options = {argument("PROBLEM", solve->problem, "problem file (JSON)"),
                  argument("SOLUTION", solve->solution, "where to write ('-': stdout)"),
                  seconds(
                      "--time-limit", [solve](double seconds) { solve->time_limit_s = seconds; },
                      "seconds to take at most (default 10; none with --work)"),
                  number("--work", solve->work, 1, uint64_t{1} << 53,
                         "proposals to look at, at most: the same result on every machine"),
                  seed(solve->seed, "of the random choices (default 1)"),
                  number("--threads", solve->threads, 1, 1024,
                         "threads (default: the machine's); the result is the same"),
                  flag("--divisible", solve->divisible, "only granularities that divide the tensors"),
                  flag("--explain", solve->explain, "what each subgraph costs and what it is bound by")},
      .run = [solve](Console& console) { return run_contest_solve(*solve, console); }};
}

Verb lower_verb() {
  const auto lower = std::make_shared<ContestLowerCommand>();
  Verb verb{.name = "contest lower",
            .what = "Make a solution of a fast-memory problem a schedule that runs.",
            .examples =
                "rondo contest lower problem.json solution.json -o p.rondo --graph p.yaml\n"
                "rondo verify p.rondo --require faithful\n"
                "rondo run p.rondo --random-inputs 1 --check p.yaml\n"
                "rondo contest lower problem.json solution.json --dry-run   how many operations, which bytes",
            .notes =
                "A phase for each subgraph; the copies of a phase move the bytes that its latency was\n"
                "charged for, in a scratch arena of the problem's fast memory. A MatMul is the matrix\n"
                "product, a Pointwise tanh of the sum of its inputs, as --graph says in full.",
            .options = {argument("PROBLEM", lower->problem, "problem file (JSON)"),
                        argument("SOLUTION", lower->solution, "solution file (JSON)"),
                        file("-o,--output", lower->output,
                             "where to write ('-': stdout; default: SOLUTION's stem + .rondo)")},
            .run = [lower](Console& console) { return run_contest_lower(*lower, console); }};
  add_form(verb.options, lower->form);
  verb.options.push_back(file("--graph", lower->graph, "write what it computes as a graph, for `rondo run --check`"));
  verb.options.push_back(number("--max-operations", lower->max_operations, 1, uint64_t{1} << 30,
                                "refuse more kernels and copies (default 16777216; 0.6 kB each)"));
  verb.options.push_back(flag("--dry-run", lower->dry_run, "lower and print, but write nothing"));
  return verb;
}

}  // namespace

void add_contest_verbs(std::vector<Verb>& verbs) {
  verbs.push_back(score_verb());
  verbs.push_back(rules_verb());
  verbs.push_back(contest_generate_verb());
  verbs.push_back(solve_verb());
  verbs.push_back(lower_verb());
}

}  // namespace rondo::cli
