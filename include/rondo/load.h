// Reading and writing schedules, in both forms.
//
// Binary: little-endian, sectioned, CRC-32C per section, checked structurally on
// load (sizes, indices, reserved fields, known enums): what `parse_binary` returns
// can be walked without a range check on any index, but is not yet proven.
// Text: a YAML document whose streams hold their ops in literal blocks.
// Thread safety: pure functions; files are read whole into private memory.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

// The structural check of every table against every other: the F rules. First
// violation only; `verify` calls it too.
Status check_structure(const Schedule& schedule);

// Rondo::runtime: needs no YAML.
Result<Schedule> parse_binary(std::span<const std::byte> bytes, std::string file = {});
std::vector<std::byte> write_binary(const Schedule& schedule);

// sha256 of the canonical meaning, hex: the version, backend, lanes and every table,
// without producer, source, machine, file and lines. Any tables may be asked for.
std::string digest_of(const Schedule& schedule);

// Rondo::text. parse_text(print_text(s)) equals s table by table. What does not pass
// the structural check has no text: a comment with the violation is printed instead.
Result<Schedule> parse_text(std::string_view text, std::string file = {});
std::string print_text(const Schedule& schedule);

// Reads a whole file, at most `limit_bytes`; kNotFound or kIo otherwise.
Result<std::vector<std::byte>> read_file(const std::string& path, uint64_t limit_bytes = uint64_t{4} << 30);
// A file is replaced whole, or kept on failure, and its mode with it; devices and pipes are written as they are.
Status write_file(const std::string& path, std::span<const std::byte> bytes);

// Rondo::text: chooses the form by the first bytes.
Result<Schedule> load(const std::string& path);

}  // namespace rondo
