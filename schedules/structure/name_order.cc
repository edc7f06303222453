#include "schedules/structure/name_order.h"

#include <utility>

namespace rondo {

bool names_in_order_of_use(const Schedule& schedule) {
  NameId next = 1;
  bool in_order = true;
  for_each_name(schedule, [&](NameId id) {
    if (id == next)
      ++next;
    else if (id > next)
      in_order = false;
  });
  return in_order && next == schedule.names.size();
}

void put_names_in_order_of_use(Schedule& schedule) {
  std::vector<NameId> moved(schedule.names.size(), kNone);
  std::vector<std::string> names(1);
  moved[0] = 0;
  for_each_name(schedule, [&](NameId& id) {
    if (id >= moved.size()) return;
    if (moved[id] == kNone) {
      moved[id] = static_cast<NameId>(names.size());
      names.push_back(std::move(schedule.names[id]));
    }
    id = moved[id];
  });
  schedule.names = std::move(names);
}

}  // namespace rondo
