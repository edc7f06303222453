// Tokens as atomic counters of the host, and the bell that wakes who waits for them.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>
#include "runtime/backends/device.h"

namespace rondo::runtime {

// Rung whenever something changed that a thread may wait for. A thread reads
// `changes` before it looks, and sleeps only if nothing has changed since.
class Bell {
 public:
  uint64_t changes() const { return changes_.load(std::memory_order_seq_cst); }
  void ring();
  // Returns at once if `seen` is not the number of changes any more; else at the next
  // ring, or after 10 ms (so that a time or a stop flag is looked at).
  void sleep(uint64_t seen);

 private:
  std::atomic<uint64_t> changes_{0};
  std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable rung_;
};

class CounterTokens final : public DeviceTokens {
 public:
  CounterTokens(uint32_t count, std::shared_ptr<Bell> bell) : counts_(count), bell_(std::move(bell)) {}
  uint32_t count() const override { return static_cast<uint32_t>(counts_.size()); }
  uint64_t read(uint32_t token) const override { return counts_[token].load(std::memory_order_acquire); }
  void signal(uint32_t token, uint64_t by) override {
    counts_[token].fetch_add(by, std::memory_order_acq_rel);
    bell_->ring();
  }

 private:
  std::vector<std::atomic<uint64_t>> counts_;
  std::shared_ptr<Bell> bell_;
};

}  // namespace rondo::runtime
