// Where in a binary file a record lies: what an error says to who looks at the bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include "schedules/binary/container.h"
#include "schedules/binary/sections.h"

namespace rondo {

// Violations in this table have the index of an op as their record.
constexpr bool names_op(Table table) {
  return table == Table::kOps || table == Table::kOperands || table == Table::kLabels;
}

// Byte of the file where record `record` of `table` begins, by the entries of the
// section table; of operands and labels the op they belong to, as Violation has it.
// Where no record is named, or the section is text, where the section begins.
inline uint64_t record_offset(const SectionEntry (&entries)[kSectionCount], Table table, uint32_t record) {
  if (names_op(table)) table = Table::kOps;
  const SectionEntry& entry = entries[static_cast<uint32_t>(table)];
  return record == kNone || entry.record_bytes <= 1 ? entry.offset
                                                    : entry.offset + uint64_t{record} * entry.record_bytes;
}

// The same of a whole file that parse_binary has accepted.
inline uint64_t record_offset(std::span<const std::byte> file, Table table, uint32_t record) {
  SectionEntry entries[kSectionCount];
  std::memcpy(entries, file.data() + sizeof(FileHeader), sizeof entries);
  return record_offset(entries, table, record);
}

}  // namespace rondo
