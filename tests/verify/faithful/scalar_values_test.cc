// What is accepted for every value of a scalar, against what is accepted for each
// value alone: random schedules of rows that a scalar bounds or moves, and the same
// schedules with the scalar worked out of every view and label.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>
#include "rondo/load.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"
#include "tests/sweep.h"

namespace rondo {
namespace {

constexpr uint32_t kRows = 4, kColumns = 4;
constexpr int64_t kMost = 5;

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  Schedule make() {
    builder_.space("host", SpaceKind::kHost, 4096);
    arena_ = builder_.arena("a", 0, kRows * kColumns * 4);
    e_ = builder_.binding("e", Role::kConstant, DType::kF32, {kRows, kColumns});
    k_ = builder_.binding("k", Role::kState, DType::kF32, {kRows, kColumns});
    Schedule& schedule = builder_.schedule();
    schedule.scalars.push_back({.name = builder_.name("n"), .min = 0, .max = kMost});
    if (below(6) != 0) {
      schedule.bindings.back().filled_scalar = 0;
      schedule.bindings.back().filled_scale = 1;
      schedule.bindings.back().filled_bias = below(4) == 0 ? 1 : 0;
    }
    builder_.tensor("e", DType::kF32, {kRows, kColumns}, e_);
    builder_.tensor("k", DType::kF32, {kRows, kColumns}, k_);
    builder_.tensor("g", DType::kF32, {kRows, kColumns});
    builder_.tensor("f", DType::kF32, {kRows, kColumns});
    builder_.phase("p");
    builder_.stream("s", 0, Engine::kCompute);
    const uint32_t ops = 2 + below(4);
    for (uint32_t op = 0; op < ops; ++op) add_op();
    return builder_.finish();
  }

 private:
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  struct Shape {
    uint32_t rows = 1, columns = kColumns, column = 0, row = 0;
    uint32_t kind = 0;  // 0: at rest, 1: bounded, 2: moving
    int64_t bias = 0, modulus = kRows;
  };

  Shape shape() {
    Shape made;
    made.kind = below(3);
    if (below(3) == 0) made.columns = 2, made.column = 2 * below(2);
    made.bias = below(3) == 0 ? 1 : 0;
    switch (made.kind) {
      case 0:
        made.rows = 1 + below(kRows);
        made.row = below(kRows - made.rows + 1);
        break;
      case 1:
        made.rows = below(3) == 0 ? 3 : kRows;
        made.bias += static_cast<int64_t>(below(3)) - 1;
        break;
      default:
        made.rows = below(4) == 0 ? 2 : 1;
        made.modulus = kRows - made.rows + 1;
        if (below(6) == 0) made.modulus = 2;
    }
    return made;
  }

  uint32_t view_of(const Shape& shape) {
    View view;
    view.rank = 2;
    view.extent[0] = shape.rows;
    view.extent[1] = shape.columns;
    view.stride_bytes[0] = kColumns * 4;
    view.stride_bytes[1] = 4;
    if (shape.kind != 0) view.scalar = 0;
    if (shape.kind == 1) {
      view.extent_axis = 0;
      view.extent_scale = 1;
      view.extent_bias = shape.bias;
    }
    if (shape.kind == 2) {
      view.offset_scale = 1;
      view.offset_bias = shape.bias;
      view.offset_modulus = shape.modulus;
      view.offset_step_bytes = kColumns * 4;
    }
    return builder_.view(view);
  }

  OperandSpec operand(uint16_t base, const Shape& shape, uint32_t tensor, Access access) {
    Value value;
    value.tensor = tensor;
    value.low[0] = shape.row;
    value.low[1] = shape.column;
    value.extent[0] = shape.rows;
    value.extent[1] = shape.columns;
    value.axis[0] = 0;
    value.axis[1] = 1;
    if (shape.kind == 2) value.moves_along = below(12) == 0 ? 0 : 1;
    return {.base = base,
            .offset_bytes = uint64_t{shape.row} * kColumns * 4 + shape.column * 4,
            .view = view_of(shape),
            .access = access,
            .label = {.value = builder_.value(value)}};
  }

  // A source and a result of one shape, mostly with equal rows.
  void add_op() {
    const Shape from = shape();
    const bool into_state = below(2) == 0;
    const uint32_t source = into_state ? below(2) * 2 : below(2);  // e or the arena; e or the state
    const uint32_t tensor = source == 2 ? 2 + below(2) : source;
    const uint16_t base = source == 0 ? e_ : source == 1 ? k_ : arena_;
    builder_.add(
        0, {.kernel = "relu",
            .operands = {operand(base, from, tensor, Access::kRead),
                         operand(into_state ? k_ : arena_, from, into_state ? 1 : 2 + below(2), Access::kWrite)}});
  }

  std::mt19937_64 random_;
  ScheduleBuilder builder_;
  uint16_t arena_ = 0, e_ = 0, k_ = 0;
};

// The schedule for one value of its scalar: views and labels say what they come to.
// Only what is filled still names the scalar, whose range is that value alone.
Schedule at_value(const Schedule& all, int64_t n) {
  Schedule one = all;
  one.scalars[0].min = one.scalars[0].max = n;
  one.views.clear();
  one.values.clear();
  for (size_t i = 0; i < one.operands.size(); ++i) {
    Operand& operand = one.operands[i];
    const View& view = all.views[operand.view];
    View plain = view;
    Value value = all.values[all.labels[i].value];
    plain.scalar = kNone;
    plain.extent_axis = 0xff;
    plain.extent_scale = plain.extent_bias = 0;
    plain.offset_scale = plain.offset_bias = plain.offset_modulus = plain.offset_step_bytes = 0;
    if (view.extent_axis == 0) {
      const int64_t rows = std::clamp<int64_t>(view.extent_scale * n + view.extent_bias, 0, view.extent[0]);
      plain.extent[0] = value.extent[0] = static_cast<uint32_t>(rows);
    }
    if (view.offset_step_bytes != 0) {
      const int64_t shift = (view.offset_scale * n + view.offset_bias) % view.offset_modulus;
      operand.offset_bytes += static_cast<uint64_t>(shift * view.offset_step_bytes);
      if (value.moves_along != 0) value.low[0] += static_cast<uint32_t>(shift);
      value.moves_along = 0;
    }
    operand.view = static_cast<uint32_t>(one.views.size());
    one.labels[i].value = static_cast<uint32_t>(one.values.size());
    one.views.push_back(plain);
    one.values.push_back(value);
  }
  return one;
}

TEST(ScalarValues, WhatIsAcceptedForAllIsAcceptedForEach) {
  uint32_t safe = 0, faithful = 0, refused = 0, stricter = 0, unsound = 0;
  for (uint64_t seed = 1; seed <= testing::swept(15000, 10) && unsound < 3; ++seed) {
    const Schedule schedule = World(seed).make();
    const Report whole = verify(schedule).report;
    bool each_safe = true, each_holds = true;
    std::string why;
    for (int64_t n = 0; n <= kMost; ++n) {
      const Report report = verify(at_value(schedule, n)).report;
      each_safe &= report.safe;
      // Rows that are moved for all values and bounded to none for this one are never read.
      for (const Finding& finding : report.findings)
        if (finding.rule == "M05" || finding.level == Level::kSafe) {
          each_holds = false;
          why = "n = " + std::to_string(n) + ": " + std::string(finding.rule) + " " + finding.message;
        }
    }
    bool holds = whole.safe;
    for (const Finding& finding : whole.findings) holds &= finding.rule != "M05";
    safe += whole.safe;
    faithful += holds;
    refused += !whole.safe;
    stricter += (each_safe && !whole.safe) || (each_holds && !holds);
    if ((!whole.safe || each_safe) && (!holds || each_holds)) continue;
    ++unsound;
    ADD_FAILURE() << "seed " << seed << ": accepted for all values, not for " << why << "\n" << print_text(schedule);
  }
  std::printf(
      "scalars: %u safe for all values, %u with right names, %u refused, of which %u are right for each value\n", safe,
      faithful, refused, stricter);
  EXPECT_GT(safe, testing::swept(2000, 10));
  EXPECT_GT(faithful, testing::swept(500, 10));
  EXPECT_GT(refused, testing::swept(2000, 10));
}

}  // namespace
}  // namespace rondo
