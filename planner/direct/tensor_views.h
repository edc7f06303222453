// Where each tensor of a graph lies: in memory of its own, or as a view of another's.
//
// A slice, a transpose or a reshape copies nothing where an operand can say it with
// strides and an offset; its result is then its source seen another way. Values are told
// in the coordinates of a *label*: the tensor that owns the memory, or the same elements
// under another shape.
#pragma once
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "rondo/graph.h"

namespace rondo::direct {

inline constexpr uint8_t kNoAxis = 0xff;

// A shape under which the elements of a tensor with memory of its own are named, in
// row-major order.
struct Label {
  uint32_t root = 0;  // graph tensor
  std::vector<uint32_t> shape;
};

struct TensorView {
  uint32_t root = 0;   // the graph tensor whose memory it lies in
  uint32_t label = 0;  // in TensorViews::labels; label i < number of tensors is tensor i itself
  // By axis of this tensor: the label axis it walks; kNoAxis for an axis of one entry
  // that the label lacks.
  uint8_t axis[kMaxRank] = {kNoAxis, kNoAxis, kNoAxis, kNoAxis};
  uint32_t low[kMaxRank] = {};   // by label axis: where it begins
  Moving shift;                  // where it moves: by how many entries of `shift_axis`
  uint8_t shift_axis = kNoAxis;  // of the label
};

// Labels by number, each once.
class Labels {
 public:
  // Some label of the root is not its own shape.
  bool has_others(uint32_t root) const {
    const auto first = numbers_.lower_bound({root, {}});
    if (first == numbers_.end() || first->first.first != root) return false;
    const auto second = std::next(first);
    return second != numbers_.end() && second->first.first == root;
  }
  const Label& operator[](uint32_t number) const { return labels_[number]; }
  uint32_t size() const { return static_cast<uint32_t>(labels_.size()); }
  uint32_t add(Label label) {
    const auto [found, added] = numbers_.emplace(std::pair(label.root, label.shape), size());
    if (added) labels_.push_back(std::move(label));
    return found->second;
  }

 private:
  std::vector<Label> labels_;
  std::map<std::pair<uint32_t, std::vector<uint32_t>>, uint32_t> numbers_;
};

struct TensorViews {
  std::vector<TensorView> of;  // by graph tensor
  Labels labels;
  std::vector<uint8_t> dense;   // by graph tensor: its rows must lie close together
  std::vector<uint8_t> copies;  // by graph operator: a slice, transpose or reshape that copies
  // By the output of such an operator: what it copies, seen by the axes of the output.
  std::map<uint32_t, TensorView> copy_sources;
  // Or, where no strides can say that, the label of the output by the axes of the input.
  std::map<uint32_t, uint32_t> copy_labels;

  uint32_t root(uint32_t tensor) const { return of[tensor].root; }
  // It has memory of its own.
  bool is_root(uint32_t tensor) const { return of[tensor].root == tensor; }
  // Something names its elements under another shape.
  bool has_other_labels(uint32_t root) const { return labels.has_others(root); }
  // Rows along axis 0 are those of the memory it lies in, one for one.
  bool keeps_rows(const Graph& graph, uint32_t tensor) const;
};

// Slices that begin where a scalar says: seen where they lie, or copied to a place that
// does not move, as those must who bring operands to kernels.
enum class MovingSlices : uint8_t { kViews, kCopies };

// Copies are made only of what must lie in an output, what no strides can say, what
// a kernel wants with its last axis close together, and, if asked for, what moves.
TensorViews view_tensors(const Graph& graph, MovingSlices moving = MovingSlices::kViews);

// Bytes from one entry of each axis of a label to the next, where the rows of the last
// axis of the tensor with the memory lie `pitch` bytes apart.
std::vector<int64_t> label_strides(const Label& label, const GraphTensor& root, uint64_t pitch);

}  // namespace rondo::direct
