// The kinds of options that verbs have, by what their values are. Each binds a place that
// must outlive the option; what is not given keeps the value it had.
#pragma once
#include <concepts>
#include <optional>
#include <type_traits>
#include "tools/command_line/verb.h"
#include "tools/commands.h"

namespace rondo::cli {

// By position, in the order of declaration; the last may be several.
Option argument(std::string name, std::string& target, std::string what);
Option arguments(std::string name, std::vector<std::string>& target, std::string what);

Option flag(std::string names, bool& target, std::string what);
Option flag(std::string names, std::function<void()> raise, std::string what);
// A flag that turns off what is on by default.
Option flag_off(std::string names, bool& target, std::string what);

// Any words.
Option text(std::string names, std::string value, std::string& target, std::string what);
Option file(std::string names, std::string& target, std::string what);

// A whole number, decimal or 0x and hexadecimal, in [low, high].
Option whole_number(std::string names, std::function<void(uint64_t)> set, uint64_t low, uint64_t high,
                    std::string what);
template <class T>
requires std::unsigned_integral<T> || std::same_as<T, std::optional<uint64_t>> Option number(std::string names,
                                                                                             T& target, uint64_t low,
                                                                                             uint64_t high,
                                                                                             std::string what) {
  return whole_number(
      std::move(names), [&target](uint64_t number) { target = static_cast<std::remove_cvref_t<T>>(number); }, low, high,
      std::move(what));
}
template <class T>
Option seed(T& target, std::string what) {
  return number("--seed", target, 0, UINT64_MAX, std::move(what));
}

// Seconds from 0.01 to 1,000,000, as for a time limit.
Option seconds(std::string names, std::function<void(double)> set, std::string what);

// A size, spelt as in machine files.
Option bytes(std::string names, uint64_t& target, std::string what);

// One of a few words; `chosen` gets its place among them.
Option choice(std::string names, std::vector<std::string> words, std::function<void(size_t)> chosen, std::string what);
template <class T>
Option choice(std::string names, T& target, std::vector<std::pair<std::string, T>> choices, std::string what) {
  std::vector<std::string> words;
  std::vector<T> values;
  for (auto& [word, value] : choices) {
    words.push_back(std::move(word));
    values.push_back(std::move(value));
  }
  return choice(
      std::move(names), std::move(words), [&target, values](size_t place) { target = values[place]; }, std::move(what));
}

// Repeatable NAME=FILE, and NAME=N.
Option named_files(std::string names, std::vector<NamedFile>& target, std::string what);
Option named_numbers(std::string names, std::vector<std::pair<std::string, int64_t>>& target, std::string what);

// --text and --binary.
void add_form(std::vector<Option>& options, FileForm& form);

}  // namespace rondo::cli
