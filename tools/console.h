// Where a verb writes: data to one stream, everything else to the other.
//
// The console is the only part of the tools that knows about terminals. Colour
// and progress appear only where the stream is a terminal (or was forced).
// Not thread-safe: one console per command.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include "rondo/result.h"
#include "tools/exit_code.h"
#include "tools/json.h"

namespace rondo::cli {

// What the process found around it. `read_environment` is the one place of the
// project that reads environment variables.
struct Terminal {
  bool colour_out = false;
  bool colour_err = false;
  bool progress = false;   // stderr is a terminal that can rewrite a line
  uint32_t columns = 100;  // width that charts and tables may use
};

// NO_COLOR, CLICOLOR_FORCE, TERM and COLUMNS as their conventions say; the flags
// tell whether the streams are terminals.
Terminal read_environment(bool out_is_terminal, bool err_is_terminal);

// SGR codes by meaning, so that no verb speaks of colours.
enum class Tone : uint8_t { kGood, kBad, kStrong, kFaint };

class Console {
 public:
  // `interrupted`, where given, is raised from a signal handler.
  Console(std::ostream& out, std::ostream& err, Terminal terminal = {}, const std::atomic<bool>* interrupted = nullptr)
      : out_(out), err_(err), terminal_(terminal), interrupted_(interrupted) {}

  // Data: what a pipe should receive.
  std::ostream& out() { return out_; }
  // One line to stderr: silent under -q; only under -v.
  void note(std::string_view line);
  void detail(std::string_view line);
  // "rondo: <message>" to stderr, always. Returns the exit code given, so that a verb can `return` it.
  int fail(ExitCode code, std::string_view message);
  // The error of a library call, as text on stderr and, under --json, as an object on stdout.
  int fail(const Error& error);
  // As above with another exit code than exit_code_of says.
  int fail(const Error& error, ExitCode code);

  void print(const Json& json);

  // `text` wrapped in colour if the data stream shows colour.
  std::string toned(Tone tone, std::string_view text) const;

  // Shows "what 42 %" on one rewritten line after the first second, at most ten
  // times a second. False once the user pressed Ctrl-C.
  bool progress(double fraction, std::string_view what);
  void end_progress();

  bool interrupted() const { return interrupted_ != nullptr && interrupted_->load(std::memory_order_relaxed); }
  uint32_t columns() const { return terminal_.columns; }

  int verbosity = 0;  // -1 quiet, 1 verbose
  bool json = false;

 private:
  std::ostream& out_;
  std::ostream& err_;
  Terminal terminal_;
  const std::atomic<bool>* interrupted_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = {};
  bool line_open_ = false;
};

}  // namespace rondo::cli
