// The log function of a C host, and the C++ logger that speaks to it.
#pragma once
#include <cstdint>
#include <string_view>
#include "rondo/logger.h"
#include "rondo/result.h"
#include "rondo/rondo.h"

namespace rondo::c {

struct HostLog {
  rondo_log_function log = nullptr;
  void* context = nullptr;
  uint32_t least = RONDO_LOG_WARNING;

  bool hears(uint32_t level) const { return log != nullptr && level <= least; }
  // `message` and `rule` end with 0.
  void tell(uint32_t level, std::string_view message, uint32_t op = RONDO_NO_OP, const char* rule = "") const noexcept;
};

// kInvalidArgument for a level that there is not.
Result<HostLog> read_log(rondo_log_function log, void* context, uint32_t level);
// Speaks to `*log`, which must live as long.
Logger logger_of(HostLog* log);

}  // namespace rondo::c
