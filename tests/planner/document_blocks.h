// Prose that contains tables or examples: the tables are compared with the lists
// they come from, the examples are read like any file.
#pragma once
#include <string>
#include <vector>

namespace rondo {

// Compares the text between `<!-- generated: name -->` and `<!-- end -->` of a file
// of the source tree with `expected`. With RONDO_UPDATE_DOCS set in the environment
// the file is rewritten instead.
void expect_generated(const std::string& path, const std::string& name, const std::string& expected);

// The contents of the fenced blocks of one language.
std::vector<std::string> fenced_blocks(const std::string& path, const std::string& language);

// "| a | b |" with a header row, from rows of equal length.
std::string markdown_table(const std::vector<std::vector<std::string>>& rows);

// A row for each key of one of the reader's lists (graph_keys.h, machine_keys.h).
template <class Keys>
void add_key_rows(std::vector<std::vector<std::string>>& rows, const std::string& of, const Keys& keys) {
  for (const auto& key : keys)
    rows.push_back({of, "`" + std::string(key.name) + "`", std::string(key.value),
                    key.fallback.empty() ? "*required*" : std::string(key.fallback), std::string(key.what)});
}

}  // namespace rondo
