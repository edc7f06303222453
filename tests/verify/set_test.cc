// Several schedules in one file: each is proven with the prepare part they share.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include "rondo/load.h"
#include "rondo/verify.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A prompt of four rows fills the state; then row n is appended to it, and rows up to
// n are read. Both take the weights that prepare has copied.
constexpr const char* kSet = R"(rondo: 1
target: {backend: cpu, lanes: 1}
spaces:
  - {name: host, kind: host, bytes: 4096, align: 64}
arenas:
  - {name: packed, space: host, bytes: 64, align: 64, prepared: true}
  - {name: work, space: host, bytes: 64, align: 64}
bindings:
  - {name: prompt, role: input, dtype: f32, shape: [4, 4], align: 4}
  - {name: next, role: input, dtype: f32, shape: [1, 4], align: 4}
  - {name: w, role: constant, dtype: f32, shape: [4, 4], align: 4}
  - {name: k, role: state, dtype: f32, shape: [4, 4], align: 4, filled: {scalar: n, scale: 1, bias: 0}}
  - {name: all, role: output, dtype: f32, shape: [4, 4], align: 4}
  - {name: last, role: output, dtype: f32, shape: [1, 4], align: 4}
scalars:
  - {name: n, min: 0, max: 3}
kernels:
  - {name: copy}
  - {name: matmul}
  - {name: relu}
policies:
  - {storage: f32, compute: f32, accumulate: f32, rounding: nearest_even, saturation: none, denormals: keep}
phases:
  - p
members:
  - {name: prefill}
  - {name: decode}
tokens: |
  t0: lane
  t1: lane
views: |
  v0: f32 [4, 4] strides [16, 4]
  v1: f32 [1, 4] strides [16, 4]
  v2: f32 [1, 4] strides [16, 4] offset+=16*((0+1*n)%4)
  v3: f32 [4, 4] strides [16, 4] extent[0]<=1+1*n
tensors: |
  prompt: f32 [4, 4] at prompt
  next: f32 [1, 4] at next
  w: f32 [4, 4] at w
  k: f32 [4, 4] at k
  all: f32 [4, 4] at all
  last: f32 [1, 4] at last
values: |
  val0: prompt[0:4, 0:4]
  val1: next[0:1, 0:4]
  val2: w[0:4, 0:4]
  val3: k[0:4, 0:4]
  val4: all[0:4, 0:4]
  val5: last[0:1, 0:4]
  val6: k[0:1, 0:4] moves 0
claims:
  - {claim: prepare_ops, value: 1}
  - {claim: ops, value: 2, member: prefill}
  - {claim: ops, value: 2, member: decode}
  - {claim: flops, value: 144, member: prefill}
streams:
  - name: pack
    lane: 0
    engine: compute
    part: prepare
    ops: |
      copy src=w+0:v0{val2} dst=packed+0:v0{val2} phase=p
  - name: first
    lane: 0
    engine: compute
    member: prefill
    ops: |
      matmul a=prompt+0:v0{val0} b=packed+0:v0{val2} c=k+0:v0{val3} init final phase=p
      relu x=k+0:v0{val3} y=all+0:v0{val4} phase=p
  - name: step
    lane: 0
    engine: compute
    member: decode
    ops: |
      matmul a=next+0:v1{val1} b=packed+0:v0{val2} c=k+0:v2{val6} init final phase=p
      relu x=k+0:v2{val6} y=last+0:v1{val5} phase=p
)";

// The set with `from` replaced once by `to`.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = kSet;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Verification verification_of(const std::string& text) {
  Result<Schedule> schedule = parse_text(text, "set.yaml");
  if (!schedule) {
    Verification failed;
    failed.report.findings.push_back({"parse:", Level::kSafe, {kNone, kNone, kNone}, 0, schedule.error().to_string()});
    return failed;
  }
  return verify(std::move(*schedule));
}
std::vector<std::string> findings_of(const std::string& text) { return lines_of(verification_of(text).report); }

TEST(Sets, AreProvenMemberByMember) {
  const Verification verification = verification_of(kSet);
  EXPECT_THAT(lines_of(verification.report), IsEmpty());
  ASSERT_TRUE(verification.schedule.has_value());
  EXPECT_TRUE(verification.report.faithful());
  EXPECT_EQ(verification.report.values_agreed, 2u + 5u + 5u);
  EXPECT_EQ(verification.report.claims_hold, 4u);
  EXPECT_EQ(verification.schedule->member_count(), 2u);
  EXPECT_THAT(verification.schedule->order(Part::kPrepare), ElementsAre(0u));
  EXPECT_THAT(verification.schedule->order(Part::kReplay, 0), ElementsAre(1u, 2u));
  EXPECT_THAT(verification.schedule->order(Part::kReplay, 1), ElementsAre(3u, 4u));
}

TEST(Sets, GiveEachMemberAsAScheduleOfItsOwn) {
  const Verification verification = verification_of(kSet);
  ASSERT_TRUE(verification.schedule.has_value());
  const VerifiedSchedule decode = verification.schedule->member(1);
  EXPECT_EQ(decode.schedule().ops.size(), 3u);
  EXPECT_EQ(decode.schedule().name(decode.schedule().members[0].name), "decode");
  EXPECT_THAT(decode.schedule().op_numbers, ElementsAre(0u, 3u, 4u));
  EXPECT_THAT(decode.order(Part::kReplay), ElementsAre(1u, 2u));
  EXPECT_EQ(decode.report().claims_hold, 1u);
  EXPECT_TRUE(check_structure(decode.schedule()).ok());
}

TEST(Sets, PrintAsTheyWereRead) {
  const Result<Schedule> schedule = parse_text(kSet);
  ASSERT_TRUE(schedule.ok());
  const std::string text = print_text(*schedule);
  const Result<Schedule> again = parse_text(text);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(print_text(*again), text);
  const Result<Schedule> binary = parse_binary(write_binary(*schedule));
  ASSERT_TRUE(binary.ok());
  EXPECT_EQ(print_text(*binary), text);
  EXPECT_EQ(digest_of(*binary), digest_of(*schedule));
}

TEST(Sets, NameTheMemberAtFault) {
  // Decode reads the row that it has not appended yet.
  EXPECT_THAT(findings_of(edited("relu x=k+0:v2{val6} y=last", "relu x=k+0:v3{val3} y=last")),
              Contains(HasSubstr("K01 member 'decode': op 4 (stream step)")));
  EXPECT_THAT(findings_of(edited("c=k+0:v2{val6}", "c=work+0:v1")),
              Contains("M04 member 'decode': op 4 (stream step): operand 0 (x) reads bytes [0, 64) of state 'k', which "
                       "nothing has written"));
  // The prompt's rows come from nowhere: prefill fills the state itself.
  EXPECT_THAT(findings_of(edited("c=k+0:v0{val3}", "c=work+0:v0{val3}")),
              Contains(HasSubstr("member 'prefill': op 2 (stream first)")));
  EXPECT_THAT(findings_of(edited("{claim: ops, value: 2, member: decode}", "{claim: ops, value: 3, member: decode}")),
              ElementsAre("K05 member 'decode': the file claims 3 ops in the replay, counted are 2"));
}

TEST(Sets, AMemberWritesAnOutputWhollyOrNotAtAll) {
  EXPECT_THAT(findings_of(edited("y=all+0:v0{val4}", "y=work+0:v0{val4}")),
              Contains("O01 no member writes output 'all'"));
  EXPECT_THAT(findings_of(edited("y=last+0:v1{val5}", "y=all+0:v1{val5}")),
              Contains(HasSubstr("O01 member 'decode': output 'all' is left with 48 of 64 bytes undefined")));
}

TEST(Sets, SharedWeightsAreReadBySomeMember) {
  // By one of the two.
  const std::string one = edited("a=next+0:v1{val1} b=packed+0:v0{val2}", "a=next+0:v1{val1} b=w+0:v0{val2}");
  EXPECT_THAT(findings_of(one), IsEmpty());
  const std::string none = std::regex_replace(one, std::regex("b=packed"), "b=w");
  EXPECT_THAT(
      findings_of(none),
      ElementsAre("M07 op 0 (stream pack) writes 'w'[0:4, 0:4] to arena 'packed' at byte 0, and nothing reads it "
                  "there",
                  HasSubstr("H03 op 0 (stream pack) copies")));
}

TEST(Sets, TokensAreOfOneMember) {
  std::string text = edited("y=all+0:v0{val4} phase=p", "y=all+0:v0{val4} phase=p signal=t0");
  const std::string step = "y=last+0:v1{val5} phase=p";
  text.replace(text.find(step), step.size(), step + " signal=t0");
  EXPECT_THAT(findings_of(text),
              ElementsAre("T01 op 4 (stream step) of member 'decode' uses t0, a token of member 'prefill'"));
}

TEST(Sets, WhatPrepareDoesIsToldOnce) {
  EXPECT_THAT(findings_of(edited("copy src=w+0:v0{val2} dst=packed", "copy src=next+0:v1{val1} dst=packed")),
              Contains(HasSubstr("op 0 (stream pack)")).Times(2));  // M04 and K01, each once
}

TEST(Sets, StandOneAfterTheOther) {
  Result<Schedule> set = parse_text(kSet);
  ASSERT_TRUE(set.ok());
  const auto said = [&](auto change) {
    Schedule changed = *set;
    changed.file.clear();
    change(changed);
    const Status status = check_structure(changed);
    return status.ok() ? std::string("valid") : status.error().to_string();
  };
  EXPECT_EQ(said([](Schedule&) {}), "valid");
  EXPECT_EQ(said([](Schedule& s) { s.streams[1].member = 1, s.streams[2].member = 0; }),
            "stream 2 'step' is of member 0 'prefill' and follows one of member 1 'decode': streams of prepare must be "
            "first, others by member");
  EXPECT_EQ(said([](Schedule& s) { s.streams[0].member = 1; }),
            "stream 0 'pack' prepares and is of member 1, which must be 0");
  EXPECT_EQ(said([](Schedule& s) { s.streams[2].member = 2; }),
            "stream 2 'step' belongs to member 2, the file holds 2");
  EXPECT_EQ(said([](Schedule& s) { s.members[1].name = s.members[0].name; }), "member 1 repeats 'prefill'");
  EXPECT_EQ(said([](Schedule& s) { s.members[1].name = 0; }),
            "member 1 has no name: it must be named, as each of several");
  EXPECT_EQ(said([](Schedule& s) { s.claims[0].member = 1; }), "claim 0 is of prepare and member 1, which must be 0");
  EXPECT_EQ(said([](Schedule& s) { s.claims[1].member = 2; }), "claim 1 is of member 2, the file holds 2");
}

}  // namespace
}  // namespace rondo
