// What a host with a log function hears, and that others hear nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>
#include "tests/embedding/c_world.h"

namespace rondo {
namespace {

using c_world::Errors;
using c_world::Owned;
using c_world::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

struct Heard {
  static void log(void* context, const rondo_log_record* record) {
    auto& heard = *static_cast<Heard*>(context);
    EXPECT_EQ(record->struct_size, sizeof *record);
    EXPECT_EQ(std::string(record->message).size(), record->message_bytes);
    constexpr const char* kLevels[] = {"?", "error", "warning", "info", "debug"};
    heard.lines.push_back(kLevels[record->level] + std::string(" ") + record->message);
    heard.ops.push_back(record->op);
    heard.rules.emplace_back(record->rule);
  }
  rondo_runtime_options options(uint32_t level) {
    rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
    options.log = log;
    options.log_context = this;
    options.log_level = level;
    return options;
  }
  std::vector<std::string> lines, rules;
  std::vector<uint32_t> ops;
};

TEST(CLog, TellsAtDebugOfEveryObjectAndKernel) {
  Heard heard;
  const auto options = heard.options(RONDO_LOG_DEBUG);
  const World world(fixtures::append_to_state(), &options);
  const auto session = world.session();
  ASSERT_THAT(heard.lines, SizeIs(4));
  EXPECT_THAT(heard.lines[0],
              MatchesRegex("info program [0-9]+: 0 ops prepared in [0-9.]+ ms, 2 ops a replay, 0 B held, "
                           "kernels for (reference|avx2|avx512)"));
  EXPECT_THAT(heard.lines[1], MatchesRegex("debug program [0-9]+: kernel 'copy' is copy.*"));
  EXPECT_THAT(heard.lines[2], MatchesRegex("debug program [0-9]+: a state of 128 B"));
  EXPECT_THAT(heard.lines[3], MatchesRegex("debug program [0-9]+: a session with 0 B of its own and a state"));
  for (const uint32_t op : heard.ops) EXPECT_EQ(op, RONDO_NO_OP);
}

TEST(CLog, TellsOnlyTheLevelsAskedFor) {
  for (const uint32_t level : {RONDO_LOG_DEFAULT, RONDO_LOG_ERROR, RONDO_LOG_WARNING}) {
    Heard heard;
    const auto options = heard.options(level);
    const World world(fixtures::append_to_state(), &options);
    EXPECT_THAT(heard.lines, IsEmpty()) << level;
  }
  Heard heard;
  const auto options = heard.options(RONDO_LOG_INFO);
  const World world(fixtures::append_to_state(), &options);
  EXPECT_THAT(heard.lines, SizeIs(1));
}

TEST(CLog, RefusesALevelThatThereIsNot) {
  Heard heard;
  const auto options = heard.options(RONDO_LOG_DEBUG + 1);
  rondo_runtime* runtime = nullptr;
  Errors errors;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: log_level is 5, the most talkative is 4");
}

TEST(CLog, WarnsOfSuppliedMemoryThatHugePagesCannotBack) {
  constexpr uint32_t kRows = 1 << 16;  // 4 MiB packed
  const auto schedule = c_world::parse(fixtures::packed_matmul(1, kRows, 16));
  Heard heard;
  const auto runtime_options = heard.options(RONDO_LOG_DEFAULT);
  rondo_runtime* made = nullptr;
  ASSERT_EQ(rondo_runtime_create(&runtime_options, &made, nullptr), RONDO_OK);
  const Owned<rondo_runtime> runtime(made);
  const std::vector<float> w(16 * kRows), bias(16);
  const rondo_constant constants[] = {{"w", w.data(), w.size() * 4, RONDO_F32, 0},
                                      {"bias", bias.data(), 64, RONDO_F32, 0}};
  constexpr uint64_t kHugePage = 2 << 20;
  std::vector<std::byte> memory(4 * kHugePage);
  std::byte* aligned = memory.data() + (kHugePage - reinterpret_cast<uintptr_t>(memory.data()) % kHugePage);
  for (const uint64_t beyond : {0, 4096}) {
    const rondo_supplied_arena arena = {0, 0, aligned + beyond, 2 * kHugePage};
    rondo_prepare_options options = RONDO_PREPARE_OPTIONS_INIT;
    options.constants = constants;
    options.constant_count = 2;
    options.arenas = &arena;
    options.arena_count = 1;
    rondo_program* program = nullptr;
    Errors errors;
    ASSERT_EQ(errors.text(rondo_program_prepare(runtime.get(), schedule.get(), &options, &program, &errors.last)),
              "ok");
    rondo_program_destroy(program);
    EXPECT_THAT(heard.lines, SizeIs(beyond == 0 ? 0 : 1));
  }
  EXPECT_THAT(heard.lines,
              ElementsAre("warning the memory supplied for arena 'packed' starts at no multiple of 2097152 "
                          "B, where huge pages would back it"));
}

TEST(CLog, HearsEveryFindingOfARefutedSchedule) {
  Schedule tables = fixtures::staged_add();
  for (Op& op : tables.ops) op.waits[0] = op.waits[1] = Wait{};
  const std::vector<std::byte> bytes = write_binary(tables);
  Heard heard;
  rondo_load_options options = RONDO_LOAD_OPTIONS_INIT;
  options.log = Heard::log;
  options.log_context = &heard;
  rondo_schedule* schedule = nullptr;
  Errors errors;
  EXPECT_EQ(rondo_schedule_parse(bytes.data(), bytes.size(), &options, &schedule, &errors.last),
            RONDO_INVALID_SCHEDULE);
  ASSERT_THAT(heard.lines, SizeIs(errors.last.finding_count));
  EXPECT_EQ(heard.rules[0], errors.last.rule);
  EXPECT_EQ(heard.ops[0], errors.last.op);
  EXPECT_EQ(heard.lines[0].rfind("error H01: ", 0), 0u) << heard.lines[0];
}

TEST(CLog, SaysAtInfoWhatWasProven) {
  const std::vector<std::byte> bytes = write_binary(fixtures::relu());
  Heard heard;
  rondo_load_options options = RONDO_LOAD_OPTIONS_INIT;
  options.log = Heard::log;
  options.log_context = &heard;
  options.log_level = RONDO_LOG_INFO;
  rondo_schedule* made = nullptr;
  ASSERT_EQ(rondo_schedule_parse(bytes.data(), bytes.size(), &options, &made, nullptr), RONDO_OK);
  const Owned<rondo_schedule> schedule(made);
  ASSERT_THAT(heard.lines, SizeIs(1));
  EXPECT_EQ(heard.lines[0].rfind("info schedule: safe: yes", 0), 0u) << heard.lines[0];
}

TEST(CLog, OutlivesTheRuntimeHandle) {
  Heard heard;
  const auto options = heard.options(RONDO_LOG_DEBUG);
  World world(fixtures::relu(), &options);
  world.runtime.reset();
  heard.lines.clear();
  const auto session = world.session();
  EXPECT_THAT(heard.lines, SizeIs(1));
}

}  // namespace
}  // namespace rondo
