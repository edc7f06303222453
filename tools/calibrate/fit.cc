#include "tools/calibrate/fit.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace rondo::calibrate {
namespace {

constexpr int kTerms = 4;

// Gaussian elimination with pivoting of `size` equations; false if they are singular.
bool solve(double (&rows)[kTerms][kTerms + 1], int size, double (&result)[kTerms]) {
  for (int column = 0; column < size; ++column) {
    int pivot = column;
    for (int row = column + 1; row < size; ++row)
      if (std::fabs(rows[row][column]) > std::fabs(rows[pivot][column])) pivot = row;
    // The columns have been scaled to length 1: below this they say the same.
    if (std::fabs(rows[pivot][column]) < 1e-9) return false;
    std::swap(rows[pivot], rows[column]);
    for (int row = 0; row < size; ++row) {
      if (row == column) continue;
      const double factor = rows[row][column] / rows[column][column];
      for (int i = column; i <= size; ++i) rows[row][i] -= factor * rows[column][i];
    }
  }
  for (int row = 0; row < size; ++row) result[row] = rows[row][size] / rows[row][row];
  return true;
}

}  // namespace

double cost_ns(const KernelCost& cost, double flops, double bytes, double rows) {
  return cost.fixed_ns + cost.ns_per_flop * flops + cost.ns_per_byte * bytes + cost.ns_per_row * rows;
}

KernelCost fit_cost(const std::vector<TimedOp>& ops) {
  // Divided by the measured time, every right side is 1 and differences are relative.
  const auto term = [](const TimedOp& op, int index) {
    return (index == 0 ? 1.0 : index == 1 ? op.flops : index == 2 ? op.bytes : op.rows) / op.ns;
  };
  double length[kTerms] = {};
  for (int index = 0; index < kTerms; ++index) {
    for (const TimedOp& op : ops) length[index] += term(op, index) * term(op, index);
    length[index] = std::sqrt(length[index]);
  }
  KernelCost best;
  double least = INFINITY;
  // By number of terms, so that of equal fits the shortest formula stays.
  for (const unsigned set : {1u, 2u, 4u, 8u, 3u, 5u, 6u, 9u, 10u, 12u, 7u, 11u, 13u, 14u, 15u}) {
    int terms[kTerms] = {}, size = 0;
    for (int index = 0; index < kTerms; ++index)
      if ((set >> index & 1) != 0 && length[index] > 0) terms[size++] = index;
    if (size != std::popcount(set)) continue;
    double rows[kTerms][kTerms + 1] = {}, solution[kTerms] = {};
    for (int row = 0; row < size; ++row)
      for (const TimedOp& op : ops) {
        const double left = term(op, terms[row]) / length[terms[row]];
        for (int column = 0; column < size; ++column)
          rows[row][column] += left * term(op, terms[column]) / length[terms[column]];
        rows[row][size] += left;
      }
    if (!solve(rows, size, solution)) continue;
    double value[kTerms] = {};
    bool positive = true;
    for (int i = 0; i < size; ++i) {
      value[terms[i]] = solution[i] / length[terms[i]];
      positive &= value[terms[i]] >= 0 && std::isfinite(value[terms[i]]);
    }
    if (!positive) continue;
    KernelCost cost;
    cost.fixed_ns = value[0], cost.ns_per_flop = value[1], cost.ns_per_byte = value[2], cost.ns_per_row = value[3];
    double squares = 0;
    for (const TimedOp& op : ops) {
      const double difference = cost_ns(cost, op.flops, op.bytes, op.rows) / op.ns - 1;
      squares += difference * difference;
    }
    if (squares < least - 1e-9 * static_cast<double>(ops.size())) least = squares, best = cost;
  }
  best.shapes = static_cast<uint32_t>(ops.size());
  best.low = INFINITY;
  double squares = 0;
  for (const TimedOp& op : ops) {
    const double predicted = cost_ns(best, op.flops, op.bytes, op.rows);
    const double ratio = predicted > 0 ? op.ns / predicted : 0;
    best.low = std::min(best.low, ratio);
    best.high = std::max(best.high, ratio);
    squares += (ratio - 1) * (ratio - 1);
  }
  best.residual = std::sqrt(squares / static_cast<double>(ops.size()));
  return best;
}

}  // namespace rondo::calibrate
