#include "tools/observation.h"
#include <algorithm>
#include <filesystem>
#include "runtime/roofline/roofline.h"
#include "tools/roofline_svg.h"
#include "tools/schedule_file.h"
#include "tools/table.h"
#include "tools/utc_time.h"

namespace rondo::cli {
namespace {

// About 250 bytes of trace each, with flows and counters: 15 MB.
constexpr uint64_t kMostOps = uint64_t{1} << 16;

Status write_trace(const RunCommand& command, const Program& program, const TraceBuffer& trace, Console& console) {
  PerfettoOptions options;
  options.process = "rondo run " + command.schedule;
  const Result<std::string> file = perfetto_trace(program, trace, options);
  if (!file.ok()) return file.error();
  if (Status written = write_output(command.trace, *file, console); !written.ok()) return written;
  console.detail("wrote " + command.trace + ": " + bytes_text(file->size()) + ", " +
                 counted(trace.recorded(), "replay"));
  if (trace.overwritten() != 0)
    console.note(command.trace + " holds the last " + with_commas(trace.recorded()) + " of " +
                 with_commas(trace.recorded() + trace.overwritten()) + " replays");
  return {};
}

// "r.csv" -> "r.ceilings.csv".
std::string beside(const std::string& path) {
  const std::filesystem::path file(path);
  return (file.parent_path() / (file.stem().string() + ".ceilings" + file.extension().string())).string();
}

std::string subtitle_of(const Program& program, const Observation& observation, uint32_t workers) {
  const std::string& backend = program.schedule().backend;
  std::string text = counted(observation.trace->recorded(), "replay") +
                     (backend == "cpu" ? " by " + counted(workers, "worker") : " on " + backend) + ", " +
                     name_of(program.instruction_set());
  if (backend != "cpu") return text;
  if (!observation.machine) return text + "; no machine file, no roofs";
  const Machine& machine = *observation.machine;
  return text + "; roofs of " + (machine.measured.cpu.empty() ? machine.name : machine.measured.cpu) +
         (machine.measured.when.empty() ? "" : ", measured " + machine.measured.when.substr(0, 10)) +
         (workers > 1 ? ", a worker's part of them" : "");
}

Status write_roofline(const RunCommand& command, const Program& program, const Observation& observation,
                      Console& console) {
  const Result<uint32_t> workers = runtime::workers_of(program, *observation.trace);
  if (!workers.ok()) return workers.error();
  runtime::Roofs roofs;
  const bool on_host = program.schedule().backend == "cpu";
  if (observation.machine && !on_host) {
    console.note("the figures of " + command.machine + " are of this CPU, the schedule ran on '" +
                 program.schedule().backend + "': nothing to compare with");
  } else if (observation.machine) {
    roofs = roofs_of(*observation.machine, *workers);
    if (!roofs.known())
      console.note(command.machine + " has no figures for " + counted(*workers, "thread") +
                   ": nothing to compare with (`rondo calibrate` measures them)");
  }
  const auto rows = runtime::roofline_of(program, *observation.trace, roofs);
  if (!rows.ok()) return rows.error();
  if (!command.roofline.empty()) {
    const std::string csv = runtime::roofline_csv(
        *rows, {now_utc(), command.schedule, program.verified().report().digest, program.schedule().backend}, roofs);
    if (Status written = write_output(command.roofline, csv, console); !written.ok()) return written;
    console.detail("wrote " + command.roofline + ": " + counted(rows->size(), "row"));
    if (observation.machine && !observation.machine->figures.empty() && command.roofline != "-") {
      const std::string path = beside(command.roofline);
      if (Status written = write_output(path, ceilings_csv(*observation.machine), console); !written.ok())
        return written;
      console.detail("wrote " + path);
    }
  }
  if (!command.roofline_svg.empty()) {
    const std::string title = std::filesystem::path(command.schedule).filename().string();
    const std::string svg = roofline_svg(*rows, roofs, {title, subtitle_of(program, observation, *workers)});
    if (Status written = write_output(command.roofline_svg, svg, console); !written.ok()) return written;
    console.detail("wrote " + command.roofline_svg);
  }
  return {};
}

}  // namespace

runtime::Roofs roofs_of(const Machine& machine, uint32_t workers) {
  runtime::Roofs roofs;
  roofs.device = machine.measured.cpu.empty() ? machine.name : machine.measured.cpu;
  for (const Figure& figure : machine.figures)
    if (figure.kind == FigureKind::kCompute && figure.threads == workers && figure.value > 0) {
      roofs.compute.push_back({figure.name, figure.value / workers});
      if (figure.clock_mhz > 0) roofs.clock_mhz = figure.clock_mhz;
    }
  const auto add = [&](const std::string& name, uint64_t bytes, bool shared) {
    const Figure* figure = machine.figure(FigureKind::kBandwidth, name, workers);
    if (figure == nullptr || figure->value <= 0) return false;
    roofs.memory.push_back({name, bytes, shared, figure->value / workers});
    return true;
  };
  bool all = true;
  for (size_t i = 0; i < machine.caches.size(); ++i) {
    const MachineCache& cache = machine.caches[i];
    all &= add(cache.name, cache.bytes, i + 1 == machine.caches.size() && cache.cores >= workers);
  }
  // A level that is missing might be the one that binds.
  if (!add("dram", 0, true) || !all) roofs.memory.clear();
  return roofs;
}

Result<Observation> make_observation(const RunCommand& command, const Program& program) {
  Observation observation;
  if (!command.machine.empty()) {
    Result<Machine> machine = load_machine(command.machine);
    if (!machine.ok()) return machine.error();
    observation.machine = *std::move(machine);
  }
  const bool compares = command.compare_plan || !command.compare_csv.empty();
  if (compares && !observation.machine && program.schedule().costs.empty()) return no_costs(command.schedule);
  if (command.trace.empty() && command.roofline.empty() && command.roofline_svg.empty() && !compares)
    return observation;
  const uint64_t ops = program.verified().order(Part::kReplay).size();
  Result<TraceBuffer> buffer =
      TraceBuffer::make(program, std::clamp<uint64_t>(kMostOps / (ops + 1), 1, command.repeat));
  if (!buffer.ok()) return buffer.error();
  observation.trace = *std::move(buffer);
  return observation;
}

Result<std::optional<PlanComparison>> write_observation(const RunCommand& command, const Program& program,
                                                        const Observation& observation, Console& console) {
  std::optional<PlanComparison> comparison;
  if (!observation.trace) return comparison;
  if (!command.trace.empty())
    if (Status written = write_trace(command, program, *observation.trace, console); !written.ok())
      return written.error();
  if (!command.roofline.empty() || !command.roofline_svg.empty())
    if (Status written = write_roofline(command, program, observation, console); !written.ok()) return written.error();
  if (command.compare_plan || !command.compare_csv.empty()) {
    Result<PlanComparison> compared =
        compare_plan(program, *observation.trace, observation.machine ? &*observation.machine : nullptr,
                     observation.machine ? "the rates of " + command.machine : "the costs in " + command.schedule);
    if (!compared.ok()) return compared.error();
    comparison = *std::move(compared);
    if (!command.compare_csv.empty())
      if (Status written = write_output(command.compare_csv, comparison->csv(), console); !written.ok())
        return written.error();
  }
  return comparison;
}

}  // namespace rondo::cli
