// Cuts the literal blocks of records out of a schedule's text before YAML sees it.
//
// A YAML parser takes 5 s and 570 MB to hand over a million lines of text; this
// scanner looks at each line's indentation and hands the lines over where they lie.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rondo {

// The lines under `key: |`, not copied.
struct Block {
  uint32_t header_line = 0;  // of the key; lines count from 1
  uint32_t first_line = 0;   // of the first line of `text`
  std::string_view text;     // whole lines, indentation included
};

// What is left for YAML, each block replaced by an empty text.
struct Skeleton {
  std::string yaml;
  std::vector<Block> blocks;  // in file order

  // The line of the file that a line of `yaml` stands for.
  uint32_t file_line(uint32_t yaml_line) const;
  // The block of the key on that line of the file; nullptr where there is none.
  const Block* block_at(uint32_t file_line) const;

 private:
  friend Skeleton cut_blocks(std::string_view);
  struct Shift {
    uint32_t yaml_line, added;
  };
  std::vector<Shift> shifts_;  // lines from yaml_line on are `added` further down in the file
};

// Takes the blocks of these keys only; any other literal block is YAML's.
inline constexpr std::string_view kBlockKeys[] = {"names", "tokens", "views", "tensors", "values", "ops"};

// O(bytes). `text` must outlive the result. Never fails: what is no block stays in
// the skeleton, for YAML to judge.
Skeleton cut_blocks(std::string_view text);

}  // namespace rondo
