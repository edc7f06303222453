// .npy files: NumPy's own bytes are read, ours are NumPy's bytes, anything else is refused.
#include "tools/npy.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cstring>
#include "tests/tools/scratch_folder.h"

namespace rondo::cli {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

// Written by NumPy 2.4 (numpy.lib.format.write_array), header padding shortened to
// a call: np.arange(6, dtype='<f4').reshape(2, 3), versions 1.0 and 2.0.
const std::string kFloats = "\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@"s;
const std::string kVersion1 = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"s +
                              std::string(58, ' ') + "\n" + kFloats;
const std::string kVersion2 =
    "\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"s +
    std::string(56, ' ') + "\n" + kFloats;
const std::string kFortran = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"s +
                             std::string(59, ' ') + "\n" +
                             "\x00\x00\x00\x00\x00\x00@@\x00\x00\x80?\x00\x00\x80@\x00\x00\x00@\x00\x00\xa0@"s;
const std::string kBigEndian = "\x93NUMPY\x01\x00v\x00{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }"s +
                               std::string(58, ' ') + "\n" +
                               "\x00\x00\x00\x00?\x80\x00\x00@\x00\x00\x00@@\x00\x00@\x80\x00\x00@\xa0\x00\x00"s;
// np.array([1, 2, 3], dtype='<f4') and np.array(2.5, dtype='<f4')
const std::string kVector = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"s +
                            std::string(60, ' ') + "\n" + "\x00\x00\x80?\x00\x00\x00@\x00\x00@@"s;
const std::string kScalar = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (), }"s +
                            std::string(62, ' ') + "\n" + "\x00\x00 @"s;
// np.zeros(2, dtype=[('a', '<f4'), ('b', '<i4')])
const std::string kRecords =
    "\x93NUMPY\x01\x00v\x00{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,), }"s +
    std::string(37, ' ') + "\n" + std::string(16, '\0');

const NpyExpectation kX = {"x", DType::kF32, {2, 3}};

std::vector<float> floats_of(const AlignedBytes& data) {
  std::vector<float> values(data.size() / sizeof(float));
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

std::string refusal(std::string_view bytes, const NpyExpectation& expected = kX) {
  const ScratchFolder folder;
  write_bytes("x.npy", bytes);
  const Result<AlignedBytes> read = read_npy("x.npy", expected);
  return read.ok() ? "accepted" : std::string(name_of(read.error().code)) + ": " + read.error().to_string();
}

// A version 1 file around any dictionary.
std::string file_with(const std::string& dictionary, const std::string& data = kFloats) {
  std::string file = "\x93NUMPY\x01\x00"s;
  file += static_cast<char>(dictionary.size() & 0xff);
  file += static_cast<char>(dictionary.size() >> 8);
  return file + dictionary + data;
}

TEST(Npy, ReadsWhatNumPyWroteInVersions1And2) {
  const ScratchFolder folder;
  for (const std::string& bytes : {kVersion1, kVersion2}) {
    write_bytes("x.npy", bytes);
    const Result<AlignedBytes> read = read_npy("x.npy", kX);
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_THAT(floats_of(*read), ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read->data()) % 64, 0u);
  }
}

TEST(Npy, ReadsVectorsAndScalars) {
  const ScratchFolder folder;
  write_bytes("vector.npy", kVector);
  write_bytes("scalar.npy", kScalar);
  EXPECT_THAT(floats_of(*read_npy("vector.npy", {"b", DType::kF32, {3}})), ElementsAre(1, 2, 3));
  EXPECT_THAT(floats_of(*read_npy("scalar.npy", {"s", DType::kF32, {}})), ElementsAre(2.5));
}

TEST(Npy, ReadsAPipe) {
  const ScratchFolder folder;
  ASSERT_EQ(mkfifo("pipe", 0600), 0);
  const pid_t writer = fork();
  if (writer == 0) {
    write_bytes("pipe", kVersion1);
    _exit(0);
  }
  const Result<AlignedBytes> read = read_npy("pipe", kX);
  waitpid(writer, nullptr, 0);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_THAT(floats_of(*read), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Npy, WritesTheBytesThatNumPyWrites) {
  const auto data = [](const std::string& bytes) { return std::as_bytes(std::span(bytes)); };
  const uint32_t matrix[] = {2, 3}, vector[] = {3};
  EXPECT_EQ(*npy_file(DType::kF32, matrix, data(kFloats)), kVersion1);
  EXPECT_EQ(*npy_file(DType::kF32, vector, data(kVector.substr(128))), kVector);
  EXPECT_EQ(*npy_file(DType::kF32, {}, data(kScalar.substr(128))), kScalar);
  EXPECT_EQ(npy_file(DType::kBF16, {}, {}).error().to_string(), "NumPy has no element type for bf16");
}

TEST(Npy, RefusesAnotherElementTypeNamingBothSides) {
  EXPECT_EQ(refusal(kVersion1, {"x", DType::kF64, {2, 3}}),
            "invalid-argument: x.npy: holds '<f4' [2, 3], but 'x' is f64 [2, 3]; save it with .astype('<f8')");
  EXPECT_EQ(refusal(kBigEndian),
            "invalid-argument: x.npy: holds '>f4' [2, 3], but 'x' is f32 [2, 3]: it is big-endian; save it with "
            ".astype('<f4')");
  EXPECT_EQ(refusal(kRecords, {"x", DType::kF32, {2}}), "io: x.npy: its elements are records, not numbers");
  EXPECT_EQ(refusal(kVersion1, {"x", DType::kBF16, {2, 3}}),
            "invalid-argument: x.npy: 'x' is bf16 [2, 3], which .npy cannot hold");
}

TEST(Npy, RefusesAnotherShapeOrOrderOfAxes) {
  EXPECT_EQ(refusal(kVersion1, {"x", DType::kF32, {3, 2}}),
            "invalid-argument: x.npy: has shape [2, 3], but 'x' has shape [3, 2]");
  EXPECT_EQ(refusal(kVersion1, {"x", DType::kF32, {6}}),
            "invalid-argument: x.npy: has shape [2, 3], but 'x' has shape [6]");
  EXPECT_EQ(refusal(kFortran),
            "invalid-argument: x.npy: is in Fortran order, but 'x' is row-major; save it with np.ascontiguousarray()");
}

TEST(Npy, RefusesWhatIsNoNpyFile) {
  EXPECT_EQ(refusal(""), "io: x.npy: the file is empty; a .npy file was expected");
  EXPECT_EQ(refusal("hello"), "io: x.npy: is not a .npy file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(refusal("PK\x03\x04 a zip of arrays"), "io: x.npy: is not a .npy file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(refusal("\x93NUMPY\x03\x00t\x00\x00\x00{}"s), "io: x.npy: .npy version 3.0; 1.0 and 2.0 can be read");
  const ScratchFolder folder;
  EXPECT_EQ(read_npy("none.npy", kX).error().to_string(), "none.npy: no such file");
  EXPECT_EQ(read_npy(".", kX).error().to_string(), ".: is a directory; a .npy file was expected");
  EXPECT_EQ(read_npy("/dev/null", kX).error().to_string(), "/dev/null: the file is empty; a .npy file was expected");
}

TEST(Npy, RefusesElementsThatAreTooFewOrTooMany) {
  EXPECT_EQ(refusal(kVersion1.substr(0, kVersion1.size() - 1)), "io: x.npy: ends after 23 of 24 bytes of elements");
  EXPECT_EQ(refusal(kVersion1 + "x"), "io: x.npy: goes on after the 24 bytes of its elements");
}

TEST(Npy, RefusesEveryTruncation) {
  for (size_t size = 0; size < kVersion1.size(); ++size)
    EXPECT_TRUE(refusal(kVersion1.substr(0, size)).starts_with("io: ")) << size;
}

TEST(Npy, RefusesAMalformedDictionary) {
  EXPECT_EQ(refusal(file_with("")), "io: x.npy: its header is malformed at character 0: expected '{'");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4'")),
            "io: x.npy: its header is malformed at character 15: expected ',' or '}'");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4'}")), "io: x.npy: its header lacks descr, fortran_order or shape");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'descr': '<f4'}")), "io: x.npy: its header has the key 'descr' twice");
  EXPECT_EQ(refusal(file_with("{'order': 'C'}")), "io: x.npy: its header has an unknown key 'order'");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': no, 'shape': ()}")),
            "io: x.npy: its header is malformed at character 34: expected True or False");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}")),
            "io: x.npy: its header is malformed at character 51: expected an extent of the shape");
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} import os")),
            "io: x.npy: its header is malformed at character 58: expected the end of the header");
}

TEST(Npy, BoundsWhatAHeaderMayClaim) {
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}")),
            "io: x.npy: an extent of its shape has more than 18 digits");
  std::string axes;
  for (int axis = 0; axis < 65; ++axis) axes += "1,";
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (" + axes + ")}")),
            "io: x.npy: its shape has more than 64 axes");
  EXPECT_EQ(refusal("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"s),
            "io: x.npy: its header claims 4,294,967,295 bytes; at most 1,048,576 are read");
  // 2^46 bytes that are not there: refused by the file's size, before memory is asked for.
  EXPECT_EQ(refusal(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (4194304, 4194304)}"),
                    {"x", DType::kF32, {4194304, 4194304}}),
            "io: x.npy: ends after 24 of 70,368,744,177,664 bytes of elements");
}

TEST(Npy, SurvivesEveryFlippedByteOfAHeader) {
  for (size_t at = 0; at < 128; ++at)
    for (const unsigned char flip : {0x01, 0x80, 0xff}) {
      std::string bytes = kVersion1;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
      const std::string verdict = refusal(bytes);
      EXPECT_TRUE(verdict == "accepted" || verdict.starts_with("io: ") || verdict.starts_with("invalid-argument: "))
          << at << ": " << verdict;
    }
}

TEST(Npy, ShowsUntrustedTextOnlyAsPrintableCharacters) {
  EXPECT_EQ(refusal(file_with("{'\x1b[31m\n': 1}")), "io: x.npy: its header has an unknown key '?[31m?'");
}

}  // namespace
}  // namespace rondo::cli
