// Writes the protobuf wire format: as much of it as a trace needs.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rondo::runtime {

// Appends fields to a string. Nested messages are written by a function and get
// their length in front afterwards; the length takes a fixed number of bytes
// (a varint may be longer than it must), so that nothing is moved.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  void uint(uint32_t field, uint64_t value) {
    tag(field, 0);
    varint(value);
  }
  void sint(uint32_t field, int64_t value) { uint(field, static_cast<uint64_t>(value)); }
  void fixed64(uint32_t field, uint64_t value) {
    tag(field, 1);
    for (int i = 0; i < 8; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void real(uint32_t field, double value) { fixed64(field, std::bit_cast<uint64_t>(value)); }
  void text(uint32_t field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    out_ += value;
  }
  // write() adds the fields of the message, fewer than 2^28 bytes of them.
  template <class Write>
  void message(uint32_t field, Write write) {
    tag(field, 2);
    const size_t length_at = out_.size();
    out_.append(kLengthBytes, '\0');
    write();
    uint64_t length = out_.size() - length_at - kLengthBytes;
    for (size_t i = 0; i < kLengthBytes; ++i, length >>= 7)
      out_[length_at + i] = static_cast<char>((length & 0x7f) | (i + 1 < kLengthBytes ? 0x80 : 0));
  }
  // The same for messages that are always short: fewer than 2^7 bytes.
  template <class Write>
  void short_message(uint32_t field, Write write) {
    tag(field, 2);
    const size_t length_at = out_.size();
    out_ += '\0';
    write();
    out_[length_at] = static_cast<char>(out_.size() - length_at - 1);
  }

 private:
  static constexpr size_t kLengthBytes = 4;

  void tag(uint32_t field, uint32_t wire_type) { varint(uint64_t{field} << 3 | wire_type); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }

  std::string& out_;
};

}  // namespace rondo::runtime
