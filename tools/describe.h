// Names for the things of a schedule, as findings, tables and messages call them.
#pragma once
#include <cstdint>
#include <string>
#include "rondo/graph.h"
#include "rondo/schedule.h"

namespace rondo::cli {

// "x" or, without a name, "arena 2"; any index is safe.
std::string base_name(const Schedule& schedule, uint32_t base);
std::string stream_name(const Schedule& schedule, uint32_t stream);
std::string kernel_name(const Schedule& schedule, const Op& op);  // "sync" for none
std::string phase_name(const Schedule& schedule, uint32_t phase);
// "input", "output", "constant", "state", "table"
std::string role_name(uint8_t role);
std::string space_kind_name(uint8_t kind);
std::string engine_name(uint8_t engine);
std::string dtype_name(uint8_t dtype);

// The stream that issues `op`, kNone for none. Linear in the number of streams.
uint32_t stream_of(const Schedule& schedule, uint32_t op);

// "op 12 (matmul, stream compute, line 41)"
std::string op_title(const Schedule& schedule, uint32_t op);
// "a=x[0:32, 0:32]" with a value, else "a=scratch+0x1000 f32 [32, 32]".
std::string operand_text(const Schedule& schedule, const Op& op, uint32_t operand);
// "x[0:32, 32:64]", and "#2" behind a partial sum of two steps.
std::string value_text(const Schedule& schedule, const Value& value);

// "x [128, 128], ... -> y [128, 32]": inputs and outputs; constants are counted.
std::string graph_signature(const Graph& graph);

}  // namespace rondo::cli
