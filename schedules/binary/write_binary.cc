#include <cstring>
#include "rondo/load.h"
#include "schedules/binary/container.h"
#include "schedules/binary/crc32c.h"
#include "schedules/binary/meta.h"
#include "schedules/binary/sections.h"

namespace rondo {
namespace {

struct Content {
  const void* data = nullptr;
  uint64_t count = 0;
  uint32_t record_bytes = 1;
  uint64_t bytes = 0;
};

// Names one after another, each ended by a zero byte, which no name contains.
std::string joined_names(const Schedule& schedule) {
  std::string text;
  for (const std::string& name : schedule.names) {
    text += name;
    text += '\0';
  }
  return text;
}

}  // namespace

std::vector<std::byte> write_binary(const Schedule& schedule) {
  const std::string meta = print_meta(schedule), names = joined_names(schedule);
  std::vector<Content> contents;
  contents.push_back({meta.data(), kMetaLines, 1, meta.size()});
  contents.push_back({names.data(), schedule.names.size(), 1, names.size()});
  for_each_table(schedule, [&](Table, const auto& records) {
    using Record = typename std::decay_t<decltype(records)>::value_type;
    static_assert(kStoredAsItLies<Record>);
    contents.push_back({records.data(), records.size(), sizeof(Record), records.size() * sizeof(Record)});
  });

  SectionEntry entries[kSectionCount];
  uint64_t end = sizeof(FileHeader) + sizeof entries;
  for (uint32_t i = 0; i < kSectionCount; ++i) {
    SectionEntry& entry = entries[i];
    std::memcpy(entry.code, kSections[i].code, 4);
    entry.offset = aligned_section(end);
    entry.bytes = contents[i].bytes;
    entry.count = contents[i].count;
    entry.record_bytes = contents[i].record_bytes;
    entry.crc = crc32c({static_cast<const std::byte*>(contents[i].data), static_cast<size_t>(contents[i].bytes)});
    end = entry.offset + entry.bytes;
  }

  FileHeader header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kFormatVersion;
  header.section_count = kSectionCount;
  header.file_bytes = end;
  header.table_crc = crc32c(std::as_bytes(std::span(entries)));
  header.header_crc = crc32c(std::as_bytes(std::span(&header, 1)).first(offsetof(FileHeader, header_crc)));

  std::vector<std::byte> file(end);
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, entries, sizeof entries);
  for (uint32_t i = 0; i < kSectionCount; ++i)
    if (contents[i].bytes > 0) std::memcpy(file.data() + entries[i].offset, contents[i].data, contents[i].bytes);
  return file;
}

}  // namespace rondo
