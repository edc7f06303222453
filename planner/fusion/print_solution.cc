#include <charconv>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {
namespace {

void append_latency(std::string& text, double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end.ptr);
}

void append_ids(std::string& text, const std::vector<uint32_t>& ids) {
  text += "[";
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(ids[i]);
  }
  text += "]";
}

template <class List, class Print>
void append_rows(std::string& text, const char* key, const List& list, Print print) {
  if (text.size() > 1) text += ",";
  text += "\n  \"" + std::string(key) + "\": [";
  const char* separator = "\n    ";
  for (const auto& item : list) {
    text += separator;
    separator = ",\n    ";
    print(item);
  }
  text += list.empty() ? "]" : "\n  ]";
}

}  // namespace

std::string print_solution(const Problem& problem, const Solution& solution) {
  const std::vector<Subgraph>& subgraphs = solution.subgraphs;
  std::string text = "{";
  append_rows(text, "subgraphs", subgraphs, [&](const Subgraph& s) { append_ids(text, s.operators); });
  append_rows(text, "granularities", subgraphs, [&](const Subgraph& s) {
    text += "[" + std::to_string(s.w) + ", " + std::to_string(s.h) + ", " + std::to_string(s.k) + "]";
  });
  append_rows(text, "tensors_to_retain", subgraphs, [&](const Subgraph& s) { append_ids(text, s.retained); });
  append_rows(text, "traversal_orders", subgraphs, [&](const Subgraph& s) {
    if (s.order.empty())
      text += "null";
    else
      append_ids(text, s.order);
  });
  const Result<Evaluation> evaluation = evaluate(problem, solution);
  if (evaluation.ok())
    append_rows(text, "subgraph_latencies", evaluation->subgraphs,
                [&](const SubgraphCost& cost) { append_latency(text, cost.latency); });
  return text + "\n}\n";
}

}  // namespace rondo::fusion
