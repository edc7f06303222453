// Threads with a mailbox each: room for one task, taken before it is run.
#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include "rondo/executor.h"
#include "runtime/memory.h"
#include "runtime/workers/dealing.h"
#include "runtime/workers/park.h"
#include "runtime/workers/spin.h"
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#endif

namespace rondo {
namespace {

using runtime::now_ticks;
using runtime::park;
using runtime::spin_pause;
using runtime::wake_all;

enum State : uint32_t { kEmpty = 0, kFilling = 1, kFull = 2, kQuit = 3 };

struct alignas(128) Mailbox {
  std::atomic<uint32_t> state{kEmpty};
  std::atomic<uint32_t> parked{0};
  void (*task)(void*, uint32_t) = nullptr;
  void* argument = nullptr;
  uint32_t index = 0;
  // Written by the thread of the mailbox only.
  alignas(64) std::atomic<bool> busy{false};
};

// Puts a word that others wait for in place, and wakes who is parked on it. The
// exchange is a full fence: either it sees `parked`, or the parking thread sees it.
void post(Mailbox& box, uint32_t state) {
  box.state.exchange(state, std::memory_order_seq_cst);
  if (box.parked.load(std::memory_order_seq_cst) != 0) wake_all(box.state);
}

void serve(Mailbox& box, uint64_t spin_ticks) {
  for (;;) {
    uint32_t state = box.state.load(std::memory_order_acquire);
    for (uint64_t until = 0, turn = 0; state != kFull && state != kQuit; ++turn) {
      spin_pause();
      state = box.state.load(std::memory_order_acquire);
      if (turn % 16 != 0) continue;
      const uint64_t now = now_ticks();
      if (until == 0) until = now + spin_ticks;
      if (now < until || state == kFilling) continue;
      box.parked.store(1, std::memory_order_seq_cst);
      state = box.state.load(std::memory_order_seq_cst);
      if (state == kEmpty) park(box.state, kEmpty, 0);
      box.parked.store(0, std::memory_order_relaxed);
      state = box.state.load(std::memory_order_acquire);
    }
    if (state == kQuit) return;
    const auto task = box.task;
    void* const argument = box.argument;
    const uint32_t index = box.index;
    box.busy.store(true, std::memory_order_relaxed);
    box.state.store(kEmpty, std::memory_order_release);
    task(argument, index);
    box.busy.store(false, std::memory_order_relaxed);
  }
}

bool try_post(Mailbox& box, void (*task)(void*, uint32_t), void* argument, uint32_t index) {
  uint32_t expected = kEmpty;
  if (!box.state.compare_exchange_strong(expected, kFilling, std::memory_order_acquire)) return false;
  box.task = task;
  box.argument = argument;
  box.index = index;
  post(box, kFull);
  return true;
}

}  // namespace

struct ThreadPool::Data {
  std::unique_ptr<Mailbox[]> boxes;
  std::vector<std::thread> threads;

  ~Data() {
    for (size_t i = 0; i < threads.size(); ++i) {
      uint32_t expected = kEmpty;
      while (!boxes[i].state.compare_exchange_weak(expected, kFilling)) {
        expected = kEmpty;  // a task that came too late is still to be taken
        std::this_thread::yield();
      }
      post(boxes[i], kQuit);
      threads[i].join();
    }
  }

  // Idle threads first; then those that are busy, which get to it later.
  uint32_t start(uint32_t count, void (*task)(void*, uint32_t), void* argument) {
    uint32_t taken = 0;
    for (const bool busy : {false, true})
      for (size_t i = 0; i < threads.size() && taken < count; ++i)
        if (boxes[i].busy.load(std::memory_order_relaxed) == busy) taken += try_post(boxes[i], task, argument, taken);
    return taken;
  }
};

ThreadPool::ThreadPool(std::unique_ptr<Data> data) : data_(std::move(data)) {}
ThreadPool::ThreadPool(ThreadPool&&) noexcept = default;
ThreadPool& ThreadPool::operator=(ThreadPool&&) noexcept = default;
ThreadPool::~ThreadPool() = default;

namespace {

#if defined(__linux__)
// Signals are the host's: its threads handle them, not these. Threads inherit the mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &found_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &found_, nullptr); }

 private:
  sigset_t found_;
};

void set_name(std::thread& thread, std::string name, uint32_t number) {
  const std::string end = "-" + std::to_string(number);
  name.resize(std::min(name.size(), 15 - end.size()));
  pthread_setname_np(thread.native_handle(), (name + end).c_str());
}

Status set_cpus(std::thread& thread, const std::vector<uint32_t>& cpus) {
  if (cpus.empty()) return {};
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const uint32_t cpu : cpus) {
    if (cpu >= CPU_SETSIZE) return make_error(ErrorCode::kInvalidArgument, "there is no CPU " + std::to_string(cpu));
    CPU_SET(cpu, &set);
  }
  if (pthread_setaffinity_np(thread.native_handle(), sizeof set, &set) != 0)
    return make_error(ErrorCode::kInvalidArgument, "none of the CPUs that were asked for can be used");
  return {};
}
#else
class SignalsBlocked {};
void set_name(std::thread&, const std::string&, uint32_t) {}
Status set_cpus(std::thread&, const std::vector<uint32_t>& cpus) {
  if (cpus.empty()) return {};
  return make_error(ErrorCode::kUnavailable, "threads cannot be kept to CPUs on this system");
}
#endif

}  // namespace

Result<ThreadPool> ThreadPool::make(const ThreadPoolOptions& options) {
  return runtime::without_exceptions([&]() -> Result<ThreadPool> {
    if (options.threads == 0 || options.threads >= runtime::kMaxWorkers)
      return make_error(ErrorCode::kInvalidArgument, "a pool has 1 to " + std::to_string(runtime::kMaxWorkers - 1) +
                                                         " threads, not " + std::to_string(options.threads));
    auto data = std::make_unique<Data>();
    data->boxes = std::make_unique<Mailbox[]>(options.threads);
    data->threads.reserve(options.threads);
    const uint64_t spin_ticks = runtime::ticks_of(options.spin_ns);
    const SignalsBlocked blocked;
    for (uint32_t i = 0; i < options.threads; ++i) {
      try {
        data->threads.emplace_back([&box = data->boxes[i], spin_ticks] { serve(box, spin_ticks); });
      } catch (const std::system_error& error) {
        return make_error(ErrorCode::kUnavailable, "the system started " + std::to_string(i) + " of " +
                                                       std::to_string(options.threads) + " threads: " + error.what());
      }
      set_name(data->threads.back(), options.name, i + 1);
      if (Status set = set_cpus(data->threads.back(), options.cpus); !set) return set.error();
    }
    return ThreadPool(std::move(data));
  });
}

Executor ThreadPool::executor() const {
  return {data_.get(), [](void* context) { return static_cast<uint32_t>(static_cast<Data*>(context)->threads.size()); },
          [](void* context, uint32_t count, void (*task)(void*, uint32_t), void* argument) {
            return static_cast<Data*>(context)->start(count, task, argument);
          }};
}

}  // namespace rondo
