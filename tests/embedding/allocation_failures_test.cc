// Every allocation fails once: of the C++ heap and of the host's allocator. Each
// failure is RONDO_DOES_NOT_FIT, leaves nothing behind, and the next try succeeds.
//
// A program of its own: it replaces operator new.
#include <gtest/gtest.h>
#include <array>
#include <cstdlib>
#include <new>
#include "tests/embedding/c_world.h"
#include "tests/runtime/random_lanes.h"

namespace {

// Counts down over both kinds of allocation; only while armed.
struct Faults {
  bool armed = false;
  long until_failure = 0;
  long calls = 0;
  long live = 0;
  bool survivable = false;  // the failure met a caller that asked not to be thrown at

  bool fails() {
    if (!armed) return false;
    ++calls;
    return until_failure-- == 0;
  }
};
Faults faults;

void* counted_malloc(size_t bytes) {
  if (faults.fails()) return nullptr;
  void* data = std::malloc(bytes == 0 ? 1 : bytes);
  if (data != nullptr) ++faults.live;
  return data;
}

void* host_allocate(void*, uint64_t bytes, uint64_t align_bytes) {
  if (faults.fails()) return nullptr;
  ++faults.live;
  return std::aligned_alloc(align_bytes, (bytes + align_bytes - 1) / align_bytes * align_bytes);
}

void host_release(void*, void* data, uint64_t, uint64_t) {
  --faults.live;
  std::free(data);
}

}  // namespace

void* operator new(size_t bytes) {
  void* data = counted_malloc(bytes);
  if (data == nullptr) throw std::bad_alloc();
  return data;
}
// Sorting asks for room this way and does without.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  const long calls = faults.calls;
  void* data = counted_malloc(bytes);
  if (data == nullptr && faults.calls != calls) faults.survivable = true;
  return data;
}
void operator delete(void* data) noexcept {
  if (data != nullptr) --faults.live;
  std::free(data);
}
void operator delete(void* data, size_t) noexcept { operator delete(data); }

namespace rondo {
namespace {

// One life of every object, allocating only through the library. The first status
// that is not RONDO_OK ends it.
class Life {
 public:
  explicit Life(const std::vector<std::byte>& bytes) : bytes_(bytes) {}

  rondo_status live(long failing_call, rondo_error* error) {
    faults.calls = 0;
    faults.until_failure = failing_call;
    faults.survivable = false;
    faults.armed = true;
    const rondo_status status = steps(error);
    rondo_session_destroy(session_);
    rondo_state_destroy(state_);
    rondo_stop_destroy(stop_);
    rondo_trace_destroy(trace_);
    rondo_program_destroy(member_);
    rondo_schedule_destroy(alone_);
    rondo_program_destroy(program_);
    rondo_runtime_destroy(runtime_);
    rondo_schedule_destroy(schedule_);
    faults.armed = false;
    return status;
  }

 private:
  rondo_status steps(rondo_error* e) {
    rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
    options.allocate = host_allocate;
    options.release = host_release;
    options.log = [](void* told, const rondo_log_record*) { ++*static_cast<long*>(told); };
    options.log_context = &told_;
    options.log_level = RONDO_LOG_DEBUG;
    rondo_load_options load = RONDO_LOAD_OPTIONS_INIT;
    load.log = options.log;
    load.log_context = options.log_context;
    load.log_level = options.log_level;
    rondo_binding x = 0, y = 0, rows = 0;
    rondo_status s = rondo_schedule_parse(bytes_.data(), bytes_.size(), &load, &schedule_, e);
    if (s == RONDO_OK) s = rondo_runtime_create(&options, &runtime_, e);
    if (s == RONDO_OK) s = rondo_program_prepare(runtime_, schedule_, nullptr, &program_, e);
    if (s == RONDO_OK) s = rondo_schedule_get_member(schedule_, 0, &alone_, e);
    rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
    if (s == RONDO_OK) s = rondo_schedule_get_info(alone_, &info, e);
    if (s == RONDO_OK) s = rondo_program_find_member(program_, info.member, &member_, e);
    if (s == RONDO_OK) s = rondo_state_create(program_, &state_, e);
    if (s == RONDO_OK) s = rondo_session_create(program_, nullptr, &session_, e);
    if (s == RONDO_OK) s = rondo_session_select(session_, member_, e);
    if (s == RONDO_OK) s = rondo_stop_create(&stop_, e);
    if (s == RONDO_OK) s = rondo_program_find_binding(program_, "y", &y, e);
    if (s == RONDO_OK) s = rondo_session_bind(session_, y, y_.data(), y_bytes(), y_type(), e);
    if (s == RONDO_OK && has_table()) {
      s = rondo_program_find_binding(program_, "rows", &rows, e);
      if (s == RONDO_OK) s = rondo_session_set_table(session_, rows, rows_.data(), 16, RONDO_I32, e);
    } else if (s == RONDO_OK) {
      rondo_scalar pos = 0;
      s = rondo_program_find_binding(program_, "x", &x, e);
      if (s == RONDO_OK) s = rondo_session_bind_const(session_, x, x_.data(), 16, RONDO_F32, e);
      if (s == RONDO_OK) s = rondo_program_find_scalar(program_, "pos", &pos, e);
      if (s == RONDO_OK) s = rondo_session_set_scalar(session_, pos, 3, e);
      if (s == RONDO_OK) s = rondo_session_attach(session_, state_, e);
    }
    if (s == RONDO_OK) s = rondo_session_replay(session_, stop_, e);
    if (s == RONDO_OK) s = rondo_session_restart(session_, e);
    if (s == RONDO_OK) s = rondo_trace_create(program_, 3, &trace_, e);
    if (s == RONDO_OK) s = rondo_session_replay_traced(session_, trace_, stop_, e);
    const auto write = [](void*, const void*, uint64_t) -> int32_t { return 0; };
    if (s == RONDO_OK) s = rondo_trace_write_perfetto(trace_, nullptr, write, nullptr, e);
    if (s == RONDO_OK) s = rondo_trace_write_roofline(trace_, nullptr, write, nullptr, e);
    if (s == RONDO_OK && told_ < 4) s = RONDO_BUG;
    return s;
  }
  bool has_table() const {
    rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
    return rondo_schedule_get_info(schedule_, &info, nullptr) == RONDO_OK && info.scalar_count == 0;
  }
  uint64_t y_bytes() const { return has_table() ? 16 : 128; }
  uint32_t y_type() const { return has_table() ? RONDO_I32 : RONDO_F32; }

  const std::vector<std::byte>& bytes_;
  std::array<float, 4> x_ = {};
  std::array<float, 32> y_ = {};
  std::array<int32_t, 4> rows_ = {1, 2, 3, 4};
  rondo_schedule* schedule_ = nullptr;
  rondo_runtime* runtime_ = nullptr;
  rondo_program* program_ = nullptr;
  rondo_state* state_ = nullptr;
  rondo_session* session_ = nullptr;
  rondo_stop* stop_ = nullptr;
  rondo_trace* trace_ = nullptr;
  rondo_program* member_ = nullptr;
  rondo_schedule* alone_ = nullptr;
  long told_ = 0;
};

template <class AnyLife = Life>
void fail_each_allocation_once(const Schedule& schedule) {
  const std::vector<std::byte> bytes = write_binary(schedule);
  rondo_error error = RONDO_ERROR_INIT;
  for (int life = 0; life < 2; ++life)  // the first also makes what lives in statics
    ASSERT_EQ(AnyLife(bytes).live(-1, &error), RONDO_OK) << error.message;
  const long count = faults.calls;
  ASSERT_GT(count, 50);
  for (long call = 0; call < count; ++call) {
    const long live = faults.live;
    const rondo_status status = AnyLife(bytes).live(call, &error);
    ASSERT_EQ(faults.live, live) << "allocation " << call << " of " << count << " leaks";
    if (faults.survivable && status == RONDO_OK) continue;
    ASSERT_EQ(status, RONDO_DOES_NOT_FIT) << "allocation " << call << " of " << count << ": " << error.message;
  }
  EXPECT_EQ(AnyLife(bytes).live(-1, &error), RONDO_OK) << error.message;
}

TEST(EveryAllocationFailure, IsReportedAndLeavesNothingWithScalarsAndState) {
  fail_each_allocation_once(fixtures::append_to_state());
}

// Lanes, a replay that was submitted, and an executor that takes no task: what a thread
// allocates is not the library's.
class LifeWithWorkers {
 public:
  explicit LifeWithWorkers(const std::vector<std::byte>& bytes) : bytes_(bytes) {}
  rondo_status live(long failing_call, rondo_error* e) {
    faults.calls = 0;
    faults.until_failure = failing_call;
    faults.survivable = false;
    faults.armed = true;
    rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
    options.allocate = host_allocate;
    options.release = host_release;
    options.workers = 3;
    options.executor_concurrency = [](void*) -> uint32_t { return 2; };
    options.executor_start = [](void*, uint32_t, rondo_task_function, void*) -> uint32_t { return 0; };
    rondo_schedule* schedule = nullptr;
    rondo_runtime* runtime = nullptr;
    rondo_program* program = nullptr;
    rondo_session* session = nullptr;
    rondo_binding x = 0, y = 0;
    rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
    rondo_status s = rondo_schedule_parse(bytes_.data(), bytes_.size(), nullptr, &schedule, e);
    if (s == RONDO_OK) s = rondo_runtime_create(&options, &runtime, e);
    if (s == RONDO_OK) s = rondo_program_prepare(runtime, schedule, nullptr, &program, e);
    if (s == RONDO_OK) s = rondo_program_get_info(program, &info, e);
    if (s == RONDO_OK) s = rondo_session_create(program, nullptr, &session, e);
    if (s == RONDO_OK) s = rondo_program_find_binding(program, "x", &x, e);
    if (s == RONDO_OK) s = rondo_program_find_binding(program, "y", &y, e);
    if (s == RONDO_OK) s = rondo_session_bind_const(session, x, x_.data(), sizeof x_, RONDO_F32, e);
    if (s == RONDO_OK) s = rondo_session_bind(session, y, y_.data(), sizeof y_, RONDO_F32, e);
    if (s == RONDO_OK) s = rondo_session_replay(session, nullptr, e);
    if (s == RONDO_OK) s = rondo_session_submit(session, e);
    if (s == RONDO_OK) s = rondo_session_wait(session, e);
    rondo_session_destroy(session);
    rondo_program_destroy(program);
    rondo_runtime_destroy(runtime);
    rondo_schedule_destroy(schedule);
    faults.armed = false;
    return s == RONDO_OK && info.workers != 3 ? RONDO_BUG : s;
  }

 private:
  const std::vector<std::byte>& bytes_;
  std::array<float, 4 * 3 * 8> x_ = {};
  std::array<float, 6 * 3 * 8> y_ = {};
};

TEST(EveryAllocationFailure, IsReportedAndLeavesNothingWithWorkers) {
  fail_each_allocation_once<LifeWithWorkers>(
      fixtures::random_lanes(2, {.lanes = 4, .ops = 20, .tiles = 6, .columns = 8}));
}

TEST(EveryAllocationFailure, IsReportedAndLeavesNothingWithTables) {
  fail_each_allocation_once(fixtures::copy_table(true));
}

}  // namespace
}  // namespace rondo
