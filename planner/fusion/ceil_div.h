// How many pieces of `part` cover `whole`. Both at least 1.
#pragma once
#include <cstdint>

namespace rondo::fusion {

constexpr int64_t ceil_div(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

}  // namespace rondo::fusion
