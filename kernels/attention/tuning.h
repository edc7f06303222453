// Block sizes of the vector attention, chosen with perf/kernels/attention_vs_onednn on:
// AMD EPYC (Zen 4, 32 KiB L1d, 1 MiB L2), one thread, AVX-512, November 2026.
#pragma once
#include <cstdint>

namespace rondo::kernels {

// Fewer query rows than this read the keys where they lie, one row after another;
// more pack them. GFLOP/s at 1024 keys of 64, packed: 2 rows 31, 3 rows 39, 4 rows 57, 5
// rows 63; as they lie, kRowsTogether at a time: 2 rows 50, 3 rows 56.
inline constexpr int64_t kPackedRows = 4;

// Query rows over keys where they lie that share each load of a key and a value.
inline constexpr int64_t kRowsTogether = 3;

// Keys that one row's scores are kept of. On the packed path fewer where d is
// larger: 128 for d <= 64, 64 for d <= 128, else 32, so that a panel of them (d at
// most kMostDepth at a time) is 32 KiB. Not measured.
inline constexpr int64_t kMostKeys = 128;
inline constexpr int64_t kPanelFloats = 8192;
inline constexpr int64_t kMostDepth = 256;

// Query rows that share a packed panel; a multiple of the rows of a tile. Not measured.
inline constexpr int64_t kRowsAtOnce = 240;

}  // namespace rondo::kernels
