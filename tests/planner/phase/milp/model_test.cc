// The programme itself: what it refuses, how it is written down.
#include "planner/phase/milp/model.h"

#include <gtest/gtest.h>

namespace rondo::milp {
namespace {

Model knapsack() {
  Model model;
  model.name = "knapsack";
  model.add_column({0, 1, -6, true, "first"});
  model.add_column({0, 3, -5, true, "second"});
  model.add_column({-2, 2, 0, false, "slack"});
  model.add_row({-kUnbounded, 7, "weight"}, {{1, 2}, {0, 3}, {1, 1}, {2, 0}});
  model.add_row({0, 4, "both"}, {{0, 1}, {2, -1}});
  model.add_row({1, 1, "equal"}, {{0, 1}, {2, 1}});
  return model;
}

std::string fault(const Model& model) {
  const Status status = check_model(model);
  return status.ok() ? "" : status.error().message;
}

TEST(MilpModel, AddsUpTheEntriesOfOneColumnAndDropsZeros) {
  const Model model = knapsack();
  ASSERT_EQ(model.entries_of(0).size(), 2u);
  EXPECT_EQ(model.entries_of(0)[0].column, 0u);
  EXPECT_EQ(model.entries_of(0)[1].coefficient, 3);
  EXPECT_EQ(fault(model), "");
}

TEST(MilpModel, IsWrittenAsFreeMps) {
  EXPECT_EQ(print_mps(knapsack()), R"(NAME knapsack FREE
ROWS
 N objective
 L weight
 G both
 E equal
COLUMNS
 MARKER0 'MARKER' 'INTORG'
 first objective -6
 first weight 3
 first both 1
 first equal 1
 second objective -5
 second weight 3
 MARKER1 'MARKER' 'INTEND'
 slack both -1
 slack equal 1
RHS
 RHS weight 7
 RHS equal 1
RANGES
 RANGE both 4
BOUNDS
 LO BOUND first 0
 UP BOUND first 1
 LO BOUND second 0
 UP BOUND second 3
 LO BOUND slack -2
 UP BOUND slack 2
ENDATA
)");
}

TEST(MilpModel, RefusesWhatItCannotProveThingsAbout) {
  Model model = knapsack();
  model.columns[1].name = "first";
  EXPECT_EQ(fault(model), "two columns are called first");
  model = knapsack();
  model.columns[0].lower = 2;
  EXPECT_EQ(fault(model), "the bounds of column first cross");
  model = knapsack();
  model.columns[0].upper = kUnbounded;
  EXPECT_EQ(fault(model), "the bounds of column first are beyond 2^31");
  model = knapsack();
  model.entries[0].coefficient = kLargestCoefficient + 1;
  EXPECT_EQ(fault(model), "a coefficient of row weight is zero or beyond 2^20");
  model = knapsack();
  model.entries[0].column = 9;
  EXPECT_EQ(fault(model), "row weight names a column that is not there");
  model = knapsack();
  model.rows[2].name = "a b";
  EXPECT_EQ(fault(model), "'a b' is no name for a row");
  model = knapsack();
  model.begins.pop_back();
  EXPECT_EQ(fault(model), "the rows of the model do not cover its entries");
  EXPECT_EQ(fault(Model()), "");
}

TEST(MilpModel, MeasuresByHowMuchAPointMisses) {
  const Model model = knapsack();
  EXPECT_EQ(violation_at(model, std::vector<double>{1, 1, 0}), 0);
  EXPECT_EQ(objective_at(model, std::vector<double>{1, 1, 0}), -11);
  EXPECT_EQ(violation_at(model, std::vector<double>{1, 3, 0}), 5);        // weight
  EXPECT_EQ(violation_at(model, std::vector<double>{0.5, 0, 0.5}), 0.5);  // integrality
}

}  // namespace
}  // namespace rondo::milp
