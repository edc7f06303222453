// The floating-point mode of a replay: round to nearest even, denormals kept,
// exceptions masked. Results may not depend on what the host set, and the host
// finds its own mode (sticky flags included) when the guard ends.
#pragma once
#if defined(__x86_64__)
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

namespace rondo::runtime {

class FloatingPointGuard {
 public:
#if defined(__x86_64__)
  FloatingPointGuard() : found_(_mm_getcsr()) {
    if ((found_ & ~kStickyFlags) != kDefaultMode) _mm_setcsr(kDefaultMode);
  }
  ~FloatingPointGuard() {
    if (_mm_getcsr() != found_) _mm_setcsr(found_);
  }

 private:
  static constexpr unsigned kDefaultMode = 0x1f80, kStickyFlags = 0x3f;
  unsigned found_;
#else
  FloatingPointGuard() {
    std::fegetenv(&found_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatingPointGuard() { std::fesetenv(&found_); }

 private:
  std::fenv_t found_;
#endif
 public:
  FloatingPointGuard(const FloatingPointGuard&) = delete;
  FloatingPointGuard& operator=(const FloatingPointGuard&) = delete;
};

}  // namespace rondo::runtime
