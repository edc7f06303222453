// One line of each record table but the ops.
#pragma once
#include <string_view>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/text/line.h"
#include "schedules/text/name_table.h"
#include "schedules/text/references.h"

namespace rondo {

// Each appends one record to its table; false leaves the reason in the line.
bool read_name(Line& line, Schedule& schedule, NameTable& names);
bool read_token(Line& line, Schedule& schedule, NameTable& names);
bool read_view(Line& line, Schedule& schedule, const References& scalars);
// Which tensor an alias is of, as written: known once all tensors are named.
struct AliasText {
  uint32_t tensor = 0;
  std::string_view text;
  uint32_t column = 1;
};
bool read_tensor(Line& line, Schedule& schedule, NameTable& names, const References& bases,
                 std::vector<AliasText>& aliases);
bool read_value(Line& line, Schedule& schedule, const References& tensors);

}  // namespace rondo
