// Tokens: orders every conflict between streams with the fewest waits.
//
// What the planner hands in is one list of ops in an order in which they could run one
// after another, each already on its stream. What the bytes demand beyond the order of
// the streams becomes tokens. It knows nothing of graphs, and nothing of the verifier.
#pragma once
#include <cstdint>
#include <vector>

#include "schedules/builder/builder.h"

namespace rondo::lanes {

struct StreamedOp {
  uint32_t stream = 0;  // of the builder
  OpSpec op;            // without waits and signals
};

struct OrderSummary {
  uint32_t tokens = 0;
  uint64_t waits = 0, signals = 0;
};

// Gives the ops of one part their waits and signals, and declares the tokens.
//
// - A stream that does one op at a time signals one token of its own, only where an op
//   of another stream asks for it: the count says how far the stream has come. One with
//   d > 1 in flight completes in any order: its ops take turns on 2 d tokens (8 to 64),
//   and each waits for the one a turn before.
// - No wait is redundant: what is known through others, by vector clocks, is not asked.
// - Scope is the lane where all who use a token are on it, else the device. A window is
//   claimed where a signaller provably never runs further ahead of whoever waits.
// - The list itself is a legal serial order, so the streams cannot hang.
//
// Bases that no op of the list writes are not looked at: the other part wrote them, or
// the host. Cost: about (ranges of bytes touched) * log, plus ops * streams.
OrderSummary order_lanes(std::vector<StreamedOp>& ops, Part part, ScheduleBuilder& builder);

// Appends the ops to their streams, in order.
void add_ops(std::vector<StreamedOp> ops, ScheduleBuilder& builder);

}  // namespace rondo::lanes
