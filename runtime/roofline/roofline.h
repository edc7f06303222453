// Where the time of recorded replays went, per kernel and phase.
//
// One row for all ops of one kernel in one phase. Times are sums over these ops in
// one replay, and their distribution is over replays. Flops and bytes are exact: the
// contracts' formulas at the extents of each op; where a scalar bounds them, at its
// value in each replay, and the mean over replays. What is not known is empty in the
// CSV and absent here, never 0.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "rondo/trace.h"
#include "runtime/roofline/roofs.h"

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
  // Bytes served by each level of Roofs::memory or one behind it, by the model of
  // traffic.h; empty where it is not known.
  std::vector<uint64_t> level_bytes;

  // Against the roofs; absent or "" where something is not known. The roof is the
  // longest of the times that the arithmetic and each level need at their best.
  std::optional<double> peak_gflops, roof_gflops, roof_percent, peak_percent;
  std::string bound;  // "compute", a level, "latency" (far from every roof), "overhead" (sync)

  // Over the median time; absent where time or work is 0 or not known.
  std::optional<double> gflops() const;
  std::optional<double> gbytes_per_s() const;
  std::optional<double> intensity() const;  // flops a byte
};

// Below this part of its roof (in percent) a row is said to be bound by latency.
inline constexpr double kLatencyPercent = 30;

// By median time, longest first. Only complete replays count; none: no rows.
Result<std::vector<RooflineRow>> roofline_of(const Program& program, const TraceBuffer& trace, const Roofs& roofs = {});

// How many workers ran the complete replays; at least 1.
Result<uint32_t> workers_of(const Program& program, const TraceBuffer& trace);

struct RooflineLabels {
  std::string run_id, schedule, schedule_hash;
  std::string backend = "cpu";
};
// One header line, then a line per row: the columns of docs/observation.md. `roofs`
// are those the rows were made with.
std::string roofline_csv(const std::vector<RooflineRow>& rows, const RooflineLabels& labels, const Roofs& roofs = {});

}  // namespace rondo::runtime
