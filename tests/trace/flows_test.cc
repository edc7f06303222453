// Which arrows a trace draws.
#include "runtime/trace/flows.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace rondo::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Op signals() {
  Op op;
  op.signals[0] = 0;
  return op;
}
Op waits_for(uint32_t count) {
  Op op;
  op.waits[0] = {0, count};
  return op;
}

// "0>2" for each flow: the ops in the order they are listed, one token.
std::vector<std::string> flows(std::vector<Op> ops) {
  Schedule schedule;
  schedule.tokens.resize(1);
  schedule.ops = std::move(ops);
  std::vector<uint32_t> order(schedule.ops.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<std::string> list;
  for (const Flow& flow : flows_of(schedule, order))
    list.push_back(std::to_string(flow.from) + ">" + std::to_string(flow.to));
  return list;
}

TEST(Flows, LeadToTheFirstWaiterOnly) {
  EXPECT_THAT(flows({signals(), waits_for(1), waits_for(1)}), ElementsAre("0>1"));
}

TEST(Flows, LeaveFromTheSignalThatReachesTheCount) {
  EXPECT_THAT(flows({signals(), signals(), waits_for(2), waits_for(1)}), ElementsAre("1>2", "0>3"));
}

TEST(Flows, NeedAWaiter) { EXPECT_THAT(flows({signals(), signals()}), IsEmpty()); }

}  // namespace
}  // namespace rondo::runtime
