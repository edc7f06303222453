// Where the time of recorded replays went, per kernel and phase.
//
// One row for all ops of one kernel in one phase. Times are sums over these ops in
// one replay, and their distribution is over replays. Flops and bytes are exact: the
// contracts' formulas at the extents of each op. What is not known is empty in the
// CSV and absent here, never 0.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "rondo/trace.h"

namespace rondo::runtime {

struct RooflineRow {
  std::string phase;   // "" without phases
  std::string op;      // name of the contract, or "sync"
  std::string kernel;  // what ran: "matmul_f32_avx512"; "" for sync
  std::string stream;  // "" where ops of several streams share the row
  std::string shape;   // "" where the ops differ
  std::optional<DType> dtype;
  uint64_t calls = 0;  // ops in one replay
  double min_ns = 0, median_ns = 0, mean_ns = 0, p95_ns = 0;
  std::optional<uint64_t> flops;
  std::optional<uint64_t> bytes;  // of operands, at whatever level of memory they lie

  // Over the median time; absent where time or work is 0 or not known.
  std::optional<double> gflops() const;
  std::optional<double> gbytes_per_s() const;
  std::optional<double> intensity() const;  // flops a byte
};

// By median time, longest first. Only complete replays count; none: no rows.
Result<std::vector<RooflineRow>> roofline_of(const Program& program, const TraceBuffer& trace);

struct RooflineLabels {
  std::string run_id, schedule, schedule_hash;
};
// One header line, then a line per row: the columns of docs/observation.md.
std::string roofline_csv(const std::vector<RooflineRow>& rows, const RooflineLabels& labels);

}  // namespace rondo::runtime
