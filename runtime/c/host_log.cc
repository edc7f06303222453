#include "runtime/c/host_log.h"

#include "runtime/c/edge.h"

namespace rondo::c {

static_assert(RONDO_LOG_ERROR == static_cast<int>(LogLevel::kError) &&
              RONDO_LOG_WARNING == static_cast<int>(LogLevel::kWarning) &&
              RONDO_LOG_INFO == static_cast<int>(LogLevel::kInfo) &&
              RONDO_LOG_DEBUG == static_cast<int>(LogLevel::kDebug));

void HostLog::tell(uint32_t level, std::string_view message, uint32_t op, const char* rule) const noexcept {
  if (!hears(level)) return;
  rondo_log_record record = {};
  record.struct_size = sizeof record;
  record.level = level;
  record.op = op;
  record.message_bytes = static_cast<uint32_t>(message.size());
  record.rule = rule;
  record.message = message.data();
  log(context, &record);
}

Result<HostLog> read_log(rondo_log_function log, void* context, uint32_t level) {
  if (level > RONDO_LOG_DEBUG)
    return refuse("log_level is " + std::to_string(level) + ", the most talkative is " +
                  std::to_string(RONDO_LOG_DEBUG));
  return HostLog{log, context, level == RONDO_LOG_DEFAULT ? uint32_t{RONDO_LOG_WARNING} : level};
}

Logger logger_of(HostLog* log) {
  if (log->log == nullptr) return {};
  const auto forward = [](void* context, LogLevel level, std::string_view message) {
    static_cast<const HostLog*>(context)->tell(static_cast<uint32_t>(level), message);
  };
  return {log, forward, static_cast<LogLevel>(log->least)};
}

}  // namespace rondo::c
