// rondo verify: levels, exit codes, findings with their place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(VerifyVerb, AcceptsEveryLevelOfAPlannedSchedule) {
  const LayerFolder folder;
  for (const char* level : {"safe", "values", "claims", "faithful"})
    for (const char* file : {"layer.rondo", "layer.rondo.yaml"}) {
      const Ran ran = rondo({"verify", file, "--require", level});
      EXPECT_EQ(ran.code, 0) << ran.out;
      EXPECT_THAT(ran.out, StartsWith("safe: yes \xc2\xb7 values: "));
      EXPECT_EQ(ran.err, "");
    }
}

TEST(VerifyVerb, NamesFileLineRuleAndWitnessOfAFinding) {
  const LayerFolder folder;
  // The product reads one byte further than x goes.
  const std::string text = read_bytes("layer.rondo.yaml");
  write_bytes("bad.yaml", with(text, "a=x+0:", "a=x+0x1000:"));
  const Ran ran = rondo({"verify", "bad.yaml"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("bad.yaml:"), HasSubstr(": M01: "), HasSubstr("\n    op "),
                             HasSubstr("(matmul, stream compute, line ")));
  EXPECT_THAT(ran.out, HasSubstr("\nsafe: no"));
}

TEST(VerifyVerb, RefusesAFalseClaimWhateverIsRequired) {
  const LayerFolder folder;
  edit("layer.rondo", "bad.rondo", [](Schedule& schedule) {
    for (Claim& claim : schedule.claims)
      if (claim.kind == static_cast<uint16_t>(ClaimKind::kFlops)) ++claim.value;
  });
  for (const char* level : {"safe", "claims", "faithful"}) {
    const Ran ran = rondo({"verify", "bad.rondo", "--require", level});
    EXPECT_EQ(ran.code, 1) << level;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("K05: "), HasSubstr("safe: yes"))) << level;
  }
}

TEST(VerifyVerb, SaysWhatIsMissingForTheRequiredLevel) {
  const LayerFolder folder;
  edit("layer.rondo", "bare.rondo", [](Schedule& schedule) {
    schedule.labels.clear();
    schedule.values.clear();
    schedule.tensors.clear();
    schedule.rings.clear();
    schedule.claims.clear();
  });
  EXPECT_EQ(rondo({"verify", "bare.rondo"}).code, 0);
  const Ran values = rondo({"verify", "bare.rondo", "--require", "values"});
  EXPECT_EQ(values.code, 1);
  EXPECT_EQ(values.err,
            "rondo: bare.rondo: required values, but the file does not say what its operands hold (no values)\n");
  const Ran claims = rondo({"verify", "bare.rondo", "--require", "claims"});
  EXPECT_EQ(claims.code, 1);
  EXPECT_EQ(claims.err, "rondo: bare.rondo: required claims, but the file makes no claim that could be checked\n");
  EXPECT_EQ(rondo({"verify", "bare.rondo", "--require", "faithful"}).code, 1);
}

TEST(VerifyVerb, ReportsAsJson) {
  const LayerFolder folder;
  const Ran good = rondo({"verify", "layer.rondo", "--json"});
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.out, AllOf(StartsWith("{\n  \"file\": \"layer.rondo\",\n  \"digest\": \""),
                              HasSubstr("\"good\": true"), HasSubstr("\"findings\": [],")));
  write_bytes("bad.yaml", with(read_bytes("layer.rondo.yaml"), "a=x+0:", "a=x+0x1000:"));
  const Ran bad = rondo({"verify", "bad.yaml", "--json"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, AllOf(HasSubstr("\"good\": false"), HasSubstr("\"rule\": \"M01\""),
                             HasSubstr("\"kernel\": \"matmul\""), HasSubstr("\"line\": ")));
}

TEST(VerifyVerb, FailsHoweverManyFindingsAreNotListed) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  edit("mlp.rondo", "racy.rondo", [](Schedule& schedule) {
    for (Op& op : schedule.ops) op.waits[0] = op.waits[1] = Wait{};
    schedule.labels.clear();
    schedule.claims.clear();
  });
  for (const char* findings : {"1", "2", "20", "1000"}) {
    const Ran ran = rondo({"verify", "racy.rondo", "--findings", findings});
    EXPECT_EQ(ran.code, 1) << findings;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("racy.rondo: H01: "), HasSubstr("safe: no"))) << findings;
  }
}

TEST(VerifyVerb, ListsAsManyFindingsPerRuleAsAsked) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  edit("mlp.rondo", "racy.rondo", [](Schedule& schedule) {
    for (Op& op : schedule.ops) op.waits[0] = op.waits[1] = Wait{};
  });
  const Ran few = rondo({"verify", "racy.rondo", "--findings", "1"});
  EXPECT_EQ(few.code, 1);
  EXPECT_THAT(few.out, AllOf(HasSubstr("racy.rondo: H01: "), HasSubstr("(--findings N shows more per rule)\n")));
  const Ran many = rondo({"verify", "racy.rondo", "--findings", "1000"});
  EXPECT_GT(many.out.size(), few.out.size());
}

}  // namespace
}  // namespace rondo::cli
