// Who touched which bytes last: what an op must come after.
//
// Bytes are exact: rows of a strided box are ranges of their own, so that two lanes
// that write columns side by side do not meet. A box that falls into very many ranges
// counts as one stretch; so does what a scalar may move. Both err towards more order.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "rondo/view.h"

namespace rondo::lanes {

class ByteHistory {
 public:
  // `in_order[stream]`: ops of the stream complete in the order in which they are
  // added, so its last reader of a byte stands for those before.
  explicit ByteHistory(std::vector<bool> in_order) : in_order_(std::move(in_order)) {}

  // An op of `stream` reads or writes the box at `offset_bytes` of `base`. Appends to
  // `before` the ops whose accesses conflict with it, the op itself never; an op may be
  // appended more than once. Ops come in a legal serial order, the reads of an op first.
  void touch(uint32_t op, uint32_t stream, uint32_t base, uint64_t offset_bytes, const View& view, bool writes,
             std::vector<uint32_t>& before);

 private:
  struct Access {
    uint32_t op = kNone, stream = 0;
  };
  struct Range {
    uint64_t end = 0;
    Access writer;
    std::vector<Access> readers;  // since the write
  };
  using Ranges = std::map<uint64_t, Range>;  // by first byte; disjoint

  void touch_range(Ranges& ranges, uint64_t begin, uint64_t end, Access access, bool writes,
                   std::vector<uint32_t>& before);
  void read_range(Ranges& ranges, uint64_t begin, uint64_t end, Access access);
  void add_reader(Range& range, Access access) const;

  std::vector<bool> in_order_;
  std::map<uint32_t, Ranges> bases_;
};

}  // namespace rondo::lanes
