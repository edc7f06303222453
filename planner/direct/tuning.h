// Figures the direct strategy decides by, and the measurements that chose them.
// Machine: 2-vCPU AMD EPYC with AVX-512, 1 MiB of L2 a core, g++ 12 -O2, busy;
// 2026-11-20; medians of interleaved runs of the committed kernels.
#pragma once
#include <cstdint>

namespace rondo::direct {

// A right operand that is no constant is packed in the replay only if its matrices
// meet at least this many rows of the left operand. Time of pack + packed product
// over the product that reads it where it lies:
//
//   k x n, stored by rows      rows  16   32   64  128    stored transposed   16   32   64  128
//   256 x 64                        1.25 1.14 1.07 1.04                      1.11 1.04 1.01 0.99
//   256 x 256                       1.28 1.14 1.08 1.03                      1.11 1.04 1.01 0.99
//   256 x 1024 (1 MiB)              1.54 1.17 1.08 0.92                      1.07 0.98 0.97 0.92
//   1024 x 256 (1 MiB)              1.36 1.20 1.09 1.06                      1.11 0.99 0.96 0.92
//
// Small ones stored by rows are never packed: below 1 MiB nothing is ever won.
inline constexpr uint64_t kLargeRightBytes = uint64_t{1} << 20;
inline constexpr uint64_t kPackRowsIfLarge = 192;
inline constexpr uint64_t kPackTransposedRows = 128;
inline constexpr uint64_t kPackTransposedRowsIfLarge = 32;

// Rows of intermediates that are a multiple of kPitchMultiple bytes lie kPitchPad
// bytes further apart: equal addresses modulo 4096 fight for the same cache sets.
// A product whose left operand has padded rows takes 0.94 to 1.02 of the time that it
// takes unpadded, one whose result has, 0.94 to 1.02: on average within the noise.
inline constexpr uint64_t kPitchMultiple = 2048;
inline constexpr uint64_t kPitchPad = 64;

// Row blocks are multiples of this many rows where they are larger: the least
// common multiple of the row counts micro-kernels use (6, 8, 12, 16). Not measured.
inline constexpr uint32_t kRowMultiple = 48;

// Fewer rows than this in a block leave the matmul kernel nothing to reuse. Not measured.
inline constexpr uint32_t kLeastBlockRows = 8;

// Work is cut for lanes at multiples of this many columns: what the widest panels hold.
inline constexpr uint32_t kLaneColumns = 32;
// And, where each lane gets kFewRows or more, of this many rows. Not measured.
inline constexpr uint32_t kLaneRows = 8, kFewRows = 32;

// What the machine file leaves out. A kernel without a cost is taken to begin in
// kNsPerOp and to do 1 / kNsPerFlop flops or move 1 / kNsPerByte bytes a ns, whichever takes longer (80
// GFLOP/s, 12 GB/s). A lane gets bytes that another one wrote at 8 GB/s, and hears
// of them kTokenNs late: figures of pairs of cores in one package. Not measured here.
inline constexpr double kNsPerOp = 20, kNsPerFlop = 0.0125, kNsPerByte = 0.08;
inline constexpr double kNsPerCrossedByte = 0.125;
inline constexpr double kTokenNs = 430;

// Larger graphs are not dealt: every way to cut a group is tried by emitting it.
inline constexpr uint64_t kMostDealtOps = uint64_t{1} << 17;

// Inputs and outputs of a device are copied in at most so many blocks of at least so
// many bytes, so that the first is there early. Not measured.
inline constexpr uint64_t kLeastCopiedBytes = uint64_t{16} << 10;
inline constexpr uint32_t kMostCopiedBlocks = 8;

// Ops and prepared ops together; hostile batch counts stop here.
inline constexpr uint64_t kMaxOps = uint64_t{1} << 22;

}  // namespace rondo::direct
