// The time of day, as files that are kept say when they were made.
#pragma once
#include <ctime>
#include <string>

namespace rondo::cli {

// "2026-11-21T13:08:29Z"
inline std::string now_utc() {
  const time_t now = std::time(nullptr);
  tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace rondo::cli
