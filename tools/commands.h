// The verbs of `rondo`: what each was asked, and the function that does it.
//
// command_line/*_verbs.cc fill these from argv. Every function
// returns the exit code of the process and catches nothing: the library below
// does not throw.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include "rondo/device.h"
#include "rondo/plan.h"
#include "tools/console.h"

namespace rondo::cli {

// The form a schedule is written in. kByName: text for .yaml and .yml, else binary.
enum class FileForm : uint8_t { kByName, kText, kBinary };

enum class Planner : uint8_t { kTile, kFusion };

// rondo plan GRAPH: graph -> schedule file.
struct PlanCommand {
  std::vector<std::string> graphs;  // at least one; several become the members of a set
  std::string machine;              // "": default_machine()
  PlanOptions options;
  Planner planner = Planner::kTile;
  bool compare = false;  // the fusion planner's plan with the tile planner's
  std::string output;    // "": the graph's stem in the working directory; "-": stdout
  FileForm form = FileForm::kByName;
  bool dry_run = false;
};
int run_plan(const PlanCommand& command, Console& console);

// What `rondo verify` must find for exit code 0, beside "nothing checked is false".
enum class Requirement : uint8_t { kSafe, kValues, kClaims, kFaithful };

// rondo verify S: every finding, then the three-level summary.
struct VerifyCommand {
  std::string schedule;
  Requirement require = Requirement::kSafe;
  uint32_t findings_per_rule = 20;
};
int run_verify(const VerifyCommand& command, Console& console);

// rondo show S: what a file says, for people; or the same file in the other form.
struct ShowCommand {
  std::string schedule;
  bool canonical = false, ops = false, timeline = false, memory = false, claims = false;
  std::string output;  // "": no conversion; "-": stdout
  FileForm form = FileForm::kByName;
  bool dry_run = false;
};
int run_show(const ShowCommand& command, Console& console);

using NamedFile = std::pair<std::string, std::string>;  // binding name, .npy path

// rondo run S: verify, prepare, replay, and say what came out.
struct RunCommand {
  std::string schedule;
  std::vector<NamedFile> inputs;  // inputs, constants and state
  std::vector<NamedFile> outputs;
  std::vector<std::pair<std::string, int64_t>> scalars;
  std::optional<uint64_t> random_seed;  // fills every input that has no file
  uint32_t repeat = 1;
  std::string member;                      // "": the first of the file
  uint32_t workers = 1;                    // the calling thread included
  std::string isa;                         // "": the best of this CPU
  Launching launching = Launching::kAuto;  // of schedules for a device
  uint32_t resident_lanes = 0;             // of the emulated device; 0: as many as it has
  uint32_t pace = 0;                       // ns for a unit of the file's costs on the emulated device; 0: none kept
  std::string trace;                       // .pftrace file, "" for none
  std::string roofline;                    // .csv file, "" for none
  std::string roofline_svg;                // .svg file, "" for none
  std::string machine;                     // machine file whose figures and costs to compare with, "" for none
  bool compare_plan = false;               // what the plan expected against what it took
  std::string compare_csv;                 // the same as a .csv file, "" for none
  std::string check;                       // graph file to compare with, "" for none
  uint64_t memory_limit_bytes = 0;         // 0: three quarters of the machine's memory
  bool dry_run = false;
};
int run_run(const RunCommand& command, Console& console);

// rondo calibrate: this machine, measured, as a machine file.
struct CalibrateCommand {
  std::string output;    // machine file; "": none, "-": stdout
  std::string ceilings;  // .csv file, "" for none
  std::string name;      // of the machine; "": made of the processor's
  bool quick = false, no_kernels = false;
  uint32_t time_limit_seconds = 0;  // 0: as long as it takes
};
int run_calibrate(const CalibrateCommand& command, Console& console);

// rondo phase check GRAPH CERTIFICATE: every finding, what the schedule takes, the verdicts.
struct PhaseCheckCommand {
  std::string graph, certificate;
  uint32_t max_layers = 0, max_reglu = 0;  // 0: no limit
  uint32_t seeds = 64;
  uint32_t findings_per_obligation = 20;
  std::string proof;  // a proof of docs/phase-bounds.md, "" for none
};
int run_phase_check(const PhaseCheckCommand& command, Console& console);

// rondo version: what this build is and can do.
int run_version(Console& console);

}  // namespace rondo::cli
