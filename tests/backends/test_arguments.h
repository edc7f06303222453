// How long the sweeps of device_replay_test are.
#pragma once
#include <cstdint>

namespace rondo::testing {

struct TestArguments {
  uint64_t seed = 1;
  uint64_t schedules = 3000;
  uint64_t graphs = 1000;
};
TestArguments& test_arguments();

}  // namespace rondo::testing
