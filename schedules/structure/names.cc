#include "schedules/structure/names.h"

#include <cstdint>

namespace rondo {

bool is_plain_text(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<uint8_t>(text[i]);
    if (first < 0x80) {
      if (first < 0x20 || first == 0x7f) return false;
      ++i;
      continue;
    }
    const uint32_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() - i < length) return false;
    uint32_t code = first & (0x7fu >> length);
    for (uint32_t j = 1; j < length; ++j) {
      const auto next = static_cast<uint8_t>(text[i + j]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fu);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    // C1 controls, the line and paragraph separators and the byte order mark end or
    // vanish from a line of YAML; the last two code points of a plane are no characters.
    const bool unprintable =
        code < 0xa0 || code == 0x2028 || code == 0x2029 || code == 0xfeff || (code & 0xfffe) == 0xfffe;
    if (code < kLeast[length] || code > 0x10ffff || surrogate || unprintable) return false;
    i += length;
  }
  return true;
}

}  // namespace rondo
