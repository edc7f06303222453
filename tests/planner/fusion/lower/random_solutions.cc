#include "tests/planner/fusion/lower/random_solutions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "planner/fusion/evaluate.h"

namespace rondo::fusion {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed * 7919 + 1) {}
  int64_t between(int64_t low, int64_t high) {  // both included
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int64_t percent) { return between(1, 100) <= percent; }
  template <class List>
  auto& one_of(List& list) {
    return list[static_cast<size_t>(between(0, static_cast<int64_t>(list.size()) - 1))];
  }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

Problem random_problem(uint64_t seed, uint32_t most_operators) {
  Random random(seed);
  Problem problem;
  problem.native = random.between(3, 8);
  // Few extents, so that shapes meet; some within a native tile, as prologues need.
  std::vector<int64_t> extents;
  for (int i = 0; i < 3; ++i) extents.push_back(random.between(1, i == 0 ? problem.native : 3 * problem.native));
  std::vector<uint32_t> made;  // tensors that operators made, and some inputs
  const auto add_tensor = [&](int64_t width, int64_t height) {
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  // A tensor of that shape: one there is, or a new input.
  const auto find = [&](int64_t width, int64_t height) {
    std::vector<uint32_t> fitting;
    for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
      if (problem.tensors[tensor] == Tensor{width, height}) fitting.push_back(tensor);
    return fitting.empty() || random.chance(25) ? add_tensor(width, height) : random.one_of(fitting);
  };
  const auto count = random.between(1, most_operators);
  for (int64_t i = 0; i < count; ++i) {
    Operator op;
    op.base_cost = static_cast<double>(random.between(0, 2000));
    // Mostly on what the last operators made, so that the graph hangs together.
    const uint32_t from =
        made.empty() || random.chance(20)
            ? find(random.one_of(extents), random.one_of(extents))
            : made[made.size() - 1 -
                   static_cast<size_t>(random.between(0, std::min<int64_t>(2, static_cast<int64_t>(made.size()) - 1)))];
    const Tensor shape = problem.tensors[from];
    if (random.chance(50)) {
      op.type = OperatorType::kMatMul;
      const int64_t other = random.one_of(extents);
      if (random.chance(70)) {
        op.inputs = {from, find(other, shape.width)};
        op.output = add_tensor(other, shape.height);
      } else {
        op.inputs = {find(shape.height, other), from};
        op.output = add_tensor(shape.width, other);
      }
    } else {
      op.inputs = {from};
      for (int64_t more = random.between(0, 2); more > 0; --more) op.inputs.push_back(find(shape.width, shape.height));
      op.output = add_tensor(shape.width, shape.height);
    }
    made.push_back(op.output);
    problem.operators.push_back(op);
  }
  problem.bandwidth = static_cast<double>(random.between(1, 20));
  problem.capacity = int64_t{1} << 40;
  EXPECT_TRUE(finish_problem(problem).ok());
  int64_t least = 0, all = 0;
  for (uint32_t op = 0; op < problem.operators.size(); ++op) least = std::max(least, least_working_set(problem, op));
  for (const Tensor& tensor : problem.tensors) all += tensor.size();
  problem.capacity = random.chance(50) ? all + 64 : least + random.between(0, 2 * problem.native * problem.native);
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << status.error().to_string();
  return problem;
}

namespace {

class SolutionMaker {
 public:
  SolutionMaker(const Problem& problem, uint64_t seed) : problem_(problem), random_(seed + 1000003) {
    for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
      if (problem.is_input(tensor)) slow_.insert(tensor);
  }

  Solution run() {
    for (uint32_t op = 0; op < problem_.operators.size(); ++op) {
      // Sometimes an operator that is done already is done again.
      while (covered_.count(op) == 0 || random_.chance(8)) add(op);
    }
    for (uint32_t tensor = 0; tensor < problem_.tensors.size(); ++tensor)
      while (problem_.is_output(tensor) && slow_.count(tensor) == 0)
        add(static_cast<uint32_t>(problem_.producer[tensor]));
    const Result<Evaluation> evaluation = evaluate(problem_, solution_);
    EXPECT_TRUE(evaluation.ok()) << evaluation.error().to_string();
    return solution_;
  }

 private:
  void need(uint32_t op, std::set<uint32_t>& group) const {
    if (!group.insert(op).second) return;
    for (uint32_t input : problem_.operators[op].inputs)
      if (slow_.count(input) == 0 && entering_.count(input) == 0)
        need(static_cast<uint32_t>(problem_.producer[input]), group);
  }

  void add(uint32_t op) {
    for (int attempt = 0; attempt < 60; ++attempt) {
      std::set<uint32_t> group;
      need(op, group);
      for (int64_t more = attempt < 40 ? random_.between(0, 4) : 0; more > 0; --more) {
        std::vector<uint32_t> members(group.begin(), group.end());
        const Operator& member = problem_.operators[random_.one_of(members)];
        std::vector<uint32_t> tensors = member.inputs;
        tensors.push_back(member.output);
        const std::vector<uint32_t>& readers = problem_.consumers[random_.one_of(tensors)];
        if (!readers.empty()) need(random_.one_of(readers), group);
      }
      if (try_group(group, attempt)) return;
    }
    store(op);
  }

  // Alone, in tiles of one element, from slow memory: always possible.
  void store(uint32_t op) {
    for (uint32_t input : problem_.operators[op].inputs)
      if (slow_.count(input) == 0) store(static_cast<uint32_t>(problem_.producer[input]));
    Subgraph subgraph;
    subgraph.operators = {op};
    ASSERT_TRUE(accept(subgraph)) << "operator " << op;
  }

  bool try_group(const std::set<uint32_t>& group, int attempt) {
    Subgraph subgraph;
    subgraph.operators.assign(group.begin(), group.end());  // operators are made in topological order
    int64_t deepest = problem_.native;
    for (uint32_t op : group)
      if (problem_.is_matmul(op)) deepest = std::min(deepest, problem_.depth(op));
    const int64_t native = problem_.native;
    subgraph.w = random_.chance(40) ? native : random_.between(1, native);
    subgraph.h = random_.chance(40) ? native : random_.between(1, native);
    subgraph.k = random_.chance(40) ? deepest : random_.between(1, deepest);
    if (attempt % 3 == 2) subgraph.w = subgraph.h = subgraph.k = std::min(subgraph.k, std::min(subgraph.w, subgraph.h));
    for (uint32_t op : group)
      if (random_.chance(30)) subgraph.retained.push_back(problem_.operators[op].output);
    std::set<uint32_t> read;
    for (uint32_t op : group) read.insert(problem_.operators[op].inputs.begin(), problem_.operators[op].inputs.end());
    for (uint32_t op : group) {
      const Tensor& grid = problem_.tensors[problem_.operators[op].output];
      if (read.count(problem_.operators[op].output) != 0) continue;
      const int64_t columns = (grid.width + subgraph.w - 1) / subgraph.w,
                    rows = (grid.height + subgraph.h - 1) / subgraph.h;
      if (random_.chance(50)) {
        subgraph.order.resize(static_cast<size_t>(columns * rows));
        std::iota(subgraph.order.begin(), subgraph.order.end(), 0u);
        if (random_.chance(50))
          std::shuffle(subgraph.order.begin(), subgraph.order.end(), random_.engine());
        else  // a snake along rows
          for (int64_t row = 1; row < rows; row += 2)
            std::reverse(subgraph.order.begin() + row * columns, subgraph.order.begin() + (row + 1) * columns);
      }
      break;
    }
    return accept(subgraph);
  }

  bool accept(const Subgraph& subgraph) {
    // What stays must leave room for whatever comes next.
    int64_t left = 0, least = 0;
    for (uint32_t tensor : subgraph.retained) left += problem_.tensors[tensor].size();
    for (uint32_t op = 0; op < problem_.operators.size(); ++op)
      least = std::max(least, least_working_set(problem_, op));
    if (left != 0 && left + least > problem_.capacity) return false;
    solution_.subgraphs.push_back(subgraph);
    const Result<Evaluation> evaluation = evaluate(problem_, solution_);
    if (!evaluation.ok() && !evaluation.error().message.starts_with("C")) {
      solution_.subgraphs.pop_back();
      return false;
    }
    std::set<uint32_t> read;
    for (uint32_t op : subgraph.operators)
      read.insert(problem_.operators[op].inputs.begin(), problem_.operators[op].inputs.end());
    entering_.clear();
    entering_.insert(subgraph.retained.begin(), subgraph.retained.end());
    for (uint32_t op : subgraph.operators) {
      covered_.insert(op);
      const uint32_t output = problem_.operators[op].output;
      if (read.count(output) == 0 && entering_.count(output) == 0) slow_.insert(output);
    }
    return true;
  }

  const Problem& problem_;
  Random random_;
  Solution solution_;
  std::set<uint32_t> covered_, slow_, entering_;
};

}  // namespace

Solution random_solution(const Problem& problem, uint64_t seed) { return SolutionMaker(problem, seed).run(); }

}  // namespace rondo::fusion
