#include "runtime/roofline/roofline.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include "rondo/contracts.h"
#include "runtime/memory.h"
#include "runtime/roofline/op_cost.h"
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
    return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1) + 0.5)];
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

}  // namespace

std::optional<double> RooflineRow::gflops() const { return ratio(flops, median_ns); }
std::optional<double> RooflineRow::gbytes_per_s() const { return ratio(bytes, median_ns); }
std::optional<double> RooflineRow::intensity() const {
  return bytes ? ratio(flops, static_cast<double>(*bytes)) : std::nullopt;
}

Result<std::vector<RooflineRow>> roofline_of(const Program& program, const TraceBuffer& trace) {
  return without_exceptions([&]() -> Result<std::vector<RooflineRow>> {
    if (!TraceRecorder::is_for(trace, TraceRecorder::serial_of(program)))
      return make_error(ErrorCode::kInvalidArgument, "the trace buffer was made for another program");
    Result<std::vector<ReplayTimes>> replays = trace.replays();
    if (!replays) return replays.error();
    std::erase_if(*replays, [](const ReplayTimes& replay) { return !replay.complete; });
    if (replays->empty()) return std::vector<RooflineRow>();

    const Schedule& schedule = program.schedule();
    const std::vector<uint32_t>& order = program.verified().order(Part::kReplay);
    std::vector<uint32_t> stream_of(schedule.ops.size());
    for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
      std::fill_n(stream_of.begin() + schedule.streams[stream].first_op, schedule.streams[stream].op_count, stream);

    std::vector<RooflineRow> rows;
    std::map<std::pair<uint16_t, uint16_t>, size_t> row_of;  // (kernel, phase)
    std::vector<size_t> row_at;                              // by position
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
        rows.push_back(std::move(row));
      }
      RooflineRow& row = rows[at->second];
      row_at.push_back(at->second);
      ++row.calls;
      add(row.flops, cost.flops);
      add(row.bytes, cost.bytes);
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
    for (size_t row = 0; row < rows.size(); ++row) summarize(std::move(times[row]), rows[row]);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const RooflineRow& a, const RooflineRow& b) { return a.median_ns > b.median_ns; });
    return rows;
  });
}

std::string roofline_csv(const std::vector<RooflineRow>& rows, const RooflineLabels& labels) {
  std::string csv =
      "schema_version,run_id,schedule,schedule_hash,layer,phase,op,kernel,backend,device,stream,shape,dtype,acc_dtype,"
      "calls,time_ns_min,time_ns_median,time_ns_mean,time_ns_p95,flops,int_ops,bytes_l1,bytes_l2,bytes_l3,bytes_dram,"
      "bytes_link,bytes_source,flops_source,ai_l1,ai_l2,ai_dram,gflops,gbps_l1,gbps_l2,gbps_dram,peak_gflops,"
      "roof_gflops,pct_roof,pct_peak,bound,ridge_ai,log10_ai_over_ridge,clock_mhz,status\n";
  for (const RooflineRow& row : rows) {
    const Contract* contract = find_contract(row.op);
    const std::string accumulate = contract != nullptr ? std::string(info(contract->accumulate).name) : std::string();
    const std::string cells[] = {"1",
                                 labels.run_id,
                                 labels.schedule,
                                 labels.schedule_hash,
                                 "",
                                 row.phase,
                                 row.op,
                                 row.kernel,
                                 "cpu",
                                 "",
                                 row.stream,
                                 row.shape,
                                 row.dtype ? std::string(info(*row.dtype).name) : "",
                                 accumulate,
                                 std::to_string(row.calls),
                                 number(row.min_ns),
                                 number(row.median_ns),
                                 number(row.mean_ns),
                                 number(row.p95_ns),
                                 number(row.flops),
                                 "",
                                 number(row.bytes),
                                 "",
                                 "",
                                 "",
                                 "",
                                 row.bytes ? "model" : "",
                                 row.flops ? "model" : "",
                                 number(row.intensity()),
                                 "",
                                 "",
                                 number(row.gflops()),
                                 number(row.gbytes_per_s()),
                                 "",
                                 "",
                                 "",
                                 "",
                                 "",
                                 "",
                                 row.op == "sync" ? "overhead" : "",
                                 "",
                                 "",
                                 "",
                                 "ok"};
    bool first = true;
    for (const std::string& text : cells) {
      csv += (first ? "" : ",") + cell(text);
      first = false;
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace rondo::runtime
