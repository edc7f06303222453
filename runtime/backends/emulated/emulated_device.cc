#include "runtime/backends/emulated/emulated_device.h"

#include <algorithm>
#include <new>
#include <system_error>
#include "runtime/backends/emulated/guarded_memory.h"
#include "runtime/backends/thread_queue.h"
#include "runtime/memory.h"
#include "runtime/physical_memory.h"
#include "runtime/trace/ticks.h"

namespace rondo::runtime {
namespace {

// Unfinished ops of a stream that the device keeps room for; a stream may allow more.
constexpr uint32_t kMostInFlight = 16;

// How many ticks a nanosecond has; measured once, over a millisecond.
double ticks_per_ns() {
  static const double value = [] {
    const Moment first = this_moment();
    while (boottime_ns() < first.ns + 1000000) {
    }
    const Moment second = this_moment();
    return static_cast<double>(second.ticks - first.ticks) / static_cast<double>(second.ns - first.ns);
  }();
  return value;
}

class EmulatedDevice final : public Device {
 public:
  explicit EmulatedDevice(const EmulatedDeviceOptions& options) : bell_(std::make_shared<Bell>()) {
    traits_.backend = "emulated";
    traits_.own_memory = true;
    traits_.scratch_outlives_launch = false;
    traits_.only_copies_reach_host = true;
    traits_.max_resident_lanes = options.max_resident_lanes;
    traits_.max_in_flight = kMostInFlight;
    traits_.memory_bytes = options.memory_bytes != 0 ? options.memory_bytes : physical_memory_bytes();
    queue_.workers = std::max<uint32_t>(options.threads, 1);
    queue_.max_resident_lanes = traits_.max_resident_lanes;
    queue_.poisons_scratch = true;
    queue_.map = &memory_;
    queue_.interpreter.seed = options.seed;
    queue_.interpreter.staged_copies = true;
    queue_.interpreter.max_in_flight = kMostInFlight;
    queue_.interpreter.faults = options.faults;
    if (options.ns_per_cost > 0) queue_.interpreter.ticks_per_cost = options.ns_per_cost * ticks_per_ns();
  }

  const DeviceTraits& traits() const override { return traits_; }

  Result<std::unique_ptr<DeviceTokens>> make_tokens(uint32_t count) override {
    return without_exceptions([&]() -> Result<std::unique_ptr<DeviceTokens>> {
      return std::unique_ptr<DeviceTokens>(std::make_unique<CounterTokens>(count, bell_));
    });
  }

  Result<std::unique_ptr<DeviceQueue>> make_queue() override {
    return without_exceptions([&]() -> Result<std::unique_ptr<DeviceQueue>> {
      try {
        return std::unique_ptr<DeviceQueue>(std::make_unique<ThreadQueue>(queue_, bell_, shared_from_this()));
      } catch (const std::system_error&) {
        return make_error(ErrorCode::kUnavailable, "the host gives no threads for a queue of backend 'emulated'");
      }
    });
  }

 protected:
  std::byte* take(uint64_t bytes, uint64_t align_bytes) override { return memory_.take(bytes, align_bytes); }
  void give_back(std::byte* data, uint64_t, uint64_t) noexcept override { memory_.give_back(data); }

 private:
  std::shared_ptr<Bell> bell_;
  GuardedMemory memory_;
  DeviceTraits traits_;
  ThreadQueueOptions queue_;
};

}  // namespace

std::shared_ptr<Device> make_emulated_device(const EmulatedDeviceOptions& options) {
  try {
    return std::make_shared<EmulatedDevice>(options);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace rondo::runtime
