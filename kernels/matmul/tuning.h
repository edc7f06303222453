// Block sizes of the vector matmuls, chosen with perf/kernels/matmul_vs_onednn
// (CPU time over oneDNN 2.6's, AVX-512, panels of 32) on: AMD EPYC (Zen 4, 32
// KiB L1d, 1 MiB L2, 32 MiB L3), one thread, November 2026.
#pragma once
#include <cstdint>

namespace rondo::kernels {

// Steps of k that one pass over c covers: sums are added to c once a pass. At
// 128 x 784 x 512: 1.00 at 384, 0.95 at 512, 0.93 at 1024. Changes results'
// bits.
inline constexpr int64_t kMaxBlockK = 1024;

// Bytes of b that the rows of a are multiplied with before moving on. At
// 1024^3: 1.08 at 512 KiB, 1.07 at 1 MiB, 1.02 at 2 MiB, 1.00 at 4 MiB, which
// cores with a slower L3 than this one's could not stream.
inline constexpr int64_t kBlockBytesB = 2 * 1024 * 1024;

// Rows this far apart (or a multiple) share one L1 set. Such a block of a is
// copied first: 1.02 against 1.12 at 1024^3. Copying always costs 2 to 4 %
// elsewhere.
inline constexpr int64_t kAliasBytes = 4096;
inline constexpr int64_t kStagedColumnsA = 128;  // columns that must reuse the copy; not measured

// The same where b lies in rows, whose lines compete for L1
// sets: 1.14, 1.09, 1.10 and 1.01 at 1024^3, 512^3, 128 x 784 x 512 and 256^3,
// against 1.16, 1.04, 1.13, 1.02 at 1024.
inline constexpr int64_t kMaxRowsBlockK = 256;

// Steps of k packed at a time where b is packed on the fly.
inline constexpr int64_t kStagedK = 128;  // not measured

}  // namespace rondo::kernels
