// Replays on several workers: the same bits as on one, whatever the executor does,
// and an end that leaves nothing running.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include "rondo/executor.h"
#include "tests/runtime/fixtures.h"
#include "tests/runtime/random_lanes.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::random_lanes;
using fixtures::RandomLanesOptions;
using fixtures::text_of;

// A program of `schedule` with x bound to values and y to memory of its own.
struct Bench {
  Bench(const VerifiedSchedule& verified, const RuntimeOptions& options, size_t x_beyond = 0, size_t y_beyond = 0)
      : runtime(options), program(must(runtime.prepare(verified))), session(must(program.session())) {
    const Requirements& needs = program.requirements();
    x.emplace(needs.bindings[0].bytes / 4, x_beyond);
    y.emplace(needs.bindings[1].bytes / 4, y_beyond);
    const std::vector<float> content = fixtures::values(x->size(), 9);
    std::copy(content.begin(), content.end(), x->begin());
    for (size_t i = 0; i < x->size(); i += 7) (*x)[i] = 1e-40f;  // a denormal
    EXPECT_EQ(text_of(session.bind("x", Buffer(x->data(), x->size() * 4, DType::kF32))), "ok");
    EXPECT_EQ(text_of(session.bind("y", Buffer(y->data(), y->size() * 4, DType::kF32))), "ok");
  }
  void clear() { std::fill(y->begin(), y->end(), -7.0f); }
  bool agrees(Bench& other) { return std::memcmp(y->data(), other.y->data(), y->size() * 4) == 0; }

  Runtime runtime;
  Program program;
  Session session;
  std::optional<fixtures::AlignedFloats> x, y;
};

TEST(Workers, GiveTheBitsOfOneWorkerForRandomSchedules) {
  int replays = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const RandomLanesOptions shape{.lanes = 1 + static_cast<uint32_t>(seed % 9),
                                   .ops = 20 + static_cast<uint32_t>(seed * 7 % 90),
                                   .tiles = 4 + static_cast<uint32_t>(seed % 7),
                                   .columns = 5 + static_cast<uint32_t>(seed * 11 % 60)};
    const VerifiedSchedule verified = proven(random_lanes(seed, shape));
    Bench serial(verified, {});
    serial.clear();
    ASSERT_EQ(text_of(serial.session.replay()), "ok");
    for (uint32_t workers = 2; workers <= 8; workers += 1 + seed % 3) {
      Bench bench(verified, {.workers = workers}, (seed % 16) * 4, (seed % 5) * 4);
      for (int replay = 0; replay < 5; ++replay, ++replays) {
        bench.clear();
        ASSERT_EQ(text_of(bench.session.replay()), "ok") << "seed " << seed << ", " << workers << " workers";
        ASSERT_TRUE(bench.agrees(serial)) << "seed " << seed << ", " << workers << " workers, replay " << replay;
      }
    }
  }
  EXPECT_GT(replays, 600);
}

}  // namespace
}  // namespace rondo
