// A gate graph of either machine, by the `format` its file names.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

using AnyGraph = std::variant<GateGraph, SlotGraph>;

// Errors: kInvalidGraph, kTooComplex, kIo.
Result<AnyGraph> load_graph(const std::string& path);
Result<AnyGraph> parse_graph(std::string_view text, const std::string& file);

}  // namespace rondo::phase
