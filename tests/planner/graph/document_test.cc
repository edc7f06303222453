// What the door to YAML lets through, and the words with which it refuses the rest.
#include "schedules/yaml/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::yaml {
namespace {

constexpr ErrorCode kCode = ErrorCode::kInvalidGraph;

std::string refusal(std::string_view text) {
  const Result<Document> document = parse(text, "f.yaml", kCode);
  return document.ok() ? "accepted" : document.error().to_string();
}

Document document_of(std::string_view text) {
  Result<Document> document = parse(text, "f.yaml", kCode);
  EXPECT_TRUE(document.ok()) << document.error().to_string();
  return document.ok() ? *std::move(document) : Document{};
}

TEST(YamlDocument, KeepsThePlainTextAndThePlaceOfEveryScalar) {
  const Document document = document_of("a: 010\nb:\n  - no\n  - 'no'\n  - 1e3\nc: {d: ~}\n");
  EXPECT_EQ(document.root.find("a")->text, "010");
  const Node& b = *document.root.find("b");
  ASSERT_EQ(b.items.size(), 3u);
  EXPECT_EQ(b.items[0].text, "no");
  EXPECT_FALSE(b.items[0].quoted);
  EXPECT_TRUE(b.items[1].quoted);
  EXPECT_EQ(b.items[2].mark.line, 5u);
  EXPECT_EQ(b.items[2].mark.column, 5u);
  EXPECT_EQ(document.root.find("c")->find("d")->kind, Node::Kind::kNull);
  EXPECT_EQ(document.root.field_marks[2].line, 6u);
}

TEST(YamlDocument, KeepsTheOrderOfKeys) {
  const Document document = document_of("z: 1\na: 2\nm: 3\n");
  std::string order;
  for (const auto& [key, node] : document.root.fields) order += key;
  EXPECT_EQ(order, "zam");
}

TEST(YamlDocument, KeepsALiteralBlockAsItIs) {
  EXPECT_EQ(document_of("ops: |\n  one\n    two\n").root.find("ops")->text, "one\n  two\n");
}

TEST(YamlDocument, RefusesADuplicateKeyAtTheSecondOne) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: key 'a' is given twice");
}

TEST(YamlDocument, RefusesAnchorsAliasesAndTags) {
  EXPECT_EQ(refusal("a: &x 1\nb: *x\n"), "f.yaml:1:4: anchors (&name) are not allowed: write the value out");
  EXPECT_THAT(refusal("b: *x\n"), ::testing::StartsWith("f.yaml:1:"));
  EXPECT_EQ(refusal("a: !!str 1\n"), "f.yaml:1:4: tags (tag:yaml.org,2002:str) are not allowed");
}

TEST(YamlDocument, RefusesAKeyThatIsNoText) {
  EXPECT_EQ(refusal("? [1, 2]\n: 3\n"), "f.yaml:1:3: a key must be plain text, not a list or a map");
  EXPECT_EQ(refusal("~: 3\n"), "f.yaml:1:1: a key is missing or null");
}

TEST(YamlDocument, RefusesASecondDocument) {
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml:3:1: a second YAML document follows; one file holds one");
}

TEST(YamlDocument, RefusesNothingAtAll) { EXPECT_EQ(refusal(""), "f.yaml:1:1: the document is empty"); }

TEST(YamlDocument, RefusesBrokenSyntaxWithItsPlace) {
  EXPECT_THAT(refusal("a: [1, 2\n"), ::testing::MatchesRegex("f\\.yaml:2:1: not valid YAML: .*"));
  EXPECT_EQ(refusal("a: b: c\n"), "f.yaml:1:5: not valid YAML: illegal map value");
}

// yaml-cpp 0.7 alone takes `a: "x` for a whole document.
TEST(YamlDocument, RefusesQuotesThatAreNeverClosed) {
  EXPECT_EQ(refusal("a: \"x\n"), "f.yaml:2:1: not valid YAML: illegal document indicator in scalar");
  EXPECT_EQ(refusal("a: 'x"), "f.yaml:1:1: not valid YAML: illegal document indicator in scalar");
}

TEST(YamlDocument, AcceptsAnEndMark) {
  EXPECT_EQ(refusal("a: 1\n...\n"), "accepted");
  EXPECT_EQ(refusal("--- {a: 1}\n..."), "accepted");
}

TEST(YamlDocument, RefusesDepthBeyond64Levels) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(64)), "accepted");
  EXPECT_EQ(refusal(nested(65)), "f.yaml:1:65: the document is nested deeper than 64 levels");
  EXPECT_NE(refusal(std::string(100000, '[')), "accepted");
  EXPECT_NE(refusal(std::string(100000, '{')), "accepted");
}

TEST(YamlDocument, RefusesBytesThatAreNoText) {
  EXPECT_EQ(refusal("a: \xff\n"), "f.yaml:1:4: the file is not UTF-8 text");
  EXPECT_EQ(refusal("ok: 1\na: \xc0\x80\n"), "f.yaml:2:4: the file is not UTF-8 text");
  EXPECT_EQ(refusal(std::string_view("a: \0b", 5)), "f.yaml:1:4: control character 0 in the text");
  EXPECT_EQ(refusal("a: \xc3\xa9\n"), "accepted");
}

TEST(YamlDocument, NeverThrowsOnMutilatedText) {
  const std::string good = "a: [1, {b: \"x\\n\"}]\nc: |\n  d\ne: 'f'\n? g\n: - h\n";
  for (size_t at = 0; at < good.size(); ++at)
    for (char c : {'\0', '\n', ' ', ':', '&', '*', '!', '[', '}', '"', '|', '?', '-', '%', '\xff'}) {
      std::string bad = good;
      bad[at] = c;
      refusal(bad);
      refusal(bad.substr(0, at));
    }
}

// ---- typed reads ----------------------------------------------------------

template <class Read>
std::string read_error(std::string_view scalar, Read read) {
  const Document document = document_of("v: " + std::string(scalar) + "\n");
  const auto result = read(document, *document.root.find("v"));
  return result.ok() ? "accepted" : result.error().to_string();
}
std::string integer_error(std::string_view scalar) {
  return read_error(scalar, [](const Document& d, const Node& n) { return as_integer(d, n, "lanes", kCode, 1, 16); });
}
std::string bytes_error(std::string_view scalar) {
  return read_error(scalar, [](const Document& d, const Node& n) { return as_bytes(d, n, "capacity", kCode); });
}

TEST(YamlInteger, SaysWhatIsWrongAndWhatIsAllowed) {
  EXPECT_EQ(integer_error("16"), "accepted");
  EXPECT_EQ(integer_error("17"), "f.yaml:1:4: lanes is 17; allowed is 1 to 16");
  EXPECT_EQ(integer_error("0"), "f.yaml:1:4: lanes is 0; allowed is 1 to 16");
  EXPECT_EQ(integer_error("99999999999999999999"), "f.yaml:1:4: lanes is 99999999999999999999; allowed is 1 to 16");
  EXPECT_EQ(integer_error("010"), "f.yaml:1:4: lanes is '010': leading zeros are not allowed (write 10)");
  EXPECT_EQ(integer_error("1e1"), "f.yaml:1:4: lanes must be a whole number, not '1e1'");
  EXPECT_EQ(integer_error("'8'"), "f.yaml:1:4: lanes must be a whole number, not the text \"8\"");
  EXPECT_EQ(integer_error("[8]"), "f.yaml:1:4: lanes must be a whole number, not a list");
  EXPECT_EQ(integer_error("~"), "f.yaml:1:4: lanes must be a whole number, not empty");
}

TEST(YamlNumber, IsFiniteAndWhole) {
  const auto error = [](std::string_view scalar) {
    return read_error(scalar, [](const Document& d, const Node& n) { return as_number(d, n, "token_ns", kCode); });
  };
  EXPECT_EQ(error("1e-5"), "accepted");
  EXPECT_EQ(error("nan"), "f.yaml:1:4: token_ns must be a finite number, not 'nan'");
  EXPECT_EQ(error(".inf"), "f.yaml:1:4: token_ns must be a finite number, not '.inf'");
  EXPECT_EQ(error("1e999"), "f.yaml:1:4: token_ns is 1e999, which no double holds");
  EXPECT_EQ(error("1.5x"), "f.yaml:1:4: token_ns must be a finite number, not '1.5x'");
}

TEST(YamlBool, IsTrueOrFalseAndNothingElse) {
  const auto error = [](std::string_view scalar) {
    return read_error(scalar, [](const Document& d, const Node& n) { return as_bool(d, n, "direct", kCode); });
  };
  EXPECT_EQ(error("true"), "accepted");
  EXPECT_EQ(error("yes"), "f.yaml:1:4: direct must be true or false, not 'yes'");
}

TEST(YamlBytes, TakesBinaryUnitsAndWholeBytesOnly) {
  const Document document = document_of("- 262144\n- 256 KiB\n- 1.5 MiB\n- 1GiB\n- 3 B\n- 1 TiB\n");
  std::vector<uint64_t> read;
  for (const Node& node : document.root.items) read.push_back(*as_bytes(document, node, "capacity", kCode));
  EXPECT_THAT(read, ::testing::ElementsAre(262144, 262144, 1572864, uint64_t{1} << 30, 3, uint64_t{1} << 40));

  constexpr char kForm[] = "must be a number of bytes (like 262144, 256 KiB, 1.5 MiB or 1 GiB), not ";
  EXPECT_EQ(bytes_error("256 KB"), std::string("f.yaml:1:4: capacity ") + kForm + "'256 KB'");
  EXPECT_EQ(bytes_error("-1"), std::string("f.yaml:1:4: capacity ") + kForm + "'-1'");
  EXPECT_EQ(bytes_error("1.2.3 KiB"), std::string("f.yaml:1:4: capacity ") + kForm + "'1.2.3 KiB'");
  EXPECT_EQ(bytes_error("0.3 KiB"), "f.yaml:1:4: capacity is 0.3 KiB = 307.2 bytes, which is no whole number");
  EXPECT_EQ(bytes_error("99999999999 TiB"), "f.yaml:1:4: capacity is 99999999999 TiB; at most 1048576 TiB are allowed");
}

TEST(YamlKeys, ListsWhatIsAllowedAndGuessesWhatWasMeant) {
  const Document document = document_of("lanes: 1\npanel_with: 32\n");
  const Status status = check_keys(document, document.root, "the machine", kCode, {"lanes", "panel_width", "token_ns"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().to_string(),
            "f.yaml:2:1: unknown key 'panel_with' in the machine (did you mean 'panel_width'?); allowed: lanes, "
            "panel_width, token_ns");
}

TEST(YamlNearest, GuessesWithinTwoEditsAndLessThanHalfTheWord) {
  const std::vector<std::string_view> words = {"matmul", "relu", "gelu", "softmax"};
  EXPECT_EQ(nearest("matmull", words), "matmul");
  EXPECT_EQ(nearest("mtamul", words), "matmul");  // a swap is one edit
  EXPECT_EQ(nearest("rely", words), "relu");
  EXPECT_EQ(nearest("convolution", words), "");
  EXPECT_EQ(nearest("ru", words), "");
  EXPECT_EQ(did_you_mean("sofmax", words), " (did you mean 'softmax'?)");
}

}  // namespace
}  // namespace rondo::yaml
