#include "tools/command_line/option_kinds.h"
#include <charconv>
#include "schedules/yaml/document.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

// The whole of `text` as a number; decimal, or hexadecimal after 0x.
template <class T>
bool read_whole(std::string_view text, T& number) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace

Option argument(std::string name, std::string& target, std::string what) {
  return {Option::Kind::kArgument, std::move(name), "", std::move(what), [&target](const std::string& text) {
            target = text;
            return std::string();
          }};
}

Option arguments(std::string name, std::vector<std::string>& target, std::string what) {
  return {Option::Kind::kArguments, std::move(name), "", std::move(what), [&target](const std::string& text) {
            target.push_back(text);
            return std::string();
          }};
}

Option flag(std::string names, std::function<void()> raise, std::string what) {
  return {Option::Kind::kFlag, std::move(names), "", std::move(what), [raise = std::move(raise)](const std::string&) {
            raise();
            return std::string();
          }};
}

Option flag(std::string names, bool& target, std::string what) {
  return flag(
      std::move(names), [&target] { target = true; }, std::move(what));
}

Option flag_off(std::string names, bool& target, std::string what) {
  return flag(
      std::move(names), [&target] { target = false; }, std::move(what));
}

Option text(std::string names, std::string value, std::string& target, std::string what) {
  Option option = argument(std::move(names), target, std::move(what));
  option.kind = Option::Kind::kValue;
  option.value = std::move(value);
  return option;
}

Option file(std::string names, std::string& target, std::string what) {
  return text(std::move(names), "FILE", target, std::move(what));
}

Option whole_number(std::string names, std::function<void(uint64_t)> set, uint64_t low, uint64_t high,
                    std::string what) {
  return {Option::Kind::kValue, std::move(names), "N", std::move(what),
          [set = std::move(set), low, high](const std::string& text) {
            uint64_t number = 0;
            if (!read_whole(text, number) || number < low || number > high)
              return quoted(text) + " is not a whole number from " + with_commas(low) + " to " +
                     (high == UINT64_MAX ? "2^64 - 1" : with_commas(high));
            set(number);
            return std::string();
          }};
}

Option seconds(std::string names, std::function<void(double)> set, std::string what) {
  return {Option::Kind::kValue, std::move(names), "S", std::move(what),
          [set = std::move(set)](const std::string& text) {
            double number = 0;
            const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
            const bool read = end.ec == std::errc() && end.ptr == text.data() + text.size();
            if (!read || !(number >= 0.01 && number <= 1e6))  // NaN is in no range
              return quoted(text) + " is not a number of seconds from 0.01 to 1,000,000";
            set(number);
            return std::string();
          }};
}

Option bytes(std::string names, uint64_t& target, std::string what) {
  return {Option::Kind::kValue, std::move(names), "BYTES", std::move(what), [&target](const std::string& text) {
            yaml::Node node;
            node.kind = yaml::Node::Kind::kScalar;
            node.text = text;
            const Result<uint64_t> size = yaml::as_bytes({}, node, "the size", ErrorCode::kInvalidArgument);
            if (!size.ok()) return size.error().message;
            target = *size;
            return std::string();
          }};
}

Option choice(std::string names, std::vector<std::string> words, std::function<void(size_t)> chosen, std::string what) {
  std::string value;
  for (const std::string& word : words) value += (value.empty() ? "" : "|") + word;
  return {Option::Kind::kValue, std::move(names), std::move(value), std::move(what),
          [words = std::move(words), chosen = std::move(chosen)](const std::string& text) {
            std::string allowed;
            for (size_t i = 0; i < words.size(); ++i) {
              if (words[i] == text) {
                chosen(i);
                return std::string();
              }
              allowed += (i == 0 ? "" : ", ") + words[i];
            }
            return quoted(text) + " is not one of " + allowed +
                   yaml::did_you_mean(text, std::vector<std::string_view>(words.begin(), words.end()));
          }};
}

Option named_files(std::string names, std::vector<NamedFile>& target, std::string what) {
  return {Option::Kind::kValues, std::move(names), "NAME=FILE", std::move(what), [&target](const std::string& pair) {
            const size_t equals = pair.find('=');
            if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size())
              return quoted(pair) + " is not of the form NAME=FILE";
            target.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
            return std::string();
          }};
}

Option named_numbers(std::string names, std::vector<std::pair<std::string, int64_t>>& target, std::string what) {
  return {Option::Kind::kValues, std::move(names), "NAME=N", std::move(what), [&target](const std::string& pair) {
            const size_t equals = pair.find('=');
            int64_t number = 0;
            if (equals == std::string::npos || equals == 0 || !read_whole(pair.substr(equals + 1), number))
              return quoted(pair) + " is not of the form NAME=N with an integer N";
            target.emplace_back(pair.substr(0, equals), number);
            return std::string();
          }};
}

void add_form(std::vector<Option>& options, FileForm& form) {
  options.push_back(flag(
      "--text", [&form] { form = FileForm::kText; }, "write the text form (default for .yaml)"));
  options.push_back(flag(
      "--binary", [&form] { form = FileForm::kBinary; }, "write the binary form (default for other names)"));
  options.back().excludes = "--text";
}

}  // namespace rondo::cli
