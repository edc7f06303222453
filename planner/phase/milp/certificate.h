// A proof, in integers, that no point of a model is better than a bound.
//
// The proof is a binary tree that splits the box of the columns until each leaf is refuted by one
// combination of rows. Checking needs additions, multiplications and comparisons of integers and
// nothing of how the tree was found. Definition of a leaf with multipliers y and scale s > 0, in
// the box l <= x <= u of the leaf:
//
//   sum_i y_i b_i + sum_j min(r_j l_j, r_j u_j) > s (bound - 1),   r_j = s cost_j - sum_i y_i a_ij
//
// where b_i is the lower bound of row i for y_i > 0 and the upper for y_i < 0. It holds that
// s cost x >= left hand side for every x of the box that meets the rows, so cost x > bound - 1, and
// on integer points whose objective is an integer cost x >= bound. The idea of safe dual bounds is
// Neumaier and Shcherbina, "Safe bounds in linear and mixed-integer programming" (2004); trees of
// them are as in VIPR (Cheung, Gleixner and Steffy, "Verifying integer programming results", 2017).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "planner/phase/milp/model.h"
#include "rondo/result.h"

namespace rondo::milp {

struct Certificate {
  struct Multiplier {
    uint32_t row = 0;
    int64_t value = 0;  // |value| <= kLargestMultiplier
  };
  // In preorder. A split is followed by the tree for x[column] <= value, then by the one for
  // x[column] >= value + 1; a leaf has no column.
  struct Node {
    int32_t column = -1;
    int64_t value = 0;
    int64_t scale = 0;  // of a leaf: 1 .. kLargestMultiplier
    std::vector<Multiplier> multipliers;
  };
  static constexpr int64_t kLargestMultiplier = int64_t{1} << 40;

  // What the model stands for, as words without blanks and values without line breaks; carried
  // along, not checked here.
  std::vector<std::pair<std::string, std::string>> about;
  int64_t bound = 0;
  std::vector<Node> nodes;
};

// Ok when the proof holds; else kInvalidArgument and the first node that fails. The sums fit: by
// the limits of a Model and of multipliers a left hand side stays below 2^122, and is summed in
// 128 bits. Precondition: check_model(model).
Status check_certificate(const Model& model, const Certificate& certificate);

// A leaf from multipliers in floating point, rounded to the least scale of 2^20, 2^26, 2^32 that
// proves `bound` in the given box; false when none does.
bool round_to_leaf(const Model& model, const std::vector<double>& multipliers, const std::vector<int64_t>& lower,
                   const std::vector<int64_t>& upper, int64_t bound, Certificate::Node& leaf);

// Text, one node a line, rows and columns by name:
//   rondo-bound 1
//   about graph tvm_universal
//   bound 19
//   split y12_6 0
//   leaf 1048576 width4 52429 width6 471859 ...
// Parsing finds names in the model. Errors: kInvalidArgument with the line.
std::string print_certificate(const Model& model, const Certificate& certificate);
Result<Certificate> parse_certificate(const Model& model, std::string_view text, const std::string& file);
// The lines before the nodes alone: enough to build the model that the others speak of.
Result<Certificate> parse_certificate_head(std::string_view text, const std::string& file);

}  // namespace rondo::milp
