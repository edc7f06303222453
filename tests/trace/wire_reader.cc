#include "tests/trace/wire_reader.h"

#include <bit>
#include <cstdlib>
#include <iostream>

namespace rondo::trace_test {
namespace {

[[noreturn]] void malformed(const char* what) {
  std::cerr << "malformed trace: " << what << "\n";
  std::abort();
}

uint64_t take_varint(std::string_view& text) {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (text.empty()) malformed("a varint ends too early");
    const auto byte = static_cast<uint8_t>(text.front());
    text.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  malformed("a varint is too long");
}

uint64_t number_in(std::string_view message, uint32_t field) {
  for (const Field& each : fields_of(message))
    if (each.number == field) return each.value;
  return 0;
}
std::string text_in(std::string_view message, uint32_t field) {
  for (const Field& each : fields_of(message))
    if (each.number == field) return std::string(each.bytes);
  return {};
}

}  // namespace

std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const uint64_t tag = take_varint(message);
    Field field;
    field.number = static_cast<uint32_t>(tag >> 3);
    if ((tag & 7) == 0) {
      field.value = take_varint(message);
    } else if ((tag & 7) == 1) {
      if (message.size() < 8) malformed("8 bytes are missing");
      for (int i = 0; i < 8; ++i) field.value |= uint64_t{static_cast<uint8_t>(message[i])} << (8 * i);
      message.remove_prefix(8);
    } else if ((tag & 7) == 2) {
      const uint64_t length = take_varint(message);
      if (length > message.size()) malformed("a length goes beyond the end");
      field.bytes = message.substr(0, length);
      message.remove_prefix(length);
    } else {
      malformed("a wire type that traces do not use");
    }
    fields.push_back(field);
  }
  return fields;
}

std::vector<Slice> Decoded::on(std::string_view track) const {
  std::vector<Slice> list;
  for (const Slice& slice : slices)
    if (slice.track == track) list.push_back(slice);
  return list;
}

Decoded decode(std::string_view trace) {
  Decoded decoded;
  std::map<uint64_t, std::string> tracks;
  std::map<uint64_t, std::string> interned[30];  // by family, then iid
  std::map<uint64_t, std::vector<size_t>> open;  // by track: slices
  for (const Field& packet : fields_of(trace)) {
    if (packet.number != 1) malformed("not a packet");
    const uint64_t ns = number_in(packet.bytes, 8);
    for (const Field& part : fields_of(packet.bytes)) {
      if (part.number == 12)
        for (const Field& entry : fields_of(part.bytes))
          interned[entry.number][number_in(entry.bytes, 1)] = text_in(entry.bytes, 2);
      if (part.number == 60) {
        std::string name = text_in(part.bytes, 2);
        if (name.empty()) name = text_in(text_in(part.bytes, 3), 6);
        decoded.tracks.push_back(tracks[number_in(part.bytes, 1)] = name);
      }
      if (part.number != 11) continue;
      const uint64_t type = number_in(part.bytes, 9), track = number_in(part.bytes, 11);
      if (type == 2) {
        if (open[track].empty()) malformed("an end without a begin");
        decoded.slices[open[track].back()].end_ns = ns;
        open[track].pop_back();
      } else if (type == 4) {
        Sample sample{tracks[track], ns, 0};
        for (const Field& field : fields_of(part.bytes)) {
          if (field.number == 30) sample.value = static_cast<double>(field.value);
          if (field.number == 44) sample.value = std::bit_cast<double>(field.value);
        }
        decoded.samples.push_back(sample);
      } else {
        Slice slice;
        slice.track = tracks[track];
        slice.begin_ns = ns;
        for (const Field& field : fields_of(part.bytes)) {
          if (field.number == 10) slice.name = interned[2][field.value];
          if (field.number == 47) slice.flows_out.push_back(field.value);
          if (field.number == 48) slice.flows_in.push_back(field.value);
          if (field.number != 4) continue;
          const std::string argument = interned[3][number_in(field.bytes, 1)];
          for (const Field& value : fields_of(field.bytes)) {
            if (value.number == 3) slice.numbers[argument] = value.value;
            if (value.number == 17) slice.texts[argument] = interned[29][value.value];
          }
        }
        open[track].push_back(decoded.slices.size());
        decoded.slices.push_back(slice);
      }
    }
  }
  for (const auto& [track, left] : open)
    if (!left.empty()) malformed("a slice never ends");
  return decoded;
}

}  // namespace rondo::trace_test
