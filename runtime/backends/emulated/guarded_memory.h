// Blocks of memory with two addresses: one to hand out, which faults, and one that
// reaches the same pages. Each block is between unmapped pages of its own, and ends
// as close to the last as its alignment allows.
//
// Thread safety: any function from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <shared_mutex>
#include "runtime/backends/thread_queue.h"

namespace rondo::runtime {

class GuardedMemory final : public AddressMap {
 public:
  GuardedMemory() = default;
  GuardedMemory(const GuardedMemory&) = delete;
  ~GuardedMemory() override;

  // The address to hand out, aligned like the one that reaches its bytes; nullptr when
  // the host has no memory, or no addresses. Fresh pages hold zeros.
  std::byte* take(uint64_t bytes, uint64_t align_bytes);
  void give_back(std::byte* handed_out);
  std::byte* reach(std::byte* address) const override;

 private:
  struct Block {
    std::byte* reservation[2] = {};  // handed out, reached
    uint64_t reserved_bytes = 0, bytes = 0;
    std::byte* reached = nullptr;
  };
  mutable std::shared_mutex mutex_;
  std::map<std::byte*, Block> blocks_;  // by the address handed out
};

}  // namespace rondo::runtime
