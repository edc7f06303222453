#include "tools/timeline.h"
#include <algorithm>
#include <cmath>
#include <map>
#include "tools/describe.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

// A file may say anything: what is no time takes none.
double duration_of(const Schedule& schedule, const Op& op) {
  if (schedule.costs.empty()) return op.kernel == kNoKernel ? 0 : 1;
  const double duration = cost_of(schedule, op);
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
  for (const OpTime& span : timeline.spans) {
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
  EventModel model(schedule);
  timeline.spans.reserve(order.size());
  for (size_t position = 0; position < order.size(); ++position)
    timeline.spans.push_back(model.serve(order[position], durations != nullptr
                                                              ? (*durations)[position]
                                                              : duration_of(schedule, schedule.ops[order[position]])));
  timeline.end = model.end();
  return timeline;
}

std::string timeline_text(const Schedule& schedule, const Timeline& timeline, uint32_t columns) {
  constexpr size_t kTail = 24;  // " 100 % busy, 1,000,000 ops"
  size_t name_width = 0;
  std::vector<double> busy(schedule.streams.size(), 0);
  std::vector<uint64_t> ops(schedule.streams.size(), 0);
  for (const OpTime& span : timeline.spans) {
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
    for (const OpTime& span : timeline.spans)
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
