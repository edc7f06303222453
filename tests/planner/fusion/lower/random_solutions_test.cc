// Random valid solutions of random problems go the whole way: proven faithful, every phase
// moving the bytes that the cost model charges, results within the error bound.
//
//   fusion_lower_test [--problems=400] [--seed=1]
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "planner/fusion/problem.h"
#include "tests/planner/fusion/lower/lowered.h"
#include "tests/planner/fusion/lower/random_solutions.h"

namespace rondo::fusion {

uint64_t problem_count = 400;
uint64_t first_seed = 1;

namespace {

TEST(RandomSolutions, GoTheWholeWay) {
  uint64_t subgraphs = 0;
  for (uint64_t seed = first_seed; seed < first_seed + problem_count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem = random_problem(seed);
    const Solution solution = random_solution(problem, seed);
    subgraphs += solution.subgraphs.size();
    ASSERT_EQ(whole_way(problem, solution, {.seed = seed}), "good")
        << print_problem(problem) << print_solution(problem, solution);
  }
  std::printf("%llu problems, %llu subgraphs\n", static_cast<unsigned long long>(problem_count),
              static_cast<unsigned long long>(subgraphs));
}

// With engines that copy: loads, kernels and stores on streams of their own, second slots
// where there is room, the same bytes.
TEST(RandomSolutions, GoTheWholeWayWithCopiesApart) {
  for (uint64_t seed = first_seed; seed < first_seed + problem_count; seed += 3) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem = random_problem(seed);
    const Solution solution = random_solution(problem, seed);
    Machine machine;
    machine.copy_in_engines = 1;
    machine.copy_out_engines = seed / 2 % 2;
    machine.copy_in_flight = 1 + seed % 3;
    machine.spaces = {{.name = "host", .kind = SpaceKind::kHost, .capacity_bytes = uint64_t{1} << 32},
                      {.name = "scratch",
                       .kind = SpaceKind::kScratch,
                       .capacity_bytes = static_cast<uint64_t>(problem.capacity) * 4}};
    machine.costs = {{.kernel = "copy", .ns_per_byte = 1}, {.kernel = "matmul", .ns_per_flop = 1}};
    ASSERT_EQ(whole_way(problem, solution, {.seed = seed, .machine = &machine}), "good")
        << print_problem(problem) << print_solution(problem, solution);
  }
}

}  // namespace
}  // namespace rondo::fusion

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--problems=", 11) == 0)
      rondo::fusion::problem_count = std::strtoull(argv[i] + 11, nullptr, 10);
    if (std::strncmp(argv[i], "--seed=", 7) == 0) rondo::fusion::first_seed = std::strtoull(argv[i] + 7, nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
