// Whole files in and out, and what the operating system may refuse.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include "rondo/load.h"

namespace rondo {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rondo_files_test.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(Files, ComeBackAsTheyWereWritten) {
  const std::string path = folder_ + "/file", text(100000, 'x');
  ASSERT_TRUE(write_file(path, bytes_of(text)).ok());
  const Result<std::vector<std::byte>> bytes = read_file(path);
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(std::equal(bytes->begin(), bytes->end(), bytes_of(text).begin(), bytes_of(text).end()));
}

TEST_F(Files, AreReplacedWholeAndLeaveNoTemporary) {
  const std::string path = folder_ + "/file";
  ASSERT_TRUE(write_file(path, bytes_of("old and long")).ok());
  ASSERT_TRUE(write_file(path, bytes_of("new")).ok());
  EXPECT_EQ(read_file(path)->size(), 3u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, RefuseAPathThatDoesNotExist) {
  const Result<std::vector<std::byte>> bytes = read_file(folder_ + "/none");
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(bytes.error().to_string(), folder_ + "/none: cannot open: No such file or directory");
}

TEST_F(Files, RefuseAFolder) {
  const Result<std::vector<std::byte>> bytes = read_file(folder_);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kIo);
  EXPECT_EQ(bytes.error().message, "cannot read: Is a directory");
}

TEST_F(Files, RefuseMoreThanTheLimit) {
  const std::string path = folder_ + "/file";
  ASSERT_TRUE(write_file(path, bytes_of("0123456789")).ok());
  EXPECT_TRUE(read_file(path, 10).ok());
  const Result<std::vector<std::byte>> bytes = read_file(path, 9);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kIo);
  EXPECT_EQ(bytes.error().message, "the file has at least 10 bytes, at most 9 are read");
}

TEST_F(Files, RefuseToWriteWhereThereIsNoFolder) {
  const Status status = write_file(folder_ + "/none/file", bytes_of("x"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
}

TEST_F(Files, KeepTheOldOneWhenTheNewCannotBePutInItsPlace) {
  const std::string path = folder_ + "/full";
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  ASSERT_TRUE(write_file(path + "/kept", bytes_of("kept")).ok());
  const Status status = write_file(path, bytes_of("x"));  // a folder is in the way of the rename
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_TRUE(read_file(path + "/kept").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

// A file in the place of a device node would be a disaster for whoever may make one.
TEST_F(Files, LeaveDevicesAndPipesWhatTheyAre) {
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(write_file(pipe, bytes_of("through")).ok());
  char seen[8] = {};
  EXPECT_EQ(::read(reader, seen, sizeof(seen)), 7);
  EXPECT_STREQ(seen, "through");
  ::close(reader);
  EXPECT_EQ(std::filesystem::status(pipe).type(), std::filesystem::file_type::fifo);
  const std::string link = folder_ + "/full";
  std::filesystem::create_symlink("/dev/full", link);
  const Status status = write_file(link, bytes_of("x"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().to_string(), link + ": cannot write: No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
}

TEST_F(Files, AreWrittenThroughLinksAndKeepTheirPermissions) {
  const std::string path = folder_ + "/file", link = folder_ + "/link";
  ASSERT_TRUE(write_file(path, bytes_of("old")).ok());
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  std::filesystem::create_symlink("file", link);
  ASSERT_TRUE(write_file(link, bytes_of("newer")).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(std::filesystem::file_size(path), 5u);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(Files, AreReadFromAPipe) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  if (::fork() == 0) {
    FILE* pipe = std::fopen(path.c_str(), "w");
    for (int i = 0; i < 1000; ++i) std::fputs("0123456789", pipe);
    std::fclose(pipe);
    ::_exit(0);
  }
  const Result<std::vector<std::byte>> bytes = read_file(path);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 10000u);
}

}  // namespace
}  // namespace rondo
