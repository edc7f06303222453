// Messages for the host: what no caller is told as an error.
//
// The library prints nothing. A host that wants to know why something is slower than
// asked for, or what was prepared, gives a function in RuntimeOptions.
// Thread safety: the function is called on the thread that calls the library, by
// several at once if they call at once; never during a replay.
#pragma once
#include <cstdint>
#include <string_view>

namespace rondo {

enum class LogLevel : uint8_t {
  kError = 1,    // something failed that no caller is told
  kWarning = 2,  // slower or larger than asked for, and why
  kInfo = 3,     // what was prepared, how long it took
  kDebug = 4,    // each object made and kernel chosen
};

struct Logger {
  void* context = nullptr;
  // `message` is one sentence, ends with 0 and is good until the function returns. The
  // function may not call the library, throw or jump out.
  void (*log)(void* context, LogLevel level, std::string_view message) = nullptr;
  LogLevel least = LogLevel::kWarning;  // kDebug tells all
};

}  // namespace rondo
