// How a text names a record of another table: by its name where that is one
// record's alone, else by `$` and its index.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/text/line.h"

namespace rondo {

class References {
 public:
  // `what` is one of them in messages: "arena or binding".
  explicit References(std::string_view what) : what_(what) {}

  void add(std::string_view name);  // the next index
  uint32_t size() const { return count_; }

  // The index the text at the cursor names.
  bool read(Line& line, uint32_t& index) const;
  // The same of a whole text, as YAML hands it over.
  bool find(std::string_view text, bool quoted, uint32_t& index, std::string& message) const;

  // What `read` takes for each index.
  std::vector<std::string> printed() const;

 private:
  bool look_up(std::string_view name, uint32_t& index, std::string& message) const;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  static constexpr uint32_t kSeveral = 0xfffffffe;
  std::string_view what_;
  uint32_t count_ = 0;
  std::vector<std::string> names_;  // copies: the table of names grows while this is used
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> indices_;
};

template <class Record>
References references_to(std::string_view what, const Schedule& schedule, const std::vector<Record>& records) {
  References references(what);
  for (const Record& record : records) references.add(schedule.name(record.name));
  return references;
}
// Arenas, then bindings.
References references_to_bases(const Schedule& schedule);

}  // namespace rondo
