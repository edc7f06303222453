#include "runtime/log.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace rondo::runtime {

void tell(const Logger& logger, LogLevel level, const char* format, ...) noexcept {
  if (!is_told(logger, level)) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  logger.log(logger.context, level, {text, std::min<size_t>(static_cast<size_t>(length), sizeof text - 1)});
}

}  // namespace rondo::runtime
