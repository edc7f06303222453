#include <gtest/gtest.h>

#include "planner/phase/phase_schedule.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

PhaseSchedule small() {
  PhaseSchedule schedule;
  schedule.graph = "two \"words\"";
  schedule.mode = Mode::kFused;
  schedule.layers = 1;
  schedule.phase_of_op = {0, 2, 3};
  schedule.slot_of_dim = {0, PhaseSchedule::kNoSlot, 1, 0};
  schedule.erases = {{{0, 0}}, {}};
  schedule.width = 2;
  schedule.heads = 2;
  schedule.d_ffn = 3;
  schedule.proof = Proof::kOptimal;
  return schedule;
}

void expect_same(const PhaseSchedule& a, const PhaseSchedule& b) {
  EXPECT_EQ(a.graph, b.graph);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.layers, b.layers);
  EXPECT_EQ(a.phase_of_op, b.phase_of_op);
  EXPECT_EQ(a.slot_of_dim, b.slot_of_dim);
  EXPECT_EQ(a.erases, b.erases);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.heads, b.heads);
  EXPECT_EQ(a.d_ffn, b.d_ffn);
  EXPECT_EQ(a.proof, b.proof);
}

TEST(PhaseCertificates, ReadBackAsTheyWerePrinted) {
  PhaseSchedule schedule = small();
  expect_same(*parse_certificate(print_certificate(schedule), "c.json", 4), schedule);
  schedule.mode = Mode::kStrict;
  schedule.erases.resize(5);
  schedule.heads = schedule.d_ffn = 0;
  expect_same(*parse_certificate(print_certificate(schedule), "c.json", 4), schedule);
}

TEST(PhaseCertificates, CountColumnsForSlotsAndHeads) {
  PhaseSchedule schedule = small();
  EXPECT_EQ(d_model_of(schedule), 4U);
  schedule.width = 5;
  EXPECT_EQ(d_model_of(schedule), 6U);
}

TEST(PhaseCertificates, RefuseWhatIsMalformedWithItsPlace) {
  const auto error_of = [](const std::string& text) {
    Result<PhaseSchedule> schedule = parse_certificate(text, "c.json", 4);
    return schedule.ok() ? "no error" : schedule.error().to_string();
  };
  const std::string text = print_certificate(small());
  EXPECT_EQ(error_of(with(text, "fused", "eager")),
            "c.json:3:10: the mode is 'eager'; known: delayed, fused, mixed, strict");
  EXPECT_EQ(error_of(with(text, "\"layers\": 1", "\"layers\": -1")),
            "c.json:4:12: 'layers' of the certificate is -1, outside 0 to 1048576");
  EXPECT_EQ(error_of(with(text, "[0, 2, 3]", "[0, 2, 4]")), "c.json:9:24: a phase is 4, outside 0 to 3");
  EXPECT_EQ(error_of(with(text, "\"2\": 1", "\"4\": 1")),
            "c.json:10:31: 'slot_of_dim' has a key that is no dim; the graph has 4");
  EXPECT_EQ(error_of(with(text, "[[0, 0]]", "[[0]]")), "c.json:12:4: 'erases_by_half_layer' wants [slot, dim] pairs");
  EXPECT_EQ(error_of(with(text, ",\n  []", "")), "c.json:11:26: 'erases_by_half_layer' has 1 lists; wanted 2");
  EXPECT_EQ(error_of("{}"), "c.json:1:1: the certificate lacks 'mode'");
}

TEST(PhaseCertificates, OfTheReferenceDataAreRead) {
  for (const char* name : {"sched_tvm_universal_N7_delayed.json", "sched_tvm_universal_N7_fused.json"}) {
    const std::optional<std::string> text = reference_file(name);
    if (!text) GTEST_SKIP() << "no ../shared/data/phase_graphs: the reference certificates were not read";
    Result<PhaseSchedule> schedule = parse_certificate(*text, name, 186);
    ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
    EXPECT_EQ(schedule->layers, 7U);
    EXPECT_EQ(schedule->proof, Proof::kOptimal);
    expect_same(*parse_certificate(print_certificate(*schedule), name, 186), *schedule);
  }
}

}  // namespace
}  // namespace rondo::phase
