#include "tests/planner/document_blocks.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rondo {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(RONDO_SOURCE_DIR "/" + path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

void expect_generated(const std::string& path, const std::string& name, const std::string& expected) {
  std::string text = read(path);
  const std::string open = "<!-- generated: " + name + " -->\n", close = "<!-- end -->";
  const size_t begin = text.find(open);
  ASSERT_NE(begin, std::string::npos) << path << " has no block " << name;
  const size_t from = begin + open.size(), to = text.find(close, from);
  ASSERT_NE(to, std::string::npos) << path;
  if (std::getenv("RONDO_UPDATE_DOCS") != nullptr) {
    text.replace(from, to - from, expected);
    std::ofstream(RONDO_SOURCE_DIR "/" + path) << text;
    return;
  }
  EXPECT_EQ(text.substr(from, to - from), expected)
      << path << " is stale: run this test with RONDO_UPDATE_DOCS=1 to rewrite it";
}

std::vector<std::string> fenced_blocks(const std::string& path, const std::string& language) {
  const std::string text = read(path), open = "```" + language + "\n", close = "\n```";
  std::vector<std::string> blocks;
  for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    at += open.size();
    const size_t end = text.find(close, at);
    if (end == std::string::npos) break;
    blocks.push_back(text.substr(at, end + 1 - at));
    at = end + close.size();
  }
  return blocks;
}

std::string markdown_table(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (size_t row = 0; row < rows.size(); ++row) {
    text += "|";
    for (const std::string& cell : rows[row]) text += " " + cell + " |";
    text += "\n";
    if (row != 0) continue;
    text += "|";
    for (size_t i = 0; i < rows[row].size(); ++i) text += "---|";
    text += "\n";
  }
  return text;
}

}  // namespace rondo
