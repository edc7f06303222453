// Small problems, written as a reader would: tensors, then operators on them.
#pragma once
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "planner/fusion/problem.h"

namespace rondo::fusion {

inline Operator matmul(uint32_t lhs, uint32_t rhs, uint32_t out, double cost) {
  return {OperatorType::kMatMul, {lhs, rhs}, out, cost};
}
inline Operator pointwise(std::vector<uint32_t> inputs, uint32_t out, double cost) {
  return {OperatorType::kPointwise, std::move(inputs), out, cost};
}

// `tensors`: width, height. Fails the test on a problem that is not one.
inline Problem make_problem(std::vector<Tensor> tensors, std::vector<Operator> operators, int64_t capacity,
                            double bandwidth, int64_t native = 128) {
  Problem problem;
  problem.tensors = std::move(tensors);
  problem.operators = std::move(operators);
  problem.capacity = capacity;
  problem.bandwidth = bandwidth;
  problem.native = native;
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << status.error().to_string();
  return problem;
}

}  // namespace rondo::fusion
