// A file with two schedules: what they share, and switching between them.
#include <gtest/gtest.h>

#include <string>
#include <vector>
#include "rondo/trace.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

// w f32[8, 8] is packed once. 'prefill': state k = x w (all four rows), all = k.
// 'decode': row `pos` of k = next w, last = that row. `pos` is decode's alone.
Schedule prefill_and_decode() {
  ScheduleBuilder builder;
  const uint16_t host = builder.space("host", SpaceKind::kHost, uint64_t{1} << 30);
  const uint16_t packed = builder.arena("packed", host, 8 * 8 * 4, OwnerKind::kEveryone, 0, true);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {4, 8});
  const uint16_t next = builder.binding("next", Role::kInput, DType::kF32, {1, 8});
  const uint16_t w = builder.binding("w", Role::kConstant, DType::kF32, {8, 8});
  const uint16_t k = builder.binding("k", Role::kState, DType::kF32, {4, 8});
  const uint16_t all = builder.binding("all", Role::kOutput, DType::kF32, {4, 8});
  const uint16_t last = builder.binding("last", Role::kOutput, DType::kF32, {1, 8});
  Schedule& schedule = builder.schedule();
  schedule.scalars.push_back({.name = builder.name("pos"), .min = 0, .max = 3});
  schedule.members = {{.name = builder.name("prefill")}, {.name = builder.name("decode")}};
  builder.phase("p");
  const uint32_t square = builder.view(DType::kF32, {8, 8}, {32, 4});
  const uint32_t rows = builder.view(DType::kF32, {4, 8}, {32, 4});
  const uint32_t row = builder.view(DType::kF32, {1, 8}, {32, 4});
  View moved = schedule.views[row];
  moved.scalar = 0;
  moved.offset_scale = 1;
  moved.offset_modulus = 4;
  moved.offset_step_bytes = 32;
  const uint32_t at_pos = builder.view(moved);
  View panel;
  panel.rank = 2;
  panel.layout = static_cast<uint8_t>(Layout::kPanels);
  panel.extent[0] = 1;
  panel.extent[1] = 8;
  panel.stride_bytes[0] = 8 * 8 * 4;
  panel.stride_bytes[1] = 8 * 4;
  panel.block_columns = 8;
  const uint32_t panels = builder.view(panel);
  const uint32_t pack = builder.stream("pack", 0, Engine::kCompute, Part::kPrepare);
  builder.add(pack,
              {.kernel = "pack",
               .operands = {{.base = w, .view = square}, {.base = packed, .view = panels, .access = Access::kWrite}}});
  const uint32_t prefill = builder.stream("prefill", 0, Engine::kCompute);
  builder.add(prefill, {.kernel = "matmul",
                        .operands = {{.base = x, .view = rows},
                                     {.base = packed, .view = panels},
                                     {.base = k, .view = rows, .access = Access::kWrite}},
                        .flags = kOpInit | kOpFinal});
  builder.add(prefill,
              {.kernel = "copy",
               .operands = {{.base = k, .view = rows}, {.base = all, .view = rows, .access = Access::kWrite}}});
  const uint32_t decode = builder.stream("decode", 0, Engine::kCompute);
  builder.add(decode, {.kernel = "matmul",
                       .operands = {{.base = next, .view = row},
                                    {.base = packed, .view = panels},
                                    {.base = k, .view = at_pos, .access = Access::kWrite}},
                       .flags = kOpInit | kOpFinal});
  builder.add(decode,
              {.kernel = "copy",
               .operands = {{.base = k, .view = at_pos}, {.base = last, .view = row, .access = Access::kWrite}}});
  schedule.streams[decode].member = 1;
  return builder.finish();
}

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
