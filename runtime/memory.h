// Memory the runtime holds: one account per Runtime, released by ownership.
//
// Nothing here is called during a replay. Thread safety: Core may be used from any
// thread; a Block belongs to whoever holds it.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include "rondo/result.h"
#include "rondo/runtime.h"

namespace rondo::runtime {

inline constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;

class Device;  // runtime/backends/device.h

// What all programs, states and sessions of one Runtime share.
struct Core {
  RuntimeOptions options;
  uint64_t limit_bytes = 0;
  std::shared_ptr<Device> device;  // null: none was asked for
  Status device_made;              // why there is none that was
  std::atomic<uint64_t> bytes_in_use{0};
  Executor executor;  // lent by the host or of `pool`; empty: the caller alone
  std::optional<ThreadPool> pool;
  Status threads;  // what went wrong when the pool was made
};

// Completes the options: allocator, limit, spin time and executor. nullptr when out of memory.
std::shared_ptr<Core> make_core(RuntimeOptions options);

// kDoesNotFit when `bytes` more would exceed the limit; `what` says whose they are
// ("a session"). A check before anything is touched, not a reservation.
Status check_memory(const Core& core, uint64_t bytes, const std::string& what);

// Memory from the allocator of a Core, counted in its account.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept { *this = std::move(other); }
  Block& operator=(Block&& other) noexcept;
  ~Block() { reset(); }

  std::byte* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void reset();
  std::shared_ptr<Core> core_;
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0, align_bytes_ = 0;
  friend Result<Block> allocate(const std::shared_ptr<Core>&, uint64_t, uint64_t, const std::string&);
};

// kDoesNotFit above the limit or when the allocator has none; `what` names the use
// ("arena 'scratch'"). A block of 0 bytes has an address of its own.
Result<Block> allocate(const std::shared_ptr<Core>& core, uint64_t bytes, uint64_t align_bytes,
                       const std::string& what);

// Makes the pages of a block present, so that a replay does not fault them in.
void touch_pages(const Block& block);

// The wall between the library and std::bad_alloc: every public entry point that
// allocates runs inside it.
template <class Function>
auto without_exceptions(Function&& function) noexcept -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kDoesNotFit, "out of memory", {}};  // short enough to need no allocation
  }
}

constexpr uint64_t saturating_add(uint64_t a, uint64_t b) { return a + b < a ? ~uint64_t{0} : a + b; }

}  // namespace rondo::runtime
