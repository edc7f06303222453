#include "runtime/backends/cpu/cpu_device.h"

#include <limits>
#include <new>
#include <system_error>
#include "runtime/backends/thread_queue.h"
#include "runtime/memory.h"

namespace rondo::runtime {
namespace {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const CpuDeviceOptions& options) : options_(options), bell_(std::make_shared<Bell>()) {
    traits_.backend = "cpu";
    traits_.max_resident_lanes = std::numeric_limits<uint32_t>::max();  // lanes are multiplexed over the threads
    traits_.max_in_flight = 1;
    traits_.memory_bytes = options.memory_bytes;
  }

  const DeviceTraits& traits() const override { return traits_; }

  Result<std::unique_ptr<DeviceTokens>> make_tokens(uint32_t count) override {
    return without_exceptions([&]() -> Result<std::unique_ptr<DeviceTokens>> {
      return std::unique_ptr<DeviceTokens>(std::make_unique<CounterTokens>(count, bell_));
    });
  }

  Result<std::unique_ptr<DeviceQueue>> make_queue() override {
    return without_exceptions([&]() -> Result<std::unique_ptr<DeviceQueue>> {
      ThreadQueueOptions options;
      options.workers = options_.threads;
      options.max_resident_lanes = traits_.max_resident_lanes;
      options.interpreter.max_in_flight = traits_.max_in_flight;
      try {
        return std::unique_ptr<DeviceQueue>(std::make_unique<ThreadQueue>(options, bell_, shared_from_this()));
      } catch (const std::system_error&) {
        return make_error(ErrorCode::kUnavailable, "the host gives no thread for a queue of backend 'cpu'");
      }
    });
  }

 protected:
  std::byte* take(uint64_t bytes, uint64_t align_bytes) override {
    return static_cast<std::byte*>(
        ::operator new (std::max<uint64_t>(bytes, 1), std::align_val_t{align_bytes}, std::nothrow));
  }
  void give_back(std::byte* data, uint64_t, uint64_t align_bytes) noexcept override {
    ::operator delete (data, std::align_val_t{align_bytes});
  }

 private:
  CpuDeviceOptions options_;
  std::shared_ptr<Bell> bell_;
  DeviceTraits traits_;
};

}  // namespace

std::shared_ptr<Device> make_cpu_device(const CpuDeviceOptions& options) {
  try {
    return std::make_shared<CpuDevice>(options);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace rondo::runtime
