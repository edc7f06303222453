// Data that lies, or is loaded and stored, elsewhere or never.
#include "tests/verify/mutators/mutations.h"

#include <set>
#include <utility>
#include <vector>

#include "rondo/footprint.h"
#include "tests/verify/mutators/sites.h"

namespace rondo {

// The first thing ever written to a place is not written.
Changes drop_first_load(const Schedule& schedule) {
  std::set<std::pair<uint16_t, uint64_t>> seen;
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    for (uint32_t slot = 0; slot < schedule.ops[op].operand_count; ++slot) {
      const Operand& operand = operand_of(schedule, op, slot);
      if (operand.access == kRead || !schedule.is_arena(operand.base)) continue;
      bool first = true;
      for (auto [base, offset] : seen) first &= base != operand.base || offset != operand.offset_bytes;
      // Streams other than the first come later in the table but not in time.
      for (uint32_t other = op + 1; other < schedule.ops.size(); ++other)
        for (uint32_t i = 0; i < schedule.ops[other].operand_count; ++i)
          if (stream_of(schedule, other) != stream_of(schedule, op))
            first &= operand_of(schedule, other, i).access == kRead ||
                     operand_of(schedule, other, i).base != operand.base ||
                     operand_of(schedule, other, i).offset_bytes != operand.offset_bytes;
      seen.insert({operand.base, operand.offset_bytes});
      if (first && is_load(schedule, op)) changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
    }
  });
}

Changes copy_as_integers(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_copy(schedule, op)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         for (uint32_t slot = 0; slot < 2; ++slot) {
                           edit_view(s, operand_index(s, op, slot),
                                     [=](View& view) { view.dtype = static_cast<uint8_t>(DType::kI32); });
                         }
                       }});
  });
}

Changes drop_store(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (is_output_store(schedule, op)) changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
  });
}

// A load, with its readers, goes to the place of an earlier load that is still to be read.
Changes place_over_live(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op)) return;
    for (uint32_t victim = op; victim-- > 0;) {
      if (!is_load(schedule, victim) || operand_of(schedule, victim, 1).view != operand_of(schedule, op, 1).view ||
          operand_of(schedule, victim, 1).base != operand_of(schedule, op, 1).base)
        continue;
      std::vector<uint32_t> readers = readers_of(schedule, victim, 1);
      if (readers.empty() || op_of_operand(schedule, readers.back()) <= op) continue;
      bool meets_a_result = false;  // A01 would speak first
      for (uint32_t reader : readers_of(schedule, op, 1)) {
        uint32_t user = op_of_operand(schedule, reader);
        for (uint32_t slot = 0; slot < schedule.ops[user].operand_count; ++slot)
          meets_a_result |=
              operand_of(schedule, user, slot).access != kRead &&
              operand_of(schedule, user, slot).offset_bytes == operand_of(schedule, victim, 1).offset_bytes;
      }
      if (meets_a_result) continue;
      changes.push_back({at_op(op) + " over " + at_op(victim), [=](Schedule& s) {
                           uint64_t offset = operand_of(s, victim, 1).offset_bytes;
                           for (uint32_t reader : readers_of(s, op, 1)) s.operands[reader].offset_bytes = offset;
                           s.operands[operand_index(s, op, 1)].offset_bytes = offset;
                         }});
      return;
    }
  });
}

// Two loads one after the other go to each other's place.
Changes swap_slots(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op + 1 >= schedule.ops.size() || !is_load(schedule, op) || !is_load(schedule, op + 1)) return;
    if (stream_of(schedule, op) != stream_of(schedule, op + 1) || !one_stream(schedule)) return;
    if (operand_of(schedule, op, 1).view != operand_of(schedule, op + 1, 1).view) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         std::swap(s.operands[operand_index(s, op, 1)].offset_bytes,
                                   s.operands[operand_index(s, op + 1, 1)].offset_bytes);
                       }});
  });
}

// A load once more, to a place where nobody looks.
Changes dead_load(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || schedule.is_arena(operand_of(schedule, op, 0).base)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         auto last = static_cast<uint32_t>(s.streams.size() - 1);
                         auto end = static_cast<uint32_t>(s.ops.size());
                         insert_copy_of(s, last, end, op);
                         s.ops[end].phase = s.ops[end - 1].phase;
                         uint32_t dead = operand_index(s, end, 1);
                         uint16_t arena = s.operands[dead].base;
                         s.operands[dead].offset_bytes =
                             extend(s, arena, span_bytes(s.views[s.operands[dead].view]).value_or(0));
                         s.labels[dead].ring = 0xffff;
                         s.labels[dead].slot = 0;
                       }});
  });
}

// The same, and every second reader goes there.
Changes second_home(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_load(schedule, op) || readers_of(schedule, op, 1).size() < 3) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         insert_copy_of(s, 0, op + 1, op);
                         uint32_t copy = operand_index(s, op + 1, 1);
                         uint64_t offset =
                             extend(s, s.operands[copy].base, span_bytes(s.views[s.operands[copy].view]).value_or(0));
                         s.operands[copy].offset_bytes = offset;
                         std::vector<uint32_t> readers = readers_of(s, op, 1);
                         for (size_t i = 1; i + 1 < readers.size(); i += 2)
                           s.operands[readers[i]].offset_bytes = offset;
                       }});
  });
}

// Two stores of equal shape go to each other's place in the output.
Changes swap_stores(const Schedule& schedule) {
  std::vector<uint32_t> stores;
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    if (is_output_store(schedule, op)) stores.push_back(op);
  Changes changes;
  for (size_t i = 1; i < stores.size(); ++i) {
    uint32_t a = stores[i - 1], b = stores[i];
    if (operand_of(schedule, a, 1).view != operand_of(schedule, b, 1).view) continue;
    changes.push_back({at_op(a) + " and " + at_op(b), [=](Schedule& s) {
                         std::swap(s.operands[operand_index(s, a, 1)].offset_bytes,
                                   s.operands[operand_index(s, b, 1)].offset_bytes);
                       }});
  }
  return changes;
}

}  // namespace rondo
