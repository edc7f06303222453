// oneTBB as the executor of replays: host and library then share one set of threads.
//
//   rondo::TbbExecutor arena = ...TbbExecutor::make(4);        an arena of its own
//   rondo::Runtime runtime({.workers = 4, .executor = arena.executor()});
//
// Part of Rondo::tbb, the one component that needs oneTBB; link oneTBB dynamically, so
// that a process has one. Replays are tasks of the arena: one that waits for another
// keeps its slot meanwhile, and an arena that has too few slots, or only one, is made
// up for by the calling thread. Thread safety: an executor may be used by any number
// of runtimes and threads, and is destroyed after them.
#pragma once
#include <cstdint>
#include <memory>
#include "rondo/executor.h"
#include "rondo/result.h"

namespace rondo {

class TbbExecutor {
 public:
  // An arena of up to `slots` threads besides those that replay; 1 to 255.
  static Result<TbbExecutor> make(uint32_t slots);
  // The arena that the calling thread is in, such as that of tbb::task_arena::execute.
  // kUnavailable: it is in none.
  static Result<TbbExecutor> current();
  TbbExecutor(TbbExecutor&&) noexcept;
  TbbExecutor& operator=(TbbExecutor&&) noexcept;
  ~TbbExecutor();

  Executor executor() const;

 private:
  struct Data;
  explicit TbbExecutor(std::shared_ptr<Data> data);
  std::shared_ptr<Data> data_;
};

}  // namespace rondo
