// NumPy's .npy files, versions 1 and 2: how tensors enter and leave `rondo run`.
//
// Little-endian, row-major arrays of the element types of rondo/dtype.h; anything
// else is refused with both sides named. A header is untrusted: its length, its
// dictionary and its shape are bounded and overflow-checked before memory is taken.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/dtype.h"
#include "rondo/result.h"
#include "tools/aligned_bytes.h"

namespace rondo::cli {

struct NpyHeader {
  std::string descr;  // as written: "<f4"
  bool fortran_order = false;
  std::vector<uint64_t> shape;
  uint64_t data_offset = 0;  // of the first element in the file
};

// The header at the start of `bytes` (the whole file, or at least its header).
// kIo: not a .npy file, of a version that is not known, truncated or malformed.
Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes, const std::string& file);

// What a file must hold: a binding of a schedule, or a tensor of a graph.
struct NpyExpectation {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<uint32_t> shape;
  uint64_t align_bytes = 64;  // of the memory it is read into
};

// Reads the array. kInvalidArgument: another dtype, byte order,
// order of axes or shape than expected. kNotFound, kIo: no such file, unreadable,
// malformed, too short or too long. kDoesNotFit: no memory for it.
Result<AlignedBytes> read_npy(const std::string& path, const NpyExpectation& expected);

// The file for an array: a version 1 header padded to 64 bytes, then `data` as it
// is. Precondition: data.size() fits the shape. kUnavailable: NumPy has no such dtype.
Result<std::string> npy_file(DType dtype, std::span<const uint32_t> shape, std::span<const std::byte> data);

}  // namespace rondo::cli
