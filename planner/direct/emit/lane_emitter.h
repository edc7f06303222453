// One lane of a schedule as the emitters of the operators see it: the stream that ops
// go to, the phase they belong to, and what the lane's places hold at this moment.
#pragma once
#include <cstdint>
#include <utility>

#include "planner/direct/declare_tables.h"
#include "planner/direct/make_operands.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

// The layout and the tables outlive it.
struct LaneEmitter {
  LaneEmitter(const DirectLayout& layout_in, Tables& tables_in, uint32_t stream_in)
      : layout(layout_in), tables(tables_in), operands(layout_in, tables_in), stream(stream_in) {}

  const SegmentedGraph& graph() const { return layout.graph; }
  void add(OpSpec op) { add_to(stream, std::move(op)); }
  void add_to(uint32_t other_stream, OpSpec op) {
    op.phase = phase;
    tables.builder.add(other_stream, op);
  }

  const DirectLayout& layout;
  Tables& tables;
  OperandMaker operands;
  uint32_t stream = 0;  // of the compute engine, in the replay
  uint16_t phase = 0;

  // The right operand that this lane's stream packed last: group, and which matrix of it.
  uint32_t packed_group = kNone;
  uint64_t packed_entry = 0;
};

}  // namespace rondo::direct
