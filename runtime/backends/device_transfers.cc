#include "runtime/backends/device_transfers.h"

#include <chrono>

namespace rondo::runtime {

Result<std::shared_ptr<DeviceTransfers>> DeviceTransfers::make(Device& device) {
  Result<std::unique_ptr<DeviceQueue>> queue = device.make_queue();
  if (!queue) return queue.error();
  return std::shared_ptr<DeviceTransfers>(new DeviceTransfers(std::move(*queue)));
}

void DeviceTransfers::drain() {
  while (!queue_->drain(std::chrono::seconds(1))) {
  }
}

void DeviceTransfers::copy(std::byte* to, const std::byte* from, uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_->copy(to, from, bytes);
  drain();
}

void DeviceTransfers::fill(std::byte* to, std::byte value, uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_->fill(to, value, bytes);
  drain();
}

}  // namespace rondo::runtime
