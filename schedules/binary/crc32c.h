// CRC-32C (Castagnoli): finds damage, proves nothing about origin.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo {

// Uses the CPU's instruction where it has one.
uint32_t crc32c(std::span<const std::byte> bytes);

// The same by table; any CPU.
uint32_t crc32c_portable(std::span<const std::byte> bytes);

}  // namespace rondo
