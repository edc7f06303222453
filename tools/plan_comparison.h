// What a plan expected against what a replay took.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "rondo/machine.h"
#include "rondo/result.h"
#include "rondo/trace.h"
#include "tools/json.h"

namespace rondo::cli {

// One line: all ops of a phase, or those of one kernel in it.
struct ComparedTime {
  std::string phase, kernel;  // kernel "": all of the phase
  uint64_t ops = 0;
  uint64_t without_cost = 0;  // of these: predicted as nothing
  double predicted = 0;       // in the unit of the costs
  double measured_ns = 0;     // median over replays of the sum over the ops
};

struct PlanComparison {
  std::string source;                 // "the costs of mlp.rondo", "the rates of here.yaml"
  std::vector<ComparedTime> phases;   // in the order they begin
  std::vector<ComparedTime> kernels;  // farthest apart first, by time
  ComparedTime total;                 // of the work of all workers
  // One replay from begin to end: by the event model over lanes and engines, and measured.
  double predicted_makespan = 0, measured_makespan_ns = 0;
  uint32_t workers = 1;
  std::string backend = "cpu";  // elsewhere workers are the device's own affair

  std::string text() const;
  Json json() const;
  std::string csv() const;
};

// Why a schedule without costs of its own cannot be compared.
Error no_costs(const std::string& schedule);

// With `machine`, its rates and costs predict (ns); else the costs that the file carries,
// in whatever unit they have. kInvalidArgument where there are none, or no complete replay.
Result<PlanComparison> compare_plan(const Program& program, const TraceBuffer& trace, const Machine* machine,
                                    const std::string& source);

}  // namespace rondo::cli
