// Reads Perfetto traces back: a decoder of the tests' own, sharing nothing with the writer.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::trace_test {

// One protobuf field: a number, or the bytes of a text or message.
struct Field {
  uint32_t number = 0;
  uint64_t value = 0;
  std::string_view bytes;
};
// Ends the test program when the bytes are no protobuf.
std::vector<Field> fields_of(std::string_view message);

struct Slice {
  std::string track, name;
  uint64_t begin_ns = 0, end_ns = 0;
  std::map<std::string, uint64_t> numbers;  // arguments
  std::map<std::string, std::string> texts;
  std::vector<uint64_t> flows_out, flows_in;
};
struct Sample {
  std::string track;
  uint64_t ns = 0;
  double value = 0;
};
struct Decoded {
  std::vector<std::string> tracks;  // names, in the order they were described
  std::vector<Slice> slices;        // in the order they began in the file
  std::vector<Sample> samples;

  std::vector<Slice> on(std::string_view track) const;
};
// Resolves interned names and pairs begins with ends.
Decoded decode(std::string_view trace);

}  // namespace rondo::trace_test
