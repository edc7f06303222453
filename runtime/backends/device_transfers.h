// Bytes that the host brings to a device and fetches from it between replays: the
// content of states. Each call has completed when it returns.
//
// Thread safety: any thread; calls take turns. None is made by a replay.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include "runtime/backends/device.h"

namespace rondo::runtime {

class DeviceTransfers {
 public:
  static Result<std::shared_ptr<DeviceTransfers>> make(Device& device);

  void copy(std::byte* to, const std::byte* from, uint64_t bytes);
  void fill(std::byte* to, std::byte value, uint64_t bytes);

 private:
  explicit DeviceTransfers(std::unique_ptr<DeviceQueue> queue) : queue_(std::move(queue)) {}
  void drain();

  std::mutex mutex_;
  std::unique_ptr<DeviceQueue> queue_;
};

}  // namespace rondo::runtime
