#include "tools/console.h"
#include <cmath>
#include <cstdlib>
#include <ostream>

namespace rondo::cli {
namespace {

// "" where it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "32";
    case Tone::kBad:
      return "1;31";
    case Tone::kStrong:
      return "1";
    case Tone::kFaint:
      return "2";
  }
  return "0";
}

std::string wrap(Tone tone, std::string_view text) {
  return std::string("\x1b[") + code_of(tone) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace

Terminal read_environment(bool out_is_terminal, bool err_is_terminal) {
  Terminal terminal;
  const bool dumb = variable("TERM") == "dumb";
  const std::string force = variable("CLICOLOR_FORCE"), columns_text = variable("COLUMNS");
  const bool forced = !force.empty() && force != "0";
  const bool allowed = variable("NO_COLOR").empty() && !dumb;
  terminal.colour_out = forced || (allowed && out_is_terminal);
  terminal.colour_err = forced || (allowed && err_is_terminal);
  terminal.progress = err_is_terminal && !dumb;
  const long columns = std::strtol(columns_text.c_str(), nullptr, 10);
  if (columns >= 40 && columns <= 1000) terminal.columns = static_cast<uint32_t>(columns);
  return terminal;
}

void Console::note(std::string_view line) {
  if (verbosity < 0) return;
  end_progress();
  err_ << line << '\n';
}

void Console::detail(std::string_view line) {
  if (verbosity < 1) return;
  note(line);
}

int Console::fail(ExitCode code, std::string_view message) {
  end_progress();
  err_ << (terminal_.colour_err ? wrap(Tone::kBad, "rondo:") : "rondo:") << ' ' << message << '\n';
  return code;
}

int Console::fail(const Error& error) { return fail(error, exit_code_of(error.code)); }

int Console::fail(const Error& error, ExitCode code) {
  if (json) {
    Json fields = Json::object();
    fields.set("code", name_of(error.code)).set("message", error.message);
    if (!error.place.file.empty()) fields.set("file", error.place.file);
    if (error.place.line != 0) fields.set("line", error.place.line);
    if (error.place.column != 0) fields.set("column", error.place.column);
    print(Json::object().set("error", fields));
  }
  std::string message = error.to_string();
  if (error.code == ErrorCode::kBug) message += " (a defect of rondo: please report it)";
  return fail(code, message);
}

void Console::print(const Json& value) { out_ << value.dump() << '\n'; }

std::string Console::toned(Tone tone, std::string_view text) const {
  return terminal_.colour_out ? wrap(tone, text) : std::string(text);
}

bool Console::progress(double fraction, std::string_view what) {
  using namespace std::chrono;
  if (terminal_.progress && verbosity >= 0) {
    const auto now = steady_clock::now();
    if (now - started_ >= 1s && now - shown_ >= milliseconds(100)) {
      shown_ = now;
      line_open_ = true;
      const double bounded = std::isfinite(fraction) ? std::fmin(std::fmax(fraction, 0.0), 1.0) : 0.0;
      err_ << "\r\x1b[K" << what << ' ' << static_cast<int>(100 * bounded) << " %" << std::flush;
    }
  }
  return !interrupted();
}

void Console::end_progress() {
  if (!line_open_) return;
  err_ << "\r\x1b[K" << std::flush;
  line_open_ = false;
}

}  // namespace rondo::cli
