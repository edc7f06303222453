// Traces from C: what is recorded, and where it is written to.
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>
#include "tests/embedding/c_world.h"

namespace rondo {
namespace {

using c_world::Errors;
using c_world::Owned;
using c_world::World;

class CTrace : public ::testing::Test {
 protected:
  CTrace() {
    rondo_session_bind_const(session_.get(), world_.binding("x"), x_.data(), 64, RONDO_F32, nullptr);
    rondo_session_bind(session_.get(), world_.binding("y"), y_.data(), 64, RONDO_F32, nullptr);
  }
  static Owned<rondo_trace> trace(const World& world, uint64_t replays) {
    rondo_trace* made = nullptr;
    EXPECT_EQ(rondo_trace_create(world.program.get(), replays, &made, nullptr), RONDO_OK);
    return Owned<rondo_trace>(made);
  }
  std::string replay(rondo_trace* trace, const rondo_stop* stop = nullptr) {
    return errors_.text(rondo_session_replay_traced(session_.get(), trace, stop, &errors_.last));
  }

  Errors errors_;
  World world_{fixtures::chain(100)};
  Owned<rondo_session> session_ = world_.session();
  std::vector<float> x_ = std::vector<float>(16, 1.0f), y_ = std::vector<float>(16);
};

TEST_F(CTrace, HoldsTheLastReplays) {
  const auto held = trace(world_, 2);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(replay(held.get()), "ok");
  rondo_trace_info info = RONDO_TRACE_INFO_INIT;
  ASSERT_EQ(rondo_trace_get_info(held.get(), &info, nullptr), RONDO_OK);
  EXPECT_EQ(info.capacity, 2u);
  EXPECT_EQ(info.recorded, 2u);
  EXPECT_EQ(info.overwritten, 3u);
}

TEST_F(CTrace, OfAnotherProgramOrOfNothingIsRefused) {
  const World other(fixtures::chain(100));
  const auto held = trace(other, 1);
  EXPECT_EQ(replay(held.get()), "invalid-argument: the trace buffer was made for another program");
  rondo_trace* made = nullptr;
  EXPECT_EQ(rondo_trace_create(world_.program.get(), 0, &made, nullptr), RONDO_INVALID_ARGUMENT);
  EXPECT_EQ(rondo_trace_create(world_.program.get(), ~uint64_t{0} / 8, &made, nullptr), RONDO_DOES_NOT_FIT);
  EXPECT_EQ(made, nullptr);
}

TEST_F(CTrace, KeepsAReplayThatWasStopped) {
  rondo_stop* made = nullptr;
  ASSERT_EQ(rondo_stop_create(&made, nullptr), RONDO_OK);
  const Owned<rondo_stop> stop(made);
  rondo_stop_request(stop.get());
  const auto held = trace(world_, 1);
  EXPECT_EQ(replay(held.get(), stop.get()), "cancelled: the replay was stopped after 0 of 101 ops");
  rondo_trace_info info = RONDO_TRACE_INFO_INIT;
  ASSERT_EQ(rondo_trace_get_info(held.get(), &info, nullptr), RONDO_OK);
  EXPECT_EQ(info.recorded, 1u);
}

struct Written {
  std::string bytes;
  int calls = 0, refuse_at = -1;
  static int32_t write(void* context, const void* data, uint64_t bytes) {
    auto& written = *static_cast<Written*>(context);
    if (written.calls++ == written.refuse_at) return 28;
    written.bytes.append(static_cast<const char*>(data), bytes);
    return 0;
  }
};

TEST_F(CTrace, IsWrittenInPiecesAsTheLibraryWouldWriteItWhole) {
  const auto held = trace(world_, 400);
  for (int i = 0; i < 400; ++i) ASSERT_EQ(replay(held.get()), "ok");
  world_.program.reset();  // the trace keeps it
  rondo_perfetto_options options = RONDO_PERFETTO_OPTIONS_INIT;
  options.process = "a host of its own";
  Written written;
  ASSERT_EQ(errors_.text(rondo_trace_write_perfetto(held.get(), &options, Written::write, &written, &errors_.last)),
            "ok");
  EXPECT_GT(written.calls, 1);
  EXPECT_GT(written.bytes.size(), 1u << 20);
  EXPECT_EQ(written.bytes[0], 0x0a);  // field 1 of a Trace message: its first packet
  EXPECT_NE(written.bytes.find("a host of its own"), std::string::npos);
}

TEST_F(CTrace, IsSummedUpAsARoofline) {
  const auto held = trace(world_, 3);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(replay(held.get()), "ok");
  rondo_roofline_options options = RONDO_ROOFLINE_OPTIONS_INIT;
  options.run_id = "run-7";
  options.schedule = "chain.rondo";
  Written written;
  ASSERT_EQ(errors_.text(rondo_trace_write_roofline(held.get(), &options, Written::write, &written, &errors_.last)),
            "ok");
  const std::string& csv = written.bytes;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5) << csv;  // a header; copy, add, mul and relu
  for (const char* word : {"run-7", "chain.rondo", "relu", "gflops"}) EXPECT_NE(csv.find(word), csv.npos) << word;
  written.refuse_at = 1;
  EXPECT_EQ(rondo_trace_write_roofline(held.get(), nullptr, Written::write, &written, nullptr), RONDO_IO);
}

TEST_F(CTrace, EndsWhereTheHostRefusesMore) {
  const auto held = trace(world_, 1);
  ASSERT_EQ(replay(held.get()), "ok");
  Written written;
  written.refuse_at = 0;
  EXPECT_EQ(rondo_trace_write_perfetto(held.get(), nullptr, Written::write, &written, &errors_.last), RONDO_IO);
  EXPECT_EQ(std::string(errors_.last.message).rfind("the write function answered 28 after 0 of ", 0), 0u)
      << errors_.last.message;
  EXPECT_EQ(written.calls, 1);
}

}  // namespace
}  // namespace rondo
