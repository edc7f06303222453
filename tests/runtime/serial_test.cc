// The serial executor over tables made by hand: what a kernel is given.
#include "runtime/serial.h"

#include <gtest/gtest.h>
#include <vector>

namespace rondo::runtime {
namespace {

struct Call {
  std::vector<std::byte*> data;
  std::vector<const View*> views;
  uint32_t param, flags;
};
std::vector<Call> calls;

void record(const kernels::KernelArgs& args) {
  calls.push_back({{args.data, args.data + 3}, {args.view, args.view + 3}, args.params[0], args.flags});
}

class SerialExecutor : public ::testing::Test {
 protected:
  SerialExecutor() {
    calls.clear();
    work_.ops = ops_;
    work_.operands = operands_;
    work_.order = order_;
    work_.op_count = 3;
    work_.kernels = &kernel_;
    work_.bases = bases_;
    work_.views = views_;
    for (uint32_t i : {0u, 2u}) {
      ops_[i].kernel = 0;
      ops_[i].first_operand = i;
      ops_[i].operand_count = 2;
      ops_[i].params[0] = 10 + i;
      ops_[i].flags = static_cast<uint16_t>(i);
    }
    for (uint32_t i = 0; i < 5; ++i) operands_[i] = {i % 2, static_cast<uint16_t>(i % 2), 0, 0, 16 * i};
  }

  std::byte memory_[256] = {};
  std::byte* bases_[2] = {memory_, memory_ + 128};
  View views_[2] = {};
  Op ops_[3] = {};  // op 1 is a sync
  Operand operands_[5] = {};
  uint32_t order_[3] = {2, 1, 0};
  ResolvedKernel kernel_ = {record, 3};
  SerialWork work_;
};

TEST_F(SerialExecutor, RunsOpsInTheGivenOrderAndSkipsSync) {
  EXPECT_EQ(run_serial(work_), 3u);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].param, 12u);
  EXPECT_EQ(calls[0].flags, 2u);
  EXPECT_EQ(calls[1].param, 10u);
}

TEST_F(SerialExecutor, TurnsBaseAndOffsetIntoAPointer) {
  run_serial(work_);
  EXPECT_EQ(calls[0].data[0], memory_ + 32);
  EXPECT_EQ(calls[0].data[1], memory_ + 128 + 48);
  EXPECT_EQ(calls[0].views[1], &views_[1]);
}

TEST_F(SerialExecutor, GivesNullForAnOperandThatIsLeftOutAfterAnOpThatHasIt) {
  ops_[2].operand_count = 3;
  run_serial(work_);
  EXPECT_EQ(calls[0].data[2], memory_ + 64);
  EXPECT_EQ(calls[1].data[2], nullptr);
}

TEST_F(SerialExecutor, AddsWhatScalarsAddToTheOffset) {
  const uint64_t offsets[2] = {0, 64};
  work_.view_offsets = offsets;
  run_serial(work_);
  EXPECT_EQ(calls[0].data[0], memory_ + 32);
  EXPECT_EQ(calls[0].data[1], memory_ + 128 + 48 + 64);
}

TEST_F(SerialExecutor, StopsBeforeTheNextOpAndSaysHowManyRan) {
  std::atomic<bool> stop{true};
  work_.stop = &stop;
  EXPECT_EQ(run_serial(work_), 0u);
  EXPECT_TRUE(calls.empty());
  stop = false;
  EXPECT_EQ(run_serial(work_), 3u);
}

TEST_F(SerialExecutor, DoesNothingForNoOps) {
  work_.op_count = 0;
  EXPECT_EQ(run_serial(work_), 0u);
  EXPECT_TRUE(calls.empty());
}

}  // namespace
}  // namespace rondo::runtime
