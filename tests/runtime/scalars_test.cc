// What a scalar makes of a view.
#include "runtime/scalars.h"

#include <gtest/gtest.h>
#include <limits>

namespace rondo::runtime {
namespace {

View bounded_rows() {
  View view;
  view.rank = 2;
  view.extent[0] = 10;
  view.extent[1] = 4;
  view.scalar = 0;
  view.extent_axis = 0;
  view.extent_scale = 2;
  view.extent_bias = -3;
  return view;
}

TEST(ScalarExtent, IsTheLineClampedToTheFullExtent) {
  const View view = bounded_rows();
  EXPECT_EQ(shape_view(view, 5).extent[0], 7u);
  EXPECT_EQ(shape_view(view, 1).extent[0], 0u);
  EXPECT_EQ(shape_view(view, 100).extent[0], 10u);
  EXPECT_EQ(shape_view(view, 5).extent[1], 4u);
}

TEST(ScalarExtent, DoesNotOverflow) {
  View view = bounded_rows();
  view.extent_scale = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(shape_view(view, std::numeric_limits<int64_t>::max()).extent[0], 10u);
  EXPECT_EQ(shape_view(view, std::numeric_limits<int64_t>::min()).extent[0], 0u);
}

TEST(ScalarOffset, WalksARingOfSlots) {
  View view;
  view.scalar = 0;
  view.offset_scale = 1;
  view.offset_bias = 1;
  view.offset_modulus = 4;
  view.offset_step_bytes = 64;
  EXPECT_EQ(scalar_offset_bytes(view, 0), 64u);
  EXPECT_EQ(scalar_offset_bytes(view, 3), 0u);
  EXPECT_EQ(scalar_offset_bytes(view, 7), 0u);
  EXPECT_EQ(scalar_offset_bytes(view, -2), 192u);
}

TEST(ScalarTable, StaysEmptyWhenNoViewNamesAScalar) {
  Schedule schedule;
  schedule.views.resize(3);
  const ScalarTable table(schedule);
  EXPECT_FALSE(table.shapes_views());
}

TEST(ScalarTable, ResolvesOnlyViewsThatNameAScalar) {
  Schedule schedule;
  schedule.scalars.resize(1);
  schedule.views = {View{}, bounded_rows()};
  ScalarTable table(schedule);
  table.set(0, 4);
  table.resolve(schedule);
  EXPECT_EQ(table.views()[0], schedule.views[0]);
  EXPECT_EQ(table.views()[1].extent[0], 5u);
  EXPECT_EQ(table.offsets()[1], 0u);
  table.set(0, 6);
  table.resolve(schedule);
  EXPECT_EQ(table.views()[1].extent[0], 9u);
}

}  // namespace
}  // namespace rondo::runtime
