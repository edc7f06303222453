#include "runtime/backends/counter_tokens.h"

namespace rondo::runtime {

void Bell::ring() {
  changes_.fetch_add(1, std::memory_order_seq_cst);
  // Either the sleeper sees the change, or this sees the sleeper.
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  rung_.notify_all();
}

void Bell::sleep(uint64_t seen) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  if (changes() == seen) rung_.wait_for(lock, std::chrono::milliseconds(10));
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
}

}  // namespace rondo::runtime
