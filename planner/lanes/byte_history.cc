#include "planner/lanes/byte_history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rondo/footprint.h"

namespace rondo::lanes {
namespace {

// Ranges that one box may fall into before it counts as one stretch.
constexpr uint64_t kMostRanges = uint64_t{1} << 16;

// Calls visit(begin, end) for each run of adjacent bytes of the box, lowest axis last.
template <class Visit>
void each_range(uint64_t offset_bytes, const View& view, Visit visit) {
  const uint64_t span = span_bytes(view).value_or(0), moved = max_scalar_offset_bytes(view);
  if (span == 0) return;
  // Axes by stride, widest first, so that runs that touch can be joined.
  struct Axis {
    uint64_t stride = 0, extent = 1;
  };
  std::vector<Axis> axes;
  for (uint32_t axis = 0; axis < view.rank; ++axis)
    if (view.extent[axis] > 1 && view.stride_bytes[axis] > 0)
      axes.push_back({static_cast<uint64_t>(view.stride_bytes[axis]), view.extent[axis]});
  if (moved != 0)
    axes.push_back({static_cast<uint64_t>(view.offset_step_bytes), static_cast<uint64_t>(view.offset_modulus)});
  std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.stride > b.stride; });
  uint64_t run = block_bytes(view);
  while (!axes.empty() && axes.back().stride <= run) {
    run += (axes.back().extent - 1) * axes.back().stride;
    axes.pop_back();
  }
  uint64_t ranges = 1;
  for (const Axis& axis : axes) {
    ranges = axis.extent > kMostRanges ? kMostRanges + 1 : ranges * axis.extent;
    if (ranges > kMostRanges) return visit(offset_bytes, offset_bytes + span + moved);
  }
  std::vector<uint64_t> index(axes.size(), 0);
  while (true) {
    uint64_t begin = offset_bytes;
    for (size_t axis = 0; axis < axes.size(); ++axis) begin += index[axis] * axes[axis].stride;
    visit(begin, begin + run);
    size_t axis = axes.size();
    while (axis > 0 && ++index[axis - 1] == axes[axis - 1].extent) index[--axis] = 0;
    if (axis == 0) return;
  }
}

template <class Ranges>
void split(Ranges& ranges, uint64_t at) {
  const auto next = ranges.upper_bound(at);
  if (next == ranges.begin()) return;
  const auto range = std::prev(next);
  if (range->first == at || range->second.end <= at) return;
  auto right = range->second;
  range->second.end = at;
  ranges.emplace_hint(next, at, std::move(right));
}

}  // namespace

void ByteHistory::touch(uint32_t op, uint32_t stream, uint32_t base, uint64_t offset_bytes, const View& view,
                        bool writes, std::vector<uint32_t>& before) {
  Ranges& ranges = bases_[base];
  each_range(offset_bytes, view, [&](uint64_t begin, uint64_t end) {
    touch_range(ranges, begin, end, {op, stream}, writes, before);
  });
}

void ByteHistory::touch_range(Ranges& ranges, uint64_t begin, uint64_t end, Access access, bool writes,
                              std::vector<uint32_t>& before) {
  split(ranges, begin);
  split(ranges, end);
  const auto note = [&](const Access& earlier) {
    if (earlier.op != kNone && earlier.op != access.op && (before.empty() || before.back() != earlier.op))
      before.push_back(earlier.op);
  };
  const auto first = ranges.lower_bound(begin), last = ranges.lower_bound(end);
  for (auto at = first; at != last; ++at) {
    note(at->second.writer);
    if (writes)
      for (const Access& reader : at->second.readers) note(reader);
  }
  if (!writes) return read_range(ranges, begin, end, access);
  ranges.erase(first, last);
  ranges[begin] = {end, access, {}};
}

// Bytes that nobody wrote yet are remembered too: a later writer must not overtake.
void ByteHistory::read_range(Ranges& ranges, uint64_t begin, uint64_t end, Access access) {
  auto at = ranges.lower_bound(begin);
  while (begin < end) {
    if (at == ranges.end() || at->first > begin) {
      const uint64_t hole_end = at == ranges.end() ? end : std::min(end, at->first);
      at = ranges.emplace_hint(at, begin, Range{hole_end, {}, {}});
    }
    add_reader(at->second, access);
    begin = at->second.end;
    ++at;
  }
}

void ByteHistory::add_reader(Range& range, Access access) const {
  if (!range.readers.empty() && range.readers.back().op == access.op) return;
  if (in_order_[access.stream])
    std::erase_if(range.readers, [&](const Access& other) { return other.stream == access.stream; });
  range.readers.push_back(access);
}

}  // namespace rondo::lanes
