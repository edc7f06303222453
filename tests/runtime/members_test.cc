// A file with two schedules: what they share, and switching between them.
#include <gtest/gtest.h>

#include <string>
#include <vector>
#include "rondo/trace.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::prefill_and_decode;
using fixtures::proven;
using fixtures::text_of;

class Members : public ::testing::Test {
 protected:
  Program prepared(const Runtime& runtime) {
    return must(runtime.prepare(proven(prefill_and_decode()), std::vector<Constant>{{"w", w_}}));
  }

  static std::vector<float> identity() {
    std::vector<float> weights(64);
    for (size_t i = 0; i < 64; i += 9) weights[i] = 1.0f;
    return weights;
  }

  std::vector<float> w_ = identity();
  std::vector<float> x_ = fixtures::values(32, 1), next_ = fixtures::values(8, 2);
  std::vector<float> all_ = std::vector<float>(32, -1.0f), last_ = std::vector<float>(8, -1.0f);
  Runtime runtime_;
  Program program_ = prepared(runtime_);
};

TEST_F(Members, SharePackedWeightsAndState) {
  const uint64_t prepared_bytes = runtime_.bytes_in_use();
  const Program decode = must(program_.member("decode"));
  EXPECT_EQ(runtime_.bytes_in_use(), prepared_bytes);
  Session session = must(program_.session());
  ASSERT_EQ(text_of(session.bind("x", x_)), "ok");
  ASSERT_EQ(text_of(session.bind("all", all_)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(all_, x_);
  // The state stays, and handles of one member are good for the other.
  ASSERT_EQ(text_of(session.select(decode)), "ok");
  ASSERT_EQ(text_of(session.bind(must(decode.binding("next")), next_)), "ok");
  ASSERT_EQ(text_of(session.bind(must(program_.binding("last")), last_)), "ok");
  ASSERT_EQ(text_of(session.set_scalar(must(program_.scalar("pos")), 2)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(last_, next_);
  State state = must(session.state());
  const auto* k = reinterpret_cast<const float*>(must(state.bytes("k")).data());
  EXPECT_EQ(std::vector<float>(k, k + 16), std::vector<float>(x_.begin(), x_.begin() + 16));
  EXPECT_EQ(std::vector<float>(k + 16, k + 24), next_);
  EXPECT_EQ(std::vector<float>(k + 24, k + 32), std::vector<float>(x_.begin() + 24, x_.end()));
  // Back again: nothing has to be bound anew.
  ASSERT_EQ(text_of(session.select(must(decode.member("prefill")))), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(std::vector<float>(k + 16, k + 24), std::vector<float>(x_.begin() + 16, x_.begin() + 24));
  EXPECT_EQ(session.epoch(), 3u);
}

TEST_F(Members, NeedWhatTheyUse) {
  Session session = must(program_.session());
  EXPECT_EQ(text_of(session.replay()), "failed-precondition: replay needs input 'x' and output 'all'");
  ASSERT_EQ(text_of(session.select(must(program_.member("decode")))), "ok");
  EXPECT_EQ(text_of(session.replay()),
            "failed-precondition: replay needs input 'next', output 'last' and scalar 'pos'");
  const Requirements whole = requirements_of(proven(prefill_and_decode()));
  const Requirements prefill = program_.requirements();
  const Requirements decode = must(program_.member("decode")).requirements();
  for (size_t i = 0; i < whole.bindings.size(); ++i) {
    EXPECT_EQ(whole.bindings[i].used_in_replay,
              prefill.bindings[i].used_in_replay || decode.bindings[i].used_in_replay);
    EXPECT_EQ(whole.bindings[i].name, decode.bindings[i].name);
  }
  EXPECT_TRUE(prefill.bindings[0].used_in_replay);
  EXPECT_FALSE(decode.bindings[0].used_in_replay);
  EXPECT_FALSE(prefill.scalars[0].used_in_replay);
  EXPECT_TRUE(decode.scalars[0].used_in_replay);
  EXPECT_EQ(whole.program_bytes, decode.program_bytes);
}

TEST_F(Members, AreKnownByName) {
  EXPECT_EQ(text_of(program_.member("encode")),
            "not-found: there is no member 'encode'; the file has 'prefill' and 'decode'");
  Session session = must(program_.session());
  EXPECT_EQ(text_of(session.select(prepared(runtime_))), "invalid-argument: the member belongs to another program");
}

TEST_F(Members, TraceEachOnItsOwn) {
  const Program decode = must(program_.member("decode"));
  Session session = must(decode.session());  // begins with the member that made it
  ASSERT_EQ(text_of(session.bind("next", next_)), "ok");
  ASSERT_EQ(text_of(session.bind("last", last_)), "ok");
  ASSERT_EQ(text_of(session.set_scalar("pos", 0)), "ok");
  TraceBuffer trace = must(TraceBuffer::make(decode)), other = must(TraceBuffer::make(program_));
  EXPECT_EQ(text_of(session.replay(other)), "invalid-argument: the trace buffer was made for another program");
  ASSERT_EQ(text_of(session.replay(trace)), "ok");
  EXPECT_EQ(must(trace.replays())[0].ops.size(), 2u);
  EXPECT_TRUE(perfetto_trace(decode, trace).ok());
  EXPECT_EQ(text_of(perfetto_trace(program_, trace)),
            "invalid-argument: the trace buffer was made for another program");
}

TEST_F(Members, ReplayOnWorkers) {
  const Runtime runtime(RuntimeOptions{.workers = 2});
  const Program program = prepared(runtime);
  Session session = must(program.session());
  ASSERT_EQ(text_of(session.bind("x", x_)), "ok");
  ASSERT_EQ(text_of(session.bind("all", all_)), "ok");
  ASSERT_EQ(text_of(session.bind("next", next_)), "ok");
  ASSERT_EQ(text_of(session.bind("last", last_)), "ok");
  ASSERT_EQ(text_of(session.set_scalar("pos", 1)), "ok");
  const Program decode = must(program.member("decode"));
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(text_of(session.select(round % 2 == 0 ? decode : program)), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
  }
  EXPECT_EQ(last_, next_);
  EXPECT_EQ(all_, x_);
}

}  // namespace
}  // namespace rondo
