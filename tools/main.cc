// The `rondo` program: hands argv to the command line and Ctrl-C to the console.
#include <signal.h>
#include <unistd.h>
#include <atomic>
#include <iostream>
#include "tools/command_line.h"

namespace {

std::atomic<bool> interrupted{false};

// The second Ctrl-C ends the process where it stands.
extern "C" void on_interrupt(int signal_number) {
  if (interrupted.exchange(true)) _exit(128 + signal_number);
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);

  rondo::cli::Console console(std::cout, std::cerr,
                              rondo::cli::read_environment(isatty(STDOUT_FILENO) != 0, isatty(STDERR_FILENO) != 0),
                              &interrupted);
  const int code = rondo::cli::run_command_line({argv + 1, argv + argc}, console);
  std::cout.flush();
  if (!std::cout && code == rondo::cli::kGood) return console.fail(rondo::cli::kCannot, "cannot write to stdout");
  return code;
}
