#include "runtime/backends/thread_queue.h"

#include <cstring>
#include "runtime/memory.h"

namespace rondo::runtime {

ThreadQueue::ThreadQueue(const ThreadQueueOptions& options, std::shared_ptr<Bell> bell, std::shared_ptr<Device> owner)
    : options_(options), bell_(bell), owner_(std::move(owner)), interpreter_(options.interpreter, std::move(bell)) {
  threads_.reserve(options_.workers);
  try {
    threads_.emplace_back([this] { take_commands(); });
    for (uint32_t worker = 1; worker < options_.workers; ++worker)
      threads_.emplace_back([this, worker] { join_launches(worker); });
  } catch (...) {
    stop_threads();
    throw;
  }
}

ThreadQueue::~ThreadQueue() { stop_threads(); }

void ThreadQueue::stop_threads() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    quitting_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
  bell_->ring();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadQueue::push(const Command& command) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return pushed_ - completed_ < commands_.size(); });
  commands_[pushed_++ % commands_.size()] = command;
  lock.unlock();
  changed_.notify_all();
}

void ThreadQueue::copy(std::byte* to, const std::byte* from, uint64_t bytes) {
  push({.kind = Kind::kCopy, .to = to, .from = from, .bytes = bytes});
}
void ThreadQueue::fill(std::byte* to, std::byte value, uint64_t bytes) {
  push({.kind = Kind::kFill, .to = to, .value = value, .bytes = bytes});
}
void ThreadQueue::wait(DeviceTokens& tokens, uint32_t token, uint64_t at_least) {
  push({.kind = Kind::kWait, .bytes = at_least, .tokens = &tokens, .token = token});
}
void ThreadQueue::signal(DeviceTokens& tokens, uint32_t token) {
  push({.kind = Kind::kSignal, .tokens = &tokens, .token = token});
}

Status ThreadQueue::reserve(const Launch& launch) {
  return without_exceptions([&]() -> Status {
    if (!drain(std::chrono::nanoseconds(0)))
      return make_error(ErrorCode::kFailedPrecondition, "the queue has commands that are not completed");
    interpreter_.reserve(launch);
    bases_.resize(std::max<size_t>(bases_.size(), launch.tables.schedule->base_count()));
    return {};
  });
}

Status ThreadQueue::launch(const Launch& launch) {
  if (launch.lanes > options_.max_resident_lanes)
    return without_exceptions([&]() -> Status {
      return make_error(ErrorCode::kInvalidArgument, "the launch has " + std::to_string(launch.lanes) +
                                                         " lanes, the device holds " +
                                                         std::to_string(options_.max_resident_lanes) + " at one time");
    });
  push({.kind = Kind::kLaunch, .launch = launch});
  return {};
}

bool ThreadQueue::drain(std::chrono::nanoseconds at_most) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, at_most, [&] { return completed_ == pushed_; });
}

void ThreadQueue::take_commands() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return completed_ != pushed_ || quitting_.load(std::memory_order_relaxed); });
    if (completed_ == pushed_) return;
    const Command command = commands_[completed_ % commands_.size()];
    lock.unlock();
    run(command);
    lock.lock();
    ++completed_;
    changed_.notify_all();
  }
}

void ThreadQueue::run(const Command& command) {
  switch (command.kind) {
    case Kind::kCopy:
      if (command.bytes != 0)
        std::memcpy(reach(command.to), reach(const_cast<std::byte*>(command.from)), command.bytes);
      return;
    case Kind::kFill:
      if (command.bytes != 0) std::memset(reach(command.to), static_cast<int>(command.value), command.bytes);
      return;
    case Kind::kWait:
      for (uint64_t seen = bell_->changes(); command.tokens->read(command.token) < command.bytes;
           seen = bell_->changes()) {
        if (quitting_.load(std::memory_order_acquire)) {
          const std::lock_guard<std::mutex> lock(mutex_);
          completed_ = pushed_ - 1;  // what follows is given up, and this is completed by the caller
          return;
        }
        if (command.tokens->read(command.token) < command.bytes) bell_->sleep(seen);
      }
      return;
    case Kind::kSignal:
      command.tokens->signal(command.token, 1);
      return;
    case Kind::kLaunch:
      run_launch(command.launch);
      return;
  }
}

void ThreadQueue::run_launch(Launch launch) {
  if (options_.map != nullptr) {
    for (uint32_t base = 0; base < launch.tables.schedule->base_count(); ++base)
      bases_[base] = reach(launch.tables.bases[base]);
    launch.tables.bases = bases_.data();
  }
  if (options_.poisons_scratch)
    for (const ScratchRange& scratch : launch.scratch)
      std::memset(reach(scratch.data), static_cast<int>(kPoison), scratch.bytes);
  interpreter_.begin(launch);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++generation_;
    joined_ = options_.workers - 1;
  }
  if (options_.workers > 1) changed_.notify_all();
  interpreter_.work(0, options_.workers);
  if (options_.workers > 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return joined_ == 0; });
  }
  interpreter_.end();
}

void ThreadQueue::join_launches(uint32_t worker) {
  uint64_t joined_last = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      return generation_ != joined_last || (quitting_.load(std::memory_order_relaxed) && completed_ == pushed_);
    });
    if (generation_ == joined_last) return;
    joined_last = generation_;
    lock.unlock();
    interpreter_.work(worker, options_.workers);
    lock.lock();
    if (--joined_ == 0) changed_.notify_all();
  }
}

}  // namespace rondo::runtime
