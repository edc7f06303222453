#include "runtime/roofline/roofline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include "rondo/contracts.h"
#include "runtime/memory.h"
#include "runtime/roofline/op_cost.h"
#include "runtime/roofline/traffic.h"
#include "runtime/trace/trace_recorder.h"

namespace rondo::runtime {
namespace {

std::optional<double> ratio(const std::optional<uint64_t>& work, double over) {
  if (!work || *work == 0 || over <= 0) return std::nullopt;
  return static_cast<double>(*work) / over;
}

void add(std::optional<uint64_t>& sum, const std::optional<uint64_t>& more) {
  if (sum && more && !__builtin_add_overflow(*sum, *more, &*sum)) return;
  sum.reset();
}

void summarize(std::vector<double> times, RooflineRow& row) {
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double part) {
    return times[static_cast<size_t>(std::lround(part * static_cast<double>(times.size() - 1)))];
  };
  row.min_ns = times.front();
  row.median_ns = quantile(0.5);
  row.p95_ns = quantile(0.95);
  for (const double time : times) row.mean_ns += time / static_cast<double>(times.size());
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}
std::string number(const std::optional<double>& value) { return value ? number(*value) : std::string(); }
std::string number(const std::optional<uint64_t>& value) { return value ? std::to_string(*value) : std::string(); }

// RFC 4180: quoted where it must be.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<std::vector<ReplayTimes>> complete_replays(const Program& program, const TraceBuffer& trace) {
  if (!TraceRecorder::is_for(trace, TraceRecorder::serial_of(program)))
    return make_error(ErrorCode::kInvalidArgument, "the trace buffer was made for another program");
  Result<std::vector<ReplayTimes>> replays = trace.replays();
  if (replays) std::erase_if(*replays, [](const ReplayTimes& replay) { return !replay.complete; });
  return replays;
}

// "matmul_f32_avx512" -> "f32_avx512", "add_f32_reference" -> "f32_scalar".
std::string peak_name(const RooflineRow& row) {
  const size_t end = row.kernel.rfind('_');
  if (!row.dtype || end == std::string::npos) return {};
  const std::string isa = row.kernel.substr(end + 1);
  return std::string(info(*row.dtype).name) + "_" + (isa == "reference" ? "scalar" : isa);
}

void compare(RooflineRow& row, const Roofs& roofs) {
  if (row.op == "sync") {
    row.bound = "overhead";
    return;
  }
  const double peak = roofs.peak(peak_name(row));
  if (peak > 0) row.peak_gflops = peak;
  if (peak > 0 && row.gflops()) row.peak_percent = 100 * *row.gflops() / peak;
  // Flops without a peak, or bytes without a level: there may be a lower roof.
  if (!row.flops || row.level_bytes.empty() || (*row.flops != 0 && peak <= 0) || row.median_ns <= 0) return;
  double longest_ns = *row.flops != 0 ? static_cast<double>(*row.flops) / peak : 0;
  std::string bound = longest_ns > 0 ? "compute" : "";
  for (size_t level = 0; level < roofs.memory.size(); ++level) {
    const double ns = static_cast<double>(row.level_bytes[level]) / roofs.memory[level].gbytes_per_s;
    if (ns > longest_ns) longest_ns = ns, bound = roofs.memory[level].name;
  }
  if (longest_ns <= 0) return;
  if (*row.flops != 0) row.roof_gflops = static_cast<double>(*row.flops) / longest_ns;
  row.roof_percent = 100 * longest_ns / row.median_ns;
  row.bound = *row.roof_percent < kLatencyPercent ? "latency" : bound;
}

// Of the level called `name`; absent where that is not known.
std::optional<uint64_t> bytes_of_level(const RooflineRow& row, const Roofs& roofs, std::string_view name) {
  for (size_t level = 0; level < row.level_bytes.size(); ++level)
    if (roofs.memory[level].name == name) return row.level_bytes[level];
  return std::nullopt;
}

// Of a row's ops whose work a scalar bounds: summed over ops and replays.
struct VaryingWork {
  std::optional<uint64_t> flops = 0, bytes = 0;
};

std::optional<uint64_t> mean_of(const std::optional<uint64_t>& sum, uint64_t replays) {
  return sum ? std::optional((*sum + replays / 2) / replays) : std::nullopt;
}

}  // namespace

std::optional<double> RooflineRow::gflops() const { return ratio(flops, median_ns); }
std::optional<double> RooflineRow::gbytes_per_s() const { return ratio(bytes, median_ns); }
std::optional<double> RooflineRow::intensity() const {
  return bytes ? ratio(flops, static_cast<double>(*bytes)) : std::nullopt;
}

Result<uint32_t> workers_of(const Program& program, const TraceBuffer& trace) {
  return without_exceptions([&]() -> Result<uint32_t> {
    const Result<std::vector<ReplayTimes>> replays = complete_replays(program, trace);
    if (!replays) return replays.error();
    uint32_t workers = 1;
    for (const ReplayTimes& replay : *replays)
      for (const OpTimes& op : replay.ops) workers = std::max(workers, op.worker + 1);
    return workers;
  });
}

Result<std::vector<RooflineRow>> roofline_of(const Program& program, const TraceBuffer& trace, const Roofs& roofs) {
  return without_exceptions([&]() -> Result<std::vector<RooflineRow>> {
    const Result<std::vector<ReplayTimes>> replays = complete_replays(program, trace);
    if (!replays) return replays.error();
    if (replays->empty()) return std::vector<RooflineRow>();

    const Schedule& schedule = program.schedule();
    const std::vector<uint32_t>& order = program.verified().order(Part::kReplay);
    std::vector<uint32_t> stream_of(schedule.ops.size());
    for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
      std::fill_n(stream_of.begin() + schedule.streams[stream].first_op, schedule.streams[stream].op_count, stream);

    std::optional<Traffic> traffic;
    if (roofs.known()) {
      std::vector<uint32_t> worker_of;
      for (const OpTimes& op : replays->back().ops) worker_of.push_back(op.worker);
      traffic = traffic_of(schedule, order, worker_of, roofs.memory);
    }
    std::vector<RooflineRow> rows;
    std::vector<uint8_t> traffic_known;                      // per row
    std::map<std::pair<uint16_t, uint16_t>, size_t> row_of;  // (kernel, phase)
    std::vector<size_t> row_at;                              // by position
    std::vector<VaryingWork> varying;                        // per row
    for (const uint32_t index : order) {
      const Op& op = schedule.ops[index];
      const OpCost cost = cost_of(schedule, op);
      const std::string stream = printable(schedule.name(schedule.streams[stream_of[index]].name));
      const auto [at, added] = row_of.emplace(std::pair(op.kernel, op.phase), rows.size());
      if (added) {
        RooflineRow row;
        if (op.phase < schedule.phases.size()) row.phase = printable(schedule.name(schedule.phases[op.phase].name));
        row.op = kernel_name(schedule, op);
        if (op.kernel < program.kernel_names().size()) row.kernel = program.kernel_names()[op.kernel];
        row.stream = stream;
        row.shape = cost.shape;
        row.dtype = cost.dtype;
        row.flops = row.bytes = 0;
        if (traffic) row.level_bytes.assign(roofs.memory.size(), 0);
        traffic_known.push_back(traffic ? 1 : 0);
        varying.emplace_back();
        rows.push_back(std::move(row));
      }
      RooflineRow& row = rows[at->second];
      row_at.push_back(at->second);
      ++row.calls;
      if (cost.varies) {
        for (const ReplayTimes& replay : *replays) {
          const OpCost here = cost_of(schedule, op, replay.scalars);
          add(varying[at->second].flops, here.flops);
          add(varying[at->second].bytes, here.bytes);
        }
      } else {
        add(row.flops, cost.flops);
        add(row.bytes, cost.bytes);
      }
      if (traffic) {
        const size_t position = row_at.size() - 1;
        traffic_known[at->second] &= traffic->known[position] & (cost.bytes ? 1 : 0);
        for (size_t level = 0; level < row.level_bytes.size(); ++level)
          row.level_bytes[level] += traffic->bytes[position][level];
      }
      if (row.stream != stream) row.stream.clear();
      if (row.shape != cost.shape) row.shape.clear();
      if (row.dtype != cost.dtype) row.dtype.reset();
    }
    std::vector<std::vector<double>> times(rows.size(), std::vector<double>(replays->size()));
    for (size_t replay = 0; replay < replays->size(); ++replay) {
      const std::vector<OpTimes>& ops = (*replays)[replay].ops;
      for (size_t position = 0; position < row_at.size(); ++position)
        times[row_at[position]][replay] += static_cast<double>(ops[position].end_ns - ops[position].begin_ns);
    }
    for (size_t row = 0; row < rows.size(); ++row) {
      add(rows[row].flops, mean_of(varying[row].flops, replays->size()));
      add(rows[row].bytes, mean_of(varying[row].bytes, replays->size()));
      summarize(std::move(times[row]), rows[row]);
      if (traffic_known[row] == 0) rows[row].level_bytes.clear();
      if (roofs.known() || rows[row].op == "sync") compare(rows[row], roofs);
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const RooflineRow& a, const RooflineRow& b) { return a.median_ns > b.median_ns; });
    return rows;
  });
}

namespace {

using Cells = std::vector<std::pair<const char*, std::string>>;  // column, text

Cells cells_of(const RooflineRow& row, const RooflineLabels& labels, const Roofs& roofs) {
  double slowest = 0;  // level of memory: where the ridge is
  for (const MemoryRoof& level : roofs.memory)
    if (level.cache_bytes == 0) slowest = level.gbytes_per_s;
  const Contract* contract = find_contract(row.op);
  const auto l2 = bytes_of_level(row, roofs, "l2"), l3 = bytes_of_level(row, roofs, "l3"),
             dram = bytes_of_level(row, roofs, "dram");
  const auto intensity = [&](const std::optional<uint64_t>& bytes) -> std::optional<double> {
    return bytes ? ratio(row.flops, static_cast<double>(*bytes)) : std::nullopt;
  };
  std::optional<double> ridge, above_ridge;
  if (row.peak_gflops && slowest > 0) ridge = *row.peak_gflops / slowest;
  if (ridge && intensity(dram)) above_ridge = std::log10(*intensity(dram) / *ridge);
  return {{"schema_version", "1"},
          {"run_id", labels.run_id},
          {"schedule", labels.schedule},
          {"schedule_hash", labels.schedule_hash},
          {"layer", ""},
          {"phase", row.phase},
          {"op", row.op},
          {"kernel", row.kernel},
          {"backend", labels.backend},
          {"device", roofs.device},
          {"stream", row.stream},
          {"shape", row.shape},
          {"dtype", row.dtype ? std::string(info(*row.dtype).name) : ""},
          {"acc_dtype", contract != nullptr ? std::string(info(contract->accumulate).name) : ""},
          {"calls", std::to_string(row.calls)},
          {"time_ns_min", number(row.min_ns)},
          {"time_ns_median", number(row.median_ns)},
          {"time_ns_mean", number(row.mean_ns)},
          {"time_ns_p95", number(row.p95_ns)},
          {"flops", number(row.flops)},
          {"int_ops", ""},
          {"bytes_l1", number(row.bytes)},
          {"bytes_l2", number(l2)},
          {"bytes_l3", number(l3)},
          {"bytes_dram", number(dram)},
          {"bytes_link", ""},
          {"bytes_source", row.bytes ? "model" : ""},
          {"flops_source", row.flops ? "model" : ""},
          {"ai_l1", number(row.intensity())},
          {"ai_l2", number(intensity(l2))},
          {"ai_dram", number(intensity(dram))},
          {"gflops", number(row.gflops())},
          {"gbps_l1", number(row.gbytes_per_s())},
          {"gbps_l2", number(ratio(l2, row.median_ns))},
          {"gbps_dram", number(ratio(dram, row.median_ns))},
          {"peak_gflops", number(row.peak_gflops)},
          {"roof_gflops", number(row.roof_gflops)},
          {"pct_roof", number(row.roof_percent)},
          {"pct_peak", number(row.peak_percent)},
          {"bound", row.bound},
          {"ridge_ai", number(ridge)},
          {"log10_ai_over_ridge", number(above_ridge)},
          {"clock_mhz", roofs.clock_mhz > 0 ? number(roofs.clock_mhz) : ""},
          {"status", "ok"}};
}

}  // namespace

std::string roofline_csv(const std::vector<RooflineRow>& rows, const RooflineLabels& labels, const Roofs& roofs) {
  std::string csv;
  for (const auto& [name, text] : cells_of({}, labels, roofs)) csv += (csv.empty() ? "" : ",") + std::string(name);
  csv += '\n';
  for (const RooflineRow& row : rows) {
    bool first = true;
    for (const auto& [name, text] : cells_of(row, labels, roofs)) {
      csv += (first ? "" : ",") + cell(text);
      first = false;
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace rondo::runtime
