#include "runtime/backends/device.h"

#include <algorithm>
#include <vector>
#include "runtime/memory.h"

namespace rondo::runtime {

DeviceBlock& DeviceBlock::operator=(DeviceBlock&& other) noexcept {
  if (this == &other) return *this;
  reset();
  device_ = std::move(other.device_);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  align_bytes_ = std::exchange(other.align_bytes_, 0);
  return *this;
}

void DeviceBlock::reset() {
  if (data_ == nullptr) return;
  device_->give_back(data_, bytes_, align_bytes_);
  device_->bytes_in_use_.fetch_sub(bytes_, std::memory_order_relaxed);
  data_ = nullptr;
}

Result<DeviceBlock> Device::allocate(uint64_t bytes, uint64_t align_bytes, const std::string& what) {
  const DeviceTraits& limits = traits();
  const auto refuse = [&](uint64_t in_use) {
    return make_error(ErrorCode::kDoesNotFit, what + " needs " + std::to_string(bytes) + " B of backend '" +
                                                  std::string(limits.backend) + "', which has " +
                                                  std::to_string(limits.memory_bytes) + " B, of which " +
                                                  std::to_string(in_use) + " B are in use");
  };
  uint64_t in_use = bytes_in_use_.load(std::memory_order_relaxed);
  do {  // counted before it is taken: two threads together stay below the limit
    if (saturating_add(in_use, bytes) > limits.memory_bytes) return refuse(in_use);
  } while (!bytes_in_use_.compare_exchange_weak(in_use, in_use + bytes, std::memory_order_relaxed));
  std::byte* data = take(bytes, align_bytes);
  if (data == nullptr) {
    bytes_in_use_.fetch_sub(bytes, std::memory_order_relaxed);
    return make_error(ErrorCode::kDoesNotFit, "the host has no " + std::to_string(bytes) + " B for " + what +
                                                  " of backend '" + std::string(limits.backend) + "'");
  }
  return DeviceBlock(shared_from_this(), data, bytes, align_bytes);
}

uint32_t lane_count(const Schedule& schedule, std::span<const StreamRange> ranges) {
  std::vector<uint32_t> lanes;
  for (const StreamRange& range : ranges) lanes.push_back(schedule.streams[range.stream].lane);
  std::sort(lanes.begin(), lanes.end());
  return static_cast<uint32_t>(std::unique(lanes.begin(), lanes.end()) - lanes.begin());
}

}  // namespace rondo::runtime
