// From argv to a verb: parses, answers --help and wrong usage, runs. The verbs themselves are
// declared in command_line/.
#pragma once
#include <string>
#include <vector>
#include "tools/console.h"

namespace rondo::cli {

// Runs one command; `arguments` without the program's name. Returns the exit code.
int run_command_line(const std::vector<std::string>& arguments, Console& console);

}  // namespace rondo::cli
