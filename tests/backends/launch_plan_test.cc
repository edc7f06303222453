// How replays are cut into launches.
#include "runtime/backends/launch_plan.h"

#include <gtest/gtest.h>
#include "tests/backends/launch_world.h"

namespace rondo::runtime {
namespace {

DeviceTraits device_of(uint32_t lanes) {
  DeviceTraits traits;
  traits.backend = "emulated";
  traits.max_resident_lanes = lanes;
  return traits;
}

// Each of `lanes` lanes has one op in each of three phases; cuts before the second and third.
// `chained`: in phase 1 each lane waits for the one before it.
Schedule three_phases(uint32_t lanes, bool chained) {
  ScheduleBuilder builder;
  builder.schedule().lane_count = lanes;
  for (const char* name : {"a", "b", "c"}) builder.phase(name);
  std::vector<uint32_t> tokens;
  for (uint32_t lane = 0; lane < lanes; ++lane)
    tokens.push_back(builder.token(false, Part::kReplay, TokenScope::kDevice));
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const uint32_t stream = builder.stream("s" + std::to_string(lane), lane, Engine::kCompute);
    for (uint16_t phase = 0; phase < 3; ++phase)
      builder.add(
          stream,
          {.phase = phase,
           .waits = chained && phase == 1 && lane > 0 ? std::vector<Wait>{{tokens[lane - 1], 1}} : std::vector<Wait>{},
           .signals = phase == 1 ? std::vector<SignalSpec>{{tokens[lane]}} : std::vector<SignalSpec>{}});
  }
  builder.schedule().cuts = {{1}, {2}};
  return builder.finish();
}

TEST(LaunchPlan, IsOnePersistentLaunchWhereAllLanesAreResident) {
  const auto plan = plan_launches(three_phases(4, true), Part::kReplay, device_of(4));
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->launches.size(), 1u);
  EXPECT_EQ(plan->launches[0].ranges.size(), 4u);
  EXPECT_EQ(plan->launches[0].ranges[1].op_count, 3u);
  EXPECT_EQ(plan->way.text(), "emulated, one persistent launch of 4 lanes");
}

TEST(LaunchPlan, CutsAtThePhasesOfTheFileWhereAsked) {
  const auto plan = plan_launches(three_phases(4, true), Part::kReplay, device_of(4), Launching::kByPhases);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->launches.size(), 3u);
  for (const PlannedLaunch& launch : plan->launches) {
    EXPECT_EQ(launch.ranges.size(), 4u);
    for (const StreamRange& range : launch.ranges) EXPECT_EQ(range.op_count, 1u);
  }
  EXPECT_EQ(plan->way.text(), "emulated, 3 launches by phases of up to 4 lanes");
}

TEST(LaunchPlan, LaunchesLanesInTurnsWhereTheyDoNotWaitForOneAnother) {
  const auto plan = plan_launches(three_phases(5, false), Part::kReplay, device_of(2));
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->launches.size(), 9u);  // 2 + 2 + 1 lanes, three times
  EXPECT_EQ(plan->launches[2].lanes, 1u);
  EXPECT_EQ(plan->way.lanes, 2u);
}

TEST(LaunchPlan, RefusesLanesThatWaitForOneAnotherAndAreNotAllResident) {
  const auto plan = plan_launches(three_phases(5, true), Part::kReplay, device_of(4));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(plan.error().message,
            "the launch from phase 1 has 5 lanes that wait for one another and must all be resident; backend "
            "'emulated' holds 4 at one time");
}

TEST(LaunchPlan, RefusesAPersistentLaunchOfMoreLanesThanAreResident) {
  const auto plan = plan_launches(three_phases(5, false), Part::kReplay, device_of(4), Launching::kPersistent);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().message,
            "one persistent launch needs all 5 lanes resident, backend 'emulated' holds 4 at one time");
}

TEST(LaunchPlan, RefusesLaunchesByPhasesOfAFileWithoutCuts) {
  Schedule schedule = three_phases(1, false);
  schedule.cuts.clear();
  const auto plan = plan_launches(schedule, Part::kReplay, device_of(4), Launching::kByPhases);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().message, "launches by phases need cuts, the schedule lists none");
}

TEST(LaunchPlan, IsNoLaunchForAPartWithoutOps) {
  const auto plan = plan_launches(three_phases(1, false), Part::kPrepare, device_of(1));
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->launches.empty());
}

}  // namespace
}  // namespace rondo::runtime
