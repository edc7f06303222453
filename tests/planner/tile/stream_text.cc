#include "tests/planner/tile/stream_text.h"

#include <cstdio>
#include <span>
#include "schedules/digest/sha256.h"

namespace rondo::testing {

using namespace rondo::tiling;

std::vector<std::string> stream_text(const Graph& graph, const std::vector<FusedGroup>& groups,
                                     const MicroProgram& program, const PlacedProgram& placed) {
  std::vector<std::string> lines;
  const auto address = [&](const PlacedOp& op, uint32_t use) {
    char text[32];
    const uint64_t offset = placed.allocations[placed.places[op.first_place + use]].offset_bytes;
    std::snprintf(text, sizeof text, "@0x%04llX", static_cast<unsigned long long>(offset));
    return std::string(text);
  };
  for (const PlacedOp& op : placed.ops) {
    std::string line;
    if (op.kind == PlacedKind::kLoad) {
      line = "LOAD " + describe(graph, program, op.index) + " -> " + address(op, 0) + " (4096B)";
    } else if (op.kind == PlacedKind::kCompute) {
      const Compute& compute = program.computes[op.index];
      line = "EXEC (" + std::to_string(compute.m) + "," + std::to_string(compute.n) + "," + std::to_string(compute.k) +
             ") A=" + address(op, 0) + " B=" + address(op, 1) + " ACC=" + address(op, 2);
    } else {
      line = "STORE " + address(op, 0) + " -> " + describe(graph, program, op.index) + " (4096B)";
      for (const FusedGroup& group : groups)
        if (group.output == program.pieces[op.index].tensor && group.activation == Activation::kRelu)
          line += " -> RELU";
    }
    if (op.buffer >= 0) line += " [buf=" + std::to_string(op.buffer) + "]";
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string stream_digest(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace rondo::testing
