// Proofs of bounds: which hold, and that a changed one does not.
#include "planner/phase/milp/certificate.h"

#include <gtest/gtest.h>

namespace rondo::milp {
namespace {

// minimise z with 2 z >= x + y and x + y >= 1 over binary x, y: the relaxation says 1/2, so z >= 1.
Model half() {
  Model model;
  model.add_column({0, 5, 1, true, "z"});
  model.add_column({0, 1, 0, true, "x"});
  model.add_column({0, 1, 0, true, "y"});
  model.add_row({0, kUnbounded, "cover"}, {{0, 2}, {1, -1}, {2, -1}});
  model.add_row({1, kUnbounded, "one"}, {{1, 1}, {2, 1}});
  return model;
}

constexpr const char* kLeaf = "rondo-bound 1\nbound 1\nleaf 2 cover 1 one 1\n";

std::string fault(const Model& model, const std::string& text) {
  const Result<Certificate> certificate = parse_certificate(model, text, "proof");
  if (!certificate.ok()) return certificate.error().to_string();
  const Status status = check_certificate(model, *certificate);
  return status.ok() ? "" : status.error().message;
}

TEST(MilpCertificate, HoldsWhenItsMultipliersReachTheBound) {
  EXPECT_EQ(fault(half(), kLeaf), "");
  EXPECT_EQ(
      fault(
          half(),
          "rondo-bound 1\nbound 1\nsplit x 0\nleaf 2 cover 1 one 1\nsplit y 0\nleaf 2 cover 1 one 1\nleaf 2 cover 1\n"),
      "");
  EXPECT_EQ(fault(half(), "rondo-bound 1\nbound 0\nleaf 1\n"), "");
}

TEST(MilpCertificate, FailsWhenAnythingIsChanged) {
  const Model model = half();
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 2\nleaf 2 cover 1 one 1\n"),
            "node 0 of the proof: its multipliers do not reach the bound");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 cover 1\n"),
            "node 0 of the proof: its multipliers do not reach the bound");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 cover 1 one -1\n"),
            "node 0 of the proof: a multiplier has the sign of a side that its row does not have");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 0 cover 1 one 1\n"),
            "node 0 of the proof: its scale is not in 1 .. 2^40");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 one 1 cover 1\n"),
            "node 0 of the proof: its rows are not in ascending order");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 cover 1 one 1\nleaf 2 cover 1 one 1\n"),
            "node 1 of the proof: it stands after the end of the tree");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nsplit x 0\nleaf 2 cover 1 one 1\n"),
            "the tree of the proof ends before all its halves are refuted");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nsplit x 1\nleaf 1\nleaf 1\n"),
            "node 0 of the proof: it splits column x at 1, outside its box 0 .. 1");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\n"), "the tree of the proof ends before all its halves are refuted");
  // A leaf that only holds in the other half.
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nsplit x 0\nleaf 2 cover 1\nleaf 2 cover 1 one 1\n"),
            "node 1 of the proof: its multipliers do not reach the bound");
}

TEST(MilpCertificate, IsReadWithTheLineOfWhatIsWrong) {
  const Model model = half();
  EXPECT_EQ(fault(model, "rondo 1\n"), "proof:1: a proof begins with 'rondo-bound 1'");
  EXPECT_EQ(fault(model, "rondo-bound 1\n"), "proof:1: the proof ends before its bound");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound x\n"), "proof:2: 'about WORD VALUE' or 'bound INTEGER' is wanted");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 rows 1\n"), "proof:3: no row is called rows");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nsplit w 0\n"), "proof:3: no column is called w");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\nleaf 2 cover 99999999999999999999\n"),
            "proof:3: '99999999999999999999' is no integer");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 1\ntwig\n"),
            "proof:3: 'split COLUMN VALUE' or 'leaf SCALE [ROW MULTIPLIER]...' is wanted");
  EXPECT_EQ(fault(model, ""), "proof: the proof ends before its bound");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound  1\n"), "proof:2: words are separated by one space");
}

TEST(MilpCertificate, PrintsAsItReads) {
  const Model model = half();
  const std::string text =
      "rondo-bound 1\nbound 1\nsplit x 0\nleaf 2 cover 1 one 1\nsplit y 0\nleaf 2 cover 1 one 1\nleaf 2 cover 1\n";
  EXPECT_EQ(print_certificate(model, *parse_certificate(model, text, "proof")), text);
}

// The sums of the largest numbers a model and a proof may hold do not wrap.
TEST(MilpCertificate, AddsTheLargestNumbersExactly) {
  Model model;
  model.add_column({-kLargestBound, kLargestBound, kLargestCoefficient, true, "x"});
  model.add_row({kLargestBound, kUnbounded, "r"}, {{0, kLargestCoefficient}});
  const std::string leaf = "leaf " + std::to_string(Certificate::kLargestMultiplier) + " r " +
                           std::to_string(Certificate::kLargestMultiplier) + "\n";
  // cost x = 2^20 x >= 2^31 by the row alone, with reduced cost 0.
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 2147483648\n" + leaf), "");
  EXPECT_EQ(fault(model, "rondo-bound 1\nbound 2147483649\n" + leaf), "the bound is beyond 2^31");
}

}  // namespace
}  // namespace rondo::milp
