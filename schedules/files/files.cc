// Whole files in and out: private copies only, because a mapped file can change
// or shrink after it was verified.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
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

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::string temporary = path + ".XXXXXX";
  Descriptor file(::mkstemp(temporary.data()));
  if (file.get() < 0) return system_error("cannot write beside it", path, errno);
  const auto failed = [&](int number) {
    ::unlink(temporary.c_str());
    return system_error("cannot write", path, number);
  };
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(errno);
    at += static_cast<size_t>(count);
  }
  // mkstemp makes files for their owner alone; give it what a plain open would.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file.get(), 0666 & ~mask) != 0) return failed(errno);
  if (file.close() != 0) return failed(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed(errno);
  return {};
}

}  // namespace rondo
