// What a solution becomes, op by op. Problems are a few tensors of a few elements, written
// as in contest files; a line of a listing is "subgraph: kernel result <- sources".
#include "planner/fusion/lower/lower_solution.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "planner/fusion/graph/contest_graph.h"
#include "tests/planner/fusion/lower/lowered.h"

namespace rondo::fusion {
namespace {

struct Op {
  char type;  // 'm' MatMul, 'p' Pointwise
  std::vector<uint32_t> inputs;
  uint32_t output;
};

// Tensors as {height, width}.
Problem problem_of(const std::vector<std::pair<int64_t, int64_t>>& shapes, const std::vector<Op>& ops,
                   int64_t capacity = 1000, int64_t native = 4) {
  Problem problem;
  for (const auto& [height, width] : shapes) problem.tensors.push_back({width, height});
  for (const Op& op : ops)
    problem.operators.push_back(
        {op.type == 'm' ? OperatorType::kMatMul : OperatorType::kPointwise, op.inputs, op.output, 10});
  problem.capacity = capacity;
  problem.bandwidth = 1;
  problem.native = native;
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().to_string());
  return problem;
}

Result<Schedule> lowered(const Problem& problem, const Solution& solution, const LoweringOptions& options = {}) {
  const Result<Meaning> meaning = contest_meaning(problem);
  if (!meaning.ok()) return meaning.error();
  return lower_solution(problem, solution, *meaning, options);
}

// "t3[0:4, 4:8]", with ".2" behind it for the sum of two steps and "'" where columns follow
// one another in memory.
std::string operand_text(const Schedule& schedule, uint32_t operand) {
  const Value& value = schedule.values[schedule.labels[operand].value];
  const View& view = schedule.views[schedule.operands[operand].view];
  std::string text(schedule.name(schedule.tensors[value.tensor].name));
  for (int axis = 0; axis < 2; ++axis)
    text += (axis == 0 ? "[" : ", ") + std::to_string(value.low[axis]) + ":" +
            std::to_string(value.low[axis] + value.extent[axis]);
  text += "]";
  if (value.version != 0) text += "." + std::to_string(value.version);
  if (view.extent[0] > 1 && view.stride_bytes[0] < view.stride_bytes[1]) text += "'";
  return text;
}

// Kernels only, or copies too.
std::vector<std::string> listing(const Schedule& schedule, bool copies = true) {
  std::vector<std::string> lines;
  for (const rondo::Op& op : schedule.ops) {
    const std::string kernel(schedule.name(schedule.kernels[op.kernel].name));
    if (kernel == "copy" && !copies) continue;
    const uint32_t result = op.first_operand + op.operand_count - 1u;
    const Operand& to = schedule.operands[result];
    std::string line = std::to_string(op.phase) + ": ";
    if (kernel == "copy") {
      const bool in = schedule.is_arena(to.base) && schedule.name(schedule.arenas[to.base].name) == "fast";
      lines.push_back(line + (in ? "in  " : "out ") + operand_text(schedule, result));
      continue;
    }
    line += kernel + " " + operand_text(schedule, result) + " <-";
    for (uint32_t i = op.first_operand; i < result; ++i) line += " " + operand_text(schedule, i);
    lines.push_back(line);
  }
  return lines;
}
using Lines = std::vector<std::string>;

// ---- Sums over k ---------------------------------------------------------------

//  t0 [4, 6] --+
//              MatMul -- t2 [4, 4]
//  t1 [6, 4] --+
Problem one_product() { return problem_of({{4, 6}, {6, 4}, {4, 4}}, {{'m', {0, 1}, 2}}); }

TEST(SplitK, BringsInOneRangeAStepAndSendsTheTileOutAfterTheLast) {
  const Problem problem = one_product();
  const Solution solution = {{{.operators = {0}, .w = 4, .h = 4, .k = 4}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  EXPECT_EQ(listing(*schedule), (Lines{
                                    "0: in  t0[0:4, 0:4]",
                                    "0: in  t1[0:4, 0:4]",
                                    "0: matmul t2[0:4, 0:4].1 <- t0[0:4, 0:4] t1[0:4, 0:4]",
                                    "0: in  t0[0:4, 4:6]",
                                    "0: in  t1[4:6, 0:4]",
                                    "0: matmul t2[0:4, 0:4] <- t0[0:4, 4:6] t1[4:6, 0:4]",
                                    "0: out t2[0:4, 0:4]",
                                }));
  EXPECT_EQ(extent_peak(*schedule, "fast"), 4u * (16 + 16 + 16));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

//  t0, t1 -- MatMul -- t2 -- Pointwise(t2, t3) -- t4, all [4, 4] but K = 6
TEST(SplitK, AppliesAnEpilogueToTheFinishedSumAndBringsItsOtherInputInThen) {
  const Problem problem = problem_of({{4, 6}, {6, 4}, {4, 4}, {4, 4}, {4, 4}}, {{'m', {0, 1}, 2}, {'p', {2, 3}, 4}});
  const Solution solution = {{{.operators = {0, 1}, .w = 4, .h = 4, .k = 3}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  EXPECT_EQ(listing(*schedule), (Lines{
                                    "0: in  t0[0:4, 0:3]",
                                    "0: in  t1[0:3, 0:4]",
                                    "0: matmul t2[0:4, 0:4].1 <- t0[0:4, 0:3] t1[0:3, 0:4]",
                                    "0: in  t0[0:4, 3:6]",
                                    "0: in  t1[3:6, 0:4]",
                                    "0: in  t3[0:4, 0:4]",
                                    "0: matmul t2[0:4, 0:4] <- t0[0:4, 3:6] t1[3:6, 0:4]",
                                    "0: add t4_sum2[0:4, 0:4] <- t2[0:4, 0:4] t3[0:4, 0:4]",
                                    "0: tanh t4[0:4, 0:4] <- t4_sum2[0:4, 0:4]",
                                    "0: out t4[0:4, 0:4]",
                                }));
  // 12 + 12 of the k-ranges, the accumulator, t3 and the tile of the output.
  EXPECT_EQ(extent_peak(*schedule, "fast"), 4u * (12 + 12 + 16 + 16 + 16));
  EXPECT_EQ(extent_peak(*schedule, "granules"), 0u);
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// ---- Reuse -----------------------------------------------------------------------

//  t0 [8, 3] @ t1 [3, 8] = t2 [8, 8]: one k-step, four tiles.
Problem four_tiles() { return problem_of({{8, 3}, {3, 8}, {8, 8}}, {{'m', {0, 1}, 2}}); }

Lines loads_of(const Schedule& schedule) {
  Lines lines;
  for (const std::string& line : listing(schedule))
    if (line.find(": in ") != std::string::npos) lines.push_back(line.substr(7));
  return lines;
}

TEST(Reuse, KeepsRowsAlongARasterAndColumnsToo_WhereASnakeTurns) {
  const Problem problem = four_tiles();
  Solution solution = {{{.operators = {0}, .w = 4, .h = 4, .k = 3}}, {}};
  const Result<Schedule> raster = lowered(problem, solution);
  ASSERT_TRUE(raster.ok());
  EXPECT_EQ(loads_of(*raster),
            (Lines{"t0[0:4, 0:3]", "t1[0:3, 0:4]", "t1[0:3, 4:8]", "t0[4:8, 0:3]", "t1[0:3, 0:4]", "t1[0:3, 4:8]"}));
  solution.subgraphs[0].order = {0, 1, 3, 2};
  const Result<Schedule> snake = lowered(problem, solution);
  ASSERT_TRUE(snake.ok());
  EXPECT_EQ(loads_of(*snake), (Lines{"t0[0:4, 0:3]", "t1[0:3, 0:4]", "t1[0:3, 4:8]", "t0[4:8, 0:3]", "t1[0:3, 0:4]"}));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

TEST(Reuse, ClipsTilesAtTheEdges) {
  const Problem problem = problem_of({{5, 3}, {3, 7}, {5, 7}}, {{'m', {0, 1}, 2}});
  const Solution solution = {{{.operators = {0}, .w = 3, .h = 4, .k = 3}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(listing(*schedule).back(), "0: out t2[4:5, 6:7]");
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// On the diagonal of t0 @ t0 the rows and the columns are one box: both are paid for, and
// the second one lies column after column.
TEST(Reuse, HoldsABoxThatIsReadAsTwoSlicesInTwoForms) {
  const Problem problem =
      problem_of({{8, 8}, {8, 8}, {8, 8}, {8, 8}}, {{'m', {0, 0}, 1}, {'m', {0, 0}, 2}, {'p', {1, 2, 0}, 3}});
  const Solution solution = {{{.operators = {0, 1, 2}, .w = 4, .h = 4, .k = 4}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  const Lines lines = listing(*schedule);
  EXPECT_EQ(Lines(lines.begin(), lines.begin() + 3), (Lines{"0: in  t0[0:4, 0:4]", "0: in  t0[0:4, 0:4]'",
                                                            "0: matmul t1[0:4, 0:4].1 <- t0[0:4, 0:4] t0[0:4, 0:4]'"}));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// ---- What lies between operators -----------------------------------------------------

//  t0 -- Pointwise -- t1 -- Pointwise -- t2, [8, 8]
Problem two_pointwise(int64_t capacity = 1000) {
  return problem_of({{8, 8}, {8, 8}, {8, 8}}, {{'p', {0}, 1}, {'p', {1}, 2}}, capacity);
}

TEST(Ephemerals, TakeNoFastMemory) {
  const Problem problem = two_pointwise();
  const Solution solution = {{{.operators = {0, 1}, .w = 4, .h = 4, .k = 1}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(extent_peak(*schedule, "fast"), 4u * 32);
  EXPECT_EQ(extent_peak(*schedule, "granules"), 4u * 16);
  EXPECT_EQ(whole_way(problem, solution), "good");
}

TEST(Ephemerals, AreMadeAgainInEachSubgraphThatListsTheirOperator) {
  const Problem problem = problem_of({{4, 4}, {4, 4}, {4, 4}, {4, 4}}, {{'p', {0}, 1}, {'p', {1}, 2}, {'p', {1}, 3}});
  const Solution solution = {
      {{.operators = {0, 1}, .w = 4, .h = 4, .k = 1}, {.operators = {0, 2}, .w = 4, .h = 4, .k = 1}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(listing(*schedule, false),
            (Lines{"0: tanh t1[0:4, 0:4] <- t0[0:4, 0:4]", "0: tanh t2[0:4, 0:4] <- t1[0:4, 0:4]",
                   "1: tanh t1[0:4, 0:4] <- t0[0:4, 0:4]", "1: tanh t3[0:4, 0:4] <- t1[0:4, 0:4]"}));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// Two MatMuls in a row: the first one is made strip by strip, as the second one sums it up.
//  t0 [8, 4] @ t1 [4, 8] = t3; t3 @ t2 [8, 8] = t4
TEST(Ephemerals, OfAMatMulAreWholeSumsForEachStepOfTheNext) {
  const Problem problem = problem_of({{8, 4}, {4, 8}, {8, 8}, {8, 8}, {8, 8}}, {{'m', {0, 1}, 3}, {'m', {3, 2}, 4}});
  const Solution solution = {{{.operators = {0, 1}, .w = 4, .h = 4, .k = 4}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  const Lines lines = listing(*schedule, false);
  EXPECT_EQ(Lines(lines.begin(), lines.begin() + 4), (Lines{"0: matmul t3[0:4, 0:4] <- t0[0:4, 0:4] t1[0:4, 0:4]",
                                                            "0: matmul t4[0:4, 0:4].1 <- t3[0:4, 0:4] t2[0:4, 0:4]",
                                                            "0: matmul t3[0:4, 4:8] <- t0[0:4, 0:4] t1[0:4, 4:8]",
                                                            "0: matmul t4[0:4, 0:4] <- t3[0:4, 4:8] t2[4:8, 0:4]"}));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// ---- What stays ------------------------------------------------------------------------

TEST(Retained, TensorsAreReadWhereTheyWereMade) {
  const Problem problem = two_pointwise();
  const Solution solution = {
      {{.operators = {0}, .w = 4, .h = 4, .k = 1, .retained = {1}}, {.operators = {1}, .w = 4, .h = 2, .k = 1}}, {}};
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(traffic_of(*schedule), (std::vector<Traffic>{{256, 0}, {0, 256}}));
  EXPECT_EQ(extent_peak(*schedule, "fast"), 4u * (64 + 16));
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// Just enough: 64 kept, 64 taken over, and one tile in.
TEST(Retained, FillFastMemoryFromBothEnds) {
  const Problem problem = problem_of({{8, 8}, {8, 8}, {8, 8}, {8, 8}, {8, 8}},
                                     {{'p', {0}, 1}, {'p', {1, 0}, 2}, {'p', {2, 0}, 3}, {'p', {3}, 4}}, 64 + 64 + 16);
  Solution solution;
  for (uint32_t op = 0; op < 4; ++op)
    solution.subgraphs.push_back({.operators = {op}, .w = 4, .h = 4, .k = 1, .retained = {}});
  for (uint32_t op = 0; op < 3; ++op) solution.subgraphs[op].retained = {op + 1};
  EXPECT_EQ(whole_way(problem, solution), "good");
  solution.subgraphs[1].w = 4;
  const Result<Schedule> schedule = lowered(problem, solution);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(extent_peak(*schedule, "fast"), 4u * (64 + 64 + 16));
}

TEST(Retained, SumsGrowInTheirPlace) {
  const Problem problem = problem_of({{8, 6}, {6, 8}, {8, 8}, {8, 8}}, {{'m', {0, 1}, 2}, {'p', {2}, 3}});
  const Solution solution = {
      {{.operators = {0, 1}, .w = 4, .h = 4, .k = 3, .retained = {2, 3}}, {.operators = {1}, .w = 4, .h = 4, .k = 1}},
      {}};
  EXPECT_EQ(whole_way(problem, solution), "good");
}

// What is sent out or kept and never read again is the host's to look at.
TEST(Unread, ResultsAreOutputs) {
  const Problem problem = two_pointwise();
  for (const bool keep : {false, true}) {
    Solution solution = {{{.operators = {0}, .w = 4, .h = 4, .k = 1}, {.operators = {0, 1}, .w = 4, .h = 4, .k = 1}},
                         {}};
    if (keep) solution.subgraphs[0].retained = {1};
    const Result<Schedule> schedule = lowered(problem, solution);
    ASSERT_TRUE(schedule.ok());
    ASSERT_EQ(schedule->bindings.size(), 3u);
    EXPECT_EQ(schedule->name(schedule->bindings[1].name), "t1");
    EXPECT_EQ(schedule->bindings[1].role, static_cast<uint8_t>(Role::kOutput));
    EXPECT_EQ(whole_way(problem, solution), "good");
  }
}

// ---- Refused ---------------------------------------------------------------------------

std::string refusal(const Problem& problem, const Solution& solution, const LoweringOptions& options = {}) {
  const Result<Schedule> schedule = lowered(problem, solution, options);
  return schedule.ok() ? "lowered" : schedule.error().message;
}

TEST(Refused, IsASolutionThatBreaksARule) {
  const Problem problem = one_product();
  EXPECT_TRUE(refusal(problem, {{{.operators = {0}, .w = 5, .h = 4, .k = 4}}, {}}).starts_with("R1: subgraph 0"));
  EXPECT_TRUE(refusal(problem, {{{.operators = {0}, .w = 4, .h = 4, .k = 4, .retained = {0}}}, {}})
                  .starts_with("R8: subgraph 0"));
  EXPECT_TRUE(refusal(problem, {{{.operators = {0}, .w = 4, .h = 4, .k = 4, .order = {1}}}, {}})
                  .starts_with("R12: subgraph 0"));
  EXPECT_TRUE(refusal(problem, {}).starts_with("C1: "));
  EXPECT_TRUE(
      refusal(two_pointwise(31), {{{.operators = {0, 1}, .w = 4, .h = 4, .k = 1}}, {}}).starts_with("R9: subgraph 0"));
}

TEST(Refused, IsAScheduleOfTooManyOperations) {
  LoweringOptions options;
  options.max_operations = 6;
  EXPECT_EQ(refusal(one_product(), {{{.operators = {0}, .w = 4, .h = 4, .k = 4}}, {}}, options),
            "subgraph 0 has 1 tiles of 2 steps: with it the schedule has up to 7 operations, the limit is 6 "
            "(which may be 1 to 1073741824)");
  options.max_operations = 0;
  EXPECT_EQ(refusal(one_product(), {{{.operators = {0}, .w = 4, .h = 4, .k = 4}}, {}}, options),
            "a limit of 0 operations; it must be 1 to 1073741824");
  options.max_operations = 7;
  EXPECT_EQ(refusal(one_product(), {{{.operators = {0}, .w = 4, .h = 4, .k = 4}}, {}}, options), "lowered");
}

TEST(Refused, IsATensorThatNoScheduleHolds) {
  Problem problem = problem_of({{1, 1}, {1, 1}}, {{'p', {0}, 1}});
  problem.tensors[0] = problem.tensors[1] = {int64_t{1} << 20, int64_t{1} << 20};
  ASSERT_TRUE(finish_problem(problem).ok());
  EXPECT_EQ(contest_meaning(problem).error().message,
            "tensor 0 is 1048576 x 1048576: a schedule holds tensors of up to 2^38 elements");
}

}  // namespace
}  // namespace rondo::fusion
