// Changes not made for one rule: some rule refuses them, or they do no harm.
#include "tests/verify/mutators/mutations.h"

#include <algorithm>

#include "tests/verify/mutators/sites.h"

namespace rondo {

Changes swap_neighbours(const Schedule& schedule) {
  return each_op(schedule, [&](Changes& changes, uint32_t op) {
    if (op + 1 >= schedule.ops.size() || stream_of(schedule, op) != stream_of(schedule, op + 1)) return;
    changes.push_back({at_op(op), [=](Schedule& s) {
                         Op &a = s.ops[op], &b = s.ops[op + 1];
                         auto first = s.operands.begin() + a.first_operand,
                              middle = s.operands.begin() + b.first_operand;
                         std::rotate(first, middle, middle + b.operand_count);
                         auto first_label = s.labels.begin() + a.first_operand,
                              middle_label = s.labels.begin() + b.first_operand;
                         std::rotate(first_label, middle_label, middle_label + b.operand_count);
                         b.first_operand = a.first_operand;
                         a.first_operand += b.operand_count;
                         std::swap(a, b);
                       }});
  });
}

Changes drop_op(const Schedule& schedule) {
  return each_op(schedule, [](Changes& changes, uint32_t op) {
    changes.push_back({at_op(op), [=](Schedule& s) { silence(s, op); }});
  });
}

Changes shift_offset(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (uint64_t by : {uint64_t{4}, uint64_t{128}, uint64_t{4096}}) {
      changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].offset_bytes += by; }});
      if (operand_of(schedule, op, slot).offset_bytes >= by)
        changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].offset_bytes -= by; }});
    }
  });
}

Changes other_pitch(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (int64_t by : {int64_t{4}, int64_t{-4}, int64_t{128}}) {
      changes.push_back({where, [=](Schedule& s) {
                           edit_view(s, operand_index(s, op, slot), [=](View& view) { view.stride_bytes[0] += by; });
                         }});
    }
  });
}

Changes other_view(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    for (uint32_t view = 0; view < schedule.views.size(); ++view)
      if (view != operand_of(schedule, op, slot).view)
        changes.push_back({where, [=](Schedule& s) { s.operands[operand_index(s, op, slot)].view = view; }});
  });
}

Changes other_base(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) {
                         uint16_t& base = s.operands[operand_index(s, op, slot)].base;
                         base = static_cast<uint16_t>((base + 1) % s.base_count());
                       }});
  });
}

}  // namespace rondo
