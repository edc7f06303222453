#include "tools/calibrate/caches.h"
#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace rondo::calibrate {
namespace {

std::string line_of(const std::string& path) {
  std::ifstream stream(path);
  std::string line;
  std::getline(stream, line);
  return line;
}

// "32K", "1024K", "32M".
uint64_t size_of(const std::string& text) {
  char* end = nullptr;
  const uint64_t number = std::strtoull(text.c_str(), &end, 10);
  const char unit = *end;
  return number << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
}

// "0-3,8-11": 8.
uint32_t count_of(const std::string& list) {
  uint32_t count = 0;
  for (const char* at = list.c_str(); *at >= '0' && *at <= '9';) {
    char* end = nullptr;
    const unsigned long first = std::strtoul(at, &end, 10);
    unsigned long last = first;
    if (*end == '-') last = std::strtoul(end + 1, &end, 10);
    if (last >= first) count += static_cast<uint32_t>(last - first + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return std::max(count, 1u);
}

}  // namespace

std::vector<MachineCache> find_caches(const std::string& root) {
  std::vector<MachineCache> caches;
  for (int index = 0; index < 16; ++index) {
    const std::string folder = root + "/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string type = line_of(folder + "type"), level = line_of(folder + "level");
    const uint64_t bytes = size_of(line_of(folder + "size"));
    if (level.empty() || type == "Instruction" || bytes == 0) continue;
    caches.push_back({"l" + level, bytes, count_of(line_of(folder + "shared_cpu_list"))});
  }
  std::sort(caches.begin(), caches.end(),
            [](const MachineCache& a, const MachineCache& b) { return a.bytes < b.bytes; });
  // A machine file wants each larger than the one before.
  caches.erase(std::unique(caches.begin(), caches.end(),
                           [](const MachineCache& a, const MachineCache& b) { return a.bytes == b.bytes; }),
               caches.end());
  return caches;
}

std::string cpu_model() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("model name"))
      if (const size_t colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

}  // namespace rondo::calibrate
