// The least time that any order of the calls of a program takes on a machine.
#pragma once
#include "planner/tile/tile_form.h"
#include "rondo/graph.h"
#include "rondo/machine.h"

namespace rondo::tiling {

inline constexpr const char* kMakespanMethod = "the busiest engine, never waiting and copying nothing twice";

// Each engine by itself, its work shared evenly by `lanes`: the calls of the program; every
// byte of inputs, constants, tables and states that some call wants in scratch, copied in
// once; outputs, copied out once. What a copy costs whatever its size is counted for each
// distinct piece. Whatever a placement loads twice or stores in between comes on top.
double bound_makespan(const Graph& graph, const MicroProgram& micro, const Machine& machine, uint32_t lanes);

}  // namespace rondo::tiling
