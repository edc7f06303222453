// Verbs that make, prove, show and replay a schedule.
#include <memory>
#include "tools/command_line/option_kinds.h"

namespace rondo::cli {
namespace {

Verb plan_verb() {
  const auto plan = std::make_shared<PlanCommand>();
  PlanOptions& options = plan->options;
  Verb verb{
      .name = "plan",
      .what = "Plan a tensor program: graph in, schedule out.",
      .examples =
          "rondo plan mlp.yaml                                   writes mlp.rondo, for this CPU\n"
          "rondo plan mlp.yaml --machine board.yaml -o out.yaml  for another machine, as text\n"
          "rondo plan mlp.yaml --staging staged --scratch 64KiB --dry-run\n"
          "rondo plan prefill.yaml decode.yaml -o both.rondo     two members that share weights and states\n"
          "rondo plan mlp.yaml --machine board.yaml --planner fusion --compare",
      .notes =
          "Prints the operations, loads and bytes of the plan, each beside the proven least.\n"
          "A plan that does not hold is not written (exit code 1). Nor must the file be trusted because\n"
          "rondo made it: `rondo verify` proves it again.",
      .options = {arguments("GRAPH", plan->graphs, "graph file (YAML); several become the members of one file"),
                  file("--machine", plan->machine, "machine file (default: a CPU with one core)"),
                  choice("--planner", plan->planner, {{"tile", Planner::kTile}, {"fusion", Planner::kFusion}},
                         "tile, or fusion: groups of products and elementwise operators (default tile)"),
                  choice("--staging", options.staging,
                         {{"auto", Staging::kAuto}, {"direct", Staging::kDirect}, {"staged", Staging::kStaged}},
                         "kernels use tensors where they lie, or copies in scratch memory (default auto)"),
                  choice("--policy", options.policy,
                         {{"default", PlacementPolicy::kDefault},
                          {"seed-first-fit", PlacementPolicy::kSeedFirstFit},
                          {"lru", PlacementPolicy::kLru}},
                         "which tile leaves scratch memory when it is full (default: default)"),
                  number("--tile", options.tile, 1, 1024, "staged: rows and columns of a tile (default 32)"),
                  bytes("--scratch", options.scratch_bytes,
                        "staged, fusion: scratch memory, as in '64 KiB' (default: the machine's)"),
                  number("--lanes", options.lanes, 1, 256, "most lanes to deal the work to (default: the machine's)"),
                  number("--depth", options.depth, 1, 64, "staged: tiles in rotation per streamed operand (default 2)"),
                  number("--hoist", options.hoist, 0, 4096, "staged: products a load may move ahead of (default 8)"),
                  number("--native", options.native, 1, 1024,
                         "fusion: most rows, columns and k of a tile (default: the best of 32 to 256)"),
                  number("--proposals", options.proposals, 1, uint64_t{1} << 53,
                         "fusion: that each search makes (default 20000)"),
                  seed(options.seed, "fusion: of the search (default 1)"),
                  flag("--compare", plan->compare, "fusion: plan with the tile planner too, and print both"),
                  flag_off("--no-fuse", options.fuse, "keep bias and activation apart from the product before them"),
                  flag_off("--no-chain", options.chain, "write every intermediate tensor out of scratch memory"),
                  file("-o,--output", plan->output, "where to write ('-': stdout; default: GRAPH's stem + .rondo)")},
      .run = [plan](Console& console) { return run_plan(*plan, console); }};
  add_form(verb.options, plan->form);
  verb.options.push_back(flag("--dry-run", plan->dry_run, "plan and print, but write nothing"));
  return verb;
}

Verb verify_verb() {
  const auto verify = std::make_shared<VerifyCommand>();
  return {
      .name = "verify",
      .what = "Prove a schedule: is it safe, and is what it says of itself true?",
      .examples =
          "rondo verify mlp.rondo\n"
          "rondo verify mlp.rondo --require faithful   also fail if it carries no values or claims\n"
          "rondo verify mlp.rondo --json > report.json",
      .notes =
          "Levels:\n"
          "  safe      no access out of bounds, no race, no undefined byte, no hang\n"
          "  values    the file labels what each operand holds, and every label agrees\n"
          "  claims    the file claims counts, bytes and peaks, and each is true\n"
          "  faithful  all of these\n"
          "Exit code 0 if nothing checked is false and the required level is reached, else 1.",
      .options = {argument("SCHEDULE", verify->schedule, "schedule file, text or binary"),
                  choice("--require", verify->require,
                         {{"safe", Requirement::kSafe},
                          {"values", Requirement::kValues},
                          {"claims", Requirement::kClaims},
                          {"faithful", Requirement::kFaithful}},
                         "the level that must be reached (default safe)"),
                  number("--findings", verify->findings_per_rule, 1, 1000000, "findings listed per rule (default 20)")},
      .run = [verify](Console& console) { return run_verify(*verify, console); }};
}

Verb show_verb() {
  const auto show = std::make_shared<ShowCommand>();
  Verb verb{.name = "show",
            .what = "Show what a schedule does, or convert it between its two forms.",
            .examples =
                "rondo show mlp.rondo                      overview: memory, streams, phases, claims\n"
                "rondo show mlp.rondo --timeline --memory  when each stream is busy, how full memory is\n"
                "rondo show mlp.rondo -o mlp.rondo.yaml    the same schedule as text (and back)",
            .options = {argument("SCHEDULE", show->schedule, "schedule file, text or binary"),
                        flag("--ops", show->ops, "every operation in the order of the replay"),
                        flag("--timeline", show->timeline, "when each stream is busy, by the file's cost table"),
                        flag("--memory", show->memory, "bytes in use over the replay, per block of memory"),
                        flag("--claims", show->claims, "what the file claims, and whether it is true"),
                        flag("--canonical", show->canonical, "the canonical text form, nothing else"),
                        file("-o,--output", show->output, "write the schedule to FILE ('-': stdout)")},
            .run = [show](Console& console) { return run_show(*show, console); }};
  add_form(verb.options, show->form);
  verb.options.push_back(flag("--dry-run", show->dry_run, "with -o: say what would be written, write nothing"));
  return verb;
}

Verb run_verb() {
  const auto run = std::make_shared<RunCommand>();
  Option random = number("--random-inputs", run->random_seed, 0, UINT64_MAX,
                         "fill what has no --input with numbers from this seed");
  random.value = "SEED";
  return {
      .name = "run",
      .what = "Replay a schedule on this CPU and say what came out.",
      .examples =
          "rondo run mlp.rondo --random-inputs 1 --check mlp.yaml   compare with double precision\n"
          "rondo run mlp.rondo --random-inputs 1 --input x=x.npy --output t5=t5.npy\n"
          "rondo run mlp.rondo --random-inputs 1 --repeat 100       time per replay",
      .notes =
          "The schedule is verified first; one that is not safe, or makes a false claim, is not\n"
          "run. Files are NumPy .npy, one per binding; `rondo show` lists the bindings.",
      .options =
          {argument("SCHEDULE", run->schedule, "schedule file, text or binary"),
           named_files("--input", run->inputs, "an input, constant or state from a .npy file; repeatable"),
           random,
           named_numbers("--scalar", run->scalars, "an integer the schedule leaves open; repeatable"),
           named_files("--output", run->outputs, "an output to a .npy file; repeatable"),
           text("--check", "GRAPH", run->check, "compare with this graph, evaluated in double precision"),
           text("--member", "NAME", run->member, "which schedule of a file that holds several (default: the first)"),
           number("--repeat", run->repeat, 1, 1000000000, "replays to time (default 1)"),
           number("--workers", run->workers, 1, 256, "threads that replay, this one included (default 1)"),
           file("--trace", run->trace, "write a Perfetto trace of the replays (.pftrace)"),
           file("--roofline", run->roofline, "write time, work and rates per kernel and phase (.csv)"),
           file("--roofline-svg", run->roofline_svg, "draw them below the roofs of the machine (.svg)"),
           flag("--compare-plan", run->compare_plan, "what the plan expected of each phase against what it took"),
           file("--compare-csv", run->compare_csv, "the same as a table (.csv)"),
           file("--machine", run->machine, "machine file with roofs and costs to compare with (see calibrate)"),
           choice("--isa", run->isa, {{"reference", "reference"}, {"avx2", "avx2"}, {"avx512", "avx512"}},
                  "at most this instruction set (default: the CPU's best)"),
           choice("--launch", run->launching,
                  {{"auto", Launching::kAuto}, {"once", Launching::kPersistent}, {"phases", Launching::kByPhases}},
                  "on a device: one launch, or one from cut to cut"),
           number("--resident-lanes", run->resident_lanes, 1, 65535,
                  "emulated device: lanes side by side (default 64)"),
           number("--pace", run->pace, 1, 1000000000, "emulated device: ns for a unit of the file's costs"),
           bytes("--memory-limit", run->memory_limit_bytes, "refuse to take more (default: 3/4 of this machine's)"),
           flag("--dry-run", run->dry_run, "print the memory it would take, run nothing")},
      .run = [run](Console& console) { return run_run(*run, console); }};
}

}  // namespace

void add_schedule_verbs(std::vector<Verb>& verbs) {
  verbs.push_back(plan_verb());
  verbs.push_back(verify_verb());
  verbs.push_back(show_verb());
  verbs.push_back(run_verb());
}

}  // namespace rondo::cli
