// What `rondo run` writes of how a replay went: a trace, a roofline table.
#pragma once
#include <optional>
#include <string>
#include "rondo/trace.h"
#include "tools/commands.h"

namespace rondo::cli {

// Room for the last of the replays that `command` asks for, as many as make a trace
// that a viewer opens with ease; nothing where neither trace nor roofline is asked for.
Result<std::optional<TraceBuffer>> make_observation(const RunCommand& command, const Program& program);

// Writes the files that `command` names, also after Ctrl-C: of the replays there were.
Status write_observation(const RunCommand& command, const Program& program, const TraceBuffer& trace, Console& console);

}  // namespace rondo::cli
