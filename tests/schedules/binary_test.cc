// What a binary file must be, byte for byte. Every refusal names both sides.
#include <gtest/gtest.h>
#include <cstring>
#include "tests/schedules/binary_file.h"
#include "tests/schedules/golden.h"
#include "tests/schedules/random_schedule.h"
#include "tests/sweep.h"

namespace rondo {
namespace {

using namespace rondo::testing;

// The first golden file, to be broken.
class File : public BinaryFile {
 public:
  File() : BinaryFile(golden_bytes("v1_every_table.rondo")) {}

  std::string error() const {
    const Result<Schedule> schedule = parse_binary(bytes, "f.rondo");
    if (schedule) return "loaded";
    EXPECT_EQ(schedule.error().code, ErrorCode::kInvalidSchedule);
    return schedule.error().to_string();
  }
  std::string sealed_error() {
    seal();
    return error();
  }
  uint64_t error_offset() const {
    const Result<Schedule> schedule = parse_binary(bytes, "f.rondo");
    return schedule ? Place::kNoOffset : schedule.error().place.offset;
  }
};

TEST(BinaryForm, LoadsWhenNothingWasChanged) {
  File file;
  EXPECT_EQ(file.error(), "loaded");
  EXPECT_EQ(file.sealed_error(), "loaded");
}

TEST(BinaryForm, BeginsWithReadableTextOnWhatMadeIt) {
  const File file;
  const SectionEntry meta = file.entry(Table::kTarget);
  const std::string text(reinterpret_cast<const char*>(file.bytes.data() + meta.offset), meta.bytes);
  EXPECT_EQ(
      text,
      "rondo schedule\nproducer: by hand\nsource: every_table.yaml\nbackend: cpu\nmachine: two-lanes\nlanes: 2\n");
}

TEST(BinaryForm, SaysAtWhichByteItIsWrong) {
  const auto offset = [](auto&& damage) {
    File file;
    damage(file);
    return file.error_offset();
  };
  const File whole;
  EXPECT_EQ(whole.error_offset(), Place::kNoOffset);
  EXPECT_EQ(offset([](File& file) { file.bytes.clear(); }), 0u);
  EXPECT_EQ(offset([](File& file) { file.bytes.resize(20); }), 20u);
  EXPECT_EQ(offset([](File& file) { file.bytes.resize(file.bytes.size() - 7); }), whole.bytes.size() - 7);
  EXPECT_EQ(offset([](File& file) { file.bytes.push_back({}); }), whole.bytes.size());
  EXPECT_EQ(offset([](File& file) { file.bytes[8] = std::byte{9}; }), 8u);  // the version
  EXPECT_EQ(offset([](File& file) { file.bytes[100] ^= std::byte{1}; }), sizeof(FileHeader));

  const uint64_t ops = whole.entry(Table::kOps).offset;
  EXPECT_EQ(offset([&](File& file) { file.bytes[ops + 70] ^= std::byte{1}; }), ops);  // the CRC knows no record
  EXPECT_EQ(offset([&](File& file) {
              Op op;
              std::memcpy(&op, file.bytes.data() + ops + sizeof op, sizeof op);
              op.phase = 60000;
              file.put_record(Table::kOps, 1, op);
              file.seal();
            }),
            ops + sizeof(Op));
  EXPECT_EQ(offset([&](File& file) {
              SectionEntry entry = file.entry(Table::kViews);
              entry.flags = 1;
              file.put(Table::kViews, entry);
              file.seal();
            }),
            sizeof(FileHeader) + static_cast<uint64_t>(Table::kViews) * sizeof(SectionEntry));
}

TEST(BinaryForm, StartsEverySectionAtAMultipleOf64) {
  const File file;
  for (uint32_t i = 0; i < kSectionCount; ++i) EXPECT_EQ(file.entry(static_cast<Table>(i)).offset % 64, 0u);
}

TEST(BinaryForm, RefusesAnEmptyFile) {
  File file;
  file.bytes.clear();
  EXPECT_EQ(file.error(), "f.rondo: not a binary schedule: the first 8 bytes are not 89 52 4e 44 0d 0a 1a 0a");
}

TEST(BinaryForm, RefusesALineEndingConversion) {
  File file;
  file.bytes.erase(file.bytes.begin() + 4);  // 0d 0a became 0a
  EXPECT_EQ(file.error(), "f.rondo: not a binary schedule: the first 8 bytes are not 89 52 4e 44 0d 0a 1a 0a");
}

TEST(BinaryForm, RefusesAHeaderThatEndsEarly) {
  File file;
  file.bytes.resize(8);
  EXPECT_EQ(file.error(), "f.rondo: truncated: the file has 8 bytes, its header alone 64");
}

TEST(BinaryForm, RefusesATruncatedFile) {
  File file;
  const size_t bytes = file.bytes.size();
  file.bytes.resize(bytes - 100);
  EXPECT_EQ(file.error(), "f.rondo: truncated: the file has " + std::to_string(bytes - 100) +
                              " bytes, its header says " + std::to_string(bytes));
}

TEST(BinaryForm, RefusesTrailingBytes) {
  File file;
  const size_t bytes = file.bytes.size();
  file.bytes.push_back(std::byte{0});
  EXPECT_EQ(file.error(), "f.rondo: too long: the file has " + std::to_string(bytes + 1) + " bytes, its header says " +
                              std::to_string(bytes));
}

TEST(BinaryForm, RefusesAnotherVersionBeforeItLooksFurther) {
  File file;
  FileHeader header = file.header();
  header.version = 2;
  file.put(header);
  EXPECT_EQ(file.error(),
            "f.rondo: format version 2, this build reads version 1: re-plan, or use the rondo that wrote it");
}

TEST(BinaryForm, RefusesAFlippedBitInTheHeader) {
  File file;
  file.bytes[30] ^= std::byte{1};
  EXPECT_TRUE(file.error().starts_with("f.rondo: damaged: the header has CRC 0x")) << file.error();
}

TEST(BinaryForm, RefusesAFlippedBitInTheSectionTable) {
  File file;
  file.bytes[100] ^= std::byte{1};
  EXPECT_TRUE(file.error().starts_with("f.rondo: damaged: the section table has CRC 0x")) << file.error();
}

TEST(BinaryForm, RefusesAFlippedBitInASection) {
  File file;
  file.bytes[file.entry(Table::kOps).offset + 5] ^= std::byte{4};
  EXPECT_TRUE(file.error().starts_with("f.rondo: damaged: section OPS_ has CRC 0x")) << file.error();
}

TEST(BinaryForm, RefusesAReservedFieldOfTheHeader) {
  File file;
  FileHeader header = file.header();
  header.reserved1[7] = 1;
  file.put(header);
  EXPECT_EQ(file.sealed_error(), "f.rondo: the header has a reserved field that is not zero");
}

TEST(BinaryForm, RefusesAnotherNumberOfSections) {
  File file;
  FileHeader header = file.header();
  header.section_count = 0xffffffff;
  file.put(header);
  EXPECT_EQ(file.sealed_error(), "f.rondo: the header says 4294967295 sections, version 1 has 23");
}

TEST(BinaryForm, RefusesAnUnknownSection) {
  File file;
  SectionEntry entry = file.entry(Table::kCosts);
  std::memcpy(entry.code, "FUTR", 4);
  file.put(Table::kCosts, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section 22 is 'FUTR', version 1 has 'COST' there");
}

TEST(BinaryForm, RefusesFlagsOfASection) {
  File file;
  SectionEntry entry = file.entry(Table::kViews);
  entry.flags = 3;
  file.put(Table::kViews, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section VIEW has flags 0x3, which must be 0");
}

TEST(BinaryForm, RefusesSectionsThatOverlap) {
  File file;
  SectionEntry entry = file.entry(Table::kViews);
  const uint64_t belongs = entry.offset;
  entry.offset -= 64;
  file.put(Table::kViews, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section VIEW starts at byte " + std::to_string(belongs - 64) +
                                     ", it belongs at " + std::to_string(belongs));
}

TEST(BinaryForm, RefusesASectionBeyondTheFileWithoutOverflow) {
  File file;
  SectionEntry entry = file.entry(Table::kCosts);
  entry.bytes = UINT64_MAX - entry.offset + 1;  // offset + bytes wraps to 0
  file.put(Table::kCosts, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section COST has " + std::to_string(entry.bytes) + " bytes from " +
                                     std::to_string(entry.offset) + ", the file " + std::to_string(file.bytes.size()));
}

TEST(BinaryForm, RefusesPaddingThatIsNotZero) {
  File file;
  file.bytes[file.entry(Table::kNames).offset - 1] = std::byte{7};
  EXPECT_EQ(file.sealed_error(), "f.rondo: the padding before section STRS is not zero");
}

TEST(BinaryForm, RefusesRecordsOfAnotherSize) {
  File file;
  SectionEntry entry = file.entry(Table::kOps);
  entry.record_bytes = 72;
  file.put(Table::kOps, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section OPS_ has records of 72 bytes, version 1 has 64");
}

TEST(BinaryForm, RefusesACountThatItsBytesDoNotHold) {
  File file;
  SectionEntry entry = file.entry(Table::kOps);
  entry.count += uint64_t{1} << 58;  // times 64 it is the same in 64 bits
  file.put(Table::kOps, entry);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section OPS_ says " + std::to_string(entry.count) +
                                     " records of 64 bytes and has " + std::to_string(entry.bytes) + " bytes");
}

TEST(BinaryForm, RefusesAnotherNumberOfNames) {
  File file;
  SectionEntry entry = file.entry(Table::kNames);
  const uint64_t count = entry.count--;
  file.put(Table::kNames, entry);
  EXPECT_EQ(file.sealed_error(),
            "f.rondo: section STRS says " + std::to_string(count - 1) + " names and holds " + std::to_string(count));
}

TEST(BinaryForm, RefusesMetaThatItWouldWriteOtherwise) {
  File file;
  const size_t at = file.entry(Table::kTarget).offset;
  std::memcpy(file.bytes.data() + at, "RONDO", 5);
  EXPECT_EQ(file.sealed_error(), "f.rondo: section META does not begin with the line 'rondo schedule'");
}

TEST(BinaryForm, RefusesAnIndexOutOfRangeBehindRightChecksums) {
  File file;
  file.put_record(Table::kCuts, 0, Cut{9});
  EXPECT_EQ(file.sealed_error(), "f.rondo: cut 0 is before phase 9, the file holds 3");
}

// ---- Mutants -------------------------------------------------------------

// 10,000 damaged files, half of them with right checksums: each is refused, or is
// a valid schedule that writes back to the very same bytes.
TEST(BinaryForm, IsRefusedOrCanonicalAfterAnyDamage) {
  uint64_t state = 1, refused = 0, loaded = 0;
  for (uint64_t mutant = 0; mutant < testing::swept(10000, 3); ++mutant) {
    File file;
    const uint64_t kind = next_random(state) % 6;
    if (kind == 0) {
      file.bytes.resize(next_random(state) % file.bytes.size());
    } else if (kind == 1) {
      for (int i = 0; i < 4; ++i)
        file.bytes[next_random(state) % file.bytes.size()] = static_cast<std::byte>(next_random(state));
    } else if (kind == 2) {  // a length, offset or count to an end of its range
      const auto table = static_cast<Table>(next_random(state) % kSectionCount);
      SectionEntry entry = file.entry(table);
      const uint64_t value = next_random(state) % 2 ? UINT64_MAX : 0;
      switch (next_random(state) % 4) {
        case 0:
          entry.offset = value;
          break;
        case 1:
          entry.bytes = value;
          break;
        case 2:
          entry.count = value;
          break;
        default:
          entry.record_bytes = static_cast<uint32_t>(value);
          break;
      }
      file.put(table, entry);
    } else if (kind == 3) {  // a word of a section to an end of its range
      const SectionEntry entry = file.entry(static_cast<Table>(next_random(state) % kSectionCount));
      if (entry.bytes < 4) continue;
      const uint32_t word = next_random(state) % 2 ? UINT32_MAX : 0;
      std::memcpy(file.bytes.data() + entry.offset + next_random(state) % (entry.bytes / 4) * 4, &word, 4);
    } else {  // one bit of a section
      const SectionEntry entry = file.entry(static_cast<Table>(next_random(state) % kSectionCount));
      file.bytes[entry.offset + next_random(state) % entry.bytes] ^=
          static_cast<std::byte>(1 << next_random(state) % 8);
    }
    if (mutant % 2 == 0) file.seal();
    const Result<Schedule> schedule = parse_binary(file.bytes);
    if (!schedule) {
      ++refused;
      ASSERT_FALSE(schedule.error().message.empty());
      continue;
    }
    ++loaded;
    ASSERT_EQ(write_binary(*schedule), file.bytes) << "mutant " << mutant;
    const Result<Schedule> again = parse_text(print_text(*schedule));
    ASSERT_TRUE(again.ok() && same_tables(*schedule, *again)) << "mutant " << mutant;
  }
  RecordProperty("refused", static_cast<int>(refused));
  RecordProperty("loaded", static_cast<int>(loaded));
  EXPECT_GT(refused, testing::swept(5000, 3));
  EXPECT_GT(loaded, testing::swept(500, 3));  // else the mutants do not reach behind the checksums
}

}  // namespace
}  // namespace rondo
