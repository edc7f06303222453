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

// fixed + per_flop * flops + per_byte * bytes, in ns.
struct KernelCost {
  std::string kernel;  // contract name
  double fixed_ns = 0, ns_per_flop = 0, ns_per_byte = 0;
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
  double token_ns = 0;
  std::vector<KernelCost> costs;

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
};

// Errors are kInvalidMachine with line and column.
Result<Machine> parse_machine(std::string_view text, std::string file = {});
Result<Machine> load_machine(const std::string& path);
std::string print_machine(const Machine& machine);

// A CPU with one lane, direct operands, 1 MiB of scratch; no measured figure.
Machine default_machine();

}  // namespace rondo
