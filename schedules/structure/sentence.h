// One sentence from words and numbers: how every message of the language is made.
// `hex(n)` prints 0x..., everything else prints as a reader would write it.
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace rondo {

struct Hex {
  uint64_t number;
};
constexpr Hex hex(uint64_t number) { return Hex{number}; }

inline void append_words(std::string& text, std::string_view words) { text += words; }
inline void append_words(std::string& text, const std::string& words) { text += words; }
inline void append_words(std::string& text, const char* words) { text += words; }
inline void append_words(std::string& text, Hex hex) {
  char digits[20] = {'0', 'x'};
  const auto end = std::to_chars(digits + 2, digits + sizeof digits, hex.number, 16);
  text.append(digits, end.ptr);
}
template <std::integral Number>
void append_words(std::string& text, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end.ptr);
}

template <class... Words>
std::string sentence(const Words&... words) {
  std::string text;
  (append_words(text, words), ...);
  return text;
}

}  // namespace rondo
