#include "tools/timeline.h"
#include <algorithm>
#include <cmath>
#include <map>
#include "planner/claims/derive_claims.h"
#include "tools/describe.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

double duration_of(const Schedule& schedule, const Op& op) {
  if (op.kernel == kNoKernel) return 0;
  if (schedule.costs.empty()) return 1;
  double duration = 0;
  for (const Cost& cost : schedule.costs)
    if (cost.kernel == op.kernel)
      duration = cost.fixed + cost.per_flop * static_cast<double>(flops_of(schedule, op)) +
                 cost.per_byte * static_cast<double>(bytes_of(schedule, op));
  return std::isfinite(duration) && duration > 0 ? duration : 0;
}

// Adds the share of each column that [begin, end) covers; `scale` is columns per unit of time.
void add_busy(std::vector<double>& columns, double begin, double end, double scale) {
  const double first = begin * scale, last = end * scale;
  for (auto column = static_cast<size_t>(first); column < columns.size() && static_cast<double>(column) < last;
       ++column)
    columns[column] += std::min(last, static_cast<double>(column) + 1) - std::max(first, static_cast<double>(column));
}

char shade(double share) {
  if (share >= 0.75) return '#';
  if (share >= 0.25) return '+';
  return share > 0.001 ? '.' : ' ';
}

// "|fc1     |fc2": phase names at the column where their first op starts, as far as they fit.
std::string phase_row(const Schedule& schedule, const Timeline& timeline, size_t width, double scale) {
  std::map<uint16_t, double> starts;
  for (const TimelineSpan& span : timeline.spans) {
    const uint16_t phase = schedule.ops[span.op].phase;
    const auto [found, inserted] = starts.try_emplace(phase, span.begin);
    if (!inserted) found->second = std::min(found->second, span.begin);
  }
  if (starts.size() < 2) return {};
  std::string row(width, ' ');
  size_t free_from = 0;
  for (const auto& [phase, begin] : starts) {
    const std::string mark = "|" + phase_name(schedule, phase);
    const auto column = static_cast<size_t>(begin * scale);
    if (column < free_from || column + mark.size() > width) continue;
    row.replace(column, mark.size(), mark);
    free_from = column + mark.size() + 1;
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

}  // namespace

Timeline predict_timeline(const Schedule& schedule, const std::vector<uint32_t>& order,
                          const std::vector<double>* durations) {
  Timeline timeline;
  timeline.from_costs = !schedule.costs.empty();
  std::vector<uint32_t> stream_of_op(schedule.ops.size(), 0);
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    for (uint32_t i = 0; i < schedule.streams[stream].op_count; ++i)
      stream_of_op[schedule.streams[stream].first_op + i] = stream;
  std::map<std::pair<uint32_t, uint8_t>, double> queue_free;
  std::vector<double> stream_free(schedule.streams.size(), 0);
  std::vector<std::vector<double>> raised(schedule.tokens.size());  // [n - 1]: when the token counts n
  for (size_t position = 0; position < order.size(); ++position) {
    const uint32_t index = order[position];
    const Op& op = schedule.ops[index];
    const uint32_t stream = stream_of_op[index];
    double& queue = queue_free[{schedule.streams[stream].lane, schedule.streams[stream].engine}];
    TimelineSpan span{index, stream, std::max(queue, stream_free[stream]), 0};
    for (const Wait& wait : op.waits)
      if (wait.token < raised.size() && wait.count > 0 && wait.count <= raised[wait.token].size())
        span.begin = std::max(span.begin, raised[wait.token][wait.count - 1]);
    span.end = span.begin + (durations != nullptr ? (*durations)[position] : duration_of(schedule, op));
    queue = stream_free[stream] = span.end;
    for (const uint32_t signal : op.signals)
      if (signal < raised.size())
        raised[signal].push_back(raised[signal].empty() ? span.end : std::max(span.end, raised[signal].back()));
    timeline.end = std::max(timeline.end, span.end);
    timeline.spans.push_back(span);
  }
  return timeline;
}

std::string timeline_text(const Schedule& schedule, const Timeline& timeline, uint32_t columns) {
  constexpr size_t kTail = 24;  // " 100 % busy, 1,000,000 ops"
  size_t name_width = 0;
  std::vector<double> busy(schedule.streams.size(), 0);
  std::vector<uint64_t> ops(schedule.streams.size(), 0);
  for (const TimelineSpan& span : timeline.spans) {
    busy[span.stream] += span.end - span.begin;
    ++ops[span.stream];
  }
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    if (ops[stream] != 0) name_width = std::max(name_width, stream_name(schedule, stream).size());
  const size_t width = std::max<size_t>(20, columns - std::min<size_t>(columns, name_width + kTail + 6));
  const double scale = timeline.end > 0 ? static_cast<double>(width) / timeline.end : 0;

  std::string text =
      "timeline: 0 to " + number_text(timeline.end) +
      (timeline.from_costs ? " in the unit of the file's cost table" : " operations (the file has no cost table)") +
      "; # busy, + half, . a little\n";
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    if (ops[stream] == 0) continue;
    std::vector<double> shares(width, 0);
    for (const TimelineSpan& span : timeline.spans)
      if (span.stream == stream) add_busy(shares, span.begin, span.end, scale);
    std::string row;
    for (const double share : shares) row += shade(share);
    std::string name = stream_name(schedule, stream);
    name.resize(name_width, ' ');
    const double percent = timeline.end > 0 ? 100 * busy[stream] / timeline.end : 0;
    text += "  " + name + " |" + row + "| " + std::to_string(std::lround(percent)) + " % busy, " +
            counted(ops[stream], "op") + "\n";
  }
  const std::string phases = phase_row(schedule, timeline, width, scale);
  if (!phases.empty()) text += "  " + std::string(name_width, ' ') + "  " + phases + "\n";
  return text;
}

}  // namespace rondo::cli
