#include "tools/schedule_file.h"
#include <filesystem>
#include <ostream>
#include <span>
#include "rondo/load.h"

namespace rondo::cli {

bool writes_text(FileForm form, const std::string& output) {
  if (form != FileForm::kByName) return form == FileForm::kText;
  return output == "-" || output.ends_with(".yaml") || output.ends_with(".yml");
}

std::string encode(const Schedule& schedule, bool text) {
  if (text) return print_text(schedule);
  const std::vector<std::byte> bytes = write_binary(schedule);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Status write_output(const std::string& output, const std::string& bytes, Console& console) {
  if (output != "-") return write_file(output, std::as_bytes(std::span(bytes)));
  console.out().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  console.out().flush();
  if (!console.out()) return make_error(ErrorCode::kIo, "cannot write to stdout");
  return {};
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return std::filesystem::equivalent(a, b, ignored);
}

}  // namespace rondo::cli
