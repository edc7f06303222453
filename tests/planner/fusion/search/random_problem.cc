#include "random_problem.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <utility>
#include "planner/fusion/cost/random.h"

namespace rondo::fusion {

Problem random_problem(uint64_t seed, uint32_t operators) {
  Random random(seed);
  Problem problem;
  problem.native = random.below(2) == 0 ? 8 : 16;
  const int64_t extents[] = {problem.native, problem.native / 2, 2 * problem.native, 5 * problem.native + 3};
  const auto extent = [&] { return extents[random.below(4)]; };
  const auto tensor = [&](int64_t width, int64_t height) {
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  for (int i = 0; i < 3; ++i) {
    const int64_t height = extent();  // one draw after the other: the same problems from every compiler
    tensor(extent(), height);
  }
  for (uint32_t number = 0; number < operators; ++number) {
    Operator op;
    op.base_cost = 1 + random.below(400);
    // Mostly one of the newest tensors, so that the graph gets deep.
    const auto newest = static_cast<uint32_t>(problem.tensors.size());
    const uint32_t from = random.below(3) == 0 ? random.below(newest) : newest - 1 - random.below(std::min(newest, 4u));
    const Tensor shape = problem.tensors[from];
    const auto fitting = [&](auto fits) {  // a tensor that is there, or -1
      for (int tries = 0; tries < 12; ++tries)
        if (const uint32_t other = random.below(newest); fits(problem.tensors[other])) return static_cast<int>(other);
      return -1;
    };
    if (random.below(2) == 0) {
      op.type = OperatorType::kPointwise;
      op.inputs = {from};
      if (random.below(2) == 0)
        if (const int other = fitting([&](const Tensor& t) { return t == shape; }); other >= 0)
          op.inputs.push_back(static_cast<uint32_t>(other));
      op.output = tensor(shape.width, shape.height);
    } else {
      op.type = OperatorType::kMatMul;
      const bool left = random.below(2) == 0;
      int other = random.below(2) == 0 ? -1 : fitting([&](const Tensor& t) {
        return left ? t.height == shape.width : t.width == shape.height;
      });
      if (other < 0) other = static_cast<int>(left ? tensor(extent(), shape.width) : tensor(shape.height, extent()));
      const auto second = static_cast<uint32_t>(other);
      op.inputs = left ? std::vector<uint32_t>{from, second} : std::vector<uint32_t>{second, from};
      op.output = tensor(problem.tensors[op.inputs[1]].width, problem.tensors[op.inputs[0]].height);
    }
    problem.operators.push_back(std::move(op));
  }
  const int64_t granule = problem.native * problem.native;
  problem.capacity = granule + random.below(static_cast<uint32_t>(12 * granule));
  problem.bandwidth = 1 + random.below(20);
  const Status finished = finish_problem(problem);
  EXPECT_TRUE(finished.ok()) << (finished.ok() ? "" : finished.error().to_string());
  return problem;
}

}  // namespace rondo::fusion
