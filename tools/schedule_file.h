// Writing a schedule where a verb was told to: a file in either form, or stdout.
#pragma once
#include <cstdint>
#include <string>
#include "rondo/schedule.h"
#include "tools/commands.h"

namespace rondo::cli {

// True for the text form: as asked, else by the name's ending (.yaml, .yml); stdout is text.
bool writes_text(FileForm form, const std::string& output);

// The bytes of the schedule in that form.
std::string encode(const Schedule& schedule, bool text);

// "-": the console's data stream. A file is replaced as a whole or not at all.
Status write_output(const std::string& output, const std::string& bytes, Console& console);

// True if both paths name one existing file, so that writing one destroys the other.
bool same_file(const std::string& a, const std::string& b);

}  // namespace rondo::cli
