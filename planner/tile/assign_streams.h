// Streams and tokens: splits a placed list over the engines of a lane, and orders
// every conflict between them with the fewest waits.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "planner/tile/tile_form.h"
#include "rondo/machine.h"
#include "rondo/schedule.h"

namespace rondo::tiling {

struct StreamOp {
  uint32_t op = 0;     // of the placed program
  uint16_t phase = 0;  // never above that of a later op of the stream
  std::vector<Wait> waits;
  std::vector<uint32_t> signals;  // tokens, each raised by one on completion
};

struct StreamPlan {
  std::string name;
  uint32_t lane = 0;
  Engine engine = Engine::kCompute;
  uint16_t in_flight = 1;
  std::vector<StreamOp> ops;
};

struct StreamProgram {
  std::vector<StreamPlan> streams;
  uint32_t tokens = 0;
  uint64_t waits = 0;
};

// One compute stream a lane; loads and stores share the copy-in engine where it is the
// only one, have an engine each where there are two, and stay on the compute
// stream where there is none. Between two streams that complete in order one
// token counts; a stream with d > 1 copies in flight deals them in turn to 2 d
// tokens (8 to 64), and a copy also waits for the one a turn before it. The list is one legal serial order, so
// the streams cannot hang.
//
// With several lanes the streams of those that have work, without waits and signals:
// planner/lanes/order_lanes gives them, from the bytes of the finished ops.
StreamProgram assign_streams(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                             const Machine& machine);

}  // namespace rondo::tiling
