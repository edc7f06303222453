#include "runtime/backends/emulated/guarded_memory.h"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <mutex>
#include <new>

namespace rondo::runtime {
namespace {

constexpr uint64_t kPageBytes = 4096;

uint64_t in_pages(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

std::byte* reserve(uint64_t bytes) {
  void* made = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return made == MAP_FAILED ? nullptr : static_cast<std::byte*>(made);
}

std::byte* aligned(std::byte* address, uint64_t align_bytes) {
  const uint64_t beyond = reinterpret_cast<uintptr_t>(address) % align_bytes;
  return address + (beyond == 0 ? 0 : align_bytes - beyond);
}

}  // namespace

GuardedMemory::~GuardedMemory() {
  for (auto& [address, block] : blocks_)
    for (std::byte* reservation : block.reservation) munmap(reservation, block.reserved_bytes);
}

std::byte* GuardedMemory::take(uint64_t bytes, uint64_t align_bytes) {
  const uint64_t align = std::max(align_bytes, kPageBytes);
  if (bytes > (uint64_t{1} << 46) || align > (uint64_t{1} << 40)) return nullptr;
  const uint64_t mapped = in_pages(std::max<uint64_t>(bytes, 1));
  Block block;
  block.bytes = bytes;
  block.reserved_bytes = mapped + align + 2 * kPageBytes;
  const int file = memfd_create("rondo-emulated-device", MFD_CLOEXEC);
  bool good = file >= 0 && ftruncate(file, static_cast<off_t>(mapped)) == 0;
  // The last byte of the block lies as near the end of its pages as alignment allows.
  const uint64_t lead =
      align_bytes >= kPageBytes ? 0 : (mapped - std::max<uint64_t>(bytes, 1)) / align_bytes * align_bytes;
  std::byte* placed[2] = {};
  for (int side = 0; side < 2 && good; ++side) {
    block.reservation[side] = reserve(block.reserved_bytes);
    good = block.reservation[side] != nullptr;
    if (!good) break;
    placed[side] = aligned(block.reservation[side] + kPageBytes, align);
    const int protection = side == 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
    good = mmap(placed[side], mapped, protection, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
  }
  if (file >= 0) close(file);  // the mappings keep it
  std::byte* handed_out = placed[0] + lead;
  block.reached = placed[1] + lead;
  if (good) {
    try {
      const std::unique_lock<std::shared_mutex> lock(mutex_);
      blocks_.emplace(handed_out, block);
      return handed_out;
    } catch (const std::bad_alloc&) {
    }
  }
  for (std::byte* reservation : block.reservation)
    if (reservation != nullptr) munmap(reservation, block.reserved_bytes);
  return nullptr;
}

void GuardedMemory::give_back(std::byte* handed_out) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const auto found = blocks_.find(handed_out);
  if (found == blocks_.end()) return;
  for (std::byte* reservation : found->second.reservation) munmap(reservation, found->second.reserved_bytes);
  blocks_.erase(found);
}

std::byte* GuardedMemory::reach(std::byte* address) const {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  auto after = blocks_.upper_bound(address);
  if (after == blocks_.begin()) return address;
  const auto& [handed_out, block] = *std::prev(after);
  const auto offset = static_cast<uint64_t>(address - handed_out);
  return offset < std::max<uint64_t>(block.bytes, 1) ? block.reached + offset : address;
}

}  // namespace rondo::runtime
