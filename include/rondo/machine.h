// What a planner knows of the hardware: a YAML file, written by hand or measured.
//
// Contracts say what is legal; a Machine says what there is and what is fast.
// The YAML form is in docs/machine-format.md. An ordinary value.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

struct MachineSpace {
  std::string name;
  SpaceKind kind = SpaceKind::kHost;
  uint64_t capacity_bytes = 0;  // per lane for scratch
  uint32_t align_bytes = 64;
  double bandwidth_gb_s = 0;  // 0: not measured
};

// fixed + per_flop * flops + per_byte * bytes + per_row * rows, in ns. Rows are those of
// rows_walked() (schedules/extents/rows_walked.h); only rates have a term for them, since the
// costs that schedules carry have three.
struct KernelCost {
  std::string kernel;  // contract name
  double fixed_ns = 0, ns_per_flop = 0, ns_per_byte = 0, ns_per_row = 0;
  // Of a fit, over the shapes it was made of: measured time / this formula, least and
  // most, and the root mean square of the relative difference. 0 shapes: not a fit.
  double low = 0, high = 0, residual = 0;
  uint32_t shapes = 0;
};

// The cost of operations whose bytes fit in cache `level` and in no smaller one;
// level "memory": in no cache.
struct KernelRate {
  std::string level;
  KernelCost cost;
};

struct MachineCache {
  std::string name;    // "l1", "l2", "l3"
  uint64_t bytes = 0;  // of one instance
  uint32_t cores = 1;  // that share an instance
};

enum class FigureKind : uint8_t { kCompute, kBandwidth, kLatency };
enum class FigureSource : uint8_t { kMeasured, kSpec, kUser };

// One thing the machine reaches, and how it is known. Units by kind: GFLOP/s, GB/s
// (10^9 bytes a second), ns.
struct Figure {
  FigureKind kind = FigureKind::kCompute;
  // compute: "f32_avx512" (element type, instruction set). bandwidth: a cache, or
  // "dram", for reading; "l2_write", "l2_copy". latency: "token", "wake".
  std::string name;
  double value = 0, low = 0, high = 0;
  FigureSource source = FigureSource::kUser;
  std::string method;    // one sentence
  uint32_t threads = 1;  // together; a rate is their sum
  double clock_mhz = 0;  // while it was measured; 0: not known
  bool operator==(const Figure&) const = default;
};
// "compute", "bandwidth", "latency"; "GFLOP/s", "GB/s", "ns"; "measured", "spec", "user".
std::string_view name_of(FigureKind kind);
std::string_view unit_of(FigureKind kind);
std::string_view name_of(FigureSource source);

// Where and when the figures were measured; all "" for a file written by hand.
struct Measurement {
  std::string cpu, isa, when;  // when: ISO 8601, UTC
  std::string tool;            // what measured it
};

struct Machine {
  std::string name = "host-cpu";
  std::string backend = "cpu";
  uint32_t lanes = 1;
  std::vector<MachineSpace> spaces;  // exactly one of kind host, at most one of kind scratch
  // Copy engines beside the compute engine of a lane. 0 + 0: copies run on the
  // compute stream and must pay for themselves.
  uint32_t copy_in_engines = 0, copy_out_engines = 0;
  // One engine may serve both directions (copy_in_engines 1, copy_out_engines 0).
  uint32_t copy_in_flight = 1;
  bool direct_operands = true;  // kernels may read and write bindings where they lie
  uint16_t panel_width = 32;    // fastest nr for packed right operands; 0: do not pack
  double token_ns = 0;          // one way, from a lane to another that is waiting for it
  double wake_ns = 0;           // from waking a parked worker until it runs
  std::vector<KernelCost> costs;
  std::vector<KernelRate> rates;     // by kernel, then by level, smallest first
  std::vector<MachineCache> caches;  // smallest first
  std::vector<Figure> figures;
  Measurement measured;

  const MachineSpace* space(SpaceKind kind) const {
    for (const MachineSpace& space : spaces)
      if (space.kind == kind) return &space;
    return nullptr;
  }
  const KernelCost* cost(std::string_view kernel) const {
    for (const KernelCost& cost : costs)
      if (cost.kernel == kernel) return &cost;
    return nullptr;
  }
  const Figure* figure(FigureKind kind, std::string_view figure_name, uint32_t threads) const {
    for (const Figure& each : figures)
      if (each.kind == kind && each.threads == threads && each.name == figure_name) return &each;
    return nullptr;
  }
  // The smallest cache that holds `bytes`, by name; "memory" for none.
  std::string_view level_of(uint64_t bytes) const {
    for (const MachineCache& cache : caches)
      if (bytes <= cache.bytes) return cache.name;
    return "memory";
  }
  // What an operation is expected to take: by the rate of its level, without one by the
  // cost of its kernel; nullptr where neither is known.
  const KernelCost* expected_cost(std::string_view kernel, uint64_t bytes) const;
};

// Errors are kInvalidMachine with line and column.
Result<Machine> parse_machine(std::string_view text, std::string file = {});
Result<Machine> load_machine(const std::string& path);
std::string print_machine(const Machine& machine);
// The figures as a table, RFC 4180: the columns of docs/observation.md.
std::string ceilings_csv(const Machine& machine);

// A CPU with one lane, direct operands, 1 MiB of scratch; no measured figure.
Machine default_machine();

}  // namespace rondo
