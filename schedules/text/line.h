// A cursor over one line of a block: the small grammar that all records share.
//
// Every reader returns false at the first thing it does not take and keeps what
// was wrong and where; nothing is read after that. Words are slices of the text.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include "schedules/structure/sentence.h"

namespace rondo {

class Line {
 public:
  // `column` is the column of the first character of `text` in its file, from 1.
  Line(std::string_view text, uint32_t column)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), column_(column) {}

  // Skips spaces; true at the end of the line or at a comment, which begins with
  // '#' at the start of a word.
  bool at_end() {
    skip_spaces();
    return at_ == end_ || *at_ == '#';
  }
  void skip_spaces() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\r')) ++at_;
  }
  char peek() const { return at_ == end_ ? '\0' : *at_; }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  // Takes the exact text, whatever follows it.
  bool take(std::string_view text) {
    if (static_cast<size_t>(end_ - at_) < text.size() || std::string_view(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  bool expect(char c, std::string_view after) {
    if (take(c)) return true;
    return fail(sentence("expected '", std::string_view(&c, 1), "' after ", after, ", found ", shown()));
  }
  bool expect(std::string_view text, std::string_view after) {
    if (take(text)) return true;
    return fail(sentence("expected '", text, "' after ", after, ", found ", shown()));
  }

  // Letters, digits, '_', '.', '-', '/' (not a leading '-' or '.').  Empty when there is none.
  std::string_view word();

  // A word, or any text in double quotes with \" and \\ ; `quoted` tells which.
  struct Name {
    std::string_view text;  // valid until the next quoted name with an escape
    bool quoted = false;
    const char* start = nullptr;
  };
  bool name(Name& name, std::string_view what);

  // Decimal or 0x hexadecimal, at most `limit`.
  bool number(uint64_t& number, std::string_view what, uint64_t limit = UINT64_MAX);
  // As number, with an optional sign.
  bool signed_number(int64_t& number, std::string_view what);
  template <class Integer>
  bool number_of(Integer& out, std::string_view what, uint64_t limit) {
    uint64_t wide = 0;
    if (!number(wide, what, limit)) return false;
    out = static_cast<Integer>(wide);
    return true;
  }

  const char* position() const { return at_; }
  uint32_t column() const { return column_ + static_cast<uint32_t>(at_ - begin_); }
  void rewind(const char* position) { at_ = position; }
  std::string_view since(const char* position) const { return {position, static_cast<size_t>(at_ - position)}; }
  // Up to the next space or the end, for a number that is not a whole one.
  std::string_view until_space();

  bool fail(std::string message) { return fail_at(at_, std::move(message)); }
  bool fail_at(const char* position, std::string message);
  // What stands at the cursor, as messages show it.
  std::string shown() const;

  const std::string& message() const { return message_; }
  uint32_t error_column() const { return error_column_; }

 private:
  const char* begin_;
  const char* at_;
  const char* end_;
  uint32_t column_;
  std::string unescaped_, message_;
  uint32_t error_column_ = 0;
};

// Does the text print as a word, that is, without quotes?
bool is_word(std::string_view text);

// As a word where it is one, else in double quotes.
void append_name(std::string& text, std::string_view name);

}  // namespace rondo
