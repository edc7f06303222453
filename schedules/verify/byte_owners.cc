#include "schedules/verify/byte_owners.h"

#include <algorithm>

namespace rondo::proof {

uint64_t run_count(const CellBox& box) { return box.row_bytes == box.pitch_bytes ? 1 : box.rows; }

std::vector<ByteOwners::Run> ByteOwners::runs_of(const std::vector<CellBox>& boxes, uint32_t first) {
  std::vector<Run> runs;
  for (const CellBox& box : boxes) {
    const auto cell = first + static_cast<uint32_t>(&box - boxes.data());
    if (box.rows == 0) continue;
    if (box.row_bytes == box.pitch_bytes) {
      runs.push_back({box.offset_bytes, box.offset_bytes + box.rows * box.row_bytes, cell});
      continue;
    }
    for (uint64_t row = 0; row < box.rows; ++row) {
      const uint64_t low = box.offset_bytes + row * box.pitch_bytes;
      runs.push_back({low, low + box.row_bytes, cell});
    }
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.low < b.low; });
  return runs;
}

std::vector<Link> ByteOwners::shared(const std::vector<CellBox>& boxes, uint32_t first) const {
  std::vector<Link> links;
  auto owner = runs_.begin();
  for (const Run& run : runs_of(boxes, first)) {
    while (owner != runs_.end() && owner->end <= run.low) ++owner;
    for (auto at = owner; at != runs_.end() && at->low < run.end; ++at)
      links.push_back({run.cell, at->cell, std::min(at->end, run.end) - std::max(at->low, run.low)});
  }
  std::sort(links.begin(), links.end(),
            [](const Link& a, const Link& b) { return a.cell != b.cell ? a.cell < b.cell : a.before < b.before; });
  size_t kept = 0;
  for (const Link& link : links) {
    if (kept != 0 && links[kept - 1].cell == link.cell && links[kept - 1].before == link.before)
      links[kept - 1].bytes += link.bytes;
    else
      links[kept++] = link;
  }
  links.resize(kept);
  return links;
}

void ByteOwners::take_over(const std::vector<CellBox>& boxes, uint32_t first) {
  std::vector<Run> merged;
  const auto add = [&](const Run& run) {
    if (run.low >= run.end) return;
    if (!merged.empty() && merged.back().end == run.low && merged.back().cell == run.cell)
      merged.back().end = run.end;
    else
      merged.push_back(run);
  };
  size_t old = 0;
  uint64_t from = 0;  // what is left of runs_[old] begins here or later
  const auto add_old_below = [&](uint64_t limit) {
    for (; old < runs_.size() && runs_[old].low < limit; ++old) {
      add({std::max(runs_[old].low, from), std::min(runs_[old].end, limit), runs_[old].cell});
      if (runs_[old].end > limit) return;
    }
  };
  for (const Run& run : runs_of(boxes, first)) {
    add_old_below(run.low);
    while (old < runs_.size() && runs_[old].end <= run.end) ++old;
    from = run.end;
    add(run);
  }
  add_old_below(UINT64_MAX);
  runs_ = std::move(merged);
}

}  // namespace rondo::proof
