// What a name may be made of: text that prints on one line in either form.
#pragma once
#include <cstddef>
#include <string_view>

namespace rondo {

inline constexpr size_t kMaxNameBytes = 1024;

// Valid UTF-8 (no surrogates, no overlong forms) without control characters.
bool is_plain_text(std::string_view text);

}  // namespace rondo
