// One lane of a schedule as the emitters of the operators see it: the stream that ops
// go to, the phase they belong to, and what the lane's places hold at this moment.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "planner/direct/declare_tables.h"
#include "planner/direct/make_operands.h"
#include "planner/lanes/order_lanes.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

// What the places of right operands that the replay packs hold now, by group.
struct PackedMatrix {
  uint64_t entry = 0;
  std::vector<std::pair<uint32_t, uint32_t>> columns;  // [first, end) of what is packed
};
using PackedNow = std::map<uint32_t, PackedMatrix>;

// The layout, the tables and the list outlive it.
struct LaneEmitter {
  LaneEmitter(const DirectLayout& layout_in, Tables& tables_in, uint32_t lane, std::vector<lanes::StreamedOp>& list_in)
      : layout(layout_in),
        tables(tables_in),
        operands(layout_in, tables_in, lane),
        number(lane),
        stream(tables_in.replay_streams[lane]),
        list(list_in) {}

  const SegmentedGraph& graph() const { return layout.graph; }
  void add(OpSpec op) { add_to(stream, std::move(op)); }
  void add_to(uint32_t other_stream, OpSpec op) {
    op.phase = phase;
    list.push_back({other_stream, std::move(op)});
  }

  const DirectLayout& layout;
  Tables& tables;
  OperandMaker operands;
  uint32_t number = 0;  // of the lane
  uint32_t stream = 0;  // of the compute engine, in the replay
  uint16_t phase = 0;
  std::vector<lanes::StreamedOp>& list;  // of all lanes, in an order in which one after another could run

  PackedNow packed;                    // in this lane's own places
  PackedNow* packed_shared = nullptr;  // in a place that all lanes share
};

}  // namespace rondo::direct
