// How long kernels take, by shape: what costs of a machine file are fitted to.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include "kernels/kernel.h"
#include "rondo/contract.h"
#include "rondo/machine.h"
#include "tools/aligned_bytes.h"
#include "tools/calibrate/fit.h"

namespace rondo::calibrate {

// One operation of a kernel, with memory of its own. Every dimension that the contract
// names has an extent; "..." stands for two axes, here "row" and "column".
struct SampledOp {
  std::vector<std::pair<std::string, uint32_t>> extents;
  std::vector<View> views;                // by operand
  std::vector<cli::AlignedBytes> memory;  // by operand; optional operands have none
  std::vector<uint32_t> params;           // four words
  uint32_t flags = 0;
  uint64_t flops = 0, bytes = 0;  // by the contract's formulas
  uint64_t rows = 0;              // rows_walked()
};

struct ShapeLimits {
  uint64_t least_bytes = 512, most_bytes = uint64_t{1} << 20;
  uint64_t most_flops = 20'000'000;
  uint16_t panel_width = 32;  // of packed operands; 0: they are given in rows where that is allowed
};

// Operation `index` of `count`: their bytes grow evenly (on a logarithmic scale) from
// least to most, their extents are spread by a Halton sequence and seldom multiples of
// anything. The same on every machine. Nothing without memory.
std::optional<SampledOp> sample_op(const Contract& contract, uint32_t index, uint32_t count, const ShapeLimits& limits);

// With these extents instead (in the order of SampledOp::extents).
std::optional<SampledOp> make_op(const Contract& contract, const std::vector<uint32_t>& extents,
                                 const ShapeLimits& limits);

// What `kernel` takes for it, the operands lying where the last run left them.
TimedOp time_op(const kernels::KernelEntry& kernel, SampledOp& op, double seconds);

// Costs of one kernel: over all its operations, of three terms, as schedules carry them; and
// for each level of `machine` that has at least four of them, with a term for rows where it has
// at least six. Precondition: ops is not empty.
KernelCost cost_of(const std::string& kernel, const std::vector<TimedOp>& ops);
std::vector<KernelRate> rates_of(const std::string& kernel, const std::vector<TimedOp>& ops, const Machine& machine);

}  // namespace rondo::calibrate
