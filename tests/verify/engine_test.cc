// Cells and the walk over them: what the rules of both levels stand on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include "rondo/contracts.h"
#include "schedules/builder/builder.h"
#include "schedules/verify/cells.h"
#include "schedules/verify/engine.h"
#include "schedules/verify/rules.h"

namespace rondo::proof {
namespace {

using ::testing::ElementsAre;

// One arena of `bytes` and operands given as (offset, extents, strides) of bytes.
struct Boxes {
  struct Box {
    uint64_t offset;
    std::vector<uint32_t> extent;
    std::vector<int64_t> stride;
    Access access = Access::kRead;
  };
  Boxes(uint64_t bytes, const std::vector<Box>& boxes) {
    ScheduleBuilder builder;
    const uint16_t space = builder.space("s", SpaceKind::kScratch, bytes);
    const uint16_t arena = builder.arena("a", space, bytes);
    const uint32_t stream = builder.stream("s", 0, rondo::Engine::kCompute);
    for (const Box& box : boxes) {
      OpSpec op;
      op.kernel = "copy";
      op.operands = {{arena, box.offset, builder.view(DType::kU8, box.extent, box.stride), box.access}};
      builder.add(stream, op);
    }
    schedule = builder.finish();
    for (uint32_t i = 0; i < boxes.size(); ++i) op_of.push_back(i);
    skip.assign(boxes.size(), 0);
  }
  Cells cells() { return Cells(schedule, skip, op_of, budget); }
  // Op i is at position i.
  Cells cells_in_eras(uint32_t operands) {
    return Cells(schedule, skip, op_of, budget, {.replay_order = op_of, .least_operands = operands, .always = true});
  }

  Schedule schedule;
  std::vector<uint32_t> op_of;
  std::vector<uint8_t> skip;
  Budget budget{64, 1000};
};

std::set<uint64_t> bytes_of_cells(const Cells& cells, uint32_t operand) {
  std::set<uint64_t> bytes;
  for (const CellRun& run : cells.runs(operand))
    for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
      const CellBox box = cells.box(cell);
      for (uint64_t row = 0; row < box.rows; ++row)
        for (uint64_t i = 0; i < box.row_bytes; ++i) bytes.insert(box.offset_bytes + row * box.pitch_bytes + i);
    }
  return bytes;
}

std::set<uint64_t> bytes_of_box(const Boxes::Box& box) {
  std::set<uint64_t> bytes = {box.offset};
  for (size_t axis = 0; axis < box.extent.size(); ++axis) {
    std::set<uint64_t> walked;
    for (const uint64_t byte : bytes)
      for (uint32_t i = 0; i < box.extent[axis]; ++i) walked.insert(byte + i * static_cast<uint64_t>(box.stride[axis]));
    bytes = walked;
  }
  return bytes;
}

TEST(Cells, KeepAStridedTileAsOneRectangle) {
  Boxes boxes(4096, {{0, {16, 8}, {64, 1}}, {8, {16, 8}, {64, 1}}, {1024, {16, 8}, {64, 1}}});
  const Cells cells = boxes.cells();
  ASSERT_EQ(cells.runs(0).size(), 1u);
  EXPECT_EQ(cells.runs(0)[0].count, 1u);
  const CellBox box = cells.box(cells.runs(1)[0].first);
  EXPECT_EQ(box.offset_bytes, 8u);
  EXPECT_EQ(box.rows, 16u);
  EXPECT_EQ(box.row_bytes, 8u);
  EXPECT_EQ(box.pitch_bytes, 64u);
}

TEST(Cells, AreCutWhereTilesOverlap) {
  Boxes boxes(4096, {{0, {16, 8}, {64, 1}}, {8 * 64 + 4, {16, 8}, {64, 1}}});
  const Cells cells = boxes.cells();
  EXPECT_EQ(bytes_of_cells(cells, 0).size(), 128u);
  uint64_t shared = 0;
  const std::set<uint64_t> other = bytes_of_cells(cells, 1);
  for (const uint64_t byte : bytes_of_cells(cells, 0)) shared += other.count(byte);
  EXPECT_EQ(shared, 8u * 4);
}

TEST(Cells, OfOneFootprintAreShared) {
  Boxes boxes(64, {{0, {8}, {1}}, {0, {8}, {1}}, {4, {8}, {1}}});
  const Cells cells = boxes.cells();
  EXPECT_EQ(cells.footprint(0), cells.footprint(1));
  EXPECT_NE(cells.footprint(0), cells.footprint(2));
}

TEST(Cells, AreWithoutAPlaceForEmptyBoxesAndUntrustedOperands) {
  Boxes boxes(64, {{0, {0, 4}, {4, 1}}, {60, {8}, {1}}});
  boxes.skip[1] = 1;
  const Cells cells = boxes.cells();
  EXPECT_TRUE(cells.runs(0).empty());
  EXPECT_TRUE(cells.runs(1).empty());
}

// Any boxes of any rank and strides: cells are exactly their bytes, disjoint, and
// boxes overlap iff they share a cell.
TEST(Cells, AreExactlyTheBytesOfRandomBoxes) {
  std::mt19937 random(7);
  const auto draw = [&](uint32_t low, uint32_t high) { return low + random() % (high - low + 1); };
  for (int round = 0; round < 300; ++round) {
    std::vector<Boxes::Box> drawn;
    for (uint32_t count = draw(1, 6); count > 0; --count) {
      Boxes::Box box;
      box.offset = draw(0, 100);
      for (uint32_t rank = draw(0, 4); rank > 0; --rank) {
        box.extent.push_back(draw(1, 4));
        box.stride.push_back(draw(0, 40));
      }
      drawn.push_back(box);
    }
    Boxes boxes(4096, drawn);
    const Cells cells = boxes.cells();
    std::set<uint64_t> all;
    uint64_t total = 0;
    for (uint32_t cell = 0; cell < cells.count(); ++cell) {
      const CellBox box = cells.box(cell);
      total += box.rows * box.row_bytes;
      for (uint64_t row = 0; row < box.rows; ++row)
        for (uint64_t i = 0; i < box.row_bytes; ++i) all.insert(box.offset_bytes + row * box.pitch_bytes + i);
    }
    ASSERT_EQ(all.size(), total) << "cells overlap, round " << round;
    for (uint32_t i = 0; i < drawn.size(); ++i)
      ASSERT_EQ(bytes_of_cells(cells, i), bytes_of_box(drawn[i])) << "round " << round << " box " << i;
  }
}

// The byte by byte story of random reads and writes: in each era the cells of an operand
// are its bytes; what a new cell is said to have taken over is what covered those bytes
// last; it carries one cell whole (or nothing), or is written whole before anything else.
TEST(Cells, OfErasTakeOverEveryByteFromTheCellThatCoveredItLast) {
  std::mt19937 random(11);
  const auto draw = [&](uint32_t low, uint32_t high) { return low + random() % (high - low + 1); };
  uint64_t recuts = 0, carried = 0, written = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Boxes::Box> drawn;
    for (uint32_t count = draw(2, 24); count > 0; --count) {
      Boxes::Box box;
      box.offset = draw(0, 100);
      for (uint32_t rank = draw(1, 3); rank > 0; --rank) {
        box.extent.push_back(draw(1, 6));
        box.stride.push_back(draw(0, 40));
      }
      constexpr Access kAccesses[] = {Access::kRead, Access::kWrite, Access::kWrite, Access::kUpdate};
      box.access = kAccesses[draw(0, 3)];
      drawn.push_back(box);
    }
    Boxes boxes(4096, drawn);
    const Cells cells = boxes.cells_in_eras(draw(1, 6));
    std::map<uint64_t, uint32_t> owner;  // of a byte
    std::set<uint32_t> touched;
    size_t next = 0;
    const auto bytes_of = [&](uint32_t cell) {
      const CellBox box = cells.box(cell);
      std::vector<uint64_t> bytes;
      for (uint64_t row = 0; row < box.rows; ++row)
        for (uint64_t i = 0; i < box.row_bytes; ++i) bytes.push_back(box.offset_bytes + row * box.pitch_bytes + i);
      return bytes;
    };
    std::map<uint64_t, uint32_t> before_era;
    for (uint32_t op = 0; op < drawn.size(); ++op) {
      if (next < cells.recuts().size() && cells.recuts()[next].position == op) {
        ++next, ++recuts;
        before_era = owner;
      }
      ASSERT_EQ(bytes_of_cells(cells, op), bytes_of_box(drawn[op])) << "round " << round << " op " << op;
      for (const CellRun& run : cells.runs(op))
        for (uint32_t cell = run.first; cell < run.first + run.count; ++cell) {
          const std::vector<uint64_t> bytes = bytes_of(cell);
          for (const uint64_t byte : bytes) owner[byte] = cell;
          if (!touched.insert(cell).second || next == 0 || cell < cells.recuts()[next - 1].first_cell) continue;
          std::map<uint32_t, uint64_t> shared;
          for (const uint64_t byte : bytes)
            if (const auto known = before_era.find(byte); known != before_era.end()) ++shared[known->second];
          std::map<uint32_t, uint64_t> told;
          for (const Link& link : cells.links(cell)) told[link.before] += link.bytes;
          ASSERT_EQ(told, shared) << "round " << round << " op " << op;
          if (cells.carries(cell)) {
            ++carried;
            ASSERT_TRUE(told.empty() || (told.size() == 1 && told.begin()->second == bytes.size()))
                << "round " << round;
          } else {
            ++written;
            ASSERT_EQ(drawn[op].access, Access::kWrite) << "round " << round << " op " << op;
          }
        }
    }
    ASSERT_EQ(next, cells.recuts().size());
  }
  EXPECT_GT(recuts, 1000u);
  EXPECT_GT(carried, 1000u);
  EXPECT_GT(written, 1000u);
}

TEST(Extents, AreReadByNameAndEvaluateFormulas) {
  ScheduleBuilder builder;
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {64});
  OpSpec op;
  op.kernel = "matmul";
  op.flags = kOpAccumulate;
  View panels;
  panels.rank = 2;
  panels.layout = static_cast<uint8_t>(Layout::kPanels);
  panels.block_columns = 8;
  panels.extent[0] = 1;
  panels.extent[1] = 5;
  op.operands = {{x, 0, builder.view(DType::kF32, {3, 5}, {20, 4})},
                 {x, 0, builder.view(panels)},
                 {x, 0, builder.view(DType::kF32, {3, 7}, {28, 4})}};
  builder.add(builder.stream("s", 0, rondo::Engine::kCompute), op);
  const Schedule schedule = builder.finish();
  const Contract& matmul = *find_contract("matmul");
  const auto extents = extents_of(matmul, schedule, schedule.ops[0]);
  ASSERT_TRUE(extents.has_value());
  EXPECT_EQ(extents->find("m")->extent, 3u);
  EXPECT_EQ(extents->find("k")->extent, 5u);
  EXPECT_EQ(extents->find("n")->extent, 7u);  // not the eight columns of the panel
  EXPECT_EQ(evaluate(matmul.flops, *extents, kOpAccumulate), 2u * 3 * 5 * 7);
  EXPECT_EQ(evaluate(matmul.bytes, *extents, kOpAccumulate), 4u * (3 * 5 + 5 * 7 + 2 * 3 * 7));
  EXPECT_EQ(evaluate(matmul.bytes, *extents, kOpInit), 4u * (3 * 5 + 5 * 7 + 3 * 7));
}

TEST(Extents, CountsThePairsOfAnAttentionThatItsMaskLeaves) {
  ScheduleBuilder builder;
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {64});
  const uint16_t ids = builder.binding("ids", Role::kTable, DType::kI64, {7});
  const Contract& attention = *find_contract("attention");
  OpSpec op;
  op.kernel = "attention";
  op.operands = {{x, 0, builder.view(DType::kF32, {3, 2}, {8, 4})},
                 {x, 0, builder.view(DType::kF32, {7, 2}, {8, 4})},
                 {x, 0, builder.view(DType::kF32, {7, 5}, {20, 4})},
                 {x, 0, builder.view(DType::kF32, {3, 5}, {20, 4})}};
  const uint32_t stream = builder.stream("s", 0, rondo::Engine::kCompute);
  builder.add(stream, op);
  op.params[0] = 1;  // causal: 5, 6 and 7 keys
  builder.add(stream, op);
  op.kernel = "attention_indexed";
  op.params[0] = 0x3f800000;
  op.operands.insert(op.operands.begin() + 3, {ids, 0, builder.view(DType::kI64, {7}, {8})});
  builder.add(stream, op);
  const Schedule schedule = builder.finish();
  const auto flops = [&](const Contract& contract, uint32_t index) {
    return evaluate(contract.flops, *extents_of(contract, schedule, schedule.ops[index]), 0);
  };
  EXPECT_EQ(flops(attention, 0), 21u * (2 * 2 + 2 * 5 + 4));
  EXPECT_EQ(flops(attention, 1), 18u * (2 * 2 + 2 * 5 + 4));
  const Contract& indexed = *find_contract("attention_indexed");
  EXPECT_EQ(flops(indexed, 2), 21u * (2 * 2 + 2 * 5 + 4));
  EXPECT_EQ(evaluate(indexed.bytes, *extents_of(indexed, schedule, schedule.ops[2]), 0),
            4u * (3 * 2 + 7 * 2 + 7 * 5 + 3 * 5) + 7 * 8);
}

TEST(PairsOf, AreWhatAMaskAlignedAtTheEndLeaves) {
  for (uint64_t m = 0; m < 9; ++m)
    for (uint64_t s = 0; s < 9; ++s) {
      uint64_t seen = 0;
      for (uint64_t i = 0; i < m; ++i)
        for (uint64_t j = 0; j < s; ++j) seen += j + m <= i + s;
      EXPECT_EQ(pairs_of(m, s, true), seen) << m << " " << s;
      EXPECT_EQ(pairs_of(m, s, false), m * s);
    }
}

TEST(Rules, HaveOneCodeEachInTheirLevelAndSayWhatTheyCheck) {
  std::set<std::string_view> codes;
  std::set<std::pair<std::string_view, Level>> seen;  // M11 has a part in each level
  for (const RuleInfo& rule : verifier_rules()) {
    codes.insert(rule.code);
    EXPECT_TRUE(seen.insert({rule.code, rule.level}).second) << rule.code << " twice";
    EXPECT_FALSE(rule.title.empty());
    EXPECT_FALSE(rule.detail.empty());
  }
  for (const char* code : {"F01", "F02", "F03", "F04", "K01", "M01", "M02", "M04", "M10", "M11",
                           "H01", "H08", "N02", "T01", "L01", "R01", "O01", "E01", "A01", "B01"})
    EXPECT_EQ(codes.count(code), 1u) << code;
}

}  // namespace
}  // namespace rondo::proof
