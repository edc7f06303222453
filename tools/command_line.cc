#include "tools/command_line.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include "schedules/yaml/document.h"
#include "tools/commands.h"
#include "tools/contest.h"
#include "tools/contest_lower.h"
#include "tools/contest_solve.h"
#include "tools/phase_plan.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

// What --help says of a verb beside its options. A name of two words is a verb of a group:
// `rondo phase check`.
struct VerbText {
  std::string_view name, arguments, what, examples, notes;
};

constexpr VerbText kVerbs[] = {
    {"plan", "GRAPH", "Plan a tensor program: graph in, schedule out.",
     "rondo plan mlp.yaml                                   writes mlp.rondo, for this CPU\n"
     "rondo plan mlp.yaml --machine board.yaml -o out.yaml  for another machine, as text\n"
     "rondo plan mlp.yaml --staging staged --scratch 64KiB --dry-run\n"
     "rondo plan prefill.yaml decode.yaml -o both.rondo     two members that share weights and states\n"
     "rondo plan mlp.yaml --machine board.yaml --planner fusion --compare",
     "Prints the operations, loads and bytes of the plan, each beside the proven least.\n"
     "The schedule is not trusted because rondo made it: `rondo verify` proves it."},
    {"verify", "SCHEDULE", "Prove a schedule: is it safe, and is what it says of itself true?",
     "rondo verify mlp.rondo\n"
     "rondo verify mlp.rondo --require faithful   also fail if it carries no values or claims\n"
     "rondo verify mlp.rondo --json > report.json",
     "Levels:\n"
     "  safe      no access out of bounds, no race, no undefined byte, no hang\n"
     "  values    the file labels what each operand holds, and every label agrees\n"
     "  claims    the file claims counts, bytes and peaks, and each is true\n"
     "  faithful  all of these\n"
     "Exit code 0 if nothing checked is false and the required level is reached, else 1."},
    {"show", "SCHEDULE", "Show what a schedule does, or convert it between its two forms.",
     "rondo show mlp.rondo                     overview: memory, streams, phases, claims\n"
     "rondo show mlp.rondo --timeline --memory  when each stream is busy, how full memory is\n"
     "rondo show mlp.rondo -o mlp.yaml          the same schedule as text (and back)",
     ""},
    {"run", "SCHEDULE", "Replay a schedule on this CPU and say what came out.",
     "rondo run mlp.rondo --random-inputs 1 --check mlp.yaml   compare with double precision\n"
     "rondo run mlp.rondo --input x=x.npy --input w1=w1.npy --output y=y.npy\n"
     "rondo run mlp.rondo --random-inputs 1 --repeat 100       time per replay",
     "The schedule is verified first; one that is not safe, or makes a false claim, is not\n"
     "run. Files are NumPy .npy, one per binding; `rondo show` lists the bindings."},
    {"calibrate", "", "Measure this machine and write what a planner has to know of it.",
     "rondo calibrate -o here.yaml                 about a minute; rondo plan G --machine here.yaml\n"
     "rondo calibrate -o here.yaml --quick         a few seconds, rougher\n"
     "rondo calibrate --ceilings roofs.csv         what the machine reaches, as a table",
     "Arithmetic and memory by element type, instruction set and cache, alone and on all\n"
     "cores; handing over a token and waking a thread; every kernel over many shapes, from\n"
     "which costs are fitted. Best done while the machine does nothing else."},
    {"contest score", "PROBLEM SOLUTION",
     "Judge a solution of a fast-memory problem: which rule it breaks, or what it costs.",
     "rondo contest score problem.json solution.json\n"
     "rondo contest score problem.json solution.json --explain         why each granularity is as it is\n"
     "rondo contest score problem.json solution.json --svg picture.svg",
     "docs/contest.md explains rules and bounds. Exit code 0 for a valid solution, 1 for one\n"
     "that breaks a rule."},
    {"contest rules", "", "List the rules that a solution of a fast-memory problem must keep.",
     "rondo contest rules\n"
     "rondo contest rules --json",
     ""},
    {"contest generate", "PROBLEM", "Make a fast-memory problem like the contest's, of any size.",
     "rondo contest generate problem.json --operators 200 --seed 7\n"
     "rondo contest generate problem.json --family experts --operators 95",
     "The same options give the same problem on every machine."},
    {"contest solve", "PROBLEM SOLUTION", "Find a schedule for a fast-memory problem, better the longer it may search.",
     "rondo contest solve problem.json solution.json --time-limit 60\n"
     "rondo contest solve problem.json solution.json --work 100000 --seed 7   the same on every machine\n"
     "rondo contest solve problem.json solution.json --explain                what each subgraph costs, and why",
     "The problem of the MLSys 2026 contest. The first valid solution is written within\n"
     "milliseconds and replaced, as a whole, by better ones; Ctrl-C keeps the best. Every\n"
     "solution has passed the judge before it is written."},
    {"contest lower", "PROBLEM SOLUTION", "Make a solution of a fast-memory problem a schedule that runs.",
     "rondo contest lower problem.json solution.json -o p.rondo --graph p.yaml\n"
     "rondo verify p.rondo --require faithful\n"
     "rondo run p.rondo --random-inputs 1 --check p.yaml",
     "A phase for each subgraph; the copies of a phase move the bytes that its latency was\n"
     "charged for, in a scratch arena of the problem's fast memory. A MatMul is the matrix\n"
     "product, a Pointwise tanh of the sum of its inputs, as --graph says in full."},
    {"phase plan", "GRAPH", "Plan the layers of a gate graph: phases of its ops, slots of its values.",
     "rondo phase plan graph.json --mode fused --certificate schedule.json\n"
     "rondo phase plan graph.json --layers 9 --lazy --svg slots.svg\n"
     "rondo phase plan graph.json --columns 38 --lazy     the fewest neurons within 38 columns",
     "First a local search, which needs no solver, then a proof: `optimal` is said only with\n"
     "a certificate that was checked in integers, else how far the bound is away.\n"
     "`rondo phase check` judges the certificate; docs/phase.md tells of modes and formats."},
    {"phase compare", "GRAPH...", "Compare all ways to plan gate graphs: baselines, heuristics, search.",
     "rondo phase compare graph.json\n"
     "rondo phase compare *.json --format csv > results.csv\n"
     "rondo phase compare graph.json --mode fused --svg slots.svg   the baseline beside the best",
     ""},
    {"phase generate", "PROFILE", "Write a gate graph of one of the built-in profiles.",
     "rondo phase generate universal-1 -o graph.json\n"
     "rondo phase generate specialised-1 --steps 1000 --seed 7 -o wide.json",
     "Profiles: universal-1 (an interpreter, 7 layers), bitops-1 (10 layers, two very wide),\n"
     "specialised-1 (a program of --steps steps), window-1 (the strict-phase machine)."},
    {"phase check", "GRAPH CERTIFICATE", "Check a phase schedule: does it run the graph, and is what it claims true?",
     "rondo phase check graph.json schedule.json\n"
     "rondo phase check graph.json schedule.json -v        the values that make it so wide\n"
     "rondo phase check graph.json schedule.json --proof proof.txt\n"
     "rondo phase check graph.json schedule.json --json > report.json",
     "Three proofs that share nothing but the reading of the files: the obligations of\n"
     "docs/phase-checker.md, a simulation on formal sums, and random integers through graph\n"
     "and schedule. All must accept. Exit code 0 if they do, else 1."},
    {"version", "", "Print the version and what this build can do.",
     "rondo version\n"
     "rondo version --json",
     ""},
};

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

std::string main_help() {
  std::string text = "rondo plans a tensor program ahead of time, proves the plan safe, and replays it.\n\nExamples:\n";
  text += indented(
      "rondo plan mlp.yaml                                      graph -> schedule (mlp.rondo)\n"
      "rondo verify mlp.rondo                                   is it safe, is what it claims true?\n"
      "rondo run mlp.rondo --random-inputs 1 --check mlp.yaml   replay, compare with the graph");
  text += "\nUsage: rondo VERB [options]; `rondo VERB --help` tells more.\n\nVerbs:\n";
  Table verbs({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  for (const VerbText& verb : kVerbs) verbs.add({std::string(verb.name), std::string(verb.what)});
  return text + verbs.text() + "\n" + std::string(kExitCodes);
}

// "phase check" for the check of phase.
std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  const bool grouped = parent != nullptr && parent->get_parent() != nullptr;
  return (grouped ? parent->get_name() + " " : "") + app.get_name();
}

// What --help says of a group: its verbs.
std::string group_help(const std::string& group) {
  std::string text =
      "Usage: rondo " + group + " VERB [options]; `rondo " + group + " VERB --help` tells more.\n\nVerbs:\n";
  Table verbs({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  for (const VerbText& verb : kVerbs)
    if (verb.name.starts_with(group + " "))
      verbs.add({std::string(verb.name.substr(group.size() + 1)), std::string(verb.what)});
  return text + verbs.text() + "\n" + std::string(kExitCodes);
}

// Help in the order a newcomer reads: what it is, examples, usage, options.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    const auto verb = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                   [name = full_name(*app)](const VerbText& text) { return text.name == name; });
    if (verb == std::end(kVerbs)) return app->get_parent() == nullptr ? main_help() : group_help(app->get_name());
    std::string text = std::string(verb->what) + "\n\nExamples:\n" + indented(verb->examples);
    text += "\nUsage: rondo " + std::string(verb->name);
    if (!verb->arguments.empty()) text += " " + std::string(verb->arguments);
    text += " [options]\n\n";
    Table table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
    for (const CLI::Option* option : app->get_options()) {
      std::string name = option->get_positional() ? option->get_name(true) : option->get_name(false, true);
      for (size_t comma = name.find(','); comma != std::string::npos; comma = name.find(',', comma + 2))
        name.insert(comma + 1, " ");
      if (!option->get_option_text().empty()) name += " " + option->get_option_text();
      table.add({name, option->get_description()});
    }
    text += table.text();
    if (!verb->notes.empty()) text += "\n" + std::string(verb->notes) + "\n";
    return text + "\n" + std::string(kExitCodes);
  }
};

// An option whose value is one of a few words.
template <class T>
void add_choice(CLI::App& app, const std::string& name, T& target, std::vector<std::pair<std::string, T>> choices,
                const std::string& what) {
  std::string text;
  for (const auto& choice : choices) text += (text.empty() ? "" : "|") + choice.first;
  CLI::Option* option = app.add_option_function<std::string>(
      name,
      [choices, &target](const std::string& word) {
        for (const auto& choice : choices)
          if (choice.first == word) target = choice.second;
      },
      what);
  option->option_text(text);
  option->check([choices](const std::string& word) {
    std::string allowed;
    std::vector<std::string_view> names;
    for (const auto& choice : choices) {
      if (choice.first == word) return std::string();
      allowed += (allowed.empty() ? "" : ", ") + choice.first;
      names.push_back(choice.first);
    }
    return "'" + word + "' is not one of " + allowed + yaml::did_you_mean(word, names);
  });
}

// A size, spelt as in machine files.
Result<uint64_t> parse_bytes(const std::string& text) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kScalar;
  node.text = text;
  return yaml::as_bytes({}, node, "the size", ErrorCode::kInvalidArgument);
}

void add_bytes(CLI::App& app, const std::string& name, uint64_t& target, const std::string& what) {
  CLI::Option* option = app.add_option_function<std::string>(
      name,
      [&target](const std::string& text) {
        if (const auto bytes = parse_bytes(text); bytes.ok()) target = *bytes;
      },
      what);
  option->option_text("BYTES");
  option->check([](const std::string& text) {
    const auto bytes = parse_bytes(text);
    return bytes.ok() ? std::string() : bytes.error().message;
  });
}

// A repeatable `NAME=FILE`.
void add_named_files(CLI::App& app, const std::string& name, std::vector<NamedFile>& target, const std::string& what) {
  CLI::Option* option = app.add_option_function<std::vector<std::string>>(
      name,
      [&target](const std::vector<std::string>& pairs) {
        for (const std::string& pair : pairs) {
          const size_t equals = pair.find('=');
          target.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        }
      },
      what);
  option->option_text("NAME=FILE")->expected(1)->take_all()->allow_extra_args(false);
  option->check([](const std::string& pair) {
    const size_t equals = pair.find('=');
    const bool good = equals != std::string::npos && equals > 0 && equals + 1 < pair.size();
    return good ? std::string() : "'" + pair + "' is not of the form NAME=FILE";
  });
}

// A repeatable `NAME=N`.
void add_scalars(CLI::App& app, std::vector<std::pair<std::string, int64_t>>& target) {
  const auto parse = [](const std::string& pair, int64_t& number) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return false;
    const auto end = std::from_chars(pair.data() + equals + 1, pair.data() + pair.size(), number);
    return end.ec == std::errc() && end.ptr == pair.data() + pair.size();
  };
  CLI::Option* option = app.add_option_function<std::vector<std::string>>(
      "--scalar",
      [&target, parse](const std::vector<std::string>& pairs) {
        for (const std::string& pair : pairs) {
          int64_t number = 0;
          if (parse(pair, number)) target.emplace_back(pair.substr(0, pair.find('=')), number);
        }
      },
      "an integer the schedule leaves open; repeatable");
  option->option_text("NAME=N")->expected(1)->take_all()->allow_extra_args(false);
  option->check([parse](const std::string& pair) {
    int64_t number = 0;
    return parse(pair, number) ? std::string() : "'" + pair + "' is not of the form NAME=N with an integer N";
  });
}

void add_number(CLI::App& app, const std::string& name, uint32_t& target, uint32_t low, uint32_t high,
                const std::string& what) {
  app.add_option(name, target, what)->option_text("N")->check(CLI::Range(low, high));
}

struct Commands {
  PlanCommand plan;
  VerifyCommand verify;
  ShowCommand show;
  RunCommand run;
  CalibrateCommand calibrate;
  ContestScoreCommand contest_score;
  ContestGenerateCommand contest_generate;
  ContestSolveCommand contest_solve;
  ContestLowerCommand contest_lower;
  PhaseCheckCommand phase_check;
  PhasePlanCommand phase_plan;
  PhaseCompareCommand phase_compare;
  PhaseGenerateCommand phase_generate;
  bool text = false, binary = false;
  bool no_fuse = false, no_chain = false;
};

CLI::App* add_verb(CLI::App& app, std::string_view name) {
  const auto verb =
      std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbText& text) { return text.name == name; });
  CLI::App* group = &app;
  if (const size_t space = name.find(' '); space != std::string_view::npos) {
    const std::string word(name.substr(0, space));
    const std::vector<CLI::App*> known =
        app.get_subcommands([&](CLI::App* other) { return other->get_name() == word; });
    group = known.empty() ? app.add_subcommand(word)->require_subcommand(1) : known[0];
    name.remove_prefix(space + 1);
  }
  CLI::App* sub = group->add_subcommand(std::string(name), std::string(verb->what));
  sub->set_help_flag();  // added last, so that it stands last
  return sub;
}

void add_common(CLI::App& app, Console& console) {
  app.add_flag("--json", console.json, "print JSON instead of text");
  app.add_flag_callback(
      "-q,--quiet", [&console] { console.verbosity = -1; }, "only data and errors");
  app.add_flag_callback(
      "-v,--verbose", [&console] { console.verbosity = 1; }, "say what is being done");
  app.set_help_flag("-h,--help", "print this");
}

void add_form(CLI::App& app, Commands& commands) {
  CLI::Option* text = app.add_flag("--text", commands.text, "write the text form (default for .yaml)");
  app.add_flag("--binary", commands.binary, "write the binary form (default for other names)")->excludes(text);
}

void add_plan(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "plan");
  PlanCommand& plan = commands.plan;
  PlanOptions& options = plan.options;
  sub->add_option("GRAPH", plan.graphs, "graph file (YAML); several become the members of one file")->required();
  sub->add_option("--machine", plan.machine, "machine file (default: a CPU with one core)")->option_text("FILE");
  add_choice<Planner>(*sub, "--planner", plan.planner, {{"tile", Planner::kTile}, {"fusion", Planner::kFusion}},
                      "tile, or fusion: groups of products and elementwise operators (default tile)");
  add_choice<Staging>(*sub, "--staging", options.staging,
                      {{"auto", Staging::kAuto}, {"direct", Staging::kDirect}, {"staged", Staging::kStaged}},
                      "kernels use tensors where they lie, or copies in scratch memory (default auto)");
  add_choice<PlacementPolicy>(*sub, "--policy", options.policy,
                              {{"default", PlacementPolicy::kDefault},
                               {"seed-first-fit", PlacementPolicy::kSeedFirstFit},
                               {"lru", PlacementPolicy::kLru}},
                              "which tile leaves scratch memory when it is full (default: default)");
  add_number(*sub, "--tile", options.tile, 1, 1024, "staged: rows and columns of a tile (default 32)");
  add_bytes(*sub, "--scratch", options.scratch_bytes,
            "staged, fusion: scratch memory, as in '64 KiB' (default: the machine's)");
  add_number(*sub, "--lanes", options.lanes, 1, 256, "direct: lanes to deal the work to (default: the machine's)");
  add_number(*sub, "--depth", options.depth, 1, 64, "staged: tiles in rotation per streamed operand (default 2)");
  add_number(*sub, "--hoist", options.hoist, 0, 4096, "staged: products a load may move ahead of (default 8)");
  add_number(*sub, "--native", options.native, 1, 1024,
             "fusion: most rows, columns and k of a tile (default: the best of 32 to 256)");
  sub->add_option("--proposals", options.proposals, "fusion: that each search makes (default 20000)")
      ->option_text("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 53));
  sub->add_option("--seed", options.seed, "fusion: of the search (default 1)")->option_text("N");
  sub->add_flag("--compare", plan.compare, "fusion: plan with the tile planner too, and print both");
  sub->add_flag("--no-fuse", commands.no_fuse, "keep bias and activation apart from the product before them");
  sub->add_flag("--no-chain", commands.no_chain, "write every intermediate tensor out of scratch memory");
  sub->add_option("-o,--output", plan.output, "where to write ('-': stdout; default: GRAPH's stem + .rondo)")
      ->option_text("FILE");
  add_form(*sub, commands);
  sub->add_flag("--dry-run", plan.dry_run, "plan and print, but write nothing");
  add_common(*sub, console);
}

void add_verify(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "verify");
  VerifyCommand& verify = commands.verify;
  sub->add_option("SCHEDULE", verify.schedule, "schedule file, text or binary")->required();
  add_choice<Requirement>(*sub, "--require", verify.require,
                          {{"safe", Requirement::kSafe},
                           {"values", Requirement::kValues},
                           {"claims", Requirement::kClaims},
                           {"faithful", Requirement::kFaithful}},
                          "the level that must be reached (default safe)");
  add_number(*sub, "--findings", verify.findings_per_rule, 1, 1000000, "findings listed per rule (default 20)");
  add_common(*sub, console);
}

void add_show(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "show");
  ShowCommand& show = commands.show;
  sub->add_option("SCHEDULE", show.schedule, "schedule file, text or binary")->required();
  sub->add_flag("--ops", show.ops, "every operation in the order of the replay");
  sub->add_flag("--timeline", show.timeline, "when each stream is busy, by the file's cost table");
  sub->add_flag("--memory", show.memory, "bytes in use over the replay, per block of memory");
  sub->add_flag("--claims", show.claims, "what the file claims, and whether it is true");
  sub->add_flag("--canonical", show.canonical, "the canonical text form, nothing else");
  sub->add_option("-o,--output", show.output, "write the schedule to FILE ('-': stdout)")->option_text("FILE");
  add_form(*sub, commands);
  sub->add_flag("--dry-run", show.dry_run, "with -o: say what would be written, write nothing");
  add_common(*sub, console);
}

void add_run(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "run");
  RunCommand& run = commands.run;
  sub->add_option("SCHEDULE", run.schedule, "schedule file, text or binary")->required();
  add_named_files(*sub, "--input", run.inputs, "an input, constant or state from a .npy file; repeatable");
  sub->add_option("--random-inputs", run.random_seed, "fill what has no --input with numbers from this seed")
      ->option_text("SEED")
      ->check([](const std::string& seed) {
        uint64_t number = 0;
        const auto end = std::from_chars(seed.data(), seed.data() + seed.size(), number);
        const bool good = end.ec == std::errc() && end.ptr == seed.data() + seed.size();
        return good ? std::string() : "'" + seed + "' is not a number from 0 to 2^64 - 1";
      });
  add_scalars(*sub, run.scalars);
  add_named_files(*sub, "--output", run.outputs, "an output to a .npy file; repeatable");
  sub->add_option("--check", run.check, "compare with this graph, evaluated in double precision")->option_text("GRAPH");
  sub->add_option("--member", run.member, "which schedule of a file that holds several (default: the first)")
      ->option_text("NAME");
  add_number(*sub, "--repeat", run.repeat, 1, 1000000000, "replays to time (default 1)");
  add_number(*sub, "--workers", run.workers, 1, 256, "threads that replay, this one included (default 1)");
  sub->add_option("--trace", run.trace, "write a Perfetto trace of the replays (.pftrace)")->option_text("FILE");
  sub->add_option("--roofline", run.roofline, "write time, work and rates per kernel and phase (.csv)")
      ->option_text("FILE");
  sub->add_option("--roofline-svg", run.roofline_svg, "draw them below the roofs of the machine (.svg)")
      ->option_text("FILE");
  sub->add_flag("--compare-plan", run.compare_plan, "what the plan expected of each phase against what it took");
  sub->add_option("--compare-csv", run.compare_csv, "the same as a table (.csv)")->option_text("FILE");
  sub->add_option("--machine", run.machine, "machine file with roofs and costs to compare with (see calibrate)")
      ->option_text("FILE");
  add_choice<std::string>(*sub, "--isa", run.isa, {{"reference", "reference"}, {"avx2", "avx2"}, {"avx512", "avx512"}},
                          "at most this instruction set (default: the CPU's best)");
  add_choice<Launching>(
      *sub, "--launch", run.launching,
      {{"auto", Launching::kAuto}, {"once", Launching::kPersistent}, {"phases", Launching::kByPhases}},
      "on a device: one launch, or one from cut to cut");
  add_number(*sub, "--resident-lanes", run.resident_lanes, 1, 65535,
             "emulated device: lanes side by side (default 64)");
  add_number(*sub, "--pace", run.pace, 1, 1000000000, "emulated device: ns for a unit of the file's costs");
  add_bytes(*sub, "--memory-limit", run.memory_limit_bytes, "refuse to take more (default: 3/4 of this machine's)");
  sub->add_flag("--dry-run", run.dry_run, "print the memory it would take, run nothing");
  add_common(*sub, console);
}

void add_calibrate(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "calibrate");
  CalibrateCommand& calibrate = commands.calibrate;
  sub->add_option("-o,--output", calibrate.output, "machine file to write ('-': stdout)")->option_text("FILE");
  sub->add_option("--ceilings", calibrate.ceilings, "also what the machine reaches, as a table (.csv)")
      ->option_text("FILE");
  sub->add_option("--name", calibrate.name, "what to call the machine (default: after its processor)")
      ->option_text("NAME")
      ->check([](const std::string& name) { return name.empty() ? "a machine has a name" : std::string(); });
  sub->add_flag("--quick", calibrate.quick, "a few seconds and a rougher result");
  sub->add_flag("--no-kernels", calibrate.no_kernels, "leave out the rates of kernels");
  add_number(*sub, "--time-limit", calibrate.time_limit_seconds, 1, 86400, "seconds to take at most, about");
  add_common(*sub, console);
}

void add_contest_score(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "contest score");
  ContestScoreCommand& score = commands.contest_score;
  sub->add_option("PROBLEM", score.problem, "problem file (JSON)")->required();
  sub->add_option("SOLUTION", score.solution, "the solution to judge (JSON)")->required();
  sub->add_flag("--divisible", score.divisible, "only granularities that divide the tensors (rule R13)");
  sub->add_flag("--explain", score.explain, "what the next larger and smaller granularities break or cost");
  sub->add_option("--svg", score.svg, "draw the schedule ('-': stdout)")->option_text("FILE");
  add_common(*sub, console);
}

void add_contest_generate(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "contest generate");
  ContestGenerateCommand& generate = commands.contest_generate;
  sub->add_option("PROBLEM", generate.problem, "where to write ('-': stdout)")->required();
  add_number(*sub, "--operators", generate.options.operators, 0, fusion::kMaxGenerated,
             "how many, exactly (default 32)");
  sub->add_option("--seed", generate.options.seed, "of the random choices (default 1)")->option_text("N");
  std::vector<std::pair<std::string, fusion::Family>> families;
  for (const fusion::FamilyName& family : fusion::families()) families.emplace_back(family.name, family.family);
  add_choice<fusion::Family>(
      *sub, "--family", generate.options.family, families,
      "mixed (default), chain, attention, experts, shared-weights, reduction, branches, residual, diamond");
  sub->get_option("--family")->option_text("NAME");
  sub->add_option("--native", generate.options.native, "native granularity (default 128)")
      ->option_text("N")
      ->check(CLI::Range(2, 4096));
  sub->add_flag("--ragged", generate.options.ragged, "extents that are no multiples of it");
  add_common(*sub, console);
}

void add_contest_solve(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "contest solve");
  ContestSolveCommand& solve = commands.contest_solve;
  sub->add_option("PROBLEM", solve.problem, "problem file (JSON)")->required();
  sub->add_option("SOLUTION", solve.solution, "where to write ('-': stdout)")->required();
  sub->add_option("--time-limit", solve.time_limit_s, "seconds to take at most (default 10; none with --work)")
      ->option_text("S")
      ->check(CLI::Range(0.01, 1e6));
  sub->add_option("--work", solve.work, "proposals to look at, at most: the same result on every machine")
      ->option_text("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 53));
  sub->add_option("--seed", solve.seed, "of the random choices (default 1)")->option_text("N");
  add_number(*sub, "--threads", solve.threads, 1, 1024, "threads (default: the machine's); the result is the same");
  sub->add_flag("--divisible", solve.divisible, "only granularities that divide the tensors");
  sub->add_flag("--explain", solve.explain, "what each subgraph costs and what it is bound by");
  add_common(*sub, console);
}

void add_contest_lower(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "contest lower");
  ContestLowerCommand& lower = commands.contest_lower;
  sub->add_option("PROBLEM", lower.problem, "problem file (JSON)")->required();
  sub->add_option("SOLUTION", lower.solution, "solution file (JSON)")->required();
  sub->add_option("-o,--output", lower.output, "where to write ('-': stdout; default: SOLUTION's stem + .rondo)")
      ->option_text("FILE");
  add_form(*sub, commands);
  sub->add_option("--graph", lower.graph, "write what it computes as a graph, for `rondo run --check`")
      ->option_text("FILE");
  sub->add_option("--max-operations", lower.max_operations, "refuse more kernels and copies (default 4194304)")
      ->option_text("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 32));
  sub->add_flag("--dry-run", lower.dry_run, "lower and print, but write nothing");
  add_common(*sub, console);
}

// What plan and compare share.
void add_phase_search(CLI::App& app, phase::PlanPhasesOptions& options) {
  add_choice<phase::Solver>(app, "--solver", options.solver,
                            {{"auto", phase::Solver::kAuto},
                             {"cbc", phase::Solver::kCbc},
                             {"highs", phase::Solver::kHighs},
                             {"own", phase::Solver::kOwn},
                             {"none", phase::Solver::kNone}},
                            "what proves and improves (default auto: own)");
  add_number(app, "--layers", options.layers, 1, 1000000, "layers (default: the least)");
  app.add_option("--moves", options.moves, "moves of the local search (default 1,000,000)")
      ->option_text("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 53));
  app.add_option("--time-limit", options.time_limit_seconds, "seconds to take at most, about (default: 60 a solve)")
      ->option_text("S")
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--seed", options.seed, "of the random choices (default 1)")->option_text("N");
}

void add_phase_plan(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "phase plan");
  PhasePlanCommand& plan = commands.phase_plan;
  sub->add_option("GRAPH", plan.graph, "gate graph (JSON, phase-graph/1 or alm-graph/1)")->required();
  add_choice<phase::Mode>(
      *sub, "--mode", plan.options.mode,
      {{"delayed", phase::Mode::kDelayed}, {"fused", phase::Mode::kFused}, {"mixed", phase::Mode::kMixed}},
      "when a slot takes its next value (default delayed)");
  sub->add_flag("--lazy", plan.options.lazy, "erase when there is a neuron to spare, not at once");
  add_number(*sub, "--columns", plan.options.columns, 2, 1000000,
             "columns to fit in (even): the fewest neurons within");
  add_choice<phase::Objective>(*sub, "--objective", plan.options.objective,
                               {{"width", phase::Objective::kWidth},
                                {"neurons", phase::Objective::kNeurons},
                                {"flops", phase::Objective::kFlops}},
                               "columns; then also neurons; or flops, over several depths (default width)");
  add_phase_search(*sub, plan.options);
  sub->add_flag("--fewest-layers", plan.options.fewest_layers, "no more of the layers than the width needs");
  sub->add_option("--certificate", plan.certificate, "write the schedule for a checker (JSON; '-': stdout)")
      ->option_text("FILE");
  sub->add_option("--proof", plan.proof, "write the certificate of the bound")->option_text("FILE");
  sub->add_option("--mps", plan.mps, "write the solver's programme (.mps)")->option_text("FILE");
  sub->add_option("--svg", plan.svg, "draw slots over time (.svg)")->option_text("FILE");
  add_common(*sub, console);
}

void add_phase_compare(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "phase compare");
  PhaseCompareCommand& compare = commands.phase_compare;
  sub->add_option("GRAPH", compare.graphs, "gate graphs (JSON, phase-graph/1 or alm-graph/1)")->required();
  add_choice<std::vector<phase::Mode>>(
      *sub, "--mode", compare.modes,
      {{"delayed", {phase::Mode::kDelayed}}, {"fused", {phase::Mode::kFused}}, {"mixed", {phase::Mode::kMixed}}},
      "one mode (default: delayed and fused)");
  add_phase_search(*sub, compare.options);
  add_choice<TableForm>(*sub, "--format", compare.form,
                        {{"text", TableForm::kText}, {"csv", TableForm::kCsv}, {"json", TableForm::kJson}},
                        "form of the table (default text)");
  sub->add_option("--svg", compare.svg, "draw the baseline and the narrowest schedule (.svg)")->option_text("FILE");
  add_common(*sub, console);
}

void add_phase_generate(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "phase generate");
  PhaseGenerateCommand& generate = commands.phase_generate;
  sub->add_option("PROFILE", generate.profile, "which shape")->required();
  add_number(*sub, "--steps", generate.steps, 2, 100000, "specialised-1: steps of the program (default 66)");
  sub->add_option("--seed", generate.seed, "who reads whom (default 0)")->option_text("N");
  sub->add_option("-o,--output", generate.output, "where to write (default '-': stdout)")->option_text("FILE");
  add_common(*sub, console);
}

void add_phase_check(CLI::App& app, Commands& commands, Console& console) {
  CLI::App* sub = add_verb(app, "phase check");
  PhaseCheckCommand& check = commands.phase_check;
  sub->add_option("GRAPH", check.graph, "gate graph (JSON, phase-graph/1 or alm-graph/1)")->required();
  sub->add_option("CERTIFICATE", check.certificate, "the schedule to judge (JSON)")->required();
  sub->add_option("--proof", check.proof, "a proof that no schedule is narrower, to check and compare with")
      ->option_text("FILE");
  add_number(*sub, "--max-layers", check.max_layers, 1, 1000000, "refuse more layers");
  add_number(*sub, "--max-reglu", check.max_reglu, 1, 1000000, "refuse more ReGLU in a layer");
  add_number(*sub, "--seeds", check.seeds, 1, 1000000, "random inputs to run graph and schedule on (default 64)");
  add_number(*sub, "--findings", check.findings_per_obligation, 1, 1000000,
             "findings listed per obligation (default 20)");
  add_common(*sub, console);
}

// "'--tiel' is not an option of rondo plan (did you mean '--tile'?)"
std::string unknown_option(const CLI::App& verb, const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("--") || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return "'" + name + "' is not an option of rondo " + full_name(verb) +
           yaml::did_you_mean(name, std::vector<std::string_view>(names.begin(), names.end()));
  }
  return {};
}

// "'pln' is not a verb of rondo: plan, ... (did you mean 'plan'?)"; of the words of a
// group where one is named.
std::string unknown_verb(const std::string& word, const std::string& group) {
  std::vector<std::string_view> names;
  std::string allowed;
  const std::string prefix = group.empty() ? "" : group + " ";
  for (const VerbText& verb : kVerbs) {
    if (!verb.name.starts_with(prefix)) continue;
    const std::string_view rest = verb.name.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.find(' '));
    if (!names.empty() && names.back() == name) continue;
    names.push_back(name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(name);
  }
  return "'" + word + "' is not a verb of rondo" + (group.empty() ? "" : " " + group) + ": " + allowed +
         yaml::did_you_mean(word, names);
}

// The verb that was parsed, however deep it stands; null if none was.
const CLI::App* parsed_verb(const CLI::App& app) {
  const CLI::App* verb = nullptr;
  for (const CLI::App* next = &app; !next->get_subcommands().empty();) verb = next = next->get_subcommands()[0];
  return verb;
}

bool is_group(const std::string& word) {
  return std::any_of(std::begin(kVerbs), std::end(kVerbs),
                     [&](const VerbText& verb) { return verb.name.starts_with(word + " "); });
}

// CLI11's message, or a better one where it knows less than we do.
int usage_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments,
                Console& console) {
  if (arguments.empty()) {
    console.note(main_help());
    return console.fail(kUsage, "a verb is missing");
  }
  std::string message = error.what();
  std::string verb;
  const CLI::App* parsed = parsed_verb(app);
  if (parsed == nullptr) {
    message = unknown_verb(arguments[0], "");
  } else if (verb = " " + full_name(*parsed); is_group(full_name(*parsed))) {
    message = arguments.size() < 2 ? "a verb is missing" : unknown_verb(arguments[1], full_name(*parsed));
  } else if (const std::string better = unknown_option(*parsed, arguments); !better.empty()) {
    message = better;
  }
  return console.fail(kUsage, message + "\nrondo: `rondo" + verb + " --help` shows how it is used");
}

FileForm chosen_form(const Commands& commands) {
  return commands.text ? FileForm::kText : commands.binary ? FileForm::kBinary : FileForm::kByName;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, Console& console) {
  Commands commands;
  CLI::App app;
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  add_plan(app, commands, console);
  add_verify(app, commands, console);
  add_show(app, commands, console);
  add_run(app, commands, console);
  add_calibrate(app, commands, console);
  add_contest_score(app, commands, console);
  add_common(*add_verb(app, "contest rules"), console);
  add_contest_generate(app, commands, console);
  add_contest_solve(app, commands, console);
  add_contest_lower(app, commands, console);
  add_phase_plan(app, commands, console);
  add_phase_compare(app, commands, console);
  add_phase_generate(app, commands, console);
  add_phase_check(app, commands, console);
  add_common(*add_verb(app, "version"), console);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  if (!arguments.empty() && arguments[0] == "--version") reversed.back() = "version";
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    console.out() << app.help();
    return kGood;
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, arguments, console);
  }

  const std::string verb = full_name(*parsed_verb(app));
  commands.plan.form = commands.show.form = commands.contest_lower.form = chosen_form(commands);
  commands.plan.options.fuse = !commands.no_fuse;
  commands.plan.options.chain = !commands.no_chain;
  if (verb == "plan") return run_plan(commands.plan, console);
  if (verb == "verify") return run_verify(commands.verify, console);
  if (verb == "show") return run_show(commands.show, console);
  if (verb == "run") return run_run(commands.run, console);
  if (verb == "calibrate") return run_calibrate(commands.calibrate, console);
  if (verb == "contest score") return run_contest_score(commands.contest_score, console);
  if (verb == "contest rules") return run_contest_rules(console);
  if (verb == "contest generate") return run_contest_generate(commands.contest_generate, console);
  if (verb == "contest solve") return run_contest_solve(commands.contest_solve, console);
  if (verb == "contest lower") return run_contest_lower(commands.contest_lower, console);
  if (verb == "phase plan") return run_phase_plan(commands.phase_plan, console);
  if (verb == "phase compare") return run_phase_compare(commands.phase_compare, console);
  if (verb == "phase generate") return run_phase_generate(commands.phase_generate, console);
  if (verb == "phase check") return run_phase_check(commands.phase_check, console);
  return run_version(console);
}

}  // namespace rondo::cli
