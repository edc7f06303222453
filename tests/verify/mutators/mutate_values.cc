// Operands that say they hold something else.
#include "tests/verify/mutators/mutations.h"

#include <algorithm>

#include "tests/verify/mutators/sites.h"

namespace rondo {

// A reader names the same box elsewhere in its tensor.
Changes other_box(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead || is_copy(schedule, op)) return;
    const Value& value = schedule.values[schedule.labels[operand_index(schedule, op, slot)].value];
    const Tensor& tensor = schedule.tensors[value.tensor];
    for (uint32_t axis = 0; axis < tensor.rank; ++axis) {
      uint32_t room = tensor.shape[axis] - value.extent[axis];
      if (room == 0) continue;
      uint32_t low = value.low[axis] >= value.extent[axis] ? value.low[axis] - value.extent[axis]
                                                           : std::min(value.low[axis] + value.extent[axis], room);
      if (low == value.low[axis]) continue;
      changes.push_back({where + " axis " + std::to_string(axis), [=](Schedule& s) {
                           edit_value(s, operand_index(s, op, slot), [=](Value& changed) { changed.low[axis] = low; });
                         }});
    }
  });
}

Changes other_version(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead) return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_value(s, operand_index(s, op, slot), [=](Value& changed) { ++changed.version; });
                       }});
  });
}

// A step of a sum claims to be the one after the next.
Changes step_skipped(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kUpdate) return;
    if (schedule.values[schedule.labels[operand_index(schedule, op, slot)].value].version == 0) return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_value(s, operand_index(s, op, slot), [=](Value& changed) { ++changed.version; });
                       }});
  });
}

Changes ghost(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    if (operand_of(schedule, op, slot).access != kRead || is_copy(schedule, op)) return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_value(s, operand_index(s, op, slot), [&](Value& changed) {
                           Tensor tensor = s.tensors[changed.tensor];
                           tensor.name = add_name(s, "ghost");
                           tensor.base = kNone;
                           s.tensors.push_back(tensor);
                           changed.tensor = static_cast<uint32_t>(s.tensors.size() - 1);
                         });
                       }});
  });
}

Changes other_axes(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    const Value& value = schedule.values[schedule.labels[operand_index(schedule, op, slot)].value];
    if (value.axis[0] == 0xff || value.axis[1] == 0xff) return;
    changes.push_back({where, [=](Schedule& s) {
                         edit_value(s, operand_index(s, op, slot),
                                    [=](Value& changed) { std::swap(changed.axis[0], changed.axis[1]); });
                       }});
  });
}

Changes no_label(const Schedule& schedule) {
  return each_operand(schedule, [&](Changes& changes, uint32_t op, uint32_t slot, const std::string& where) {
    changes.push_back({where, [=](Schedule& s) { s.labels[operand_index(s, op, slot)] = {}; }});
  });
}

Changes other_k(const Schedule& schedule) {
  Changes changes;
  for (Change& change : other_box(schedule)) {
    auto op = static_cast<uint32_t>(std::stoul(change.where.substr(3)));
    if (!is_product(schedule, op)) continue;
    if (change.where.find("operand 0 axis 1") != std::string::npos ||
        change.where.find("operand 1 axis 0") != std::string::npos)
      changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace rondo
