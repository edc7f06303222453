// The order of the name table that a text does not spell out.
#pragma once
#include "rondo/schedule.h"

namespace rondo {

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

// Drops unused names and puts the others in the order of first use. Ids out of range
// stay as they are, for the structural check to find.
void put_names_in_order_of_use(Schedule& schedule);

}  // namespace rondo
