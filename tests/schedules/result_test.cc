// rondo/result.h: either a value or an error, and always exactly one of the two alive.
#include "rondo/result.h"
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace rondo {
namespace {

// Counts how many of its kind are alive.
struct Counted {
  static inline int alive = 0;
  int number = 0;

  explicit Counted(int value) : number(value) { ++alive; }
  Counted(const Counted& other) : number(other.number) { ++alive; }
  Counted(Counted&& other) noexcept : number(other.number) { ++alive; }
  ~Counted() { --alive; }
};

Error an_error() {
  return make_error(ErrorCode::kIo, "a sentence longer than a short string may be", {"a.yaml", 3, 4});
}

TEST(Result, HoldsAValueOrAnError) {
  Result<Counted> value = Counted(7);
  Result<Counted> error = an_error();
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->number, 7);
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(error.error().to_string(), "a.yaml:3:4: a sentence longer than a short string may be");
}

TEST(Result, EveryAssignmentLeavesOneAlive) {
  for (bool from_value : {false, true}) {
    for (bool to_value : {false, true}) {
      {
        Result<Counted> from = from_value ? Result<Counted>(Counted(1)) : Result<Counted>(an_error());
        Result<Counted> to = to_value ? Result<Counted>(Counted(2)) : Result<Counted>(an_error());
        to = from;
        EXPECT_EQ(to.ok(), from_value);
        EXPECT_EQ(Counted::alive, from_value ? 2 : 0);
        const Result<Counted>& itself = to;
        to = itself;
        EXPECT_EQ(to.ok(), from_value);
        to = std::move(from);
        if (to.ok())
          EXPECT_EQ(to->number, 1);
        else
          EXPECT_EQ(to.error().place.file, "a.yaml");
      }
      EXPECT_EQ(Counted::alive, 0) << from_value << to_value;
    }
  }
}

TEST(Result, CopiesOnlyWhatCanBeCopied) {
  static_assert(std::is_copy_constructible_v<Result<Counted>>);
  static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
  static_assert(std::is_nothrow_move_constructible_v<Result<std::unique_ptr<int>>>);
  std::vector<Result<std::unique_ptr<int>>> several;
  for (int number = 0; number < 9; ++number) several.emplace_back(std::make_unique<int>(number));
  several.emplace_back(an_error());
  EXPECT_EQ(**several[8], 8);
  std::unique_ptr<int> taken = *std::move(several[3]);
  EXPECT_EQ(*taken, 3);
  EXPECT_EQ(several[9].error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace rondo
