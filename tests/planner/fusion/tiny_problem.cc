#include "tests/planner/fusion/tiny_problem.h"
#include "tests/planner/fusion/problems.h"

namespace rondo::fusion {

Problem tiny_problem(std::mt19937_64& random) {
  const auto below = [&](uint64_t limit) { return random() % limit; };
  Problem problem;
  problem.native = 2 + static_cast<int64_t>(below(2));
  problem.bandwidth = static_cast<double>(1 + below(4));
  const uint64_t wanted = 1 + below(3) + below(4) / 3;
  const auto extent = [&] { return static_cast<int64_t>(1 + below(below(3) == 0 ? 7 : 4)); };
  problem.tensors.push_back({extent(), extent()});
  const auto find_or_make = [&](int64_t width, int64_t height) {
    std::vector<uint32_t> fitting;
    for (uint32_t t = 0; t < problem.tensors.size(); ++t)
      if (problem.tensors[t] == Tensor{width, height}) fitting.push_back(t);
    if (!fitting.empty() && below(3) != 0) return fitting[below(fitting.size())];
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  while (problem.operators.size() < wanted) {
    const auto x = static_cast<uint32_t>(below(2) == 0 ? problem.tensors.size() - 1 : below(problem.tensors.size()));
    const Tensor shape = problem.tensors[x];
    const auto cost = static_cast<double>(below(12));
    Operator op;
    switch (below(3)) {
      case 0:
        op = pointwise({x}, 0, cost);
        if (below(2) == 0) op.inputs.push_back(find_or_make(shape.width, shape.height));
        problem.tensors.push_back(shape);
        break;
      case 1: {
        const int64_t columns = extent();
        op = matmul(x, find_or_make(columns, shape.width), 0, cost);
        problem.tensors.push_back({columns, shape.height});
        break;
      }
      default: {
        const int64_t rows = extent();
        op = matmul(find_or_make(shape.height, rows), x, 0, cost);
        problem.tensors.push_back({shape.width, rows});
        break;
      }
    }
    op.output = static_cast<uint32_t>(problem.tensors.size() - 1);
    problem.operators.push_back(op);
  }
  problem.capacity = static_cast<int64_t>(4 + below(below(2) == 0 ? 10 : 40));
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << status.error().to_string();
  return problem;
}

}  // namespace rondo::fusion
