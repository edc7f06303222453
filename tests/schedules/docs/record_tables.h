// Reads include/rondo/schedule.h and view.h as text: the fields of every record,
// with their offsets and the words beside them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::testing {

struct FieldText {
  uint64_t offset = 0;
  std::string type, name, what;
};

struct RecordText {
  std::string name;
  std::string what;    // the comment above it
  uint64_t bytes = 0;  // the sum of its fields: records have no padding
  std::vector<FieldText> fields;
};

// Every `struct` of the header that holds fixed-size fields only.
std::vector<RecordText> records_of(std::string_view header);

}  // namespace rondo::testing
