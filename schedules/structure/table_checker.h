// The structural check, one member function a table. Each relies on those before
// it in `run`, and on nothing else.
#pragma once
#include <optional>
#include <string>
#include <vector>
#include "schedules/structure/sentence.h"
#include "schedules/structure/violation.h"

namespace rondo {

class TableChecker {
 public:
  using Found = std::optional<Violation>;

  explicit TableChecker(const Schedule& schedule) : s_(schedule) {}
  Found run();

 private:
  Found target();
  Found names();
  Found spaces();
  Found groups();
  Found arenas();
  Found bindings();
  Found scalars();
  Found tokens();
  Found unique_names();
  Found kernels();
  Found policies();
  Found phases();
  Found cuts();
  Found members();
  Found views();
  Found scalar_of(const View& view, size_t i) const;
  Found streams();
  Found ops();
  Found operand_of(const Op& op, size_t i, uint32_t slot) const;
  Found tensors();
  Found values();
  Found labels();
  Found rings();
  Found claims();
  Found costs();

  template <class... Words>
  static Found found(Table table, size_t record, const Words&... words) {
    return Violation{table, static_cast<uint32_t>(record), sentence(words...)};
  }
  bool is_name(NameId id) const { return id < s_.names.size(); }
  // "arena 3 'scratch'", for messages; the name is already known to be in range.
  std::string called(std::string_view what, size_t record, NameId id) const {
    return s_.name(id).empty() ? sentence(what, " ", record) : sentence(what, " ", record, " '", s_.name(id), "'");
  }
  template <class Record>
  Found named(Table table, std::string_view what, const std::vector<Record>& records, size_t limit) const {
    if (records.size() > limit)
      return found(table, limit, records.size(), " records of ", what, ", the most is ", limit);
    for (size_t i = 0; i < records.size(); ++i)
      if (!is_name(records[i].name))
        return found(table, i, what, " ", i, " has name ", records[i].name, ", the file holds ", s_.names.size(),
                     " names");
    return std::nullopt;
  }

  const Schedule& s_;
  std::vector<uint8_t> param_counts_;  // per kernel reference; filled by kernels()
};

// Does scale * s + bias stay within 62 bits for every value of the scalar?
bool stays_small(const Scalar& scalar, int64_t scale, int64_t bias);

// Bytes of a dense tensor, or nothing from 2^47 on. The first `rank` sizes are >= 1.
std::optional<uint64_t> dense_bytes(uint8_t dtype, const uint32_t* shape, uint32_t rank);

}  // namespace rondo
