// How the runtime speaks to the host's logger: without allocating, so that a message
// cannot fail and costs nothing where nobody listens.
#pragma once
#include "rondo/logger.h"

namespace rondo::runtime {

inline bool is_told(const Logger& logger, LogLevel level) { return logger.log != nullptr && level <= logger.least; }

// As printf; at most 511 bytes are told.
[[gnu::format(printf, 3, 4)]] void tell(const Logger& logger, LogLevel level, const char* format, ...) noexcept;

}  // namespace rondo::runtime
