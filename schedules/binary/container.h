// The container of the binary form: a header, a section table, sections.
//
// Everything in it follows from the sections' contents (their order is fixed, each
// starts at the next multiple of 64, nothing follows the last), so a schedule has
// exactly one byte string, and a reader compares instead of interpreting.
#pragma once
#include <bit>
#include <cstdint>
#include <type_traits>
#include "rondo/schedule.h"

namespace rondo {

static_assert(std::endian::native == std::endian::little, "records are stored as they lie in memory");

// A byte above 0x7f, the name, and both line endings: a file that a 7-bit or text
// mode channel damaged is not taken for a schedule (the idea is PNG's).
inline constexpr uint8_t kMagic[8] = {0x89, 'R', 'N', 'D', 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr uint64_t kSectionAlign = 64;

struct FileHeader {
  uint8_t magic[8] = {};
  uint16_t version = 0;  // kFormatVersion
  uint16_t reserved0 = 0;
  uint32_t section_count = 0;
  uint64_t file_bytes = 0;  // of the whole file: finds truncation before any section is read
  uint32_t table_crc = 0;   // CRC-32C of the section table
  uint32_t reserved1[8] = {};
  uint32_t header_crc = 0;  // CRC-32C of the bytes before it
};
static_assert(sizeof(FileHeader) == 64);

struct SectionEntry {
  char code[4] = {};
  uint32_t flags = 0;         // reserved: 0
  uint64_t offset = 0;        // from the start of the file, a multiple of 64
  uint64_t bytes = 0;         // count * record_bytes, or of the text
  uint64_t count = 0;         // records; of META lines, of STRS names
  uint32_t record_bytes = 0;  // sizeof the record; 1 for text
  uint32_t crc = 0;           // CRC-32C of the section
};
static_assert(sizeof(SectionEntry) == 40);

constexpr uint64_t aligned_section(uint64_t offset) {
  return (offset + kSectionAlign - 1) / kSectionAlign * kSectionAlign;
}

// Records without padding: their bytes are their meaning. (Cost holds doubles, which
// have several bit patterns for zero; its layout is pinned beside it.)
template <class Record>
inline constexpr bool kStoredAsItLies = std::is_trivially_copyable_v<Record> &&
                                        (std::has_unique_object_representations_v<Record> ||
                                         std::is_same_v<Record, Cost>);

}  // namespace rondo
