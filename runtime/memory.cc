#include "runtime/memory.h"

#ifdef __linux__
#include <sys/mman.h>
#endif
#include <algorithm>
#include <utility>
#include "runtime/backends/device_replayer.h"
#include "runtime/physical_memory.h"
#include "runtime/workers/dealing.h"
#include "runtime/workers/spin.h"
#include "runtime/workers/tuning.h"

namespace rondo::runtime {
namespace {

void* heap_allocate(void*, uint64_t bytes, uint64_t align_bytes) {
  void* data = ::operator new (bytes, std::align_val_t{align_bytes}, std::nothrow);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Only advice: without transparent huge pages the memory works as it is.
  if (data != nullptr && align_bytes >= kHugePageBytes) (void)madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return data;
}

void heap_release(void*, void* data, uint64_t, uint64_t align_bytes) {
  ::operator delete (data, std::align_val_t{align_bytes});
}

// The executor of the host, or an own pool; errors are kept for `prepare`.
void make_threads(Core& core) {
  RuntimeOptions& options = core.options;
  const Executor& lent = options.executor;
  if (options.workers == 0 || options.workers > kMaxWorkers) {
    core.threads = make_error(ErrorCode::kInvalidArgument, "workers must be 1 to " + std::to_string(kMaxWorkers) +
                                                               ", not " + std::to_string(options.workers));
  } else if ((lent.start == nullptr) != (lent.concurrency == nullptr)) {
    core.threads = make_error(ErrorCode::kInvalidArgument, "the executor has one of its two functions");
  }
  if (!core.threads || (options.workers == 1 && lent.start == nullptr)) return;
  if (options.spin_ns == 0) options.spin_ns = usable_cpus() < options.workers ? kCrowdedSpinNs : kSpinNs;
  core.executor = lent;
  if (lent.start != nullptr) return;
  Result<ThreadPool> pool = ThreadPool::make({.threads = options.workers - 1, .spin_ns = options.spin_ns});
  if (!pool) {
    core.threads = pool.error();
    return;
  }
  core.pool.emplace(std::move(*pool));
  core.executor = core.pool->executor();
}

}  // namespace

std::shared_ptr<Core> make_core(RuntimeOptions options) {
  try {
    auto core = std::make_shared<Core>();
    core->options = std::move(options);
    if (core->options.allocator.allocate == nullptr && core->options.allocator.release == nullptr)
      core->options.allocator = Allocator{nullptr, heap_allocate, heap_release};
    if (Result<std::shared_ptr<Device>> device = make_device(core->options.device); device.ok())
      core->device = std::move(*device);
    else
      core->device_made = device.error();
    make_threads(*core);
    const uint64_t limit_bytes = core->options.memory_limit_bytes;
    core->limit_bytes = limit_bytes != 0 ? limit_bytes : physical_memory_bytes();
    return core;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Status check_memory(const Core& core, uint64_t bytes, const std::string& what) {
  const uint64_t in_use = core.bytes_in_use.load(std::memory_order_relaxed);
  if (saturating_add(in_use, bytes) <= core.limit_bytes) return {};
  return make_error(ErrorCode::kDoesNotFit, what + " needs " + std::to_string(bytes) + " B; the memory limit is " +
                                                std::to_string(core.limit_bytes) + " B, of which " +
                                                std::to_string(in_use) + " B are in use");
}

Block& Block::operator=(Block&& other) noexcept {
  if (this == &other) return *this;
  reset();
  core_ = std::move(other.core_);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  align_bytes_ = std::exchange(other.align_bytes_, 0);
  return *this;
}

void Block::reset() {
  if (data_ == nullptr) return;
  const Allocator& allocator = core_->options.allocator;
  allocator.release(allocator.context, data_, std::max<uint64_t>(bytes_, 1), align_bytes_);
  core_->bytes_in_use.fetch_sub(bytes_, std::memory_order_relaxed);
  data_ = nullptr;
}

Result<Block> allocate(const std::shared_ptr<Core>& core, uint64_t bytes, uint64_t align_bytes,
                       const std::string& what) {
  uint64_t in_use = core->bytes_in_use.load(std::memory_order_relaxed);
  do {  // counted before it is allocated: two threads together stay below the limit
    if (saturating_add(in_use, bytes) > core->limit_bytes) return check_memory(*core, bytes, what).error();
  } while (!core->bytes_in_use.compare_exchange_weak(in_use, in_use + bytes, std::memory_order_relaxed));
  const Allocator& allocator = core->options.allocator;
  void* data = allocator.allocate(allocator.context, std::max<uint64_t>(bytes, 1), align_bytes);
  if (data == nullptr) {
    core->bytes_in_use.fetch_sub(bytes, std::memory_order_relaxed);
    return make_error(ErrorCode::kDoesNotFit, "the allocator has no " + std::to_string(bytes) + " B aligned to " +
                                                  std::to_string(align_bytes) + " for " + what);
  }
  Block block;  // from here on released when it goes
  block.core_ = core;
  block.data_ = static_cast<std::byte*>(data);
  block.bytes_ = bytes;
  block.align_bytes_ = align_bytes;
  if (reinterpret_cast<uintptr_t>(data) % align_bytes != 0)
    return make_error(ErrorCode::kInvalidArgument, "the allocator returned memory for " + what +
                                                       " that is not aligned to " + std::to_string(align_bytes));
  return block;
}

void touch_pages(const Block& block) {
  constexpr uint64_t kSmallPage = 4096;
  for (uint64_t offset = 0; offset < block.bytes(); offset += kSmallPage)
    *const_cast<volatile std::byte*>(block.data() + offset) = std::byte{0};
}

}  // namespace rondo::runtime
