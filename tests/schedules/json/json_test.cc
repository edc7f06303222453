// The JSON door: what is read, where it stands, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "schedules/json/json.h"
#include "schedules/json/node.h"

namespace rondo::json {
namespace {

std::string refusal(std::string_view text) {
  Result<Node> node = parse(text, "f.json");
  return node.ok() ? "accepted" : node.error().to_string();
}

TEST(Json, ReadsEveryKindOfValue) {
  Result<Node> root = parse(R"({"a": [1, -2.5, 3e2], "b": {"c": null}, "d": true, "e": "x\n\u00e9"})", "f");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  const Node& a = *root->find("a");
  ASSERT_EQ(a.items.size(), 3U);
  EXPECT_TRUE(a.items[0].is_integer);
  EXPECT_EQ(a.items[0].integer, 1);
  EXPECT_FALSE(a.items[1].is_integer);
  EXPECT_EQ(a.items[1].number, -2.5);
  EXPECT_TRUE(a.items[2].is_integer);
  EXPECT_EQ(a.items[2].integer, 300);
  EXPECT_TRUE(root->find("b")->find("c")->is(Kind::kNull));
  EXPECT_TRUE(root->find("d")->boolean);
  EXPECT_EQ(root->find("e")->text, "x\n\xc3\xa9");
  EXPECT_EQ(root->find("f"), nullptr);
}

TEST(Json, TellsWhereEachValueStands) {
  Result<Node> root = parse("{\n  \"a\": [[1],\n    [], 22 , \"x\"\n],\n \"b\":{}}", "f");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  const auto at = [](const Node& node) { return std::to_string(node.line) + ":" + std::to_string(node.column); };
  const Node& a = *root->find("a");
  EXPECT_EQ(at(*root), "1:1");
  EXPECT_EQ(at(a), "2:8");
  EXPECT_EQ(at(a.items[0]), "2:9");
  EXPECT_EQ(at(a.items[0].items[0]), "2:10");
  EXPECT_EQ(at(a.items[1]), "3:5");
  EXPECT_EQ(at(a.items[2]), "3:9");
  EXPECT_EQ(at(a.items[3]), "3:14");
  EXPECT_EQ(at(*root->find("b")), "5:6");
}

TEST(Json, KeepsIntegersExactAndKnowsWhichAreNone) {
  Result<Node> root = parse("[9223372036854775807, -9223372036854775808, 9223372036854775808, 1e300, 0.5, -0]", "f");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  EXPECT_EQ(root->items[0].integer, INT64_MAX);
  EXPECT_EQ(root->items[1].integer, INT64_MIN);
  EXPECT_FALSE(root->items[2].is_integer);
  EXPECT_EQ(root->items[2].number, 9223372036854775808.0);
  EXPECT_FALSE(root->items[3].is_integer);
  EXPECT_FALSE(root->items[4].is_integer);
  EXPECT_TRUE(root->items[5].is_integer);
}

TEST(Json, RefusesWhatIsNotJsonAtTheCharacterWhereItStops) {
  EXPECT_THAT(refusal("[1, 2\n 3]"), ::testing::StartsWith("f.json:2:2: syntax error while parsing array"));
  EXPECT_THAT(refusal("[1,]"), ::testing::StartsWith("f.json:1:4: "));
  EXPECT_THAT(refusal("[\"a\"  \"b\"]"), ::testing::StartsWith("f.json:1:7: "));
  EXPECT_THAT(refusal("{\"a\": 1, true: 2}"), ::testing::StartsWith("f.json:1:10: "));
  EXPECT_THAT(refusal("{\"a\" 1}"), ::testing::StartsWith("f.json:1:6: "));
  EXPECT_THAT(refusal(""), ::testing::StartsWith("f.json:1:1: "));
  EXPECT_THAT(refusal("[1"), ::testing::StartsWith("f.json:1:3: "));
  EXPECT_THAT(refusal("[1] x"), ::testing::StartsWith("f.json:1:5: "));
  EXPECT_THAT(refusal("[NaN]"), ::testing::StartsWith("f.json:1:2: "));
  EXPECT_THAT(refusal("[01]"), ::testing::StartsWith("f.json:1:3: "));
  EXPECT_THAT(refusal("[\"\xff\"]"), ::testing::HasSubstr("f.json:1:3: "));
  EXPECT_THAT(refusal("[1e999]"), ::testing::StartsWith("f.json:1:"));
  EXPECT_THAT(refusal("// no\n1"), ::testing::StartsWith("f.json:1:1: "));
}

TEST(Json, RefusesAKeyThatIsThereTwiceAtTheLaterValue) {
  EXPECT_EQ(refusal("{\"a\": 1,\n \"b\": 2, \"a\": 3}"), "f.json:2:15: the key 'a' is there twice");
}

TEST(Json, RefusesAZeroByteThatWouldHideTheRest) {
  EXPECT_EQ(refusal(std::string_view("[1]\n\0[2]", 8)), "f.json:2:1: a zero byte");
}

TEST(Json, BoundsSizeDepthAndNumberOfValues) {
  const uint32_t depth = Limits{}.depth;
  EXPECT_EQ(refusal(std::string(depth, '[') + std::string(depth, ']')), "accepted");
  EXPECT_EQ(refusal(std::string(depth + 1, '[') + std::string(depth + 1, ']')),
            "f.json:1:129: the document is nested deeper than 128");
  EXPECT_THAT(refusal(std::string(100'000, '[')), ::testing::HasSubstr("nested deeper"));
  const Limits small{20, 3, 4};
  const auto read = [&](const char* text) {
    Result<Node> node = parse(text, "f", ErrorCode::kInvalidGraph, small);
    return node.ok() ? "accepted" : node.error().to_string();
  };
  EXPECT_EQ(read("[1, [2]]"), "accepted");
  EXPECT_EQ(read("[1, 2, 3, 4]"), "f:1:11: the document has more than 4 values");
  EXPECT_EQ(read("[[[[]]]]"), "f:1:4: the document is nested deeper than 3");
  EXPECT_EQ(read("[1,                                    2]"), "f: the text has 41 bytes, at most 20 are read");
}

TEST(Json, ShortensWhatItQuotesFromTheFile) {
  EXPECT_LT(refusal("[\"" + std::string(100'000, 'x')).size(), 300U);
  const std::string key(100'000, 'k');
  EXPECT_LT(refusal("{\"" + key + "\":1,\"" + key + "\":2}").size(), 300U);
}

TEST(Json, CarriesTheCodeThatTheCallerAsksFor) {
  EXPECT_EQ(parse("[", "f", ErrorCode::kInvalidSchedule).error().code, ErrorCode::kInvalidSchedule);
}

TEST(Json, ReadsWhatItWrites) {
  Json list = Json::array();
  list.add(1).add("a\"b\n").add(0.1).add(nullptr == nullptr);
  Json document = Json::object();
  document.set("list", list).set("last", uint64_t{18446744073709551615U});
  Result<Node> root = parse(document.dump(), "f");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  EXPECT_EQ(root->find("list")->items[1].text, "a\"b\n");
  EXPECT_EQ(root->find("list")->items[2].number, 0.1);
  EXPECT_TRUE(root->find("list")->items[3].boolean);
}

}  // namespace
}  // namespace rondo::json
