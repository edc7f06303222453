// The harness itself: each way of leaving a box that it promises to catch, planted.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <cmath>
#include "tests/kernels/kernel_case.h"

namespace rondo::testing {
namespace {

const KernelCase& relu_case() {
  static const KernelCase kase{.contract = "relu", .views = {box({3, 5}, {8, 1}), box({3, 5}, {8, 1})}};
  return kase;
}

float* floats(std::byte* p) { return reinterpret_cast<float*>(p); }

void reads_beyond(const kernels::KernelArgs& args) {
  volatile float sink = floats(args.data[0])[2 * 8 + 5];
  (void)sink;
}
void reads_before(const kernels::KernelArgs& args) {
  volatile float sink = floats(args.data[0])[-1];
  (void)sink;
}
void writes_beyond(const kernels::KernelArgs& args) { floats(args.data[1])[2 * 8 + 5] = 1; }
void writes_into_a_gap(const kernels::KernelArgs& args) { floats(args.data[1])[6] = 1; }
void writes_beside(const kernels::KernelArgs& args) { floats(args.data[1])[-1] = 1; }
void writes_its_source(const kernels::KernelArgs& args) { floats(args.data[0])[0] = 7; }
void uses_a_gap(const kernels::KernelArgs& args) { floats(args.data[1])[0] = floats(args.data[0])[6]; }

TEST(HarnessDeathTest, CatchesAReadOnEitherSideOfTheBox) {
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_DEATH(run_case(relu_case(), reads_beyond, Placement::kEndsAtUnreadablePage), "outside an operand of relu");
  EXPECT_DEATH(run_case(relu_case(), reads_before, Placement::kBeginsAfterUnreadablePage),
               "outside an operand of relu");
  EXPECT_DEATH(run_case(relu_case(), writes_beyond, Placement::kEndsAtUnreadablePage), "outside an operand of relu");
}

TEST(Harness, CatchesAWriteIntoAGapBesideTheBoxOrIntoASource) {
  EXPECT_NONFATAL_FAILURE(run_case(relu_case(), writes_into_a_gap, Placement::kEndsAtUnreadablePage),
                          "operand 1 changed outside its box at byte 24");
  EXPECT_NONFATAL_FAILURE(run_case(relu_case(), writes_beside, Placement::kEndsAtUnreadablePage),
                          "operand 1 changed outside its box at byte -4");
  EXPECT_NONFATAL_FAILURE(run_case(relu_case(), writes_beyond, Placement::kBeginsAfterUnreadablePage),
                          "operand 1 changed outside its box at byte 84");
  EXPECT_NONFATAL_FAILURE(run_case(relu_case(), writes_its_source, Placement::kEndsAtUnreadablePage),
                          "operand 0 changed outside its box at byte 0");
}

TEST(Harness, CatchesAGapThatIsUsed) {
  const RunOf run = run_case(relu_case(), uses_a_gap, Placement::kEndsAtUnreadablePage);
  EXPECT_TRUE(std::isnan(run.result->get(0)));
}

}  // namespace
}  // namespace rondo::testing
