#include "planner/direct/drop_dead_ops.h"

#include <algorithm>
#include <map>
#include <set>

#include "rondo/footprint.h"

namespace rondo::direct {
namespace {

bool reads(Access access) {
  return access == Access::kRead || access == Access::kUpdate || access == Access::kIndexedRead;
}
bool writes(Access access) {
  return access == Access::kWrite || access == Access::kUpdate || access == Access::kIndexedWrite;
}

bool meet(const Value& a, const Value& b, size_t rank) {
  for (size_t axis = 0; axis < rank; ++axis)
    if (a.low[axis] >= b.low[axis] + b.extent[axis] || b.low[axis] >= a.low[axis] + a.extent[axis]) return false;
  return true;
}

// The box that an operand may read over all values of its scalar, which moves boxes by
// whole steps along one axis and bounds another; `value` is the box unmoved and unbounded.
Value swept(Value value, const View& view, const Schedule& schedule, const std::vector<uint32_t>& shape) {
  if (view.scalar == kNone) return value;
  const Scalar& scalar = schedule.scalars[view.scalar];
  const auto between = [&scalar](int64_t scale, int64_t bias) {
    const int64_t first = scale * scalar.min + bias, last = scale * scalar.max + bias;
    return std::pair(std::min(first, last), std::max(first, last));
  };
  if (view.extent_axis != 0xff && value.axis[view.extent_axis] < shape.size()) {
    uint32_t& extent = value.extent[value.axis[view.extent_axis]];
    const int64_t most = between(view.extent_scale, view.extent_bias).second;
    extent = static_cast<uint32_t>(std::clamp<int64_t>(most, 0, extent));
  }
  if (value.moves_along != 0) {
    const uint32_t axis = value.moves_along - 1u;
    const auto [least, most] = between(view.offset_scale, view.offset_bias);
    if (least >= 0 && most < view.offset_modulus && most < shape[axis]) {
      value.low[axis] += static_cast<uint32_t>(least);
      value.extent[axis] += static_cast<uint32_t>(most - least);
    } else {
      value.low[axis] = 0;
      value.extent[axis] = shape[axis];
    }
    if (uint64_t{value.low[axis]} + value.extent[axis] > shape[axis])
      value.extent[axis] = shape[axis] - value.low[axis];
    value.moves_along = 0;
  }
  return value;
}

// What is read of one tensor with memory of its own: boxes, or, where it has other labels,
// its elements in row-major order, which all labels share. Where either would be many, all
// of it: then nothing is dropped.
class Needed {
 public:
  Needed(const Labels& labels, uint32_t root) : rank_(labels[root].shape.size()), by_element_(labels.has_others(root)) {
    if (!by_element_) return;
    uint64_t elements = 1;
    for (const uint32_t extent : labels[root].shape) elements *= extent;
    if (elements > kMostElements)
      all_ = true;
    else
      elements_.assign(elements, false);
  }

  void add(const std::vector<uint32_t>& shape, const Value& box) {
    if (all_ || std::find(box.extent, box.extent + shape.size(), 0u) != box.extent + shape.size()) return;
    if (by_element_) {
      visit(shape, box, [&](uint64_t first, uint64_t count) {
        std::fill_n(elements_.begin() + static_cast<int64_t>(first), count, true);
        return false;
      });
    } else if (boxes_.size() == kMostBoxes) {
      all_ = true;
    } else if (std::find(boxes_.begin(), boxes_.end(), box) == boxes_.end()) {
      boxes_.push_back(box);
    }
  }
  bool meets(const std::vector<uint32_t>& shape, const Value& box) const {
    if (all_) return true;
    if (!by_element_)
      return std::any_of(boxes_.begin(), boxes_.end(), [&](const Value& read) { return meet(read, box, rank_); });
    return visit(shape, box, [&](uint64_t first, uint64_t count) {
      const auto begin = elements_.begin() + static_cast<int64_t>(first);
      return std::find(begin, begin + static_cast<int64_t>(count), true) != begin + static_cast<int64_t>(count);
    });
  }

 private:
  static constexpr size_t kMostBoxes = 1024;  // looked through for every op
  static constexpr uint64_t kMostElements = uint64_t{1} << 22;

  // Calls visitor(first element, count) for the runs of a box along the last axis, until it
  // returns true.
  template <class Visitor>
  static bool visit(const std::vector<uint32_t>& shape, const Value& box, Visitor visitor) {
    const size_t last = shape.size() - 1;
    uint32_t at[kMaxRank] = {};
    while (true) {
      uint64_t first = 0;
      for (size_t axis = 0; axis <= last; ++axis) first = first * shape[axis] + box.low[axis] + at[axis];
      if (visitor(first, box.extent[last])) return true;
      size_t axis = last;
      while (axis > 0 && ++at[axis - 1] == box.extent[axis - 1]) at[--axis] = 0;
      if (axis == 0) return false;
    }
  }

  size_t rank_;
  bool by_element_;
  bool all_ = false;
  std::vector<Value> boxes_;
  std::vector<bool> elements_;
};

}  // namespace

bool may_leave_dead_ops(const SegmentedGraph& graph) {
  return std::any_of(graph.source.operators.begin(), graph.source.operators.end(),
                     [](const GraphOperator& op) { return op.kind == OperatorKind::kSlice; });
}

void drop_dead_ops(const DirectLayout& layout, const Tables& tables, std::vector<lanes::StreamedOp>& list) {
  const Labels& labels = layout.graph.views.labels;
  const Schedule& schedule = tables.builder.schedule();
  std::map<uint32_t, uint32_t> label_of;  // by tensor of the schedule
  for (uint32_t label = 0; label < tables.label_id.size(); ++label)
    if (tables.label_id[label] != kNone) label_of[tables.label_id[label]] = label;
  std::map<uint32_t, Needed> needed;  // by root
  std::vector<uint8_t> stays(list.size(), 0);
  for (size_t index = list.size(); index-- > 0;) {
    const OpSpec& op = list[index].op;
    for (const OperandSpec& operand : op.operands) {
      if (!writes(operand.access) || stays[index] != 0) continue;
      const Value& value = schedule.values[operand.label.value];
      const Label& label = labels[label_of.at(value.tensor)];
      const auto found = needed.find(label.root);
      stays[index] =
          !schedule.is_arena(operand.base) || (found != needed.end() && found->second.meets(label.shape, value));
    }
    if (stays[index] == 0) continue;
    for (const OperandSpec& operand : op.operands) {
      if (!reads(operand.access)) continue;
      const Value& value = schedule.values[operand.label.value];
      const Label& label = labels[label_of.at(value.tensor)];
      Needed& here = needed.try_emplace(label.root, labels, label.root).first->second;
      here.add(label.shape, swept(value, schedule.views[operand.view], schedule, label.shape));
    }
  }
  size_t kept = 0;
  for (size_t index = 0; index < list.size(); ++index)
    if (stays[index] != 0) {
      if (kept != index) list[kept] = std::move(list[index]);
      ++kept;
    }
  list.resize(kept);
}

void drop_dead_packs(const Tables& tables, const std::vector<lanes::StreamedOp>& replay,
                     std::vector<lanes::StreamedOp>& packs) {
  std::set<uint64_t> read;  // where reads of packed constants begin
  for (const lanes::StreamedOp& op : replay)
    for (const OperandSpec& operand : op.op.operands)
      if (operand.base == tables.packed_base && reads(operand.access)) read.insert(operand.offset_bytes);
  std::erase_if(packs, [&](const lanes::StreamedOp& pack) {
    const OperandSpec& packed = pack.op.operands.back();
    const uint64_t bytes = span_bytes(tables.builder.schedule().views[packed.view]).value_or(0);
    const auto first = read.lower_bound(packed.offset_bytes);
    return first == read.end() || *first >= packed.offset_bytes + bytes;
  });
}

}  // namespace rondo::direct
