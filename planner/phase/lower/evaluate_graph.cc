#include "planner/phase/lower/evaluate_graph.h"

namespace rondo::phase {

double GraphEvaluation::sum(const Expression& expression) const {
  double total = 0;
  for (const Term& term : expression) total += term.coefficient * values_[term.dim];
  return total;
}

void GraphEvaluation::look_up(uint32_t index) {
  const Op& op = graph_->ops[index];
  Row& now = history_[index].emplace_back();
  const double query[2] = {sum(op.expressions[0]), sum(op.expressions[1])};
  for (uint32_t i = 0; i < 2; ++i) now.key[i] = sum(op.expressions[2 + i]);
  for (size_t i = 0; i < op.outputs.size(); ++i) now.values.push_back(sum(op.expressions[4 + i]));

  const bool mean = op.tie_break == TieBreak::kAverage;
  std::vector<double> found(op.outputs.size(), 0.0);
  double best = 0, equals = 0;
  for (const Row& row : history_[index]) {
    const double score = query[0] * row.key[0] + query[1] * row.key[1];
    if (equals == 0 ? score != score : !(score >= best)) continue;
    const bool joins = mean && equals != 0 && score == best;
    equals = joins ? equals + 1 : 1;
    best = score;
    for (size_t i = 0; i < found.size(); ++i) found[i] = (joins ? found[i] : 0.0) + row.values[i];
  }
  for (size_t i = 0; i < found.size(); ++i) values_[op.outputs[i]] = equals > 1 ? found[i] / equals : found[i];
}

void GraphEvaluation::step(std::span<const double> inputs) {
  size_t next = 0;
  for (size_t dim = 0; dim < values_.size(); ++dim)
    if (graph_->dims[dim].op == Dim::kInput) values_[dim] = inputs[next++];
  for (uint32_t index : graph_->order) {
    const Op& op = graph_->ops[index];
    if (op.type == OpType::kLookup) {
      look_up(index);
    } else if (op.type == OpType::kPersist) {
      values_[op.outputs[0]] = sum(op.expressions[0]);
    } else {
      const double gate = sum(op.expressions[1]);
      values_[op.outputs[0]] = sum(op.expressions[0]) * (gate < 0 ? 0.0 : gate);
    }
  }
}

}  // namespace rondo::phase
