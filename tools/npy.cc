#include "tools/npy.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include "tools/table.h"

namespace rondo::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint64_t kMaxHeaderBytes = 1 << 20;
constexpr size_t kMaxAxes = 64;

Error malformed(const std::string& file, std::string message) {
  return make_error(ErrorCode::kIo, std::move(message), {file, 0, 0});
}

std::string shape_of(std::span<const uint64_t> shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

// Untrusted text in a message: printable, short.
std::string printable_quote(std::string_view text) {
  std::string shown = "'";
  for (char c : text.substr(0, 40)) shown += c >= 0x20 && c < 0x7f ? c : '?';
  return shown + (text.size() > 40 ? "...'" : "'");
}

// The dictionary of the header, a Python literal:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class DictionaryScanner {
 public:
  explicit DictionaryScanner(std::string_view text) : text_(text) {}

  // The sentence that says what is wrong, or nothing.
  std::optional<std::string> read(NpyHeader& header) {
    bool seen[3] = {};
    if (!take('{')) return expected("'{'");
    while (!take('}')) {
      std::string key;
      if (!take_string(key)) return expected("a key in quotes or '}'");
      if (!take(':')) return expected("':'");
      const int field = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (field < 0) return "its header has an unknown key " + printable_quote(key);
      if (seen[field]) return "its header has the key '" + key + "' twice";
      seen[field] = true;
      if (field == 0 && !take_string(header.descr)) {
        if (peek() == '[') return std::string("its elements are records, not numbers");
        return expected("the element type in quotes");
      }
      if (field == 1 && !take_bool(header.fortran_order)) return expected("True or False");
      if (field == 2) {
        if (auto problem = read_shape(header.shape)) return problem;
      }
      if (!take(',') && peek() != '}') return expected("',' or '}'");
    }
    skip_space();
    if (!text_.empty()) return expected("the end of the header");
    if (!seen[0] || !seen[1] || !seen[2]) return std::string("its header lacks descr, fortran_order or shape");
    return std::nullopt;
  }

 private:
  void skip_space() {
    const size_t end = std::min(text_.find_first_not_of(" \n"), text_.size());
    text_.remove_prefix(end);
    at_ += end;
  }
  char peek() {
    skip_space();
    return text_.empty() ? '\0' : text_.front();
  }
  void advance(size_t count) {
    text_.remove_prefix(count);
    at_ += count;
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    advance(1);
    return true;
  }
  bool take_string(std::string& value) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) return false;
    value = std::string(text_.substr(1, end - 1));
    advance(end + 1);
    return true;
  }
  bool take_bool(bool& value) {
    skip_space();
    for (const bool candidate : {false, true}) {
      const std::string_view word = candidate ? "True" : "False";
      if (!text_.starts_with(word)) continue;
      value = candidate;
      advance(word.size());
      return true;
    }
    return false;
  }
  std::optional<std::string> read_shape(std::vector<uint64_t>& shape) {
    if (!take('(')) return expected("'(' of the shape");
    while (!take(')')) {
      uint64_t extent = 0;
      size_t digits = 0;
      skip_space();
      while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
        if (++digits > 18) return std::string("an extent of its shape has more than 18 digits");
        extent = extent * 10 + static_cast<uint64_t>(text_[digits - 1] - '0');
      }
      if (digits == 0) return expected("an extent of the shape");
      advance(digits);
      shape.push_back(extent);
      if (shape.size() > kMaxAxes) return std::string("its shape has more than 64 axes");
      if (!take(',') && peek() != ')') return expected("',' or ')'");
    }
    return std::nullopt;
  }
  std::string expected(const char* what) const {
    return "its header is malformed at character " + std::to_string(at_) + ": expected " + what;
  }

  std::string_view text_;
  size_t at_ = 0;
};

struct Preamble {
  uint64_t dictionary_offset = 0, dictionary_bytes = 0;
};

// The first 10 or 12 bytes: magic, version, length of the dictionary.
Result<Preamble> parse_preamble(std::span<const std::byte> bytes, const std::string& file) {
  const auto byte = [&](size_t index) { return static_cast<uint64_t>(bytes[index]); };
  if (bytes.empty()) return malformed(file, "the file is empty; a .npy file was expected");
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return malformed(file, "is not a .npy file (it does not begin with \\x93NUMPY)");
  const uint64_t version = byte(6);
  if ((version != 1 && version != 2) || byte(7) != 0)
    return malformed(
        file, ".npy version " + std::to_string(version) + "." + std::to_string(byte(7)) + "; 1.0 and 2.0 can be read");
  Preamble preamble;
  preamble.dictionary_offset = version == 1 ? 10 : 12;
  if (bytes.size() < preamble.dictionary_offset) return malformed(file, "is truncated inside the .npy header");
  preamble.dictionary_bytes = byte(8) | byte(9) << 8;
  if (version == 2) preamble.dictionary_bytes |= byte(10) << 16 | byte(11) << 24;
  if (preamble.dictionary_bytes > kMaxHeaderBytes)
    return malformed(file, "its header claims " + with_commas(preamble.dictionary_bytes) + " bytes; at most " +
                               with_commas(kMaxHeaderBytes) + " are read");
  return preamble;
}

// Both sides of a disagreement in one sentence.
Status check_header(const NpyHeader& header, const NpyExpectation& expected, const std::string& path) {
  const DTypeInfo& wanted = info(expected.dtype);
  const std::string side = "'" + expected.name + "' is " + std::string(wanted.name) + " " + shape_text(expected.shape);
  const auto refuse = [&](std::string message) {
    return make_error(ErrorCode::kInvalidArgument, std::move(message), {path, 0, 0});
  };
  if (wanted.npy.empty()) return refuse(side + ", which .npy cannot hold");
  if (header.descr != wanted.npy) {
    std::string message = "holds " + printable_quote(header.descr) + " " + shape_of(header.shape) + ", but " + side;
    if (header.descr.starts_with(">")) message += ": it is big-endian";
    return refuse(message + "; save it with .astype('" + std::string(wanted.npy) + "')");
  }
  if (header.fortran_order && header.shape.size() > 1)
    return refuse("is in Fortran order, but '" + expected.name + "' is row-major; save it with np.ascontiguousarray()");
  if (!std::equal(header.shape.begin(), header.shape.end(), expected.shape.begin(), expected.shape.end()))
    return refuse("has shape " + shape_of(header.shape) + ", but '" + expected.name + "' has shape " +
                  shape_text(expected.shape));
  return {};
}

// Appends up to `count` bytes of the stream; false at its end.
bool read_more(std::ifstream& stream, std::vector<std::byte>& bytes, uint64_t count) {
  const size_t before = bytes.size();
  bytes.resize(before + count);
  stream.read(reinterpret_cast<char*>(bytes.data() + before), static_cast<std::streamsize>(count));
  const auto got = static_cast<size_t>(stream.gcount());
  bytes.resize(before + got);
  return got == count;
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes, const std::string& file) {
  const Result<Preamble> preamble = parse_preamble(bytes, file);
  if (!preamble.ok()) return preamble.error();
  NpyHeader header;
  header.data_offset = preamble->dictionary_offset + preamble->dictionary_bytes;
  if (bytes.size() < header.data_offset) return malformed(file, "is truncated inside the .npy header");
  const std::string_view dictionary(reinterpret_cast<const char*>(bytes.data()) + preamble->dictionary_offset,
                                    preamble->dictionary_bytes);
  if (const auto problem = DictionaryScanner(dictionary).read(header)) return malformed(file, *problem);
  return header;
}

Result<AlignedBytes> read_npy(const std::string& path, const NpyExpectation& expected) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status)) return make_error(ErrorCode::kNotFound, "no such file", {path, 0, 0});
  if (std::filesystem::is_directory(status))
    return make_error(ErrorCode::kIo, "is a directory; a .npy file was expected", {path, 0, 0});
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return make_error(ErrorCode::kIo, "cannot be read: permission denied", {path, 0, 0});

  std::vector<std::byte> start;
  read_more(stream, start, 12);
  const Result<Preamble> preamble = parse_preamble(start, path);
  if (!preamble.ok()) return preamble.error();
  const uint64_t data_offset = preamble->dictionary_offset + preamble->dictionary_bytes;
  if (data_offset > start.size()) read_more(stream, start, data_offset - start.size());
  const Result<NpyHeader> header = parse_npy_header(start, path);
  if (!header.ok()) return header.error();
  if (const Status checked = check_header(*header, expected, path); !checked.ok()) return checked.error();

  uint64_t bytes = size_of(expected.dtype);
  for (uint32_t extent : expected.shape)
    if (__builtin_mul_overflow(bytes, uint64_t{extent}, &bytes))
      return make_error(ErrorCode::kDoesNotFit, "its shape " + shape_text(expected.shape) + " overflows 64 bits",
                        {path, 0, 0});
  const auto short_by = [&](uint64_t got) {
    return malformed(path, "ends after " + with_commas(got) + " of " + with_commas(bytes) + " bytes of elements");
  };
  if (std::filesystem::is_regular_file(status)) {
    const uint64_t size = std::filesystem::file_size(path, ignored);
    if (size >= data_offset && size - data_offset < bytes) return short_by(size - data_offset);
  }
  AlignedBytes data(bytes, expected.align_bytes);
  if (data.data() == nullptr)
    return make_error(ErrorCode::kDoesNotFit, "no memory for its " + with_commas(bytes) + " bytes", {path, 0, 0});
  // A header shorter than the 12 bytes read first leaves the first elements in `start`.
  const uint64_t early = std::min<uint64_t>(start.size() - data_offset, bytes);
  std::memcpy(data.data(), start.data() + data_offset, early);
  stream.read(reinterpret_cast<char*>(data.data() + early), static_cast<std::streamsize>(bytes - early));
  if (const auto got = early + static_cast<uint64_t>(stream.gcount()); got != bytes) return short_by(got);
  if (start.size() - data_offset > bytes || stream.peek() != std::ifstream::traits_type::eof())
    return malformed(path, "goes on after the " + with_commas(bytes) + " bytes of its elements");
  return data;
}

Result<std::string> npy_file(DType dtype, std::span<const uint32_t> shape, std::span<const std::byte> data) {
  const DTypeInfo& element = info(dtype);
  if (element.npy.empty())
    return make_error(ErrorCode::kUnavailable, "NumPy has no element type for " + std::string(element.name));
  std::string dictionary = "{'descr': '" + std::string(element.npy) + "', 'fortran_order': False, 'shape': (";
  for (size_t axis = 0; axis < shape.size(); ++axis)
    dictionary += (axis == 0 ? "" : " ") + std::to_string(shape[axis]) +
                  (shape.size() == 1 || axis + 1 < shape.size() ? "," : "");
  dictionary += "), }";
  constexpr size_t kPreamble = 10;
  const size_t padded = (kPreamble + dictionary.size() + 1 + 63) / 64 * 64;
  dictionary.append(padded - kPreamble - dictionary.size() - 1, ' ');
  dictionary += '\n';
  std::string file(kMagic);
  file += {'\x01', '\x00', static_cast<char>(dictionary.size() & 0xff), static_cast<char>(dictionary.size() >> 8)};
  file += dictionary;
  file.append(reinterpret_cast<const char*>(data.data()), data.size());
  return file;
}

}  // namespace rondo::cli
