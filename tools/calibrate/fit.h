// From measured times to a cost formula.
#pragma once
#include <vector>
#include "rondo/machine.h"

namespace rondo::calibrate {

// One operation: its work by the contract's formulas and what it took.
struct TimedOp {
  double flops = 0, bytes = 0, ns = 0;
  double rows = 0;  // 0 throughout: no term for them
};

// The formula of KernelCost, no coefficient below zero, with the least sum of squared
// relative differences. Among formulas that fit equally (to 1 part in 10^9) the one
// with fewer terms. `kernel` is left empty. Precondition: ops is not empty, ns > 0.
//
// Method: non-negative least squares over four variables by trying all fifteen sets of
// terms; the normal equations of each are solved exactly.
KernelCost fit_cost(const std::vector<TimedOp>& ops);

// What the formula says of an operation, in ns.
double cost_ns(const KernelCost& cost, double flops, double bytes, double rows = 0);

}  // namespace rondo::calibrate
