#include "tools/calibrate/handover.h"
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <thread>
#include "tools/calibrate/sampling.h"

namespace rondo::calibrate {
namespace {

uint64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

Delay summed_up(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const size_t count = times.size();
  return {times[count / 8], times[0], times[count / 2]};
}

struct alignas(128) Line {
  std::atomic<uint32_t> count{0};
};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void futex(std::atomic<uint32_t>& word, int operation, uint32_t value) {
  static_assert(sizeof word == sizeof(uint32_t));
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

std::optional<Delay> measure_token(const std::vector<uint32_t>& cpus, double seconds) {
  if (cpus.size() < 2) return std::nullopt;
  constexpr uint32_t kRoundTrips = 256, kStop = UINT32_MAX;
  Line ping, pong;
  std::thread echo([&] {
    pin_to(cpus[1]);
    for (uint32_t next = 1;; ++next) {
      uint32_t seen = 0;
      // Yields when the other side has been put off its CPU for long.
      for (uint64_t spins = 0; (seen = ping.count.load(std::memory_order_acquire)) < next; ++spins) {
        relax();
        if (spins > 100000) std::this_thread::yield();
      }
      if (seen == kStop) return;
      pong.count.store(next, std::memory_order_release);
    }
  });
  std::vector<double> times;
  std::thread caller([&] {
    pin_to(cpus[0]);
    const uint64_t end = now_ns() + static_cast<uint64_t>(seconds * 1e9);
    uint32_t next = 0;
    while (times.size() < 9 || (now_ns() < end && times.size() < 100000)) {
      const uint64_t begin = now_ns();
      for (uint32_t i = 0; i < kRoundTrips; ++i) {
        ping.count.store(++next, std::memory_order_release);
        for (uint64_t spins = 0; pong.count.load(std::memory_order_acquire) < next; ++spins) {
          relax();
          if (spins > 100000) std::this_thread::yield();
        }
      }
      times.push_back(static_cast<double>(now_ns() - begin) / (2.0 * kRoundTrips));
    }
    ping.count.store(kStop, std::memory_order_release);
  });
  caller.join();
  echo.join();
  return summed_up(std::move(times));
}

Delay measure_wake(const std::vector<uint32_t>& cpus, double seconds) {
  Line word, parked, woken;
  std::atomic<uint64_t> woken_ns{0};
  std::atomic<bool> stop{false};
  std::thread sleeper([&] {
    pin_to(cpus[1 % cpus.size()]);
    for (uint32_t next = 1;; ++next) {
      parked.count.store(next, std::memory_order_release);
      while (word.count.load(std::memory_order_acquire) < next) futex(word.count, FUTEX_WAIT, next - 1);
      if (stop.load()) return;
      woken_ns.store(now_ns(), std::memory_order_relaxed);
      woken.count.store(next, std::memory_order_release);
    }
  });
  std::vector<double> times;
  std::thread waker([&] {
    pin_to(cpus[0]);
    const uint64_t end = now_ns() + static_cast<uint64_t>(seconds * 1e9);
    const auto wake = [&](uint32_t next) {
      word.count.store(next, std::memory_order_release);
      futex(word.count, FUTEX_WAKE, 1);
    };
    uint32_t next = 1;
    for (; times.size() < 9 || (now_ns() < end && times.size() < 100000); ++next) {
      while (parked.count.load(std::memory_order_acquire) < next) std::this_thread::yield();
      // Long enough for it to be asleep: going there takes some microseconds.
      const timespec pause = {0, 50000};
      nanosleep(&pause, nullptr);
      const uint64_t begin = now_ns();
      wake(next);
      while (woken.count.load(std::memory_order_acquire) < next) std::this_thread::yield();
      times.push_back(static_cast<double>(woken_ns.load(std::memory_order_relaxed)) - static_cast<double>(begin));
    }
    stop.store(true);
    wake(next);
  });
  waker.join();
  sleeper.join();
  return summed_up(std::move(times));
}

}  // namespace rondo::calibrate
