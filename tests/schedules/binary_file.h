// A binary file under the knife.
#pragma once
#include <cstring>
#include <span>
#include <vector>
#include "schedules/binary/container.h"
#include "schedules/binary/crc32c.h"
#include "schedules/binary/sections.h"

namespace rondo::testing {

class BinaryFile {
 public:
  explicit BinaryFile(std::vector<std::byte> content) : bytes(std::move(content)) {}

  std::vector<std::byte> bytes;

  bool has_table() const { return bytes.size() >= sizeof(FileHeader) + kSectionCount * sizeof(SectionEntry); }
  FileHeader header() const {
    FileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header;
  }
  void put(const FileHeader& header) { std::memcpy(bytes.data(), &header, sizeof header); }
  SectionEntry entry(Table table) const {
    SectionEntry entry;
    std::memcpy(&entry, bytes.data() + at(table), sizeof entry);
    return entry;
  }
  void put(Table table, const SectionEntry& entry) { std::memcpy(bytes.data() + at(table), &entry, sizeof entry); }
  template <class Record>
  void put_record(Table table, uint32_t index, const Record& record) {
    std::memcpy(bytes.data() + entry(table).offset + index * sizeof record, &record, sizeof record);
  }

  // Makes every checksum and the file's size right, so that what lies behind them
  // can be tested. Nothing where the file ends before its section table does.
  void seal() {
    if (!has_table()) return;
    for (uint32_t i = 0; i < kSectionCount; ++i) {
      SectionEntry e = entry(static_cast<Table>(i));
      if (e.offset <= bytes.size() && e.bytes <= bytes.size() - e.offset)
        e.crc = crc32c(std::span(bytes).subspan(e.offset, e.bytes));
      put(static_cast<Table>(i), e);
    }
    FileHeader h = header();
    h.file_bytes = bytes.size();
    h.table_crc = crc32c(std::span(bytes).subspan(sizeof h, kSectionCount * sizeof(SectionEntry)));
    h.header_crc = crc32c(std::as_bytes(std::span(&h, 1)).first(offsetof(FileHeader, header_crc)));
    put(h);
  }

 private:
  static size_t at(Table table) { return sizeof(FileHeader) + static_cast<size_t>(table) * sizeof(SectionEntry); }
};

}  // namespace rondo::testing
