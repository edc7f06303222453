// What `rondo run` says of how a replay went: a trace, a roofline, plan against replay.
#pragma once
#include <optional>
#include <string>
#include "rondo/machine.h"
#include "rondo/trace.h"
#include "runtime/roofline/roofs.h"
#include "tools/commands.h"
#include "tools/plan_comparison.h"

namespace rondo::cli {

// What was recorded, and what it is compared with.
struct Observation {
  std::optional<TraceBuffer> trace;  // nothing where nothing is asked for
  std::optional<Machine> machine;    // of --machine
};

// Reads the machine, and makes room for the last of the replays that `command` asks for,
// as many as make a trace that a viewer opens with ease.
Result<Observation> make_observation(const RunCommand& command, const Program& program);

// Writes the files that `command` names, also after Ctrl-C: of the replays there were.
// The comparison, where it is asked for, is left to print.
Result<std::optional<PlanComparison>> write_observation(const RunCommand& command, const Program& program,
                                                        const Observation& observation, Console& console);

// What one of `workers` workers reaches on the machine while all are at work, from its
// figures for so many threads; nothing of those it does not have.
runtime::Roofs roofs_of(const Machine& machine, uint32_t workers);

}  // namespace rondo::cli
