#include "schedules/text/blocks.h"

#include <algorithm>

namespace rondo {
namespace {

// The column (from 0) of the key, where the line is `key: |` of a record table.
constexpr size_t kNoKey = std::string_view::npos;
size_t block_key_column(std::string_view line) {
  size_t column = 0;
  for (;;) {
    while (column < line.size() && line[column] == ' ') ++column;
    if (line.size() - column < 2 || line[column] != '-' || line[column + 1] != ' ') break;
    ++column;
  }
  const size_t colon = line.find(':', column);
  if (colon == std::string_view::npos) return kNoKey;
  const std::string_view key = line.substr(column, colon - column);
  if (std::find(std::begin(kBlockKeys), std::end(kBlockKeys), key) == std::end(kBlockKeys)) return kNoKey;
  size_t at = colon + 1;
  while (at < line.size() && line[at] == ' ') ++at;
  if (at == colon + 1 || at >= line.size() || line[at] != '|') return kNoKey;
  for (++at; at < line.size(); ++at)
    if (line[at] != ' ' && line[at] != '\r') return kNoKey;
  return column;
}

struct LineEnd {
  std::string_view line;  // without the line feed
  size_t next;
};
LineEnd line_from(std::string_view text, size_t at) {
  const size_t end = std::min(text.find('\n', at), text.size());
  return {text.substr(at, end - at), std::min(end + 1, text.size())};
}

}  // namespace

uint32_t Skeleton::file_line(uint32_t yaml_line) const {
  const auto after = std::upper_bound(shifts_.begin(), shifts_.end(), yaml_line,
                                      [](uint32_t line, const Shift& shift) { return line < shift.yaml_line; });
  return after == shifts_.begin() ? yaml_line : yaml_line + std::prev(after)->added;
}

const Block* Skeleton::block_at(uint32_t file_line) const {
  const auto block = std::lower_bound(blocks.begin(), blocks.end(), file_line,
                                      [](const Block& b, uint32_t line) { return b.header_line < line; });
  return block != blocks.end() && block->header_line == file_line ? &*block : nullptr;
}

Skeleton cut_blocks(std::string_view text) {
  Skeleton skeleton;
  uint32_t line_number = 1, cut_lines = 0;
  for (size_t at = 0; at < text.size();) {
    const auto [line, next] = line_from(text, at);
    const size_t column = block_key_column(line);
    if (column == kNoKey) {
      skeleton.yaml += text.substr(at, next - at);
      at = next, ++line_number;
      continue;
    }
    skeleton.yaml += line.substr(0, line.find('|'));
    skeleton.yaml += "\"\"\n";
    Block block;
    block.header_line = line_number++;
    block.first_line = line_number;
    const size_t begin = at = next;
    while (at < text.size()) {
      const auto [content, after] = line_from(text, at);
      const size_t indent = content.find_first_not_of(' ');
      const bool blank = indent == std::string_view::npos || content[indent] == '\r';
      if (!blank && indent <= column) break;
      at = after, ++line_number, ++cut_lines;
    }
    block.text = text.substr(begin, at - begin);
    const uint32_t yaml_line = line_number - cut_lines;
    skeleton.shifts_.push_back({yaml_line, cut_lines});
    skeleton.blocks.push_back(block);
  }
  return skeleton;
}

}  // namespace rondo
