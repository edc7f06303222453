// NULL where an object, a name or a result is expected is an answer, never a crash.
#include <gtest/gtest.h>
#include <array>
#include "tests/embedding/c_world.h"

namespace rondo {
namespace {

using c_world::Errors;
using c_world::Owned;
using c_world::World;

class NullArguments : public ::testing::Test {
 protected:
  // With the error asked for and without: both are the same status.
  template <class Call>
  std::string answer(Call&& call) {
    Errors errors;
    const std::string text = errors.text(call(&errors.last));
    return call(nullptr) == errors.last.status ? text : "another status without an error: " + text;
  }

  World world_{fixtures::append_to_state()};
  Owned<rondo_session> session_ = world_.session();
  std::array<float, 32> data_ = {};
  rondo_schedule* schedule_ = nullptr;
  rondo_runtime* runtime_ = nullptr;
  rondo_program* program_ = nullptr;
  rondo_state* state_ = nullptr;
  rondo_session* made_ = nullptr;
  rondo_binding handle_ = 0;
  uint64_t number_ = 0;
  uint32_t set_ = 0;
};

#define EXPECT_REFUSED(what, call) \
  EXPECT_EQ(answer([&](rondo_error* error) { return call; }), "invalid-argument: " what " is NULL")

TEST_F(NullArguments, AreRefusedWhereSchedulesAreReadAndAsked) {
  EXPECT_REFUSED("data", rondo_schedule_parse(nullptr, 8, nullptr, &schedule_, error));
  EXPECT_REFUSED("schedule", rondo_schedule_parse(data_.data(), 8, nullptr, nullptr, error));
  EXPECT_REFUSED("path", rondo_schedule_load(nullptr, nullptr, &schedule_, error));
  EXPECT_REFUSED("schedule", rondo_schedule_get_member(nullptr, 0, &schedule_, error));
  EXPECT_REFUSED("alone", rondo_schedule_get_member(world_.schedule.get(), 0, nullptr, error));
  EXPECT_REFUSED("schedule", rondo_schedule_load("x", nullptr, nullptr, error));
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  EXPECT_REFUSED("schedule", rondo_schedule_get_info(nullptr, &info, error));
  EXPECT_REFUSED("info", rondo_schedule_get_info(world_.schedule.get(), nullptr, error));
  rondo_arena_info arena = RONDO_ARENA_INFO_INIT;
  EXPECT_REFUSED("schedule", rondo_schedule_get_arena(nullptr, 0, &arena, error));
  EXPECT_REFUSED("info", rondo_schedule_get_arena(world_.schedule.get(), 0, nullptr, error));
  rondo_binding_info binding = RONDO_BINDING_INFO_INIT;
  EXPECT_REFUSED("schedule", rondo_schedule_get_binding(nullptr, 0, &binding, error));
  EXPECT_REFUSED("info", rondo_schedule_get_binding(world_.schedule.get(), 0, nullptr, error));
  rondo_scalar_info scalar = RONDO_SCALAR_INFO_INIT;
  EXPECT_REFUSED("schedule", rondo_schedule_get_scalar(nullptr, 0, &scalar, error));
  EXPECT_REFUSED("info", rondo_schedule_get_scalar(world_.schedule.get(), 0, nullptr, error));
}

TEST_F(NullArguments, AreRefusedWhereProgramsAreMadeAndAsked) {
  EXPECT_REFUSED("runtime", rondo_runtime_create(nullptr, nullptr, error));
  EXPECT_REFUSED("runtime", rondo_runtime_get_bytes_in_use(nullptr, &number_, error));
  EXPECT_REFUSED("bytes", rondo_runtime_get_bytes_in_use(world_.runtime.get(), nullptr, error));
  EXPECT_REFUSED("runtime", rondo_program_prepare(nullptr, world_.schedule.get(), nullptr, &program_, error));
  EXPECT_REFUSED("schedule", rondo_program_prepare(world_.runtime.get(), nullptr, nullptr, &program_, error));
  EXPECT_REFUSED("program",
                 rondo_program_prepare(world_.runtime.get(), world_.schedule.get(), nullptr, nullptr, error));
  EXPECT_REFUSED("program", rondo_program_get_instruction_set(nullptr, &set_, error));
  rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
  EXPECT_REFUSED("program", rondo_program_get_info(nullptr, &info, error));
  EXPECT_REFUSED("info", rondo_program_get_info(world_.program.get(), nullptr, error));
  EXPECT_REFUSED("instruction_set", rondo_program_get_instruction_set(world_.program.get(), nullptr, error));
  EXPECT_REFUSED("program", rondo_program_find_binding(nullptr, "x", &handle_, error));
  EXPECT_REFUSED("name", rondo_program_find_binding(world_.program.get(), nullptr, &handle_, error));
  EXPECT_REFUSED("binding", rondo_program_find_binding(world_.program.get(), "x", nullptr, error));
  EXPECT_REFUSED("program", rondo_program_find_member(nullptr, "main", &program_, error));
  EXPECT_REFUSED("name", rondo_program_find_member(world_.program.get(), nullptr, &program_, error));
  EXPECT_REFUSED("member", rondo_program_find_member(world_.program.get(), "main", nullptr, error));
  EXPECT_REFUSED("program", rondo_program_find_scalar(nullptr, "pos", &handle_, error));
  EXPECT_REFUSED("name", rondo_program_find_scalar(world_.program.get(), nullptr, &handle_, error));
  EXPECT_REFUSED("scalar", rondo_program_find_scalar(world_.program.get(), "pos", nullptr, error));
}

TEST_F(NullArguments, AreRefusedWhereStatesAreMadeAndUsed) {
  rondo_state* made = nullptr;
  ASSERT_EQ(rondo_state_create(world_.program.get(), &made, nullptr), RONDO_OK);
  const Owned<rondo_state> state(made);
  void* memory = nullptr;
  EXPECT_REFUSED("program", rondo_state_create(nullptr, &state_, error));
  EXPECT_REFUSED("state", rondo_state_create(world_.program.get(), nullptr, error));
  EXPECT_REFUSED("state", rondo_state_clear(nullptr, error));
  EXPECT_REFUSED("state", rondo_state_get_bytes(nullptr, "cache", &memory, &number_, error));
  EXPECT_REFUSED("name", rondo_state_get_bytes(state.get(), nullptr, &memory, &number_, error));
  EXPECT_REFUSED("data", rondo_state_get_bytes(state.get(), "cache", nullptr, &number_, error));
  float room[4] = {};
  EXPECT_REFUSED("state", rondo_state_read(nullptr, "cache", 0, room, sizeof room, error));
  EXPECT_REFUSED("name", rondo_state_read(state.get(), nullptr, 0, room, sizeof room, error));
  EXPECT_REFUSED("to", rondo_state_read(state.get(), "cache", 0, nullptr, sizeof room, error));
  EXPECT_REFUSED("state", rondo_state_write(nullptr, "cache", 0, room, sizeof room, error));
  EXPECT_REFUSED("name", rondo_state_write(state.get(), nullptr, 0, room, sizeof room, error));
  EXPECT_REFUSED("from", rondo_state_write(state.get(), "cache", 0, nullptr, sizeof room, error));
}

TEST_F(NullArguments, AreRefusedWhereSessionsAreMadeAndUsed) {
  EXPECT_REFUSED("program", rondo_session_create(nullptr, nullptr, &made_, error));
  EXPECT_REFUSED("session", rondo_session_create(world_.program.get(), nullptr, nullptr, error));
  const rondo_binding x = world_.binding("x");
  EXPECT_REFUSED("session", rondo_session_bind(nullptr, x, data_.data(), 16, RONDO_F32, error));
  EXPECT_REFUSED("data", rondo_session_bind(session_.get(), x, nullptr, 16, RONDO_F32, error));
  EXPECT_REFUSED("session", rondo_session_bind_const(nullptr, x, data_.data(), 16, RONDO_F32, error));
  EXPECT_REFUSED("data", rondo_session_bind_const(session_.get(), x, nullptr, 16, RONDO_F32, error));
  EXPECT_REFUSED("session", rondo_session_unbind(nullptr, x, error));
  EXPECT_REFUSED("session", rondo_session_set_table(nullptr, x, data_.data(), 16, RONDO_I32, error));
  EXPECT_REFUSED("entries", rondo_session_set_table(session_.get(), x, nullptr, 16, RONDO_I32, error));
  EXPECT_REFUSED("session", rondo_session_set_scalar(nullptr, world_.scalar("pos"), 0, error));
  EXPECT_REFUSED("session", rondo_session_attach(nullptr, nullptr, error));
  EXPECT_REFUSED("state", rondo_session_attach(session_.get(), nullptr, error));
  EXPECT_REFUSED("session", rondo_session_replay(nullptr, nullptr, error));
  EXPECT_REFUSED("session", rondo_session_restart(nullptr, error));
  EXPECT_REFUSED("session", rondo_session_get_epoch(nullptr, &number_, error));
  EXPECT_REFUSED("epoch", rondo_session_get_epoch(session_.get(), nullptr, error));
  EXPECT_REFUSED("stop", rondo_stop_create(nullptr, error));
  EXPECT_REFUSED("session", rondo_session_select(nullptr, world_.program.get(), error));
  EXPECT_REFUSED("member", rondo_session_select(session_.get(), nullptr, error));
  EXPECT_REFUSED("session", rondo_session_submit(nullptr, error));
  EXPECT_REFUSED("session", rondo_session_wait(nullptr, error));
  EXPECT_REFUSED("session", rondo_session_is_done(nullptr, &set_, error));
  EXPECT_REFUSED("done", rondo_session_is_done(session_.get(), nullptr, error));
}

TEST_F(NullArguments, AreRefusedWhereTracesAreMadeAndUsed) {
  rondo_trace* made = nullptr;
  ASSERT_EQ(rondo_trace_create(world_.program.get(), 1, &made, nullptr), RONDO_OK);
  const Owned<rondo_trace> trace(made);
  rondo_trace_info info = RONDO_TRACE_INFO_INIT;
  EXPECT_REFUSED("program", rondo_trace_create(nullptr, 1, &made, error));
  EXPECT_REFUSED("trace", rondo_trace_create(world_.program.get(), 1, nullptr, error));
  EXPECT_REFUSED("session", rondo_session_replay_traced(nullptr, trace.get(), nullptr, error));
  EXPECT_REFUSED("trace", rondo_session_replay_traced(session_.get(), nullptr, nullptr, error));
  EXPECT_REFUSED("trace", rondo_trace_get_info(nullptr, &info, error));
  EXPECT_REFUSED("info", rondo_trace_get_info(trace.get(), nullptr, error));
  const auto write = [](void*, const void*, uint64_t) -> int32_t { return 0; };
  EXPECT_REFUSED("trace", rondo_trace_write_perfetto(nullptr, nullptr, write, nullptr, error));
  EXPECT_REFUSED("write", rondo_trace_write_perfetto(trace.get(), nullptr, nullptr, nullptr, error));
  EXPECT_REFUSED("trace", rondo_trace_write_roofline(nullptr, nullptr, write, nullptr, error));
  EXPECT_REFUSED("write", rondo_trace_write_roofline(trace.get(), nullptr, nullptr, nullptr, error));
}

TEST_F(NullArguments, AreNothingToDestroyOrToStop) {
  rondo_schedule_destroy(nullptr);
  rondo_runtime_destroy(nullptr);
  rondo_program_destroy(nullptr);
  rondo_state_destroy(nullptr);
  rondo_session_destroy(nullptr);
  rondo_stop_destroy(nullptr);
  rondo_trace_destroy(nullptr);
  rondo_session_cancel(nullptr);
  rondo_stop_request(nullptr);
  rondo_stop_reset(nullptr);
}

}  // namespace
}  // namespace rondo
