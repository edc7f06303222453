// What the verifier says of a schedule written as text.
#pragma once
#include <string>
#include <vector>
#include "rondo/verify.h"

namespace rondo {

// One finding `parse:` where the text is none. Printing and reading it again is checked on the way.
Report report_of_text(const std::string& text);

// Rule and message of every finding, without the lines of the file; none exactly where all
// levels are reached, which is checked.
std::vector<std::string> said_in(const Report& report);

}  // namespace rondo
