// Index tables: copied, checked, then in force.
#include "runtime/tables.h"
#include <gtest/gtest.h>
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

class TableOfASession : public ::testing::Test {
 protected:
  explicit TableOfASession(bool distinct = false)
      : program_(must(runtime_.prepare(proven(fixtures::copy_table(distinct))))), session_(must(program_.session())) {
    EXPECT_EQ(text_of(session_.bind("y", y_)), "ok");
  }
  std::string set(std::vector<int32_t> entries) {
    return text_of(session_.set_table(must(program_.binding("rows")), entries));
  }

  Runtime runtime_;
  std::vector<int32_t> y_ = std::vector<int32_t>(4, -1);
  Program program_;
  Session session_;
};

TEST_F(TableOfASession, IsCopiedWhenItIsSet) {
  std::vector<int32_t> entries = {3, 0, 9, 3};
  ASSERT_EQ(text_of(session_.set_table(must(program_.binding("rows")), entries)), "ok");
  entries = {77, 77, 77, 77};
  ASSERT_EQ(text_of(session_.replay()), "ok");
  EXPECT_EQ(y_, (std::vector<int32_t>{3, 0, 9, 3}));
}

TEST_F(TableOfASession, MustBeSetBeforeAReplay) {
  EXPECT_EQ(text_of(session_.replay()), "failed-precondition: replay needs table 'rows'");
}

TEST_F(TableOfASession, RefusesAnEntryOutsideItsRangeAndKeepsTheOldOnes) {
  ASSERT_EQ(set({1, 2, 3, 4}), "ok");
  EXPECT_EQ(set({5, 10, 6, 7}), "invalid-argument: entry 1 of table 'rows' is 10; entries are at least 0 and below 10");
  EXPECT_EQ(set({5, 6, -1, 7}), "invalid-argument: entry 2 of table 'rows' is -1; entries are at least 0 and below 10");
  ASSERT_EQ(text_of(session_.replay()), "ok");
  EXPECT_EQ(y_, (std::vector<int32_t>{1, 2, 3, 4}));
}

TEST_F(TableOfASession, IsNotBoundLikeABuffer) {
  std::vector<int32_t> entries(4);
  EXPECT_EQ(text_of(session_.bind("rows", entries)),
            "invalid-argument: table 'rows' is copied and checked: use set_table");
  EXPECT_EQ(text_of(session_.set_table(must(program_.binding("y")), entries)),
            "invalid-argument: output 'y' is no table: use bind");
}

TEST_F(TableOfASession, RefusesAnotherSizeOrType) {
  EXPECT_EQ(set({1, 2, 3}), "invalid-argument: table 'rows' is i32[4] and takes 16 B, the buffer has 12 B");
  const std::vector<int64_t> wide(4);
  EXPECT_EQ(text_of(session_.set_table(must(program_.binding("rows")), wide)),
            "invalid-argument: table 'rows' is i32[4], the buffer holds i64");
}

class DistinctTable : public TableOfASession {
 protected:
  DistinctTable() : TableOfASession(true) {}
};

TEST_F(DistinctTable, RefusesAnEntryThatComesTwice) {
  EXPECT_EQ(set({4, 2, 9, 2}), "invalid-argument: table 'rows' has the entry 2 twice; its entries must differ");
  EXPECT_EQ(set({4, 2, 9, 0}), "ok");
}

TEST(Table, RefusesNegativeEntriesWhateverItsLimit) {
  Binding binding;
  binding.role = static_cast<uint8_t>(Role::kTable);
  binding.dtype = static_cast<uint8_t>(DType::kI8);
  binding.rank = 1;
  binding.shape[0] = 2;
  binding.index_limit = ~uint64_t{0};
  runtime::Table table = must(runtime::Table::make(runtime::make_core({}), binding, "table 't'"));
  const int8_t entries[] = {5, -1};
  EXPECT_EQ(text_of(table.set(entries)),
            "invalid-argument: entry 1 of table 't' is -1; entries are at least 0 and below 18446744073709551615");
  EXPECT_FALSE(table.is_set());
}

TEST(Table, HoldsIntegers) {
  Binding binding;
  binding.rank = 1;
  binding.shape[0] = 2;
  EXPECT_EQ(text_of(runtime::Table::make(runtime::make_core({}), binding, "table 't'")),
            "invalid-schedule: table 't' has element type f32; indices are i8, u8, i32 or i64");
}

}  // namespace
}  // namespace rondo
