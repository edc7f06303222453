// Tasks of a oneTBB arena. The only file that includes oneTBB.
#include "rondo/tbb.h"

#include <oneapi/tbb/task_arena.h>
#include <algorithm>
#include <exception>

namespace rondo {

// Tasks hold it too: one that comes late finds its arena.
struct TbbExecutor::Data : std::enable_shared_from_this<Data> {
  oneapi::tbb::task_arena arena;

  uint32_t start(uint32_t count, void (*task)(void*, uint32_t), void* argument) {
    for (uint32_t i = 0; i < count; ++i) {
      try {
        arena.enqueue([self = shared_from_this(), task, argument, i] { task(argument, i); });
      } catch (const std::exception&) {  // no memory for one more task: the caller makes up for it
        return i;
      }
    }
    return count;
  }
};

TbbExecutor::TbbExecutor(std::shared_ptr<Data> data) : data_(std::move(data)) {}
TbbExecutor::TbbExecutor(TbbExecutor&&) noexcept = default;
TbbExecutor& TbbExecutor::operator=(TbbExecutor&&) noexcept = default;
TbbExecutor::~TbbExecutor() = default;

Result<TbbExecutor> TbbExecutor::make(uint32_t slots) {
  if (slots == 0 || slots > 255)
    return make_error(ErrorCode::kInvalidArgument, "an arena has 1 to 255 slots here, not " + std::to_string(slots));
  try {
    auto data = std::make_shared<Data>();
    // No slot is kept for a thread that joins: those that replay stay outside.
    data->arena.initialize(static_cast<int>(slots), 0);
    return TbbExecutor(std::move(data));
  } catch (const std::exception& error) {
    return make_error(ErrorCode::kUnavailable, std::string("oneTBB made no arena: ") + error.what());
  }
}

Result<TbbExecutor> TbbExecutor::current() {
  try {
    auto data = std::make_shared<Data>();
    data->arena.initialize(oneapi::tbb::task_arena::attach());
    if (!data->arena.is_active() || oneapi::tbb::this_task_arena::current_thread_index() < 0)
      return make_error(ErrorCode::kUnavailable, "the calling thread is in no arena of oneTBB");
    return TbbExecutor(std::move(data));
  } catch (const std::exception& error) {
    return make_error(ErrorCode::kUnavailable, std::string("oneTBB gave no arena: ") + error.what());
  }
}

Executor TbbExecutor::executor() const {
  return {data_.get(),
          [](void* context) {
            return static_cast<uint32_t>(std::max(1, static_cast<Data*>(context)->arena.max_concurrency()));
          },
          [](void* context, uint32_t count, void (*task)(void*, uint32_t), void* argument) {
            return static_cast<Data*>(context)->start(count, task, argument);
          }};
}

}  // namespace rondo
