// The C++ wrapper of the C interface: what it adds to it. (That it compiles as C++17,
// with and without exceptions, is checked by the host programs.)
#include <gtest/gtest.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "rondo/load.h"
#include "rondo/rondo.hpp"
#include "tests/runtime/fixtures.h"

namespace {

namespace fixtures = rondo::fixtures;
using namespace rondo::host;

Schedule parsed(const rondo::Schedule& tables, const LoadOptions& options = {}) {
  const std::vector<std::byte> bytes = rondo::write_binary(tables);
  return Schedule::parse(bytes.data(), bytes.size(), options).or_throw();
}

std::string text_of(const Status& status) {
  return status ? "ok" : std::string(name_of(status.error().code())) + ": " + status.error().message();
}
template <class T>
std::string text_of(const Result<T>& result) {
  return result ? "ok" : std::string(name_of(result.error().code())) + ": " + result.error().message();
}

TEST(Wrapper, ReplaysWithBuffersOfAnyContainer) {
  const Program program = Runtime::make().or_throw().prepare(parsed(fixtures::staged_add())).or_throw();
  Session session = program.session().or_throw();
  const std::vector<float> a = fixtures::values(128, 1);
  static float b[128];
  for (float& value : b) value = 2;
  std::array<float, 128> y = {};
  session.bind(program.binding("a").or_throw(), a).or_throw();
  session.bind(program.binding("b").or_throw(), b).or_throw();
  session.bind(program.binding("y").or_throw(), Span<float>(y)).or_throw();
  session.replay().or_throw();
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], a[i] + 2);
  EXPECT_EQ(session.epoch(), 1u);
}

TEST(Wrapper, DoesNotWriteWhatIsConst) {
  const Program program = Runtime::make().or_throw().prepare(parsed(fixtures::relu())).or_throw();
  Session session = program.session().or_throw();
  const std::vector<float> y(32);
  const Status bound = session.bind(program.binding("y").or_throw(), y);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code(), Code::kInvalidArgument);
}

TEST(Wrapper, ThrowsOnlyWhenAsked) {
  const Program program = Runtime::make().or_throw().prepare(parsed(fixtures::relu())).or_throw();
  const Result<Binding> binding = program.binding("z");
  ASSERT_FALSE(binding);
  EXPECT_EQ(text_of(binding), "not-found: there is no binding 'z'; the schedule has 'x' and 'y'");
  try {
    program.binding("z").or_throw();
    FAIL();
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.code(), Code::kNotFound);
    EXPECT_STREQ(exception.what(), binding.error().message());
  }
}

TEST(Wrapper, SaysWhereAFileIsWrong) {
  rondo::Schedule tables = fixtures::staged_add();
  for (rondo::Op& op : tables.ops) op.waits[0] = op.waits[1] = rondo::Wait{};
  const std::vector<std::byte> bytes = rondo::write_binary(tables);
  std::vector<std::string> heard;
  auto log = [&](const rondo_log_record& record) { heard.emplace_back(record.rule); };
  LoadOptions options;
  log_to(options, log);
  const Result<Schedule> schedule = Schedule::parse(bytes.data(), bytes.size(), options);
  ASSERT_FALSE(schedule);
  const Error& error = schedule.error();
  EXPECT_STREQ(error.rule(), "H01");
  EXPECT_TRUE(error.op() && error.other_op(0) && error.file_offset());
  EXPECT_FALSE(error.other_op(1));
  EXPECT_EQ(heard.size(), error.raw().finding_count);

  const Error none;
  EXPECT_EQ(none.code(), Code::kOk);
  EXPECT_STREQ(none.message(), "");
  EXPECT_FALSE(none.op() || none.other_op(0) || none.file_offset());
}

TEST(Wrapper, DescribesASchedule) {
  const Schedule schedule = parsed(fixtures::append_to_state());
  EXPECT_EQ(schedule.info().binding_count, 3u);
  EXPECT_STREQ(schedule.binding(1).or_throw().name, "cache");
  EXPECT_EQ(schedule.scalar(0).or_throw().max, 7);
  EXPECT_EQ(text_of(schedule.arena(0)), "invalid-argument: there is no arena 0; the schedule has 0");
}

TEST(Wrapper, KeepsAConversationInAState) {
  const Runtime runtime = Runtime::make().or_throw();
  const Program program = runtime.prepare(parsed(fixtures::append_to_state())).or_throw();
  SessionOptions options;
  options.without_state = 1;
  Session session = program.session(options).or_throw();
  State state = program.state().or_throw();
  session.attach(state).or_throw();
  const std::array<float, 4> x = {1, 2, 3, 4};
  std::array<float, 32> y = {};
  session.bind(program.binding("x").or_throw(), x).or_throw();
  session.bind(program.binding("y").or_throw(), y).or_throw();
  session.set_scalar(program.scalar("pos").or_throw(), 2).or_throw();
  session.replay().or_throw();
  EXPECT_EQ(y[11], 4);
  const Span<std::byte> bytes = state.bytes("cache").or_throw();
  EXPECT_EQ(bytes.size(), 128u);
  std::array<std::byte, 16> saved = {};
  state.read("cache", saved, 32).or_throw();
  EXPECT_EQ(std::memcmp(saved.data(), x.data(), 16), 0);
  state.write("cache", saved, 0).or_throw();
  EXPECT_EQ(std::memcmp(bytes.data(), x.data(), 16), 0);
  state.clear().or_throw();
  for (const std::byte byte : bytes) EXPECT_EQ(byte, std::byte{0});
  EXPECT_EQ(runtime.bytes_in_use(), 128u);
}

TEST(Wrapper, ReplaysTheMembersOfAFileOverOneState) {
  const Schedule schedule = parsed(fixtures::prefill_and_decode());
  EXPECT_EQ(schedule.info().member_count, 2u);
  EXPECT_STREQ(schedule.info().member, "prefill");
  EXPECT_STREQ(schedule.member(1).or_throw().info().member, "decode");
  EXPECT_EQ(text_of(schedule.member(2)), "invalid-argument: there is no member 2; the file has 2");

  const std::vector<float> w = fixtures::values(64, 1), x = fixtures::values(32, 2), next = fixtures::values(8, 3);
  std::vector<float> all(32), last(8);
  const Program prefill = Runtime::make().or_throw().prepare(schedule, {constant("w", w)}).or_throw();
  const Program decode = prefill.member("decode").or_throw();
  EXPECT_EQ(prefill.member("train").error().code(), Code::kNotFound);
  SessionOptions options;
  options.without_state = 1;
  Session session = prefill.session(options).or_throw();
  State one = prefill.state().or_throw(), two = decode.state().or_throw();
  session.bind(prefill.binding("x").or_throw(), x).or_throw();
  session.bind(prefill.binding("all").or_throw(), all).or_throw();
  session.bind(decode.binding("next").or_throw(), next).or_throw();
  session.bind(decode.binding("last").or_throw(), last).or_throw();

  session.attach(one).or_throw();
  session.replay().or_throw();
  const std::vector<float> prompt = all;
  session.select(decode).or_throw();
  session.set_scalar(decode.scalar("pos").or_throw(), 2).or_throw();
  session.replay().or_throw();
  // Row 2 of one conversation is the new row, its others are the prompt's; the other
  // conversation has heard of nothing.
  const Span<std::byte> cache = one.bytes("k").or_throw(), other = two.bytes("k").or_throw();
  for (size_t row = 0; row < 4; ++row)
    EXPECT_EQ(std::memcmp(cache.data() + 32 * row, row == 2 ? last.data() : prompt.data() + 8 * row, 32), 0) << row;
  for (const std::byte byte : other) EXPECT_EQ(byte, std::byte{0});

  const Program stranger = Runtime::make().or_throw().prepare(parsed(fixtures::relu())).or_throw();
  EXPECT_EQ(text_of(session.select(stranger)), "invalid-argument: the member belongs to another program");
}

TEST(Wrapper, StopsAndRestarts) {
  const Program program = Runtime::make().or_throw().prepare(parsed(fixtures::chain(10))).or_throw();
  Session session = program.session().or_throw();
  const std::vector<float> x(16, 1.0f);
  std::vector<float> y(16);
  session.bind(program.binding("x").or_throw(), x).or_throw();
  session.bind(program.binding("y").or_throw(), y).or_throw();
  const Stop stop = Stop::make().or_throw();
  stop.request();
  EXPECT_EQ(text_of(session.replay(stop)), "cancelled: the replay was stopped after 0 of 11 ops");
  stop.reset();
  EXPECT_EQ(session.replay(stop).error().code(), Code::kFailedPrecondition);
  session.restart().or_throw();
  session.replay(stop).or_throw();
}

TEST(Wrapper, WritesATrace) {
  const Program program = Runtime::make().or_throw().prepare(parsed(fixtures::chain(10))).or_throw();
  Session session = program.session().or_throw();
  const std::vector<float> x(16, 1.0f);
  std::vector<float> y(16);
  session.bind(program.binding("x").or_throw(), x).or_throw();
  session.bind(program.binding("y").or_throw(), y).or_throw();
  Trace trace = program.trace(2).or_throw();
  session.replay(trace).or_throw();
  session.replay(trace, Stop::make().or_throw()).or_throw();
  EXPECT_EQ(trace.info().recorded, 2u);
  std::string file;
  const auto append = [&](const void* data, uint64_t bytes) {
    file.append(static_cast<const char*>(data), bytes);
    return 0;
  };
  trace.write_perfetto(append, "wrapped").or_throw();
  EXPECT_NE(file.find("wrapped"), std::string::npos);
  EXPECT_EQ(trace.write_perfetto([](const void*, uint64_t) { return 5; }).error().code(), Code::kIo);
}

TEST(Wrapper, TakesMemoryFromTheHost) {
  struct Memory {
    uint64_t live = 0, most = 0;
    void* allocate(uint64_t bytes, uint64_t align_bytes) {
      most = std::max(most, live += bytes);
      return std::aligned_alloc(align_bytes, (bytes + align_bytes - 1) / align_bytes * align_bytes);
    }
    void release(void* data, uint64_t bytes, uint64_t) {
      live -= bytes;
      std::free(data);
    }
  } memory;
  {
    RuntimeOptions options;
    options.allocate_from(memory);
    const Program program = Runtime::make(options).or_throw().prepare(parsed(fixtures::staged_add())).or_throw();
    Session session = program.session().or_throw();
    Session moved = std::move(session);
    session = program.session().or_throw();
  }
  EXPECT_EQ(memory.most, 2u * 1536);
  EXPECT_EQ(memory.live, 0u);
}

}  // namespace
