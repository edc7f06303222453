// The boundary between the runtime and a device: memory, tokens, queues, launches.
//
// `cpu` (a device that is the host) and `emulated` (a device on host threads, with
// memory of its own) implement it; every implementation passes one conformance
// suite (tests/backends/conformance_test.cc), whose test names are the promises
// below. What a device cannot do it says in its traits, and never by failing late.
//
// Addresses are those the device works with. Where Traits::own_memory is set the
// host must not dereference an address that `allocate` returned. Host memory that
// commands name is borrowed until the command has completed.
//
// Thread safety: Device and DeviceTokens may be used from any number of threads;
// a DeviceQueue belongs to one thread at a time, different queues to different ones.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include "rondo/result.h"
#include "rondo/schedule.h"
#include "runtime/part_tables.h"
#include "runtime/trace/recording.h"

namespace rondo::runtime {

struct DeviceTraits {
  std::string_view backend;             // what Schedule::backend names
  bool own_memory = false;              // allocated addresses are not the host's to touch
  bool scratch_outlives_launch = true;  // false: scratch is undefined when a launch begins
  bool only_copies_reach_host = false;  // true: compute streams may not touch host memory
  uint32_t max_resident_lanes = 0;      // lanes of one launch that make progress side by side
  uint32_t max_in_flight = 1;           // unfinished ops of one stream, whatever the stream allows
  uint64_t memory_bytes = 0;            // of all blocks at one time
};

class Device;

// Memory of a device; released when the block goes, which must outlive every
// command that names it. A block of 0 bytes has an address of its own.
class DeviceBlock {
 public:
  DeviceBlock() = default;
  DeviceBlock(DeviceBlock&& other) noexcept { *this = std::move(other); }
  DeviceBlock& operator=(DeviceBlock&& other) noexcept;
  ~DeviceBlock() { reset(); }

  std::byte* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  DeviceBlock(std::shared_ptr<Device> device, std::byte* data, uint64_t bytes, uint64_t align_bytes)
      : device_(std::move(device)), data_(data), bytes_(bytes), align_bytes_(align_bytes) {}
  void reset();
  std::shared_ptr<Device> device_;
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0, align_bytes_ = 0;
  friend class Device;
};

// Counters that only grow, at first 0. What came before a signal is visible to
// whoever saw the count it made.
class DeviceTokens {
 public:
  virtual ~DeviceTokens() = default;
  virtual uint32_t count() const = 0;
  virtual uint64_t read(uint32_t token) const = 0;
  virtual void signal(uint32_t token, uint64_t by = 1) = 0;
};

// Ops [first_op, +op_count) of one stream: what one launch runs of it.
struct StreamRange {
  uint32_t stream = 0;
  uint32_t first_op = 0;
  uint32_t op_count = 0;
};

// The tables of a proven schedule, as the session shapes them; all borrowed.
struct LaunchTables {
  const Schedule* schedule = nullptr;
  const ResolvedKernel* kernels = nullptr;  // beside Schedule::kernels
  std::byte* const* bases = nullptr;        // addresses of the device, or of the host
  const View* views = nullptr;
  const uint64_t* view_offsets = nullptr;   // null without scalars
  DeviceTokens* tokens = nullptr;           // beside Schedule::tokens
  const uint64_t* counts_before = nullptr;  // of each token when the replay began; waits count from there
};

// Scratch of the lanes of a launch: undefined when it begins, unless the traits say otherwise.
struct ScratchRange {
  std::byte* data = nullptr;
  uint64_t bytes = 0;
};

// What the host and the device tell one another while a launch runs.
struct LaunchControl {
  // Set by the host: the device begins no further op and completes the launch soon.
  std::atomic<bool> stop{false};
  // Grown by the device with every op that begins or completes.
  std::atomic<uint64_t> progress{0};
  // Ops completed, by all launches that share the control.
  std::atomic<uint64_t> completed{0};
  // The first wait that a stopped launch found unmet, or kNone: op and its slot.
  std::atomic<uint32_t> waiting_op{kNone};
  std::atomic<uint32_t> waiting_slot{0};
  // Ops between begin and completion now.
  std::atomic<uint32_t> running{0};
};

// One launch: each range is issued in order, at most in_flight of its ops
// unfinished; ranges of different streams run side by side. It completes when
// every op has completed, or once `control->stop` is set and no op is running.
struct Launch {
  LaunchTables tables;
  std::span<const StreamRange> ranges;  // each stream once
  uint32_t lanes = 0;                   // lane_count() of the ranges
  std::span<const ScratchRange> scratch;
  LaunchControl* control = nullptr;
  OpStamps* times = nullptr;  // by op index; null: none are taken
};

// Commands in order: each begins when all before it have completed. A call returns
// without waiting for the command (except where a queue of fixed length is full).
class DeviceQueue {
 public:
  // Waits until every command has completed; a `wait` whose count has not come is
  // given up, and so is what follows it.
  virtual ~DeviceQueue() = default;
  // Bytes from and to the host or the device; the two must not overlap.
  virtual void copy(std::byte* to, const std::byte* from, uint64_t bytes) = 0;
  virtual void fill(std::byte* to, std::byte value, uint64_t bytes) = 0;
  // Holds back later commands until `token` counts `at_least`.
  virtual void wait(DeviceTokens& tokens, uint32_t token, uint64_t at_least) = 0;
  virtual void signal(DeviceTokens& tokens, uint32_t token) = 0;
  // Takes now what launches of these ranges will need, so that `launch` takes nothing.
  virtual Status reserve(const Launch& launch) = 0;
  // What `launch` points to is borrowed until it has completed. kInvalidArgument, and
  // nothing is queued, for more lanes than are resident at one time.
  virtual Status launch(const Launch& launch) = 0;
  // Whether every command had completed before the time was over. Afterwards the
  // host sees what they wrote, and no host memory is touched.
  virtual bool drain(std::chrono::nanoseconds at_most) = 0;
};

class Device : public std::enable_shared_from_this<Device> {
 public:
  virtual ~Device() = default;
  virtual const DeviceTraits& traits() const = 0;
  // kDoesNotFit, naming `what`, above Traits::memory_bytes or where the host has none.
  Result<DeviceBlock> allocate(uint64_t bytes, uint64_t align_bytes, const std::string& what);
  uint64_t bytes_in_use() const { return bytes_in_use_.load(std::memory_order_relaxed); }
  virtual Result<std::unique_ptr<DeviceTokens>> make_tokens(uint32_t count) = 0;
  virtual Result<std::unique_ptr<DeviceQueue>> make_queue() = 0;

 protected:
  // nullptr when there is none. `align_bytes` is a power of two.
  virtual std::byte* take(uint64_t bytes, uint64_t align_bytes) = 0;
  virtual void give_back(std::byte* data, uint64_t bytes, uint64_t align_bytes) noexcept = 0;

 private:
  std::atomic<uint64_t> bytes_in_use_{0};
  friend class DeviceBlock;
};

// The number of lanes that the ranges belong to.
uint32_t lane_count(const Schedule& schedule, std::span<const StreamRange> ranges);

}  // namespace rondo::runtime
