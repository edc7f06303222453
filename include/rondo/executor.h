// Threads for replays: whoever has them lends them through two functions.
//
//   RuntimeOptions{.workers = 4}                        four workers: the caller and three threads of an own pool
//   RuntimeOptions{.workers = 4, .executor = host}      the caller and threads the host lends
//   RuntimeOptions{}                                    the caller alone; no thread is ever started
//
// A replay never depends on what an executor does: the calling thread takes over
// whatever no other worker has come for, so an executor may start fewer tasks than it
// was asked for, late, or after the replay has ended.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "rondo/result.h"

namespace rondo {

// Both functions or neither. They may be called from any thread that replays, during
// replays: they should neither block nor take long.
struct Executor {
  void* context = nullptr;
  // How many tasks could run at once besides the thread that asks.
  uint32_t (*concurrency)(void* context) = nullptr;
  // Takes up to `count` tasks, task(argument, 0) to task(argument, count - 1), and
  // returns, without waiting, how many it took: the first so many. Each of those is
  // called exactly once, sooner or later, on any thread; a call made too late returns
  // at once. A task takes as long as its part of the replay and may wait for others.
  uint32_t (*start)(void* context, uint32_t count, void (*task)(void* argument, uint32_t index),
                    void* argument) = nullptr;
};

struct ThreadPoolOptions {
  uint32_t threads = 1;          // 1 to 255
  std::string name = "rondo";    // threads are called "rondo-1", "rondo-2", ...; cut to 15 bytes
  std::vector<uint32_t> cpus{};  // that the threads may run on; empty: as the calling thread
  // How long an idle thread looks for work before it sleeps; waking it then takes tens
  // of microseconds. 0: it sleeps at once.
  uint64_t spin_ns = 100'000;
};

// Threads that wait for tasks. They block all signals. Any number of runtimes and
// threads may use one pool; it is destroyed after all of them, which joins its threads.
class ThreadPool {
 public:
  // kInvalidArgument: no such number of threads or CPU; kUnavailable: the system has no more threads.
  static Result<ThreadPool> make(const ThreadPoolOptions& options);
  ThreadPool(ThreadPool&&) noexcept;
  ThreadPool& operator=(ThreadPool&&) noexcept;
  ~ThreadPool();

  // Valid as long as the pool lives. Takes a task for a thread that is busy with
  // another, one for each thread.
  Executor executor() const;

 private:
  struct Data;
  explicit ThreadPool(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace rondo
