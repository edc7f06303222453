// Published answers of CRC-32C (RFC 3720 B.4) and SHA-256 (FIPS 180-4 examples).
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include "schedules/binary/crc32c.h"
#include "schedules/digest/sha256.h"

namespace rondo {
namespace {

std::span<const std::byte> text_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(Crc32c, GivesThePublishedAnswers) {
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(text_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(text_bytes(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(crc32c(text_bytes(std::string(32, '\xff'))), 0x62a8ab43u);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstruction) {
  std::string text(1000, '\0');
  std::iota(text.begin(), text.end(), '\0');
  for (size_t begin = 0; begin < 9; ++begin)
    for (size_t size = 0; size < 70; ++size) {
      const auto part = text_bytes(text).subspan(begin, size);
      ASSERT_EQ(crc32c(part), crc32c_portable(part)) << begin << " " << size;
    }
}

TEST(Sha256, GivesThePublishedAnswers) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(text_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(text_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(text_bytes(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameWithAndWithoutTheInstructions) {
  std::string text(1000, '\0');
  std::iota(text.begin(), text.end(), '\0');
  for (size_t size = 0; size < text.size(); ++size) {
    Sha256 fastest, portable(Sha256::Way::kPortable);
    fastest.add(text_bytes(text).first(size));
    portable.add(text_bytes(text).first(size));
    ASSERT_EQ(fastest.finish_hex(), portable.finish_hex()) << size;
  }
}

TEST(Sha256, DoesNotDependOnHowTheBytesArrive) {
  const std::string text(300, 'x');
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 hash;
    hash.add(text_bytes(text).first(cut));
    hash.add(text_bytes(text).subspan(cut));
    ASSERT_EQ(hash.finish_hex(), sha256_hex(text_bytes(text))) << cut;
  }
}

}  // namespace
}  // namespace rondo
