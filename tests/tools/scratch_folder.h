// A fresh folder that a test works in, and the command line as a test calls it.
#pragma once
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>
#include "tools/command_line.h"

namespace rondo::cli {

// Makes a folder under the system's temporary one and works in it until the end
// of its life, so that messages name files as a user would.
class ScratchFolder {
 public:
  ScratchFolder() : before_(std::filesystem::current_path()) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("rondo-tools-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
    std::filesystem::current_path(path_);
  }
  ~ScratchFolder() {
    std::filesystem::current_path(before_);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

 private:
  std::filesystem::path before_, path_;
};

inline void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
inline std::string read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Ran {
  int code = 0;
  std::string out, err;
};

// One `rondo` command, in process, without a terminal.
inline Ran rondo(const std::vector<std::string>& arguments, Terminal terminal = {},
                 const std::atomic<bool>* interrupted = nullptr) {
  std::ostringstream out, err;
  Console console(out, err, terminal, interrupted);
  Ran ran;
  ran.code = run_command_line(arguments, console);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace rondo::cli
