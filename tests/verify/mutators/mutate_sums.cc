// Sums of matmul steps: begun, continued and finished wrongly.
#include "tests/verify/mutators/mutations.h"

#include <string>

#include "tests/verify/mutators/sites.h"

namespace rondo {

Changes final_dropped(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpFinal) == 0 || schedule.ops[op].operand_count > 3)
      return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags &= static_cast<uint16_t>(~kOpFinal);
                         s.ops[op].params[0] = 0;
                         uint32_t c = operand_index(s, op, 2);
                         edit_value(s, c, [&](Value& partial) {
                           partial.version = (s.ops[op].flags & kOpInit) != 0 ? 1 : 0;
                           for (uint32_t before = op; partial.version == 0 && before-- > 0;)
                             if (is_product(s, before) &&
                                 operand_of(s, before, 2).offset_bytes == s.operands[c].offset_bytes)
                               partial.version = s.values[s.labels[operand_index(s, before, 2)].value].version + 1;
                         });
                       }});
  });
}

Changes init_again(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpAccumulate) == 0) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags = static_cast<uint16_t>((s.ops[op].flags & kOpFinal) | kOpInit);
                         uint32_t c = operand_index(s, op, 2);
                         s.operands[c].access = kWrite;
                         edit_value(s, c, [](Value& value) {
                           if (value.version != 0) value.version = 1;
                         });
                       }});
  });
}

// Of the last steps: the sum is then finished without the steps before.
Changes init_at_the_end(const Schedule& schedule) {
  Changes changes = init_again(schedule);
  std::erase_if(changes, [&](const Change& change) {
    return (schedule.ops[std::stoul(change.where.substr(3))].flags & kOpFinal) == 0;
  });
  return changes;
}

Changes never_init(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || (schedule.ops[op].flags & kOpInit) == 0) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         s.ops[op].flags = static_cast<uint16_t>((s.ops[op].flags & kOpFinal) | kOpAccumulate);
                         s.operands[operand_index(s, op, 2)].access = kUpdate;
                       }});
  });
}

// A step multiplies what the step before it multiplied.
Changes k_twice(const Schedule& schedule) {
  if (!one_stream(schedule)) return {};
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (!is_product(schedule, op) || operand_of(schedule, op, 2).access != kUpdate) return;
    for (uint32_t before = op; before-- > 0;) {
      if (!is_product(schedule, before) ||
          !(operand_of(schedule, before, 2).offset_bytes == operand_of(schedule, op, 2).offset_bytes))
        continue;
      changes.push_back({at_op(op), [=](Schedule& s) {
                           for (uint32_t slot = 0; slot < 2; ++slot) {
                             s.operands[operand_index(s, op, slot)] = operand_of(s, before, slot);
                             s.labels[operand_index(s, op, slot)] = s.labels[operand_index(s, before, slot)];
                           }
                         }});
      return;
    }
  });
}

}  // namespace rondo
