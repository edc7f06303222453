// Replays a schedule in the simplest way there is: every op in canonical order, on
// fresh arenas that begin as NaN, by the kernels of this build. No verifier, no runtime.
#pragma once
#include <map>
#include <string>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

using Data = std::map<std::string, std::vector<float>, std::less<>>;

// Outputs by name. Arenas and outputs begin as NaN, so that whatever reads an
// undefined byte shows.
Data plain_replay(const Schedule& schedule, const Data& inputs);

}  // namespace rondo
