// A queue of commands on threads of the host: what `cpu` and `emulated` share.
//
// Worker 0 takes the commands in order; the others join it for launches, each with
// its share of the streams.
#pragma once
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include "runtime/backends/counter_tokens.h"
#include "runtime/backends/device.h"
#include "runtime/backends/interpreter.h"

namespace rondo::runtime {

// Turns addresses that a device handed out into those its threads reach the same
// bytes by. Thread-safe.
class AddressMap {
 public:
  virtual ~AddressMap() = default;
  // `address` itself where it is none of the device's.
  virtual std::byte* reach(std::byte* address) const = 0;
};

struct ThreadQueueOptions {
  uint32_t workers = 1;
  uint32_t max_resident_lanes = 1;
  bool poisons_scratch = false;     // fills the scratch of a launch with kPoison before it
  const AddressMap* map = nullptr;  // null: addresses are the host's
  InterpreterOptions interpreter;
};
// As f32 it is a NaN, as an index far out of range.
inline constexpr std::byte kPoison{0xff};

class ThreadQueue final : public DeviceQueue {
 public:
  // Throws std::bad_alloc, std::system_error. `owner` lives as long as the queue.
  ThreadQueue(const ThreadQueueOptions& options, std::shared_ptr<Bell> bell, std::shared_ptr<Device> owner);
  ~ThreadQueue() override;

  void copy(std::byte* to, const std::byte* from, uint64_t bytes) override;
  void fill(std::byte* to, std::byte value, uint64_t bytes) override;
  void wait(DeviceTokens& tokens, uint32_t token, uint64_t at_least) override;
  void signal(DeviceTokens& tokens, uint32_t token) override;
  Status reserve(const Launch& launch) override;
  Status launch(const Launch& launch) override;
  bool drain(std::chrono::nanoseconds at_most) override;

 private:
  enum class Kind { kCopy, kFill, kWait, kSignal, kLaunch };
  struct Command {
    Kind kind = Kind::kCopy;
    std::byte* to = nullptr;
    const std::byte* from = nullptr;
    std::byte value{0};
    uint64_t bytes = 0;  // of a wait: the count
    DeviceTokens* tokens = nullptr;
    uint32_t token = 0;
    Launch launch;
  };

  void push(const Command& command);
  void take_commands();
  void join_launches(uint32_t worker);
  void run(const Command& command);
  void run_launch(Launch launch);
  void stop_threads();
  std::byte* reach(std::byte* address) const {
    return options_.map != nullptr ? options_.map->reach(address) : address;
  }

  ThreadQueueOptions options_;
  std::shared_ptr<Bell> bell_;
  std::shared_ptr<Device> owner_;
  Interpreter interpreter_;
  std::vector<std::byte*> bases_;  // of the launch that runs, as its threads reach them

  std::mutex mutex_;
  std::condition_variable changed_;  // commands, completions, launches to join, quitting
  std::array<Command, 64> commands_;
  uint64_t pushed_ = 0, completed_ = 0;
  uint64_t generation_ = 0;  // of launches that the other workers join
  uint32_t joined_ = 0;      // workers still in the launch, worker 0 aside
  std::atomic<bool> quitting_{false};
  std::vector<std::thread> threads_;
};

}  // namespace rondo::runtime
