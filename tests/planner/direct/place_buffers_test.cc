// No two buffers that live together share a byte, and little is wasted.
#include "planner/direct/place_buffers.h"

#include <gtest/gtest.h>

#include <random>

namespace rondo::direct {
namespace {

constexpr uint64_t kUnlimited = uint64_t{1} << 40;

// The first pair that shares time and bytes, in words.
std::string overlap(const std::vector<Buffer>& buffers, const Placement& placement) {
  for (size_t a = 0; a < buffers.size(); ++a)
    for (size_t b = a + 1; b < buffers.size(); ++b) {
      const Place &p = placement.places[a], &q = placement.places[b];
      if (p.in_scratch != q.in_scratch) continue;
      if (buffers[a].last < buffers[b].first || buffers[b].last < buffers[a].first) continue;
      if (p.offset_bytes < q.offset_bytes + buffers[b].bytes && q.offset_bytes < p.offset_bytes + buffers[a].bytes)
        return std::to_string(a) + " and " + std::to_string(b);
    }
  return "none";
}

//  0: |----|
//  1:      |----|
//  2:           |----|
TEST(PlaceBuffers, ReusesTheBytesOfTheDead) {
  const std::vector<Buffer> buffers = {{100, 0, 1}, {100, 1, 2}, {100, 2, 3}};
  const Placement placement = place_buffers(buffers, kUnlimited);
  EXPECT_EQ(overlap(buffers, placement), "none");
  EXPECT_EQ(placement.scratch_bytes, 256u);  // two of 128, rounded to 64
  EXPECT_EQ(placement.live_peak_bytes, 256u);
}

// By time alone, 1 would take the low half of 0's place and leave 2 no gap.
TEST(PlaceBuffers, FindsTheArrangementWithoutWaste) {
  const std::vector<Buffer> buffers = {{64, 0, 1}, {64, 0, 3}, {128, 2, 3}};
  const Placement placement = place_buffers(buffers, kUnlimited);
  EXPECT_EQ(overlap(buffers, placement), "none");
  EXPECT_EQ(placement.scratch_bytes, placement.live_peak_bytes);
}

TEST(PlaceBuffers, SendsToHostWhatScratchCannotHold) {
  const std::vector<Buffer> buffers = {{4096, 0, 5}, {1024, 0, 5}, {1024, 1, 5}};
  const Placement placement = place_buffers(buffers, 2048);
  EXPECT_EQ(overlap(buffers, placement), "none");
  EXPECT_FALSE(placement.places[0].in_scratch);
  EXPECT_TRUE(placement.places[1].in_scratch);
  EXPECT_TRUE(placement.places[2].in_scratch);
  EXPECT_EQ(placement.scratch_bytes, 2048u);
  EXPECT_EQ(placement.host_bytes, 4096u);
}

TEST(PlaceBuffers, KeepsAllApartInRandomCases) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Buffer> buffers(1 + random() % 60);
    for (Buffer& buffer : buffers) {
      buffer.bytes = 1 + random() % 5000;
      buffer.first = static_cast<uint32_t>(random() % 40);
      buffer.last = buffer.first + static_cast<uint32_t>(random() % 12);
    }
    const uint64_t capacity = round % 3 == 0 ? 0 : 8192 << (round % 5);
    const Placement placement = place_buffers(buffers, capacity);
    ASSERT_EQ(overlap(buffers, placement), "none") << round;
    EXPECT_LE(placement.scratch_bytes, capacity);
    EXPECT_GE(placement.scratch_bytes + placement.host_bytes, placement.live_peak_bytes);
    for (const Place& place : placement.places) EXPECT_EQ(place.offset_bytes % 64, 0u);
  }
}

// More buffers than the quadratic method takes.
TEST(PlaceBuffers, KeepsManyApart) {
  std::mt19937_64 random(9);
  std::vector<Buffer> buffers(2000);
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    const auto length = static_cast<uint32_t>(random() % 9);
    buffers[i] = {1 + random() % 5000, i, i + length};
  }
  const Placement placement = place_buffers(buffers, 20000);
  EXPECT_EQ(overlap(buffers, placement), "none");
  EXPECT_GT(placement.host_bytes, 0u);
}

}  // namespace
}  // namespace rondo::direct
