// The names of a schedule while its text is read or printed.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include "rondo/schedule.h"

namespace rondo {

// Gives each text one NameId, in the order of asking.
class NameTable {
 public:
  explicit NameTable(Schedule& schedule) : schedule_(schedule) {}
  NameId id(std::string_view text);

 private:
  Schedule& schedule_;
  std::unordered_map<std::string, NameId> ids_;
};

}  // namespace rondo
