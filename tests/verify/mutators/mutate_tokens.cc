// Waits and signals that say too little or too much.
#include "tests/verify/mutators/mutations.h"

#include <algorithm>

#include "tests/verify/mutators/sites.h"

namespace rondo {

Changes second_signaller(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (schedule.ops[op].signals[1] != kNone) return;
    for (uint32_t token = 0; token < schedule.tokens.size(); ++token) {
      bool foreign = false;
      for (uint32_t other = 0; other < schedule.ops.size(); ++other)
        foreign |= schedule.ops[other].signals[0] == token && stream_of(schedule, other) != stream_of(schedule, op);
      if (!foreign) continue;
      changes.push_back({at_op(op), [=](Schedule& s) {
                           int slot = s.ops[op].signals[0] == kNone ? 0 : 1;
                           s.ops[op].signals[slot] = token;
                         }});
    }
  });
}

Changes becomes_a_join(const Schedule& schedule) {
  Changes changes;
  for (uint32_t token = 0; token < schedule.tokens.size(); ++token)
    changes.push_back({"token " + std::to_string(token), [=](Schedule& s) { s.tokens[token].join = 1; }});
  return changes;
}

namespace {

template <class Change2>
Changes each_wait(const Schedule& schedule, const Change2& change) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (int slot = 0; slot < 2; ++slot)
      if (schedule.ops[op].waits[slot].token != kNone) change(changes, op, slot);
  });
}

void drop_wait_of(Op& op, int slot) {
  if (slot == 0) op.waits[0] = op.waits[1];
  op.waits[1] = {};
}

}  // namespace

Changes wait_for_too_much(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Wait& wait = s.ops[op].waits[slot];
                         wait.count = signals_of(s, wait.token) + 1;
                       }});
  });
}

Changes drop_wait(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) { drop_wait_of(s.ops[op], slot); }});
  });
}

Changes lower_wait(const Schedule& schedule) {
  return each_wait(schedule, [](Changes& changes, uint32_t op, int slot) {
    changes.push_back({at_op(op), [=](Schedule& s) {
                         if (--s.ops[op].waits[slot].count == 0) drop_wait_of(s.ops[op], slot);
                       }});
  });
}

// Of loads into ring slots: the wait that says the slot is free.
Changes drop_release(const Schedule& schedule) {
  return each_wait(schedule, [&](Changes& changes, uint32_t op, int slot) {
    if (!is_load(schedule, op) || schedule.labels[operand_index(schedule, op, 1)].ring == 0xffff) return;
    changes.push_back({at_op(op), [=](Schedule& s) { drop_wait_of(s.ops[op], slot); }});
  });
}

Changes drop_signal(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (schedule.ops[op].signals[0] == kNone) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Op& changed = s.ops[op];
                         changed.signals[0] = changed.signals[1];
                         changed.signal_kinds[0] = changed.signal_kinds[1];
                         changed.signals[1] = kNone;
                         changed.signal_kinds[1] = 0;
                       }});
  });
}

// The op before gives the signal.
Changes signal_early(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op == 0 || schedule.ops[op].signals[0] == kNone || schedule.ops[op].signals[1] != kNone) return;
    if (stream_of(schedule, op) != stream_of(schedule, op - 1) || schedule.ops[op - 1].signals[0] != kNone) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         std::swap(s.ops[op].signals[0], s.ops[op - 1].signals[0]);
                         std::swap(s.ops[op].signal_kinds[0], s.ops[op - 1].signal_kinds[0]);
                       }});
  });
}

Changes done_becomes_read(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || schedule.ops[op].signals[0] == kNone) return;
    changes.push_back(
        {at_op(op), [=](Schedule& s) { s.ops[op].signal_kinds[0] = static_cast<uint8_t>(SignalKind::kRead); }});
  });
}

// One step of a sum goes to a stream of its own, where nothing orders it.
Changes unordered_update(const Schedule& schedule) {
  if (!schedule.tokens.empty()) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || operand_of(schedule, op, 2).access != kUpdate) return;
    bool another = false;  // step of the same sum
    for (uint32_t other = 0; other < schedule.ops.size(); ++other) {
      if (other == op || !is_product(schedule, other) || operand_of(schedule, other, 2).access != kUpdate) continue;
      uint32_t value = schedule.labels[operand_index(schedule, op, 2)].value;
      uint32_t theirs = schedule.labels[operand_index(schedule, other, 2)].value;
      const Value &a = schedule.values[value], &b = schedule.values[theirs];
      another |= a.tensor == b.tensor && std::equal(std::begin(a.low), std::end(a.low), std::begin(b.low)) &&
                 operand_of(schedule, op, 2) == operand_of(schedule, other, 2);
    }
    if (!another) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Stream stream = s.streams[stream_of(s, op)];
                         stream.name = add_name(s, "alone");
                         stream.op_count = 0;
                         stream.first_op = static_cast<uint32_t>(s.ops.size());
                         s.streams.push_back(stream);
                         auto alone = static_cast<uint32_t>(s.streams.size() - 1);
                         insert_copy_of(s, alone, static_cast<uint32_t>(s.ops.size()), op);
                         silence(s, op);
                       }});
  });
}

}  // namespace rondo
