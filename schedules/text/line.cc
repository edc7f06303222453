#include "schedules/text/line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace rondo {
namespace {

enum : uint8_t { kFirst = 1, kLater = 2 };

constexpr std::array<uint8_t, 256> make_kinds() {
  std::array<uint8_t, 256> kinds{};
  for (int c = 'a'; c <= 'z'; ++c) kinds[c] = kFirst | kLater;
  for (int c = 'A'; c <= 'Z'; ++c) kinds[c] = kFirst | kLater;
  for (int c = '0'; c <= '9'; ++c) kinds[c] = kLater;
  kinds['_'] = kFirst | kLater;
  kinds['.'] = kinds['-'] = kinds['/'] = kLater;
  return kinds;
}
constexpr std::array<uint8_t, 256> kKinds = make_kinds();

uint8_t kind_of(char c) { return kKinds[static_cast<uint8_t>(c)]; }

}  // namespace

std::string_view Line::word() {
  const char* start = at_;
  if (at_ == end_ || !(kind_of(*at_) & kFirst)) return {};
  while (at_ != end_ && kind_of(*at_) & kLater) ++at_;
  return {start, static_cast<size_t>(at_ - start)};
}

bool Line::name(Name& name, std::string_view what) {
  name.start = at_;
  name.quoted = false;
  if (peek() != '"') {
    name.text = word();
    return !name.text.empty() || fail(sentence("expected ", what, ", found ", shown()));
  }
  name.quoted = true;
  const char* start = ++at_;
  bool escapes = false;
  while (at_ != end_ && *at_ != '"') {
    if (*at_ == '\\') {
      escapes = true;
      if (++at_ == end_ || (*at_ != '"' && *at_ != '\\')) return fail("only \\\" and \\\\ are known in a quoted name");
    }
    ++at_;
  }
  if (at_ == end_) return fail_at(name.start, "the quoted name does not end on this line");
  name.text = {start, static_cast<size_t>(at_ - start)};
  ++at_;
  if (escapes) {
    unescaped_.clear();
    for (size_t i = 0; i < name.text.size(); ++i) {
      if (name.text[i] == '\\') ++i;
      unescaped_ += name.text[i];
    }
    name.text = unescaped_;
  }
  return true;
}

bool Line::number(uint64_t& number, std::string_view what, uint64_t limit) {
  const char* start = at_;
  const bool hexadecimal = end_ - at_ > 2 && at_[0] == '0' && at_[1] == 'x';
  const auto [end, error] = std::from_chars(at_ + (hexadecimal ? 2 : 0), end_, number, hexadecimal ? 16 : 10);
  if (error == std::errc::invalid_argument)
    return fail(sentence("expected ", what, ", a whole number, found ", shown()));
  if (error != std::errc{} || number > limit)
    return fail_at(start, sentence(what, " is ", std::string_view(start, static_cast<size_t>(end - start)),
                                   ", the most is ", limit));
  at_ = end;
  return true;
}

bool Line::signed_number(int64_t& signed_number, std::string_view what) {
  const char* start = at_;
  const bool negative = take('-');
  if (!negative) take('+');
  uint64_t magnitude = 0;
  if (!number(magnitude, what)) return false;
  const uint64_t limit = (uint64_t{1} << 63) - (negative ? 0 : 1);
  if (magnitude > limit) return fail_at(start, sentence(what, " does not fit 64 bits"));
  signed_number = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

std::string_view Line::until_space() {
  const char* start = at_;
  while (at_ != end_ && *at_ != ' ' && *at_ != '\r') ++at_;
  return {start, static_cast<size_t>(at_ - start)};
}

bool Line::fail_at(const char* position, std::string message) {
  if (message_.empty()) {
    message_ = std::move(message);
    error_column_ = column_ + static_cast<uint32_t>(position - begin_);
  }
  return false;
}

std::string Line::shown() const {
  constexpr size_t kLongest = 24;
  const char* end = at_;
  while (end != end_ && *end != ' ' && *end != '\r' && static_cast<size_t>(end - at_) < kLongest) ++end;
  if (end == at_) return "the end of the line";
  // An untrusted file's control characters do not reach a terminal.
  std::string text(at_, static_cast<size_t>(end - at_));
  for (char& c : text)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) c = '?';
  return sentence("'", text, "'");
}

bool is_word(std::string_view text) {
  if (text.empty() || !(kind_of(text[0]) & kFirst) || text == "null" || text == "Null" || text == "NULL") return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return (kind_of(c) & kLater) != 0; });
}

void append_name(std::string& text, std::string_view name) {
  if (is_word(name)) {
    text += name;
    return;
  }
  text += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

}  // namespace rondo
