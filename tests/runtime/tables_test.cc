// Index tables: copied, checked, then in force.
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

}  // namespace
}  // namespace rondo
