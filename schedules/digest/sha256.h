// SHA-256 (FIPS 180-4), for the identity of schedules and of golden outputs. Uses
// the CPU's instructions where it has them.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rondo {

class Sha256 {
 public:
  enum class Way : uint8_t { kFastest, kPortable };
  explicit Sha256(Way way = Way::kFastest);

  void add(std::span<const std::byte> bytes);
  // 64 lower-case hex digits. The object is spent afterwards.
  std::string finish_hex();

 private:
  using Blocks = void (*)(std::array<uint32_t, 8>& state, const std::byte* bytes, size_t count);

  Blocks blocks_;
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> pending_ = {};
  size_t pending_bytes_ = 0;
  uint64_t total_bytes_ = 0;
};

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace rondo
