// Any bytes as a problem, a line "---" and a solution: refused or read, judged and bounded,
// and what is read is printed as it is read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/explain.h"

using namespace rondo::fusion;

namespace {

void expect(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kBetween = "\n---\n";
  const size_t between = std::min(text.find(kBetween), size);
  const rondo::Result<Problem> problem = parse_problem(text.substr(0, between), "fuzz");
  const std::string_view rest = text.substr(std::min(size, between + kBetween.size()));
  const rondo::Result<Solution> solution = parse_solution(rest, "fuzz");
  if (!problem.ok()) return 0;
  const std::string printed = print_problem(*problem);
  const rondo::Result<Problem> again = parse_problem(printed, "printed");
  expect(again.ok() && again->tensors == problem->tensors && again->operators == problem->operators);
  const double least = lower_bounds(*problem).best();
  if (!solution.ok()) return 0;
  const rondo::Result<Evaluation> evaluation = evaluate(*problem, *solution);
  const rondo::Result<Solution> read_back = parse_solution(print_solution(*problem, *solution), "printed");
  expect(read_back.ok() && read_back->subgraphs == solution->subgraphs);
  if (!evaluation.ok()) return 0;
  expect(least <= evaluation->latency * (1 + 1e-9));
  std::vector<uint32_t> resident;
  for (const Subgraph& subgraph : solution->subgraphs) {
    const SubgraphVerdict verdict = judge_subgraph(*problem, subgraph, resident);
    expect(!verdict.violation && first_steps(*problem, subgraph, verdict.geometry, 10).size() <= 10);
    if (verdict.geometry.tiles() < 1000) (void)alternatives(*problem, subgraph, resident);
    resident = subgraph.retained;
  }
  return 0;
}
