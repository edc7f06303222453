// Figures the direct strategy decides by. Each says what it was chosen from.
#pragma once
#include <cstdint>

namespace rondo::direct {

// A right operand that is no constant is packed in the replay when each of its
// matrices meets at least this many rows of the left operand; otherwise the kernel
// reads it where it lies. Packing reads and writes k*n once, the product reads k*n
// for every block of rows. Not measured.
inline constexpr uint32_t kPackRows = 32;           // stored row by row
inline constexpr uint32_t kPackTransposedRows = 4;  // columns would be read with a stride

// Row blocks are multiples of this many rows where they are larger: the least
// common multiple of the row counts micro-kernels use (6, 8, 12, 16). Not measured.
inline constexpr uint32_t kRowMultiple = 48;

// Fewer rows than this in a block leave the matmul kernel nothing to reuse. Not measured.
inline constexpr uint32_t kLeastBlockRows = 8;

// Ops and prepared ops together; hostile batch counts stop here.
inline constexpr uint64_t kMaxOps = uint64_t{1} << 22;

}  // namespace rondo::direct
