// The files of format version 1 that every later build must still read, or refuse
// with a word on what to do. They are never written again.
#pragma once
#include <string>
#include <vector>
#include "rondo/load.h"

namespace rondo::testing {

inline const std::string kGoldenFolder = RONDO_SOURCE_DIR "/tests/schedules/golden/";
inline constexpr const char* kGoldenFiles[] = {"v1_every_table", "v1_odd_names"};

inline std::vector<std::byte> golden_bytes(const std::string& file) {
  Result<std::vector<std::byte>> bytes = read_file(kGoldenFolder + file);
  return bytes ? *bytes : std::vector<std::byte>{};
}
inline std::string golden_text(const std::string& file) {
  const std::vector<std::byte> bytes = golden_bytes(file);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace rondo::testing
