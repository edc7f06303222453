// M05 against an oracle that tags every byte: random boxes of random tensors are
// copied into, within and out of an arena, under right and wrong names, and under
// the names of tensors that are the same elements in another shape.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <random>
#include <tuple>
#include <vector>
#include "rondo/load.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"
#include "tests/sweep.h"

namespace rondo {
namespace {

struct Box {
  uint32_t tensor = 0, low[2] = {0, 0}, extent[2] = {1, 1};
  bool transposed = false;  // view axis 0 walks tensor axis 1
};

// What an element of memory holds: an element of p or q in row-major order, or nothing.
using Tag = std::pair<uint32_t, uint32_t>;
constexpr Tag kUndefined{kNone, 0};
// In elements, by tensor axis; 0 where the box has one element along it.
struct Strides {
  uint32_t tensor = 0;
  std::array<uint32_t, 2> of = {0, 0};
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  // True if every operand holds what it names, element by element, and (as the rule
  // demands) no two operands that share an element walk an axis with different
  // strides; nothing else is broken.
  bool make(Schedule& schedule) {
    builder_.space("scratch", SpaceKind::kScratch, 4096);
    arena_ = builder_.arena("s", 0, kElements * 4, OwnerKind::kLane, 0);
    for (uint32_t i = 0; i < 2; ++i) {
      shape_[i] = {1 + below(6), 1 + below(6)};
      inputs_[i] = builder_.binding(i == 0 ? "p" : "q", Role::kInput, DType::kF32, {shape_[i][0], shape_[i][1]});
      builder_.tensor(i == 0 ? "p" : "q", DType::kF32, {shape_[i][0], shape_[i][1]}, inputs_[i]);
    }
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t elements = shape_[i][0] * shape_[i][1];
      uint32_t columns = 1 + below(elements);
      while (elements % columns != 0) ++columns;
      shape_[2 + i] = {elements / columns, columns};
      const uint32_t alias = builder_.tensor(i == 0 ? "p2" : "q2", DType::kF32, {shape_[2 + i][0], columns});
      builder_.schedule().tensors[alias].alias_of = i + 1;
    }
    builder_.phase("");
    builder_.stream("copy", 0, Engine::kCompute);
    memory_.assign(kElements, kUndefined);
    strides_.assign(kElements, {});
    uint32_t steps = 2 + below(6);
    for (uint32_t step = 0; step < steps; ++step) {
      if (written_.empty() || below(3) == 0)
        load();
      else
        move();
    }
    schedule = builder_.finish();
    return agrees_;
  }
  bool undefined() const { return undefined_; }
  bool renamed() const { return renamed_; }  // something was read under its name in another shape

 private:
  static constexpr uint32_t kElements = 64;
  struct Place {
    uint64_t offset = 0;  // elements
    uint32_t stride[2] = {0, 0};
  };

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  Box random_box() {
    Box box;
    box.tensor = below(4);
    for (int axis = 0; axis < 2; ++axis) {
      box.extent[axis] = 1 + below(shape_[box.tensor][axis]);
      box.low[axis] = below(shape_[box.tensor][axis] - box.extent[axis] + 1);
    }
    box.transposed = below(4) == 0;
    return box;
  }

  uint32_t view_extent(const Box& box, int axis) const { return box.extent[box.transposed ? 1 - axis : axis]; }

  // Somewhere in the arena, rows not over each other.
  bool place(const Box& box, Place& place) {
    uint32_t rows = view_extent(box, 0), columns = view_extent(box, 1);
    place.stride[1] = 1 + (below(4) == 0 ? 1 : 0);
    uint32_t row_span = (columns - 1) * place.stride[1] + 1;
    place.stride[0] = row_span + (below(2) == 0 ? below(4) : 0);
    uint32_t span = (rows - 1) * place.stride[0] + row_span;
    if (span > kElements) return false;
    place.offset = below(2) == 0 ? below(kElements - span + 1) : std::min(below(3) * 8, kElements - span);
    return true;
  }

  OperandSpec operand(uint16_t base, const Box& named, const Place& at, uint32_t rows, uint32_t columns,
                      Access access) {
    Value value;
    value.tensor = named.tensor;
    for (int axis = 0; axis < 2; ++axis) {
      value.low[axis] = named.low[axis];
      value.extent[axis] = named.extent[axis];
      value.axis[axis] = static_cast<uint8_t>(named.transposed ? 1 - axis : axis);
    }
    return {.base = base,
            .offset_bytes = at.offset * 4,
            .view = builder_.view(DType::kF32, {rows, columns}, {int64_t{at.stride[0]} * 4, int64_t{at.stride[1]} * 4}),
            .access = access,
            .label = {.value = builder_.value(value)}};
  }

  Tag tag(const Box& box, uint32_t i, uint32_t j) const {
    uint32_t row = box.transposed ? j : i, column = box.transposed ? i : j;
    return {box.tensor % 2, (box.low[0] + row) * shape_[box.tensor][1] + box.low[1] + column};
  }

  Strides strides(const Box& box, const Place& at) const {
    Strides strides{box.tensor};
    for (int axis = 0; axis < 2; ++axis)
      if (box.extent[axis] > 1) strides.of[axis] = at.stride[box.transposed ? 1 - axis : axis];
    return strides;
  }

  void write(const Box& box, const Place& at) {
    for (uint32_t i = 0; i < view_extent(box, 0); ++i) {
      for (uint32_t j = 0; j < view_extent(box, 1); ++j) {
        uint64_t element = at.offset + i * at.stride[0] + j * at.stride[1];
        memory_[element] = tag(box, i, j);
        strides_[element] = strides(box, at);
      }
    }
  }

  static bool may_share(const Strides& a, const Strides& b) {
    if (a.tensor != b.tensor) return true;  // they are compared element by element
    for (int axis = 0; axis < 2; ++axis)
      if (a.of[axis] != 0 && b.of[axis] != 0 && a.of[axis] != b.of[axis]) return false;
    return true;
  }

  // The box as one of the other shape that begins with the same element; its rows
  // follow one another as they do where the first box is dense.
  bool rename(Box& box, Place& from) {
    Box other;
    other.tensor = (box.tensor + 2) % 4;
    const uint32_t columns = shape_[other.tensor][1], first = tag(box, 0, 0).second;
    other.low[0] = first / columns;
    other.low[1] = first % columns;
    for (int axis = 0; axis < 2; ++axis) other.extent[axis] = 1 + below(shape_[other.tensor][axis] - other.low[axis]);
    from.stride[0] = columns * from.stride[1];
    if (box.transposed || from.stride[1] == 0) return false;
    box = other;
    return true;
  }

  // Copies a box of an input; sometimes from the wrong place of it.
  void load() {
    Box box = random_box();
    Place to;
    if (!place(box, to)) return;
    uint32_t pitch = shape_[box.tensor][1];
    Place from;
    from.stride[0] = box.transposed ? 1 : pitch;
    from.stride[1] = box.transposed ? pitch : 1;
    uint32_t row = box.low[0], column = box.low[1];
    if (below(12) == 0) {
      row = below(shape_[box.tensor][0] - box.extent[0] + 1);
      column = below(shape_[box.tensor][1] - box.extent[1] + 1);
      agrees_ &= row == box.low[0] && column == box.low[1];
    }
    from.offset = uint64_t{row} * pitch + column;
    uint32_t rows = view_extent(box, 0), columns = view_extent(box, 1);
    builder_.add(0, {.kernel = "copy",
                     .operands = {operand(inputs_[box.tensor % 2], box, from, rows, columns, Access::kRead),
                                  operand(arena_, box, to, rows, columns, Access::kWrite)}});
    write(box, to);
    written_.push_back({box, to});
  }

  // Reads a part of what was written before under some name; adds it into the arena.
  void move() {
    auto [box, from] = written_[below(static_cast<uint32_t>(written_.size()))];
    Box part = box;
    for (int axis = 0; axis < 2; ++axis) {
      if (below(2) == 0) continue;
      uint32_t skip = below(box.extent[axis]);
      part.low[axis] += skip;
      part.extent[axis] -= skip;
      int view_axis = box.transposed ? 1 - axis : axis;
      from.offset += uint64_t{skip} * from.stride[view_axis];
      if (below(2) == 0) part.extent[axis] = 1 + below(part.extent[axis]);
    }
    const bool renamed = below(3) == 0;
    if (renamed && !rename(part, from)) return;
    uint32_t rows = view_extent(part, 0), columns = view_extent(part, 1);
    if (below(10) == 0) from.stride[0] += 1;  // another pitch: right for one row, or by luck
    if (below(10) == 0 && from.offset > 0) --from.offset;
    if (from.offset + (rows - 1) * from.stride[0] + (columns - 1) * from.stride[1] >= kElements) return;
    Box named = part;
    if (below(10) == 0) named.low[below(2)] = 0;
    if (below(16) == 0) named.tensor = below(4);
    for (int axis = 0; axis < 2; ++axis)
      if (named.low[axis] + named.extent[axis] > shape_[named.tensor][axis]) return;
    Place to;
    if (!place(named, to)) return;
    std::vector<uint8_t> touched(kElements, 0);
    for (uint32_t i = 0; i < rows; ++i)
      for (uint32_t j = 0; j < columns; ++j) touched[from.offset + i * from.stride[0] + j * from.stride[1]] = 1;
    for (uint32_t i = 0; i < rows; ++i)
      for (uint32_t j = 0; j < columns; ++j)
        if (touched[to.offset + i * to.stride[0] + j * to.stride[1]] != 0) return;  // A01
    for (uint32_t i = 0; i < rows; ++i) {
      for (uint32_t j = 0; j < columns; ++j) {
        uint64_t element = from.offset + i * from.stride[0] + j * from.stride[1];
        undefined_ |= memory_[element] == kUndefined;
        agrees_ &= memory_[element] == tag(named, i, j) && may_share(strides(named, from), strides_[element]);
      }
    }
    builder_.add(0, {.kernel = "copy",
                     .operands = {operand(arena_, named, from, rows, columns, Access::kRead),
                                  operand(arena_, named, to, rows, columns, Access::kWrite)}});
    write(named, to);
    written_.push_back({named, to});
    renamed_ |= renamed && rows * columns > 1;
  }

  std::mt19937_64 random_;
  ScheduleBuilder builder_;
  uint16_t arena_ = 0;
  std::array<uint16_t, 2> inputs_ = {};
  std::array<std::array<uint32_t, 2>, 4> shape_ = {};  // p, q, and both in another shape
  std::vector<Tag> memory_;
  std::vector<Strides> strides_;  // of the operand that wrote the element
  std::vector<std::pair<Box, Place>> written_;
  bool agrees_ = true, undefined_ = false, renamed_ = false;
};

TEST(ReadersGetTheirValue, AgreesWithTagsOnEveryByte) {
  uint32_t right = 0, wrong = 0, renamed = 0, disagreements = 0;
  for (uint64_t seed = 1; seed <= testing::swept(60000, 10) && disagreements < 5; ++seed) {
    World world(seed);
    Schedule schedule;
    bool agrees = world.make(schedule);
    if (world.undefined()) continue;
    Report report = verify(schedule).report;
    ASSERT_TRUE(report.safe) << seed << " " << report.findings[0].message << "\n" << print_text(schedule);
    bool m05 = false;
    for (const Finding& finding : report.findings) m05 |= finding.rule == "M05";
    ++(agrees ? right : wrong);
    if (agrees && world.renamed()) ++renamed;
    const auto era = static_cast<uint32_t>(1 + seed % 4);
    const Report in_eras = verify(schedule, {.era_operands = era, .always_in_eras = true}).report;
    const bool same = in_eras.safe && (in_eras.values_refuted == 0) == (report.values_refuted == 0) &&
                      in_eras.claims_false == report.claims_false;
    EXPECT_TRUE(same) << "seed " << seed << " in eras of " << era << ": " << in_eras.summary() << "\n"
                      << print_text(schedule);
    disagreements += !same;
    if (m05 != agrees && (report.values_refuted == 0) == agrees) continue;
    ++disagreements;
    ADD_FAILURE() << "seed " << seed << ": the tags " << (agrees ? "agree" : "differ")
                  << ", verify: " << report.summary() << "\n"
                  << print_text(schedule);
  }
  std::printf("values: %u schedules with every name right (%u in two shapes), %u with a wrong one, %u disagreements\n",
              right, renamed, wrong, disagreements);
  EXPECT_GT(renamed, testing::swept(1000, 10));
  EXPECT_GT(right, testing::swept(10000, 10));
  EXPECT_GT(wrong, testing::swept(10000, 10));
}

}  // namespace
}  // namespace rondo
