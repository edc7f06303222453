#include "schedules/text/name_table.h"

namespace rondo {

NameId NameTable::id(std::string_view text) {
  if (text.empty()) return 0;
  const auto [found, added] = ids_.emplace(std::string(text), static_cast<NameId>(schedule_.names.size()));
  if (added) schedule_.names.emplace_back(text);
  return found->second;
}

}  // namespace rondo
