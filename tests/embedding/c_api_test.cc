// The C interface: what each object answers, and how errors and versions travel.
#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <thread>
#include "perf/verify/adversaries.h"
#include "tests/embedding/c_world.h"

extern "C" const char* wrong_init_macro(void);

namespace rondo {
namespace {

using c_world::Errors;
using c_world::Owned;
using c_world::parse;
using c_world::World;

TEST(CHeader, CompilesAsC11WithInitMacrosOfTheRightSize) { EXPECT_EQ(wrong_init_macro(), nullptr); }

TEST(CVersion, IsThatOfTheHeader) {
  EXPECT_EQ(rondo_version(), std::to_string(RONDO_VERSION_MAJOR) + "." + std::to_string(RONDO_VERSION_MINOR) + "." +
                                 std::to_string(RONDO_VERSION_PATCH));
  EXPECT_EQ(rondo_abi_version(), RONDO_ABI_VERSION);
}

TEST(CStatus, HasANameForEveryNumber) {
  EXPECT_STREQ(rondo_status_name(RONDO_OK), "ok");
  EXPECT_STREQ(rondo_status_name(RONDO_INVALID_ARGUMENT), "invalid-argument");
  EXPECT_STREQ(rondo_status_name(RONDO_BUG), "bug");
  EXPECT_STREQ(rondo_status_name(RONDO_BUG + 1), "unknown");
  EXPECT_STREQ(rondo_status_name(-1), "unknown");
}

// ---- Schedules ----

TEST(CSchedule, SaysWhatAReplayNeedsBeforeAnythingIsAllocated) {
  const auto schedule = parse(fixtures::append_to_state());
  Errors errors;
  rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
  ASSERT_EQ(errors.text(rondo_schedule_get_info(schedule.get(), &info, &errors.last)), "ok");
  EXPECT_EQ(info.arena_count, 0u);
  EXPECT_EQ(info.binding_count, 3u);
  EXPECT_EQ(info.scalar_count, 1u);
  EXPECT_EQ(info.prepare_op_count, 0u);
  EXPECT_EQ(info.replay_op_count, 2u);
  EXPECT_EQ(info.state_bytes, 128u);
  EXPECT_STREQ(info.backend, "cpu");
  EXPECT_EQ(std::string(info.digest).size(), 64u);

  rondo_binding_info binding = RONDO_BINDING_INFO_INIT;
  ASSERT_EQ(errors.text(rondo_schedule_get_binding(schedule.get(), 1, &binding, &errors.last)), "ok");
  EXPECT_STREQ(binding.name, "cache");
  EXPECT_EQ(binding.role, static_cast<uint32_t>(RONDO_STATE));
  EXPECT_EQ(binding.dtype, static_cast<uint32_t>(RONDO_F32));
  EXPECT_EQ(binding.rank, 2u);
  EXPECT_EQ(std::vector<uint64_t>(binding.shape, binding.shape + 4), (std::vector<uint64_t>{8, 4, 1, 1}));
  EXPECT_EQ(binding.bytes, 128u);
  EXPECT_EQ(binding.used_in_replay, 1u);

  rondo_scalar_info scalar = RONDO_SCALAR_INFO_INIT;
  ASSERT_EQ(errors.text(rondo_schedule_get_scalar(schedule.get(), 0, &scalar, &errors.last)), "ok");
  EXPECT_STREQ(scalar.name, "pos");
  EXPECT_EQ(scalar.min, 0);
  EXPECT_EQ(scalar.max, 7);
}

TEST(CSchedule, DescribesItsArenas) {
  const auto schedule = parse(fixtures::staged_add());
  Errors errors;
  rondo_arena_info arena = RONDO_ARENA_INFO_INIT;
  ASSERT_EQ(errors.text(rondo_schedule_get_arena(schedule.get(), 0, &arena, &errors.last)), "ok");
  EXPECT_STREQ(arena.name, "scratch");
  EXPECT_EQ(arena.bytes, 1536u);
  EXPECT_EQ(arena.align_bytes, 64u);
  EXPECT_EQ(arena.prepared, 0u);
  EXPECT_EQ(errors.text(rondo_schedule_get_arena(schedule.get(), 1, &arena, &errors.last)),
            "invalid-argument: there is no arena 1; the schedule has 1");
}

TEST(CSchedule, IsRefusedWithTheRuleAndTheOpWhenItIsRefuted) {
  Schedule tables = fixtures::staged_add();
  for (Op& op : tables.ops) op.waits[0] = op.waits[1] = Wait{};  // the add no longer waits for its copies
  const std::vector<std::byte> bytes = write_binary(tables);
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), bytes.size(), nullptr, &schedule, &errors.last), RONDO_INVALID_SCHEDULE);
  EXPECT_EQ(schedule, nullptr);
  EXPECT_STREQ(errors.last.rule, "H01");
  EXPECT_LT(errors.last.op, tables.ops.size());
  EXPECT_EQ(errors.last.status, RONDO_INVALID_SCHEDULE);
  EXPECT_EQ(errors.last.message_bytes, std::strlen(errors.last.message));
  EXPECT_NE(std::string(errors.last.message).find("(the first of "), std::string::npos) << errors.last.message;
  EXPECT_GT(errors.last.finding_count, 1u);
  // A race has two sides, and the bytes of the op at fault are those of the table.
  EXPECT_LT(errors.last.other_ops[0], tables.ops.size());
  EXPECT_EQ(errors.last.other_ops[1], RONDO_NO_OP);
  ASSERT_LE(errors.last.file_offset + sizeof(Op), bytes.size());
  EXPECT_EQ(std::memcmp(bytes.data() + errors.last.file_offset, &tables.ops[errors.last.op], sizeof(Op)), 0);
}

TEST(CSchedule, SaysAtWhichByteAFileIsDamaged) {
  std::vector<std::byte> bytes = write_binary(fixtures::relu());
  bytes.resize(bytes.size() - 3);
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), bytes.size(), nullptr, &schedule, &errors.last), RONDO_INVALID_SCHEDULE);
  EXPECT_EQ(errors.last.file_offset, bytes.size());
  EXPECT_EQ(errors.last.finding_count, 0u);
  EXPECT_EQ(rondo_schedule_load("/no/such/file.rondo", nullptr, &schedule, &errors.last), RONDO_NOT_FOUND);
  EXPECT_EQ(errors.last.file_offset, RONDO_NO_OFFSET);
}

TEST(CSchedule, IsRefusedAboveTheWorkBudget) {
  const std::vector<std::byte> bytes = write_binary(perf::adversaries()[0].make(20000));
  rondo_load_options options = RONDO_LOAD_OPTIONS_INIT;
  options.work_multiple = 1;
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), bytes.size(), &options, &schedule, &errors.last), RONDO_TOO_COMPLEX);
  EXPECT_STREQ(errors.last.rule, "B01");
  EXPECT_NE(std::string(errors.last.message).find("1,088,576 units of work"), std::string::npos) << errors.last.message;
}

TEST(CSchedule, IsRefusedWhenItIsTruncated) {
  const std::vector<std::byte> bytes = write_binary(fixtures::relu());
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_schedule_parse(bytes.data(), 4, nullptr, &schedule, &errors.last)),
            "invalid-schedule: not a binary schedule: the first 8 bytes are not 89 52 4e 44 0d 0a 1a 0a");
  EXPECT_EQ(errors.last.op, RONDO_NO_OP);
  EXPECT_STREQ(errors.last.rule, "");
}

TEST(CSchedule, NamesTheFileThatIsNotThereOrTooLarge) {
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(rondo_schedule_load("/no/such/file.rondo", nullptr, &schedule, &errors.last), RONDO_NOT_FOUND);
  EXPECT_NE(std::string(errors.last.message).find("/no/such/file.rondo"), std::string::npos) << errors.last.message;
  rondo_load_options options = RONDO_LOAD_OPTIONS_INIT;
  options.file_limit_bytes = 1;
  EXPECT_EQ(rondo_schedule_load(RONDO_SOURCE_DIR "/LICENSE", &options, &schedule, &errors.last), RONDO_IO)
      << errors.last.message;
}

// ---- Errors and versions ----

TEST(CError, KeepsTheBeginningOfALongMessageAndItsLength) {
  const World world(fixtures::relu());
  const std::string name = "x" + std::string(2000, '\xc3');  // never whole in 511 bytes
  rondo_binding binding = 7;
  Errors errors;
  EXPECT_EQ(rondo_program_find_binding(world.program.get(), name.c_str(), &binding, &errors.last), RONDO_NOT_FOUND);
  EXPECT_EQ(binding, 0u);
  EXPECT_EQ(std::strlen(errors.last.message), 511u);
  EXPECT_GT(errors.last.message_bytes, 2000u);
}

TEST(CError, DoesNotCutACharacterInTwo) {
  const World world(fixtures::relu());
  for (const char* lead : {"", "a"}) {  // one of the two puts a boundary inside a character
    std::string name = lead;
    for (int i = 0; i < 400; ++i) name += "\u00e9";
    rondo_binding binding = 0;
    Errors errors;
    EXPECT_EQ(rondo_program_find_binding(world.program.get(), name.c_str(), &binding, &errors.last), RONDO_NOT_FOUND);
    const std::string message = errors.last.message;
    EXPECT_EQ(message.substr(message.size() - 2), "\u00e9");
  }
}

TEST(CError, OfAnotherSizeIsRefusedAndNotWritten) {
  rondo_error error = {};
  rondo_runtime* runtime = nullptr;
  EXPECT_EQ(rondo_runtime_create(nullptr, &runtime, &error), RONDO_INVALID_ARGUMENT);
  EXPECT_EQ(runtime, nullptr);
  EXPECT_STREQ(error.message, "");
}

// A host that was compiled against the first version of the header.
TEST(CError, OfTheFirstVersionIsFilledAsFarAsItGoes) {
  struct {
    rondo_error first = RONDO_ERROR_INIT;
    char beyond[64];
  } error;
  std::memset(error.beyond, 0x55, sizeof error.beyond);
  error.first.struct_size = offsetof(rondo_error, file_offset);
  error.first.file_offset = 1234;
  std::vector<std::byte> bytes = write_binary(fixtures::relu());
  rondo_schedule* schedule = nullptr;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), 4, nullptr, &schedule, &error.first), RONDO_INVALID_SCHEDULE);
  EXPECT_EQ(error.first.status, RONDO_INVALID_SCHEDULE);
  EXPECT_STRNE(error.first.message, "");
  EXPECT_EQ(error.first.struct_size, offsetof(rondo_error, file_offset));
  EXPECT_EQ(error.first.file_offset, 1234u);

  // One that is newer keeps what this library does not know.
  error.first.struct_size = sizeof error;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), 4, nullptr, &schedule, &error.first), RONDO_INVALID_SCHEDULE);
  EXPECT_EQ(error.first.file_offset, 0u);
  for (const char byte : error.beyond) EXPECT_EQ(byte, 0x55);
}

TEST(COptions, OfTheFirstVersionGetDefaults) {
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.struct_size = offsetof(rondo_runtime_options, log);
  options.log_level = 99;  // beyond its end: not read
  rondo_runtime* runtime = nullptr;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)), "ok");
  rondo_runtime_destroy(runtime);
  options.struct_size -= 1;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: struct_size is 39, the smallest version has 40 bytes: begin with the INIT macro");
}

TEST(COptions, OfANewerProgramAreTakenWhileTheirTailIsZero) {
  struct {
    rondo_runtime_options known = RONDO_RUNTIME_OPTIONS_INIT;
    uint64_t later = 0;
  } options;
  options.known.struct_size = sizeof options;
  rondo_runtime* runtime = nullptr;
  Errors errors;
  ASSERT_EQ(errors.text(rondo_runtime_create(&options.known, &runtime, &errors.last)), "ok");
  rondo_runtime_destroy(runtime);
  options.later = 1;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options.known, &runtime, &errors.last)),
            "invalid-argument: byte 112 of the options is set; this library knows only the first 112: it is older than "
            "the program");
  EXPECT_EQ(runtime, nullptr);
}

TEST(COptions, WithoutASizeAreRefused) {
  rondo_session_options options = {};
  const World world(fixtures::relu());
  rondo_session* session = nullptr;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_session_create(world.program.get(), &options, &session, &errors.last)),
            "invalid-argument: struct_size is 0, the smallest version has 24 bytes: begin with the INIT macro");
}

TEST(CInfo, OfANewerProgramHasItsUnknownFieldsZeroed) {
  struct {
    rondo_schedule_info known = RONDO_SCHEDULE_INFO_INIT;
    uint64_t later = 77;
  } info;
  info.known.struct_size = sizeof info;
  const auto schedule = parse(fixtures::relu());
  ASSERT_EQ(rondo_schedule_get_info(schedule.get(), &info.known, nullptr), RONDO_OK);
  EXPECT_EQ(info.known.binding_count, 2u);
  EXPECT_EQ(info.known.struct_size, sizeof info);
  EXPECT_EQ(info.later, 0u);
}

// ---- Runtimes and programs ----

TEST(CRuntime, RefusesHalfAnAllocatorAndAnUnknownInstructionSet) {
  rondo_runtime* runtime = nullptr;
  Errors errors;
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.allocate = [](void*, uint64_t, uint64_t) -> void* { return nullptr; };
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: `allocate` is given without `release`");
  options = RONDO_RUNTIME_OPTIONS_INIT;
  options.instruction_set = 9;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: there is no instruction set 9");
}

TEST(CRuntime, LimitsTheInstructionSet) {
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.instruction_set = RONDO_ISA_REFERENCE;
  const World world(fixtures::relu(), &options);
  uint32_t instruction_set = 0;
  ASSERT_EQ(rondo_program_get_instruction_set(world.program.get(), &instruction_set, nullptr), RONDO_OK);
  EXPECT_EQ(instruction_set, static_cast<uint32_t>(RONDO_ISA_REFERENCE));
}

TEST(CRuntime, CountsTheBytesInUse) {
  const World world(fixtures::staged_add());
  uint64_t bytes = 1;
  ASSERT_EQ(rondo_runtime_get_bytes_in_use(world.runtime.get(), &bytes, nullptr), RONDO_OK);
  EXPECT_EQ(bytes, 0u);
  const auto session = world.session();
  ASSERT_EQ(rondo_runtime_get_bytes_in_use(world.runtime.get(), &bytes, nullptr), RONDO_OK);
  EXPECT_EQ(bytes, 1536u);
}

TEST(CRuntime, RefusesWhatIsAboveTheMemoryLimit) {
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.memory_limit_bytes = 1000;
  const World world(fixtures::staged_add(), &options);
  rondo_session* session = nullptr;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_session_create(world.program.get(), nullptr, &session, &errors.last)),
            "does-not-fit: a session needs 1536 B; the memory limit is 1000 B, of which 0 B are in use");
}

TEST(CProgram, PacksItsConstantsAndRefusesWrongOnes) {
  const auto schedule = parse(fixtures::packed_matmul(2, 4, 3));
  rondo_runtime* made = nullptr;
  ASSERT_EQ(rondo_runtime_create(nullptr, &made, nullptr), RONDO_OK);
  const Owned<rondo_runtime> runtime(made);
  const std::vector<float> w = fixtures::values(12, 1), bias = fixtures::values(3, 2), x = fixtures::values(8, 3);
  std::vector<float> lent_bias = bias;
  rondo_constant constants[] = {{"w", w.data(), 48, RONDO_F32, 0}, {"bias", lent_bias.data(), 12, RONDO_F32, 0}};
  rondo_prepare_options options = RONDO_PREPARE_OPTIONS_INIT;
  rondo_program* program = nullptr;
  Errors errors;
  const auto prepare = [&] {
    return errors.text(rondo_program_prepare(runtime.get(), schedule.get(), &options, &program, &errors.last));
  };
  EXPECT_EQ(prepare(), "invalid-argument: prepare needs the constants 'w' and 'bias'");
  options.constant_count = 2;
  EXPECT_EQ(prepare(), "invalid-argument: constants is NULL");
  options.constants = constants;
  constants[1].dtype = 99;
  EXPECT_EQ(prepare(), "invalid-argument: there is no element type 99");
  constants[1].dtype = RONDO_F32;
  constants[1].reserved = 1;
  EXPECT_EQ(prepare(), "invalid-argument: constants[1].reserved is not 0");
  constants[1].reserved = 0;
  constants[1].data = nullptr;
  EXPECT_EQ(prepare(), "invalid-argument: constants[1].data is NULL");
  constants[1].data = lent_bias.data();
  options.copy_constants = 1;
  ASSERT_EQ(prepare(), "ok");
  lent_bias.assign(3, 1e9f);  // copied: what the host does now is its own affair
  const Owned<rondo_program> owned(program);

  rondo_session* session = nullptr;
  ASSERT_EQ(rondo_session_create(program, nullptr, &session, nullptr), RONDO_OK);
  const Owned<rondo_session> owned_session(session);
  std::vector<float> y(6);
  rondo_binding in = 0, out = 0;
  ASSERT_EQ(rondo_program_find_binding(program, "x", &in, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_program_find_binding(program, "y", &out, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind_const(session, in, x.data(), 32, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind(session, out, y.data(), 24, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(errors.text(rondo_session_replay(session, nullptr, &errors.last)), "ok");
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 3; ++column) {
      float sum = bias[column];
      for (int k = 0; k < 4; ++k) sum += x[4 * row + k] * w[3 * k + column];
      EXPECT_NEAR(y[3 * row + column], std::max(sum, 0.0f), 1e-5);
    }
}

TEST(CProgram, NamesTheBindingsThereAre) {
  const World world(fixtures::relu());
  rondo_binding binding = 0;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_program_find_binding(world.program.get(), "z", &binding, &errors.last)),
            "not-found: there is no binding 'z'; the schedule has 'x' and 'y'");
}

// ---- Sessions ----

TEST(CSession, RefusesHandlesThatAreNotItsOwn) {
  const World one(fixtures::relu()), two(fixtures::relu());
  const auto session = one.session();
  std::vector<float> x(32);
  Errors errors;
  for (const rondo_binding handle : {two.binding("x"), rondo_binding{0}, one.binding("y") + 1, ~rondo_binding{0}})
    EXPECT_EQ(errors.text(rondo_session_bind(session.get(), handle, x.data(), 128, RONDO_F32, &errors.last)),
              "invalid-argument: the handle belongs to another program");
}

TEST(CSession, DoesNotWriteWhatIsBoundConst) {
  const World world(fixtures::relu());
  const auto session = world.session();
  const std::vector<float> y(32);
  Errors errors;
  EXPECT_EQ(rondo_session_bind_const(session.get(), world.binding("y"), y.data(), 128, RONDO_F32, &errors.last),
            RONDO_INVALID_ARGUMENT);
  EXPECT_NE(std::string(errors.last.message).find("output 'y'"), std::string::npos) << errors.last.message;
}

TEST(CSession, NeedsABufferAgainAfterUnbind) {
  const World world(fixtures::relu());
  const auto session = world.session();
  std::vector<float> x(32, -1.0f), y(32, 9.0f);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("x"), x.data(), 128, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 128, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_unbind(session.get(), world.binding("x"), nullptr), RONDO_OK);
  Errors errors;
  EXPECT_EQ(errors.text(rondo_session_replay(session.get(), nullptr, &errors.last)),
            "failed-precondition: replay needs input 'x'");
}

TEST(CSession, CopiesAndChecksItsTables) {
  const World world(fixtures::copy_table());
  const auto session = world.session();
  std::vector<int32_t> y(4), rows = {3, 0, 9, 3};
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 16, RONDO_I32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_set_table(session.get(), world.binding("rows"), rows.data(), 16, RONDO_I32, nullptr),
            RONDO_OK);
  rows[2] = 10;
  EXPECT_EQ(rondo_session_set_table(session.get(), world.binding("rows"), rows.data(), 16, RONDO_I32, nullptr),
            RONDO_INVALID_ARGUMENT);
  ASSERT_EQ(rondo_session_replay(session.get(), nullptr, nullptr), RONDO_OK);
  EXPECT_EQ(y, (std::vector<int32_t>{3, 0, 9, 3}));
}

TEST(CSession, ReplaysIntoArenasOfTheHost) {
  const World world(fixtures::staged_add());
  alignas(64) static std::byte memory[1536];
  const rondo_supplied_arena arena = {0, 0, memory, sizeof memory};
  rondo_session_options options = RONDO_SESSION_OPTIONS_INIT;
  options.arenas = &arena;
  options.arena_count = 1;
  const auto session = world.session(&options);
  uint64_t bytes = 1;
  ASSERT_EQ(rondo_runtime_get_bytes_in_use(world.runtime.get(), &bytes, nullptr), RONDO_OK);
  EXPECT_EQ(bytes, 0u);
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128);
  ASSERT_EQ(rondo_session_bind_const(session.get(), world.binding("a"), a.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind_const(session.get(), world.binding("b"), b.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_replay(session.get(), nullptr, nullptr), RONDO_OK);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], a[i] + b[i]);

  rondo_session* refused = nullptr;
  const rondo_supplied_arena small = {0, 0, memory, 1535};
  options.arenas = &small;
  EXPECT_EQ(rondo_session_create(world.program.get(), &options, &refused, nullptr), RONDO_INVALID_ARGUMENT);
  EXPECT_EQ(refused, nullptr);
}

// cache f32[8, 4]: row `pos` becomes x, then y = cache.
class CState : public ::testing::Test {
 protected:
  Owned<rondo_session> session(const rondo_session_options* options = nullptr) {
    auto made = world_.session(options);
    EXPECT_EQ(rondo_session_bind(made.get(), world_.binding("x"), x_.data(), 16, RONDO_F32, nullptr), RONDO_OK);
    EXPECT_EQ(rondo_session_bind(made.get(), world_.binding("y"), y_.data(), 128, RONDO_F32, nullptr), RONDO_OK);
    return made;
  }
  void append(rondo_session* session, int64_t position, float value) {
    x_.fill(value);
    ASSERT_EQ(rondo_session_set_scalar(session, world_.scalar("pos"), position, nullptr), RONDO_OK);
    ASSERT_EQ(rondo_session_replay(session, nullptr, nullptr), RONDO_OK);
  }

  World world_{fixtures::append_to_state()};
  std::array<float, 4> x_ = {};
  std::array<float, 32> y_ = {};
};

TEST_F(CState, MovesFromOneSessionToAnother) {
  rondo_session_options options = RONDO_SESSION_OPTIONS_INIT;
  options.without_state = 1;
  const auto one = session(&options), two = session(&options);
  rondo_state* made = nullptr;
  ASSERT_EQ(rondo_state_create(world_.program.get(), &made, nullptr), RONDO_OK);
  const Owned<rondo_state> state(made);
  ASSERT_EQ(rondo_session_attach(one.get(), state.get(), nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_attach(two.get(), state.get(), nullptr), RONDO_OK);
  append(one.get(), 0, 1);
  append(two.get(), 1, 2);
  EXPECT_EQ(y_[0], 1);
  EXPECT_EQ(y_[4], 2);

  void* data = nullptr;
  uint64_t bytes = 0;
  ASSERT_EQ(rondo_state_get_bytes(state.get(), "cache", &data, &bytes, nullptr), RONDO_OK);
  EXPECT_EQ(bytes, 128u);
  EXPECT_EQ(static_cast<float*>(data)[4], 2);
  float row[4] = {};
  ASSERT_EQ(rondo_state_read(state.get(), "cache", 16, row, sizeof row, nullptr), RONDO_OK);
  EXPECT_EQ(row[0], 2);
  ASSERT_EQ(rondo_state_clear(state.get(), nullptr), RONDO_OK);
  EXPECT_EQ(static_cast<float*>(data)[4], 0);
  ASSERT_EQ(rondo_state_write(state.get(), "cache", 112, row, sizeof row, nullptr), RONDO_OK);
  EXPECT_EQ(static_cast<float*>(data)[28], 2);
  Errors errors;
  EXPECT_EQ(errors.text(rondo_state_write(state.get(), "cache", 116, row, sizeof row, &errors.last)),
            "invalid-argument: state 'cache' has 128 B; 16 B from byte 116 on go beyond them");
  EXPECT_EQ(errors.text(rondo_state_get_bytes(state.get(), "x", &data, nullptr, &errors.last)),
            "not-found: there is no state 'x'; the schedule has 'cache'");
}

TEST_F(CState, IsMissingInASessionMadeWithoutOne) {
  rondo_session_options options = RONDO_SESSION_OPTIONS_INIT;
  options.without_state = 1;
  const auto made = session(&options);
  ASSERT_EQ(rondo_session_set_scalar(made.get(), world_.scalar("pos"), 0, nullptr), RONDO_OK);
  Errors errors;
  EXPECT_EQ(errors.text(rondo_session_replay(made.get(), nullptr, &errors.last)),
            "failed-precondition: replay needs state 'cache'");
}

TEST_F(CState, RefusesAScalarOutOfItsRange) {
  const auto made = session();
  Errors errors;
  EXPECT_EQ(errors.text(rondo_session_set_scalar(made.get(), world_.scalar("pos"), 8, &errors.last)),
            "invalid-argument: scalar 'pos' must be in [0, 7], not 8");
}

TEST_F(CState, BeginsANewConversationAfterRestart) {
  const auto made = session();
  append(made.get(), 0, 1);
  ASSERT_EQ(rondo_session_restart(made.get(), nullptr), RONDO_OK);
  append(made.get(), 1, 2);
  EXPECT_EQ(y_[0], 0);
  uint64_t epoch = 0;
  ASSERT_EQ(rondo_session_get_epoch(made.get(), &epoch, nullptr), RONDO_OK);
  EXPECT_EQ(epoch, 2u);
}

TEST(CStop, EndsAReplayAndAsksForARestart) {
  const World world(fixtures::chain(10));
  const auto session = world.session();
  std::vector<float> x(16, 1.0f), y(16);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("x"), x.data(), 64, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 64, RONDO_F32, nullptr), RONDO_OK);
  rondo_stop* made = nullptr;
  ASSERT_EQ(rondo_stop_create(&made, nullptr), RONDO_OK);
  const Owned<rondo_stop> stop(made);
  Errors errors;
  const auto replay = [&] { return errors.text(rondo_session_replay(session.get(), stop.get(), &errors.last)); };
  EXPECT_EQ(replay(), "ok");
  rondo_stop_request(stop.get());
  EXPECT_EQ(replay(), "cancelled: the replay was stopped after 0 of 11 ops");
  rondo_stop_reset(stop.get());
  EXPECT_EQ(replay(), "failed-precondition: the last replay of the session was interrupted; restart it");
  ASSERT_EQ(rondo_session_restart(session.get(), nullptr), RONDO_OK);
  EXPECT_EQ(replay(), "ok");
}

// ---- Lifetimes and threads ----

TEST(CObjects, MayBeDestroyedInAnyOrder) {
  std::array<int, 5> order;
  std::iota(order.begin(), order.end(), 0);
  do {
    World world(fixtures::append_to_state());
    auto session = world.session();
    std::vector<float> x(4, 3.0f), y(32);
    ASSERT_EQ(rondo_session_bind(session.get(), world.binding("x"), x.data(), 16, RONDO_F32, nullptr), RONDO_OK);
    ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 128, RONDO_F32, nullptr), RONDO_OK);
    ASSERT_EQ(rondo_session_set_scalar(session.get(), world.scalar("pos"), 0, nullptr), RONDO_OK);
    rondo_state* made = nullptr;
    ASSERT_EQ(rondo_state_create(world.program.get(), &made, nullptr), RONDO_OK);
    Owned<rondo_state> state(made);
    ASSERT_EQ(rondo_session_attach(session.get(), state.get(), nullptr), RONDO_OK);
    for (const int object : order) {
      if (object == 0) world.schedule.reset();
      if (object == 1) world.runtime.reset();
      if (object == 2) world.program.reset();
      if (object == 3) state.reset();
      if (object == 4) session.reset();
      if (session == nullptr) continue;
      ASSERT_EQ(rondo_session_replay(session.get(), nullptr, nullptr), RONDO_OK);
      ASSERT_EQ(y[0], 3.0f);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(CThreads, ReplaySessionsOfOneProgramAtOnce) {
  const World world(fixtures::chain(100));
  const std::vector<float> x = fixtures::values(16, 4);
  std::vector<float> y[2] = {std::vector<float>(16), std::vector<float>(16)};
  rondo_status worst[2] = {RONDO_OK, RONDO_OK};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread)
    threads.emplace_back([&, thread] {
      const auto session = world.session();
      const auto note = [&](rondo_status status) { worst[thread] = std::max(worst[thread], status); };
      note(rondo_session_bind_const(session.get(), world.binding("x"), x.data(), 64, RONDO_F32, nullptr));
      note(rondo_session_bind(session.get(), world.binding("y"), y[thread].data(), 64, RONDO_F32, nullptr));
      for (int replay = 0; replay < 200; ++replay) note(rondo_session_replay(session.get(), nullptr, nullptr));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(worst[0], RONDO_OK);
  EXPECT_EQ(worst[1], RONDO_OK);
  EXPECT_EQ(y[0], y[1]);
}

}  // namespace
}  // namespace rondo
