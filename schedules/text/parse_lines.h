// One line of each record table but the ops.
#pragma once
#include "rondo/schedule.h"
#include "schedules/text/line.h"
#include "schedules/text/name_table.h"
#include "schedules/text/references.h"

namespace rondo {

// Each appends one record to its table; false leaves the reason in the line.
bool read_name(Line& line, Schedule& schedule, NameTable& names);
bool read_token(Line& line, Schedule& schedule, NameTable& names);
bool read_view(Line& line, Schedule& schedule, const References& scalars);
bool read_tensor(Line& line, Schedule& schedule, NameTable& names, const References& bases);
bool read_value(Line& line, Schedule& schedule, const References& tensors);

}  // namespace rondo
