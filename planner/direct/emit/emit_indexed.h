// Rows chosen by row numbers: gather and scatter.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op for each entry of the leading axes of the row numbers.
void emit_gather(LaneEmitter& lane, uint32_t group, const Box& box);

// One op. The box is of the new rows; columns may be cut, rows may not: of two that go to
// the same place the later one counts.
void emit_scatter(LaneEmitter& lane, uint32_t group, const Box& box);

// An operand whose rows along axis 0 are chosen by operand number `table` of its op.
OperandSpec indexed(OperandSpec operand, Access access, uint8_t table);

}  // namespace rondo::direct
