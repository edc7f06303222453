#include "tests/schedules/docs/record_tables.h"

#include <algorithm>
#include <regex>
#include <sstream>
#include <utility>

namespace rondo::testing {
namespace {

uint64_t size_of_type(const std::string& type) {
  if (type == "uint8_t" || type == "char") return 1;
  if (type == "uint16_t") return 2;
  if (type == "uint32_t" || type == "NameId") return 4;
  if (type == "uint64_t" || type == "int64_t" || type == "double" || type == "Wait") return 8;
  return 0;
}

std::string without_slashes(const std::string& comment) {
  const size_t start = comment.find_first_not_of("/ ");
  return start == std::string::npos ? "" : comment.substr(start);
}

void append_words(std::string& text, const std::string& words) {
  if (!text.empty() && !words.empty()) text += ' ';
  text += words;
}

}  // namespace

std::vector<RecordText> records_of(std::string_view header) {
  static const std::regex kStruct(R"(^struct (\w+) \{$)"), kComment(R"(^\s*//.*$)");
  static const std::regex kField(R"(^  (\w+) (\w+[^;(]*);\s*(//.*)?$)");
  static const std::regex kArray(R"(^(\w+)(?:\[(\w+)\])?$)");
  std::vector<RecordText> records;
  std::istringstream lines{std::string(header)};
  std::string line, comment;
  RecordText* open = nullptr;
  bool fixed = true;
  while (std::getline(lines, line)) {
    std::smatch match;
    if (open == nullptr) {
      if (std::regex_match(line, match, kStruct)) {
        records.emplace_back();
        open = &records.back();
        open->name = match[1];
        open->what = std::exchange(comment, "");
        fixed = true;
      } else if (std::regex_match(line, kComment)) {
        append_words(comment, without_slashes(line));
      } else {
        comment.clear();
      }
      continue;
    }
    if (line == "};") {
      if (!fixed || open->fields.empty()) records.pop_back();
      open = nullptr;
      comment.clear();
    } else if (std::regex_match(line, match, kField)) {
      static const std::regex kInitializer(R"(\s*=\s*(\{[^}]*\}|[^,]*))");
      const std::string type = match[1], declarators = std::regex_replace(match[2].str(), kInitializer, "");
      std::istringstream parts{declarators};
      std::string declarator;
      while (std::getline(parts, declarator, ',')) {
        declarator = declarator.substr(std::min(declarator.find_first_not_of(' '), declarator.size()));
        std::smatch array;
        if (!std::regex_match(declarator, array, kArray)) continue;
        uint64_t count = 1;
        if (array[2].matched) count = array[2] == "kMaxRank" ? 4 : std::stoull(array[2]);
        const uint64_t bytes = size_of_type(type) * count;
        if (bytes == 0) fixed = false;
        FieldText field;
        field.offset = open->bytes;
        field.type = type == "NameId" ? "uint32_t" : type;
        if (count > 1) field.type += "[" + std::to_string(count) + "]";
        field.name = array[1];
        field.what = field.name.starts_with("reserved") ? "zero" : without_slashes(match[3]);
        if (type == "NameId") append_words(field.what, field.what.empty() ? "a name" : "(a name)");
        open->bytes += bytes;
        open->fields.push_back(field);
      }
    } else if (std::regex_match(line, kComment) && !open->fields.empty()) {
      append_words(open->fields.back().what, without_slashes(line));
    }
  }
  return records;
}

}  // namespace rondo::testing
