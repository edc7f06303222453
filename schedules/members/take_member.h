// One schedule of a set on its own: `prepare` and the streams of one member.
//
// All other tables stay as they are, so that bases, views, bindings, scalars,
// tokens, values and kernels keep their indices. What a runtime replays of a set and
// what the verifier proves of it are these.
#pragma once
#include "rondo/schedule.h"

namespace rondo {

// Precondition: check_structure accepts `file` and `member` is one of its members.
// The ops of prepare come first, as in the file; Schedule::op_numbers says what all
// are called there.
Schedule take_member(const Schedule& file, uint32_t member);

}  // namespace rondo
