// Which cell covered each byte of an arena last: what a new cut of it takes over.
//
// Bytes are kept as runs, a row of a cell each, so two cuts of different row pitch are
// compared row by row. One arena's; not thread-safe.
#pragma once
#include <cstdint>
#include <vector>
#include "schedules/verify/cells.h"

namespace rondo::proof {

// Rows of cells that do not follow one another without a gap.
uint64_t run_count(const CellBox& box);

class ByteOwners {
 public:
  // What each of the cells [first, first + boxes.size()) shares with those that covered
  // its bytes last: by cell, then by the other. Cells of no rows are left out.
  std::vector<Link> shared(const std::vector<CellBox>& boxes, uint32_t first) const;
  // They cover their bytes from now on.
  void take_over(const std::vector<CellBox>& boxes, uint32_t first);
  uint64_t runs() const { return runs_.size(); }

 private:
  struct Run {
    uint64_t low, end;
    uint32_t cell;
  };
  static std::vector<Run> runs_of(const std::vector<CellBox>& boxes, uint32_t first);

  std::vector<Run> runs_;  // apart from each other, by address
};

}  // namespace rondo::proof
