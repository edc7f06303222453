#include "tools/contest_report.h"

#include <cmath>
#include <cstdio>

#include "planner/fusion/explain.h"
#include "tools/table.h"

namespace rondo::cli {

using fusion::SubgraphCost;

std::string latency_text(double latency) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", latency);
  std::string digits = text;
  for (size_t at = digits.find('.'); at > 3; at -= 3)
    if (digits[at - 4] != '-') digits.insert(at - 3, ",");
  return digits;
}

std::string percent_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

std::string list_text(const std::vector<uint32_t>& numbers) {
  std::string text;
  for (size_t at = 0; at < numbers.size();) {
    size_t end = at + 1;  // runs as 3-7
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    text += (text.empty() ? "" : " ") + std::to_string(numbers[at]);
    if (end - at > 2)
      text += "-" + std::to_string(numbers[end - 1]);
    else if (end - at == 2)
      text += " " + std::to_string(numbers[end - 1]);
    at = end;
  }
  return text;
}

std::string granularity_text(const fusion::Subgraph& subgraph) {
  return "[" + std::to_string(subgraph.w) + "," + std::to_string(subgraph.h) + "," + std::to_string(subgraph.k) + "]";
}

double gap_of(double bound, double latency) { return latency > 0 ? 1 - bound / latency : 0; }

std::string subgraph_table(const fusion::Problem& problem, const fusion::Solution& solution,
                           const fusion::Evaluation& evaluation) {
  using enum Table::Align;
  Table table({"", "operators", "[w,h,k]", "order", "tiles", "k-steps", "working set", "compute", "memory", "latency",
               "bound by", "retains"},
              {kRight, kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kLeft, kLeft});
  std::vector<uint32_t> resident;
  for (size_t at = 0; at < solution.subgraphs.size(); ++at) {
    const fusion::Subgraph& subgraph = solution.subgraphs[at];
    const SubgraphCost& cost = evaluation.subgraphs[at];
    const char* order = "raster";
    if (!subgraph.order.empty()) order = order_name(subgraph, judge_subgraph(problem, subgraph, resident).geometry);
    resident = subgraph.retained;
    table.add({std::to_string(at), list_text(subgraph.operators), granularity_text(subgraph), order,
               with_commas(static_cast<uint64_t>(cost.tiles)), with_commas(static_cast<uint64_t>(cost.k_steps)),
               percent_text(static_cast<double>(cost.working_set) / static_cast<double>(problem.capacity)),
               latency_text(cost.compute), latency_text(cost.memory), latency_text(cost.latency),
               cost.compute >= cost.memory ? "compute" : "memory", list_text(subgraph.retained)});
  }
  return table.text();
}

std::string granularity_reasons(const fusion::Problem& problem, const fusion::Solution& solution,
                                const fusion::EvaluateOptions& options) {
  std::string text;
  std::vector<uint32_t> resident;
  for (size_t at = 0; at < solution.subgraphs.size(); ++at) {
    const fusion::Subgraph& subgraph = solution.subgraphs[at];
    const fusion::SubgraphVerdict verdict = judge_subgraph(problem, subgraph, resident, options);
    const fusion::WorkingSet set = working_set(problem, verdict.geometry);
    text += "subgraph " + std::to_string(at) + ": " + granularity_text(subgraph) + " on outputs of " +
            std::to_string(verdict.geometry.grid_width) + " x " + std::to_string(verdict.geometry.grid_height);
    if (verdict.geometry.depth > 1) text += ", K = " + std::to_string(verdict.geometry.depth);
    text += "\n  fast memory " + with_commas(static_cast<uint64_t>(set.total())) + " of " +
            with_commas(static_cast<uint64_t>(problem.capacity)) + ":";
    const auto add = [&](const char* what, int64_t elements) {
      if (elements != 0) text += std::string(" ") + what + " " + with_commas(static_cast<uint64_t>(elements));
    };
    add("inputs", set.buffers);
    add("outputs", set.outputs);
    add("sums", set.accumulators);
    add("kept from before", set.resident);
    add("kept for the next", set.retained);
    text += "\n  loads " + with_commas(static_cast<uint64_t>(verdict.cost.loaded)) + ", evicts " +
            with_commas(static_cast<uint64_t>(verdict.cost.evicted)) + "\n";
    for (const fusion::Alternative& other : alternatives(problem, subgraph, resident, options)) {
      text += std::string("  ") + other.axis + " = " + std::to_string(other.value) + ": ";
      if (other.violation) {
        text += std::string(name_of(other.violation->rule)) + ", " + other.violation->message;
      } else {
        const double change = verdict.cost.latency > 0 ? other.latency / verdict.cost.latency - 1 : 0;
        text += latency_text(other.latency);
        if (std::abs(change) < 5e-5)
          text += " (the same)";
        else
          text += (change < 0 ? " (" : " (+") + percent_text(change) + ")";
      }
      text += "\n";
    }
    resident = subgraph.retained;
  }
  return text;
}

}  // namespace rondo::cli
