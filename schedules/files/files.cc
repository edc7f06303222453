// Whole files in and out: private copies only, because a mapped file can change
// or shrink after it was verified.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include "rondo/load.h"
#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int close() {
    const int result = ::close(number_);
    number_ = -1;
    return result;
  }

 private:
  int number_;
};

Error system_error(std::string_view what, const std::string& path, int number) {
  const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return make_error(code, sentence(what, ": ", std::strerror(number)), Place{path, 0, 0});
}

}  // namespace

Result<std::vector<std::byte>> read_file(const std::string& path, uint64_t limit_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error("cannot open", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error("cannot read", path, errno);
  if (S_ISDIR(status.st_mode)) return system_error("cannot read", path, EISDIR);
  const auto too_large = [&](uint64_t bytes) {
    return make_error(ErrorCode::kIo,
                      sentence("the file has at least ", bytes, " bytes, at most ", limit_bytes, " are read"),
                      Place{path, 0, 0});
  };
  const auto expected = static_cast<uint64_t>(status.st_size);
  if (expected > limit_bytes) return too_large(expected);
  // One byte more than expected finds the end without growing; a pipe, whose size
  // is 0, grows as it goes.
  std::vector<std::byte> bytes(expected + 1);
  for (size_t at = 0;;) {
    const ssize_t count = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot read", path, errno);
    if (count == 0) {
      bytes.resize(at);
      return bytes;
    }
    at += static_cast<size_t>(count);
    if (at > limit_bytes) return too_large(at);
    if (at == bytes.size()) bytes.resize(bytes.size() + bytes.size() / 2 + 4096);
  }
}

namespace {

Status write_all(const Descriptor& file, std::span<const std::byte> bytes, const std::string& path) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot write", path, errno);
    at += static_cast<size_t>(count);
  }
  return {};
}

// A name beside `path` that nothing has, and the file of that name. Not mkstemp: its files are
// for their owner alone, and the mask that a plain open applies can only be read by changing it
// for every thread of the process.
Descriptor make_temporary(const std::string& path, std::string& name) {
  for (int tries = 0; tries < 100; ++tries) {
    uint64_t random = 0;
    if (::getrandom(&random, sizeof(random), GRND_NONBLOCK) != static_cast<ssize_t>(sizeof(random)))
      random = static_cast<uint64_t>(::getpid()) << 32 | static_cast<uint64_t>(tries);
    name = path + '.';
    for (int letter = 0; letter < 6; ++letter, random /= 26) name += static_cast<char>('a' + random % 26);
    const int number = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (number >= 0 || errno != EEXIST) return Descriptor(number);
  }
  return Descriptor(-1);
}

}  // namespace

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  // What the path leads to, through links, is written, so that a link stays a link.
  std::string target = path;
  struct stat found {};
  const bool exists = ::stat(path.c_str(), &found) == 0;
  if (exists && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
    // A device or a pipe has no old content to save, and a rename would put a file in its place.
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) return system_error("cannot open", path, errno);
    if (Status status = write_all(file, bytes, path); !status) return status;
    return file.close() == 0 ? Status() : system_error("cannot write", path, errno);
  }
  if (char* resolved = exists ? ::realpath(path.c_str(), nullptr) : nullptr; resolved != nullptr) {
    target = resolved;
    std::free(resolved);
  }
  std::string temporary;
  Descriptor file = make_temporary(target, temporary);
  if (file.get() < 0) return system_error("cannot write beside it", path, errno);
  const auto failed = [&](Status status) {
    ::unlink(temporary.c_str());
    return status;
  };
  if (Status status = write_all(file, bytes, path); !status) return failed(std::move(status));
  if (exists && ::fchmod(file.get(), found.st_mode & 07777) != 0)  // who may read the old one, and no one else
    return failed(system_error("cannot write", path, errno));
  if (file.close() != 0 || ::rename(temporary.c_str(), target.c_str()) != 0)
    return failed(system_error("cannot write", path, errno));
  return {};
}

}  // namespace rondo
