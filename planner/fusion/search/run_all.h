// How the solver runs independent tasks: given by the host, so that the search itself
// knows no threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rondo::fusion {

// Calls task(0) .. task(count - 1), in any order and at once or not, and returns when
// all have returned. Empty: one after another on the calling thread.
using RunAll = std::function<void(size_t count, const std::function<void(size_t)>& task)>;

}  // namespace rondo::fusion
