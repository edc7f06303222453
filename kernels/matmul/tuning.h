// Block sizes of the vector matmuls. Chosen on: AMD EPYC (Zen 4, 32 KiB L1d, 1 MiB
// L2), perf/kernels/matmul_vs_onednn; see docs/decisions/0020.
#pragma once
#include <cstdint>

namespace rondo::kernels {

// Steps of k that one pass over c covers.
inline constexpr int64_t kMaxBlockK = 384;
// Bytes of b that one pass streams again and again from L2.
inline constexpr int64_t kBlockBytesB = 512 * 1024;
// Steps of k that are packed at a time when b is packed on the fly.
inline constexpr int64_t kStagedK = 128;

// Rows of a this far apart (or a multiple) share one L1 set: a is copied first,
// where at least so many columns reuse the copy.
inline constexpr int64_t kAliasBytes = 4096;
inline constexpr int64_t kStagedColumnsA = 128;

}  // namespace rondo::kernels
