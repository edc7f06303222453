// How long the sweeps of tests are: whole in a plain build, a part of that where a
// sanitizer makes every case five to ten times slower.
#pragma once
#include <cstdint>

namespace rondo::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

// Of the cases of a sweep, or of what must have come up among them.
constexpr uint64_t swept(uint64_t whole, uint64_t part = 5) { return kSanitized ? whole / part : whole; }

}  // namespace rondo::testing
