// Every solver of this build against enumeration, and how a search ends early.
#include <gtest/gtest.h>

#include <random>

#include "planner/phase/milp/dual_simplex.h"
#include "planner/phase/milp/solver.h"

namespace rondo::milp {
namespace {

Model random_model(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  Model model;
  const int64_t columns = pick(1, 7), rows = pick(0, 7);
  for (int64_t j = 0; j < columns; ++j) {
    const int64_t lower = pick(-2, 1);
    model.add_column({lower, lower + pick(0, 3), pick(-9, 9), true, "c" + std::to_string(j)});
  }
  for (int64_t i = 0; i < rows; ++i) {
    std::vector<Entry> terms;
    for (int k = 0; k < 3; ++k) terms.push_back({static_cast<uint32_t>(pick(0, columns - 1)), pick(-4, 4)});
    Row row{.name = "r" + std::to_string(i)};
    const int64_t kind = pick(0, 3), side = pick(-6, 6);
    if (kind != 0) row.lower = side;
    if (kind != 1) row.upper = side + (kind == 3 ? 0 : pick(0, 4));
    model.add_row(row, terms);
  }
  return model;
}

// The least objective over all integer points, by trying each.
std::optional<int64_t> enumerate(const Model& model) {
  std::vector<double> point;
  for (const Column& column : model.columns) point.push_back(static_cast<double>(column.lower));
  std::optional<int64_t> best;
  for (;;) {
    if (violation_at(model, point) == 0) {
      const auto objective = static_cast<int64_t>(objective_at(model, point));
      if (!best.has_value() || objective < *best) best = objective;
    }
    size_t j = 0;
    while (j < point.size() && point[j] == static_cast<double>(model.columns[j].upper)) {
      point[j] = static_cast<double>(model.columns[j].lower);
      ++j;
    }
    if (j == point.size()) return best;
    point[j] += 1;
  }
}

class EverySolver : public ::testing::TestWithParam<SolverKind> {
 protected:
  void SetUp() override {
    if (!is_available(GetParam())) GTEST_SKIP() << "this build has no " << name_of(GetParam());
  }
};

TEST_P(EverySolver, FindsTheOptimumThatEnumerationFinds) {
  int infeasible = 0;
  const uint64_t models = GetParam() == SolverKind::kOwn ? 400 : 60;
  for (uint64_t seed = 0; seed < models; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Model model = random_model(seed);
    const std::optional<int64_t> best = enumerate(model);
    const Result<SolveResult> result = solve(model, GetParam(), {.time_limit_s = 20});
    ASSERT_TRUE(result.ok()) << result.error().to_string();
    if (!best.has_value()) {
      ++infeasible;
      EXPECT_EQ(result->status, SolveStatus::kInfeasible);
      continue;
    }
    ASSERT_EQ(result->status, SolveStatus::kOptimal);
    EXPECT_EQ(result->objective, static_cast<double>(*best));
    EXPECT_LE(result->bound, static_cast<double>(*best) + 1e-6);
    EXPECT_GT(result->bound, static_cast<double>(*best) - 1);
    if (GetParam() != SolverKind::kOwn) continue;
    ASSERT_TRUE(result->certificate.has_value());
    EXPECT_EQ(result->certificate->bound, *best);
    EXPECT_TRUE(check_certificate(model, *result->certificate).ok());
    Certificate greedy = *result->certificate;
    ++greedy.bound;
    EXPECT_FALSE(check_certificate(model, greedy).ok());
  }
  EXPECT_GT(infeasible, 3);
}

TEST_P(EverySolver, PrintsNothing) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const Model model = random_model(seed);
    const Result<SolveResult> first = solve(model, GetParam(), {.time_limit_s = 20});
    if (first.ok() && !first->point.empty()) {
      (void)solve(model, GetParam(), {.time_limit_s = 20, .start = first->point});
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_P(EverySolver, SolvesAProgrammeWithoutColumnsOrRows) {
  const Result<SolveResult> empty = solve(Model(), GetParam(), {.time_limit_s = 5});
  ASSERT_TRUE(empty.ok());
  EXPECT_NE(empty->status, SolveStatus::kInfeasible);
  Model free;
  free.add_column({-3, 4, 2, true, "x"});
  const Result<SolveResult> result = solve(free, GetParam(), {.time_limit_s = 5});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, SolveStatus::kOptimal);
  EXPECT_EQ(result->objective, -6);
}

INSTANTIATE_TEST_SUITE_P(Solvers, EverySolver,
                         ::testing::Values(SolverKind::kOwn, SolverKind::kCbc, SolverKind::kHighs),
                         [](const auto& it) { return std::string(name_of(it.param)); });

// Market split (Cornuejols and Dawande): tiny, and far beyond any search in the time given.
Model hard() {
  Model model;
  std::mt19937_64 random(1);
  for (int j = 0; j < 40; ++j) model.add_column({0, 1, 0, true, "x" + std::to_string(j)});
  for (int i = 0; i < 5; ++i) {
    std::vector<Entry> terms;
    int64_t sum = 0;
    for (uint32_t j = 0; j < 40; ++j) {
      terms.push_back({j, static_cast<int64_t>(random() % 99 + 1)});
      sum += terms.back().coefficient;
    }
    terms.push_back({model.add_column({0, 10000, 1, true, "over" + std::to_string(i)}), 1});
    terms.push_back({model.add_column({0, 10000, 1, true, "under" + std::to_string(i)}), -1});
    model.add_row({sum / 2, sum / 2, "r" + std::to_string(i)}, terms);
  }
  return model;
}

TEST(OwnSearch, StopsAtItsLimitWithAPointAndACertifiedBound) {
  const Model model = hard();
  std::vector<double> start(model.columns.size(), 0);
  for (uint32_t i = 0; i < 5; ++i) start[40 + 2 * i] = static_cast<double>(model.rows[i].lower);
  int reports = 0;
  const Result<SolveResult> result =
      solve(model, SolverKind::kOwn,
            {.time_limit_s = 1, .node_limit = 100, .start = start, .progress = [&](const Progress&) { ++reports; }});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, SolveStatus::kFeasible);
  EXPECT_LT(result->seconds, 5);
  EXPECT_FALSE(result->point.empty());
  EXPECT_LE(result->bound, result->objective);
  ASSERT_TRUE(result->certificate.has_value());
  EXPECT_EQ(static_cast<double>(result->certificate->bound), result->bound);
  EXPECT_TRUE(check_certificate(model, *result->certificate).ok());
}

TEST(OwnSearch, EndsWhenTheCallerSaysSo) {
  const Result<SolveResult> result = solve(hard(), SolverKind::kOwn, {.cancelled = [] { return true; }});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST(OwnSearch, GivesTheSameTreeEveryTime) {
  const Model model = random_model(7);
  const Result<SolveResult> first = solve(model, SolverKind::kOwn, {}), second = solve(model, SolverKind::kOwn, {});
  ASSERT_TRUE(first.ok() && second.ok() && first->certificate.has_value());
  EXPECT_EQ(print_certificate(model, *first->certificate), print_certificate(model, *second->certificate));
}

TEST(Solvers, RefuseWhatTheyCannotUse) {
  Model model = random_model(1);
  EXPECT_EQ(solve(model, SolverKind::kOwn, {.start = {1}}).error().message.substr(0, 19), "the start has 1 val");
  Model tight;
  tight.add_column({0, 5, 1, true, "x"});
  tight.add_row({3, kUnbounded, "r"}, {{0, 1}});
  EXPECT_EQ(solve(tight, SolverKind::kOwn, {.start = {2}}).error().message,
            "the start does not meet the rows and bounds of the model");
  EXPECT_EQ(solve(tight, SolverKind::kOwn, {.start = {3}})->objective, 3);
  tight.columns[0].integer = false;
  EXPECT_EQ(solve(tight, SolverKind::kOwn, {}).error().message, "column x has a cost and is not integer");
  tight.columns[0].lower = 6;
  EXPECT_EQ(solve(tight, SolverKind::kOwn, {}).error().code, ErrorCode::kInvalidArgument);
  for (const SolverKind kind : {SolverKind::kCbc, SolverKind::kHighs}) {
    if (is_available(kind)) continue;
    EXPECT_EQ(solve(random_model(1), kind, {}).error().code, ErrorCode::kUnavailable);
  }
}

// 200 changes of bounds on one simplex, each against a fresh one.
TEST(DualSimplex, GoesOnFromItsLastBasisToTheSameBound) {
  std::mt19937_64 random(3);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Model model = random_model(1000 + seed);
    DualSimplex warm(model);
    std::vector<std::pair<double, double>> box;
    for (const Column& column : model.columns) box.emplace_back(column.lower, column.upper);
    for (int change = 0; change < 10; ++change) {
      const auto j = static_cast<uint32_t>(random() % model.columns.size());
      const auto lower = static_cast<double>(model.columns[j].lower),
                 upper = static_cast<double>(model.columns[j].upper);
      box[j] = random() % 3 == 0   ? std::pair{lower, upper}
               : random() % 2 == 0 ? std::pair{lower, lower}
                                   : std::pair{upper, upper};
      warm.set_bounds(j, box[j].first, box[j].second);
      DualSimplex fresh(model);
      for (uint32_t k = 0; k < box.size(); ++k) fresh.set_bounds(k, box[k].first, box[k].second);
      const DualSimplex::Limits limits{.cutoff = 1000};
      const DualSimplex::Outcome outcome = warm.solve(limits);
      ASSERT_EQ(outcome == DualSimplex::Outcome::kOptimal, fresh.solve(limits) == DualSimplex::Outcome::kOptimal);
      if (outcome == DualSimplex::Outcome::kOptimal) {
        EXPECT_NEAR(warm.bound(), fresh.bound(), 1e-2);
      }
    }
  }
}

}  // namespace
}  // namespace rondo::milp
