#include "planner/direct/reshape_view.h"

#include <algorithm>

namespace rondo::direct {
namespace {

// Axes of two shapes with equally many elements: [from_first, from_last) and [to_first, to_last).
struct Run {
  size_t from_first = 0, from_last = 0, to_first = 0, to_last = 0;
};

// One label axis, taken apart: what stands in its place, outermost first.
struct Part {
  uint32_t extent = 0, low = 0;
  uint8_t own = kNoAxis;  // the axis of the result that walks it
};

class Reshaper {
 public:
  Reshaper(const TensorView& x, const std::vector<uint32_t>& from, const std::vector<uint32_t>& to, Labels& labels)
      : x_(x), from_(from), to_(to), labels_(labels) {
    const std::vector<uint32_t>& shape = labels[x.label].shape;
    for (size_t axis = 0; axis < shape.size(); ++axis) parts_.push_back({{shape[axis], x.low[axis], kNoAxis}});
  }

  std::optional<TensorView> run() {
    size_t i = 0, j = 0;
    while (true) {
      // Axes of one entry are neither split nor merged.
      while (i < from_.size() && from_[i] == 1) ++i;
      while (j < to_.size() && to_[j] == 1) ++j;
      if (i == from_.size() || j == to_.size()) break;
      Run run{i, i + 1, j, j + 1};
      uint64_t left = from_[i++], right = to_[j++];
      while (left != right) {
        if (left < right)
          left *= from_[i++];
        else
          right *= to_[j++];
      }
      run.from_last = i;
      run.to_last = j;
      if (!rearrange(run)) return std::nullopt;
    }
    return result();
  }

 private:
  // Label axes that the run walks become one, and that one what the result walks.
  bool rearrange(const Run& run) {
    const uint8_t first = x_.axis[run.from_first];
    uint8_t last = first;
    uint64_t extent = parts_[first][0].extent, low = parts_[first][0].low;
    for (size_t axis = run.from_first + 1; axis < run.from_last; ++axis) {
      if (from_[axis] == 1) continue;
      // Label axes of one entry may lie between.
      const uint8_t next = x_.axis[axis];
      for (++last; last < next && last < parts_.size() && parts_[last][0].extent == 1; ++last) absorb(last);
      if (last != next || parts_[next][0].extent != from_[axis]) return false;
      extent *= from_[axis];
      low *= from_[axis];
      absorb(next);
    }
    const bool unchanged = run.from_last - run.from_first == 1 && run.to_last - run.to_first == 1;
    if (!unchanged && x_.shift.moves() && x_.shift_axis >= first && x_.shift_axis <= last) return false;
    uint64_t inner = 1;
    for (size_t axis = run.to_first + 1; axis < run.to_last; ++axis) inner *= to_[axis];
    if (extent % inner != 0 || low % inner != 0 || extent / inner > UINT32_MAX) return false;
    std::vector<Part>& parts = parts_[first];
    parts.assign(1, {static_cast<uint32_t>(extent / inner), static_cast<uint32_t>(low / inner),
                     static_cast<uint8_t>(run.to_first)});
    for (size_t axis = run.to_first + 1; axis < run.to_last; ++axis)
      if (to_[axis] != 1) parts.push_back({to_[axis], 0, static_cast<uint8_t>(axis)});
    return true;
  }
  void absorb(size_t label_axis) { absorbed_ |= 1u << label_axis; }

  std::optional<TensorView> result() {
    TensorView view;
    view.root = x_.root;
    view.shift = x_.shift;
    Label label{x_.root, {}};
    for (size_t axis = 0; axis < parts_.size(); ++axis) {
      if ((absorbed_ >> axis & 1) != 0) continue;
      if (x_.shift.moves() && x_.shift_axis == axis) view.shift_axis = static_cast<uint8_t>(label.shape.size());
      for (const Part& part : parts_[axis]) {
        if (label.shape.size() == kMaxRank) return std::nullopt;
        if (part.own != kNoAxis) view.axis[part.own] = static_cast<uint8_t>(label.shape.size());
        view.low[label.shape.size()] = part.low;
        label.shape.push_back(part.extent);
      }
    }
    view.label = labels_.add(std::move(label));
    return view;
  }

  const TensorView& x_;
  const std::vector<uint32_t>&from_, &to_;
  Labels& labels_;
  std::vector<std::vector<Part>> parts_;  // by label axis
  uint32_t absorbed_ = 0;                 // label axes merged into an outer one, as bits
};

}  // namespace

std::optional<TensorView> reshape_view(const TensorView& x, const std::vector<uint32_t>& from,
                                       const std::vector<uint32_t>& to, Labels& labels) {
  return Reshaper(x, from, to, labels).run();
}

bool has_strides_with_pitch(const Label& label, const GraphTensor& root) {
  const uint64_t row = root.shape.back();
  uint64_t elements = 1;
  for (size_t axis = label.shape.size(); axis-- > 0;) {
    const uint64_t outer = elements * label.shape[axis];
    if (elements % row != 0 && row % outer != 0) return false;
    elements = outer;
  }
  return true;
}

}  // namespace rondo::direct
