#include <algorithm>
#include <cstring>
#include "rondo/load.h"
#include "schedules/binary/container.h"
#include "schedules/binary/crc32c.h"
#include "schedules/binary/meta.h"
#include "schedules/binary/record_offset.h"
#include "schedules/binary/sections.h"
#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string file) : bytes_(bytes) { schedule_.file = std::move(file); }

  Result<Schedule> read() {
    for (const auto step : {&Reader::header, &Reader::entries, &Reader::meta, &Reader::names, &Reader::tables})
      if (Status status = (this->*step)(); !status) {
        Error error = status.error();
        error.place.file = schedule_.file;
        return error;
      }
    if (Status status = check_structure(schedule_); !status) {
      Error error = status.error();
      if (const auto violation = find_violation(schedule_)) {
        error.place.offset = record_offset(entries_, violation->table, violation->record);
        if (names_op(violation->table)) error.place.op = violation->record;
      }
      return error;
    }
    return std::move(schedule_);
  }

 private:
  std::span<const std::byte> bytes_;
  Schedule schedule_;
  SectionEntry entries_[kSectionCount];

  template <class... Words>
  static Status bad_at(uint64_t offset, const Words&... words) {
    return make_error(ErrorCode::kInvalidSchedule, sentence(words...), Place{"", 0, 0, offset});
  }
  // Where the entry of section `i` lies.
  static uint64_t entry_offset(uint32_t i) { return sizeof(FileHeader) + i * sizeof(SectionEntry); }

  Status header() {
    FileHeader header;
    if (bytes_.size() < sizeof kMagic || std::memcmp(bytes_.data(), kMagic, sizeof kMagic) != 0)
      return bad_at(0, "not a binary schedule: the first 8 bytes are not 89 52 4e 44 0d 0a 1a 0a");
    if (bytes_.size() < sizeof header)
      return bad_at(bytes_.size(), "truncated: the file has ", bytes_.size(), " bytes, its header alone ",
                    sizeof header);
    std::memcpy(&header, bytes_.data(), sizeof header);
    // The version first: another version may well have another header.
    if (header.version != kFormatVersion)
      return bad_at(offsetof(FileHeader, version), "format version ", header.version, ", this build reads version ",
                    kFormatVersion, ": re-plan, or use the rondo that wrote it");
    const uint32_t crc = crc32c(bytes_.first(offsetof(FileHeader, header_crc)));
    if (crc != header.header_crc)
      return bad_at(0, "damaged: the header has CRC ", hex(crc), " and says ", hex(header.header_crc));
    if (header.reserved0 != 0 ||
        std::any_of(std::begin(header.reserved1), std::end(header.reserved1), [](uint32_t r) { return r != 0; }))
      return bad_at(header.reserved0 != 0 ? offsetof(FileHeader, reserved0) : offsetof(FileHeader, reserved1),
                    "the header has a reserved field that is not zero");
    if (header.file_bytes != bytes_.size())
      return bad_at(std::min<uint64_t>(header.file_bytes, bytes_.size()),
                    header.file_bytes > bytes_.size() ? "truncated" : "too long", ": the file has ", bytes_.size(),
                    " bytes, its header says ", header.file_bytes);
    if (header.section_count != kSectionCount)
      return bad_at(offsetof(FileHeader, section_count), "the header says ", header.section_count,
                    " sections, version ", kFormatVersion, " has ", kSectionCount);
    if (bytes_.size() < sizeof header + sizeof entries_)
      return bad_at(bytes_.size(), "truncated: the file has ", bytes_.size(), " bytes, header and section table ",
                    sizeof header + sizeof entries_);
    const auto table = bytes_.subspan(sizeof header, sizeof entries_);
    const uint32_t table_crc = crc32c(table);
    if (table_crc != header.table_crc)
      return bad_at(sizeof header, "damaged: the section table has CRC ", hex(table_crc), ", the header says ",
                    hex(header.table_crc));
    std::memcpy(entries_, table.data(), sizeof entries_);
    return {};
  }

  static bool is_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  // Each section is where the one before it ends; so no two overlap, none reaches
  // beyond the file, and their sizes add up without overflow.
  Status entries() {
    uint64_t end = sizeof(FileHeader) + sizeof entries_;
    for (uint32_t i = 0; i < kSectionCount; ++i) {
      const SectionEntry& entry = entries_[i];
      const std::string_view code(kSections[i].code, 4), found(entry.code, 4);
      if (found != code) {
        const bool readable = std::all_of(found.begin(), found.end(), [](char c) { return c > ' ' && c < 0x7f; });
        return bad_at(entry_offset(i), "section ", i, " is ",
                      readable ? sentence("'", found, "'") : std::string("no readable code"), ", version ",
                      kFormatVersion, " has '", code, "' there");
      }
      if (entry.flags != 0)
        return bad_at(entry_offset(i), "section ", code, " has flags ", hex(entry.flags), ", which must be 0");
      if (entry.offset != aligned_section(end))
        return bad_at(entry_offset(i), "section ", code, " starts at byte ", entry.offset, ", it belongs at ",
                      aligned_section(end));
      if (entry.offset > bytes_.size() || entry.bytes > bytes_.size() - entry.offset)
        return bad_at(entry_offset(i), "section ", code, " has ", entry.bytes, " bytes from ", entry.offset,
                      ", the file ", bytes_.size());
      if (!is_zero(bytes_.subspan(end, entry.offset - end)))
        return bad_at(end, "the padding before section ", code, " is not zero");
      end = entry.offset + entry.bytes;
    }
    if (end != bytes_.size())
      return bad_at(end, "the last section ends at byte ", end, ", the file at ", bytes_.size());
    for (uint32_t i = 0; i < kSectionCount; ++i) {
      const uint32_t crc = crc32c(content(i));
      if (crc != entries_[i].crc)
        return bad_at(entries_[i].offset, "damaged: section ", kSections[i].code, " has CRC ", hex(crc),
                      ", the section table says ", hex(entries_[i].crc));
    }
    return {};
  }

  std::span<const std::byte> content(uint32_t i) const { return bytes_.subspan(entries_[i].offset, entries_[i].bytes); }
  std::string_view text(uint32_t i) const {
    return {reinterpret_cast<const char*>(content(i).data()), content(i).size()};
  }

  Status meta() {
    if (entries_[0].count != kMetaLines || entries_[0].record_bytes != 1)
      return bad_at(entry_offset(0), "section META says ", entries_[0].count, " lines of records of ",
                    entries_[0].record_bytes, " bytes, it has ", kMetaLines, " of 1");
    Status status = parse_meta(text(0), schedule_);
    if (status) return status;
    Error error = status.error();
    error.place.offset = entries_[0].offset;
    return error;
  }

  Status names() {
    const SectionEntry& entry = entries_[1];
    const std::string_view all = text(1);
    const auto ends = static_cast<uint64_t>(std::count(all.begin(), all.end(), '\0'));
    if (entry.record_bytes != 1)
      return bad_at(entry_offset(1), "section STRS has records of ", entry.record_bytes, " bytes, text has 1");
    if (ends != entry.count)
      return bad_at(entry_offset(1), "section STRS says ", entry.count, " names and holds ", ends);
    if (!all.empty() && all.back() != '\0')
      return bad_at(entry.offset + entry.bytes - 1, "section STRS does not end with a zero byte");
    schedule_.names.clear();
    schedule_.names.reserve(ends);
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\0', at);
      schedule_.names.emplace_back(all.substr(at, end - at));
      at = end + 1;
    }
    return {};
  }

  Status tables() {
    Status status;
    for_each_table(schedule_, [&](Table table, auto& records) {
      using Record = typename std::decay_t<decltype(records)>::value_type;
      static_assert(kStoredAsItLies<Record>);
      const auto i = static_cast<uint32_t>(table);
      const SectionEntry& entry = entries_[i];
      if (!status) return;
      if (entry.record_bytes != sizeof(Record)) {
        status = bad_at(entry_offset(i), "section ", kSections[i].code, " has records of ", entry.record_bytes,
                        " bytes, version ", kFormatVersion, " has ", sizeof(Record));
      } else if (entry.bytes % sizeof(Record) != 0 || entry.bytes / sizeof(Record) != entry.count) {
        status = bad_at(entry_offset(i), "section ", kSections[i].code, " says ", entry.count, " records of ",
                        sizeof(Record), " bytes and has ", entry.bytes, " bytes");
      } else {
        records.resize(entry.count);
        if (entry.bytes > 0) std::memcpy(static_cast<void*>(records.data()), content(i).data(), entry.bytes);
      }
    });
    return status;
  }
};

}  // namespace

Result<Schedule> parse_binary(std::span<const std::byte> bytes, std::string file) {
  return Reader(bytes, std::move(file)).read();
}

}  // namespace rondo
