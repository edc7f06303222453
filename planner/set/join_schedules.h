// Several schedules as one file: a set whose members share what bears the same name.
#pragma once
#include <string>
#include <vector>

#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo::sets {

// One schedule of one member each, as a direct plan makes them, becomes one schedule with
// as many members, in order, named by `names` (which differ).
//
// - Bindings and scalars of equal name are one: they must agree in all they say.
// - What prepare packs of one constant in one way is packed once, whoever reads it.
// - Arenas of equal name, space and owner are one, as large as the largest: members are
//   never replayed at the same time on the same arenas.
// - Tensors of bindings are one; the name of an intermediate that another member has too
//   gets the member's in front.
// - Claims are derived again, for each member on its own; stated ones are kept.
//
// kInvalidGraph where bindings or scalars of equal name do not agree; kTooComplex where a
// table would outgrow its index.
Result<Schedule> join_schedules(const std::vector<Schedule>& parts, const std::vector<std::string>& names);

}  // namespace rondo::sets
