#include "tools/observation.h"
#include <algorithm>
#include "runtime/roofline/roofline.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

// About 250 bytes of trace each, with flows and counters: 15 MB.
constexpr uint64_t kMostOps = uint64_t{1} << 16;

Status write_trace(const RunCommand& command, const Program& program, const TraceBuffer& trace, Console& console) {
  PerfettoOptions options;
  options.process = "rondo run " + command.schedule;
  const Result<std::string> file = perfetto_trace(program, trace, options);
  if (!file.ok()) return file.error();
  if (const Status written = write_output(command.trace, *file, console); !written.ok()) return written;
  console.detail("wrote " + command.trace + ": " + bytes_text(file->size()) + ", " +
                 counted(trace.recorded(), "replay"));
  if (trace.overwritten() != 0)
    console.note(command.trace + " holds the last " + with_commas(trace.recorded()) + " of " +
                 with_commas(trace.recorded() + trace.overwritten()) + " replays");
  return {};
}

Status write_roofline(const RunCommand& command, const Program& program, const TraceBuffer& trace, Console& console) {
  const auto rows = runtime::roofline_of(program, trace);
  if (!rows.ok()) return rows.error();
  const std::string csv = runtime::roofline_csv(*rows, {"", command.schedule, program.verified().report().digest});
  if (const Status written = write_output(command.roofline, csv, console); !written.ok()) return written;
  console.detail("wrote " + command.roofline + ": " + counted(rows->size(), "row"));
  return {};
}

}  // namespace

Result<std::optional<TraceBuffer>> make_observation(const RunCommand& command, const Program& program) {
  if (command.trace.empty() && command.roofline.empty()) return std::optional<TraceBuffer>();
  const uint64_t ops = program.verified().order(Part::kReplay).size();
  Result<TraceBuffer> buffer =
      TraceBuffer::make(program, std::clamp<uint64_t>(kMostOps / (ops + 1), 1, command.repeat));
  if (!buffer.ok()) return buffer.error();
  return std::optional<TraceBuffer>(*std::move(buffer));
}

Status write_observation(const RunCommand& command, const Program& program, const TraceBuffer& trace,
                         Console& console) {
  if (!command.trace.empty())
    if (const Status written = write_trace(command, program, trace, console); !written.ok()) return written;
  return command.roofline.empty() ? Status() : write_roofline(command, program, trace, console);
}

}  // namespace rondo::cli
