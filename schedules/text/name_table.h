// The names of a schedule while its text is read or printed.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include "rondo/schedule.h"

namespace rondo {

// Gives each text one NameId, in the order of asking.
class NameTable {
 public:
  explicit NameTable(Schedule& schedule) : schedule_(schedule) {}
  NameId id(std::string_view text);

 private:
  Schedule& schedule_;
  std::unordered_map<std::string, NameId> ids_;
};

// Calls visit(name) with a reference to every NameId, table by table: the order
// the name table has where the text does not spell it out.
template <class AnySchedule, class Visit>
void for_each_name(AnySchedule& schedule, Visit&& visit) {
  for (auto& record : schedule.spaces) visit(record.name);
  for (auto& record : schedule.groups) visit(record.name);
  for (auto& record : schedule.arenas) visit(record.name);
  for (auto& record : schedule.bindings) visit(record.name);
  for (auto& record : schedule.scalars) visit(record.name);
  for (auto& record : schedule.tokens) visit(record.name);
  for (auto& record : schedule.kernels) visit(record.name);
  for (auto& record : schedule.phases) visit(record.name);
  for (auto& record : schedule.members) visit(record.name);
  for (auto& record : schedule.streams) visit(record.name);
  for (auto& record : schedule.tensors) visit(record.name);
  for (auto& record : schedule.claims) visit(record.method);
}

// Is every name used, and is the table in the order of first use?
bool names_in_order_of_use(const Schedule& schedule);

// Drops unused names and puts the others in the order of first use. All ids must
// be in range.
void put_names_in_order_of_use(Schedule& schedule);

}  // namespace rondo
