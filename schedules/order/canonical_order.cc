#include "schedules/order/canonical_order.h"

#include <cstddef>

namespace rondo {
namespace {

// Streams that wait for a token: singly linked, through one `next` per stream,
// because a stream waits for one token at a time.
struct Queue {
  uint32_t first = kNone;
  uint32_t last = kNone;
};

void append(Queue& queue, std::vector<uint32_t>& next, uint32_t stream) {
  next[stream] = kNone;
  (queue.first == kNone ? queue.first : next[queue.last]) = stream;
  queue.last = stream;
}

// The slot of the first wait that is not met, or 2.
uint32_t first_unmet_wait(const Op& op, const std::vector<uint32_t>& signalled) {
  for (uint32_t slot = 0; slot < 2; ++slot)
    if (op.waits[slot].token != kNone && signalled[op.waits[slot].token] < op.waits[slot].count) return slot;
  return 2;
}

}  // namespace

CanonicalOrder canonical_order(const Schedule& schedule, Part part, uint64_t step_limit) {
  CanonicalOrder order;
  const auto stream_count = static_cast<uint32_t>(schedule.streams.size());
  std::vector<uint32_t> position(stream_count, 0), next(stream_count, kNone);
  std::vector<uint32_t> signalled(schedule.tokens.size(), 0);
  std::vector<Queue> waiting(schedule.tokens.size());
  Queue ready;
  size_t op_total = 0;
  for (uint32_t stream = 0; stream < stream_count; ++stream)
    if (schedule.streams[stream].part == static_cast<uint8_t>(part)) {
      append(ready, next, stream);
      op_total += schedule.streams[stream].op_count;
    }
  order.ops.reserve(op_total);

  while (ready.first != kNone) {
    const uint32_t stream = ready.first;
    ready.first = next[stream];
    if (++order.steps > step_limit) {
      order.too_complex = true;
      return order;
    }
    const Stream& record = schedule.streams[stream];
    for (; position[stream] < record.op_count; ++position[stream]) {
      const uint32_t op_index = record.first_op + position[stream];
      const Op& op = schedule.ops[op_index];
      const uint32_t slot = first_unmet_wait(op, signalled);
      if (slot < 2) {
        append(waiting[op.waits[slot].token], next, stream);
        break;
      }
      order.ops.push_back(op_index);
      ++order.steps;
      for (uint32_t token : op.signals) {
        if (token == kNone) continue;
        ++signalled[token];
        Queue& woken = waiting[token];
        if (woken.first == kNone) continue;
        (ready.first == kNone ? ready.first : next[ready.last]) = woken.first;
        ready.last = woken.last;
        woken = Queue{};
      }
    }
  }

  for (uint32_t stream = 0; stream < stream_count; ++stream) {
    const Stream& record = schedule.streams[stream];
    if (record.part != static_cast<uint8_t>(part) || position[stream] == record.op_count) continue;
    const uint32_t op_index = record.first_op + position[stream];
    const uint32_t slot = first_unmet_wait(schedule.ops[op_index], signalled);
    order.stuck.push_back({stream, op_index, slot, signalled[schedule.ops[op_index].waits[slot].token]});
  }
  return order;
}

}  // namespace rondo
