// Waiting without a CPU: a word that others change, and the one system call, futex,
// that the workers make. Elsewhere than on Linux std::atomic::wait stands in.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace rondo::runtime {

// Returns once `word` is not `seen`, when woken, after about `timeout_ns` (0: no
// limit), or for no reason at all.
inline void park(std::atomic<uint32_t>& word, uint32_t seen, uint64_t timeout_ns) {
#if defined(__linux__)
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
  timespec limit = {static_cast<time_t>(timeout_ns / 1000000000u), static_cast<long>(timeout_ns % 1000000000u)};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, seen, timeout_ns != 0 ? &limit : nullptr,
          nullptr, 0);
#else
  // No limit here: whoever changes a word that is waited for wakes.
  (void)timeout_ns;
  word.wait(seen);
#endif
}

// Wakes everyone who is parked on `word`.
inline void wake_all(std::atomic<uint32_t>& word) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
#else
  word.notify_all();
#endif
}

}  // namespace rondo::runtime
