#include "planner/direct/tensor_views.h"

#include <algorithm>
#include <optional>

#include "planner/direct/reshape_view.h"
#include "planner/graph/state_versions.h"

namespace rondo::direct {
namespace {

// Inputs whose last axis the operator's kernel wants close together, as bits.
uint32_t unit_inner_inputs(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kSoftmax:
    case OperatorKind::kLayerNorm:
    case OperatorKind::kRmsNorm:
    case OperatorKind::kRotary:
    case OperatorKind::kAttention:
      return 7;
    default:
      return 0;
  }
}

class Viewer {
 public:
  Viewer(const Graph& graph, MovingSlices moving)
      : graph_(graph),
        moving_(moving),
        wants_unit_inner_(graph.tensors.size(), 0),
        summed_axes_(graph.tensors.size(), 0),
        producer_(graph.tensors.size(), kNone) {
    for (uint32_t op = 0; op < graph.operators.size(); ++op) producer_[graph.operators[op].output] = op;
    for (const GraphOperator& op : graph.operators)
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        if ((unit_inner_inputs(op.kind) >> i & 1) != 0) wants_unit_inner_[op.inputs[i]] = 1;
        if (op.kind == OperatorKind::kMatmul) {
          const bool last = i == 0 ? !op.transpose_a : op.transpose_b;
          summed_axes_[op.inputs[i]] |= 1u << (graph.tensors[op.inputs[i]].shape.size() - (last ? 1 : 2));
        }
      }
    views_.copies.assign(graph.operators.size(), 0);
    views_.dense.assign(graph.tensors.size(), 0);
    for (uint32_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
      views_.of.push_back(whole_view(tensor, tensor));
      views_.labels.add({tensor, graph.tensors[tensor].shape});
    }
  }

  TensorViews run() {
    while (!resolve()) {
    }
    for (const TensorView& view : views_.of) want_strides(view.label);
    for (const auto& [output, view] : views_.copy_sources) want_strides(view.label);
    for (const auto& [output, label] : views_.copy_labels) want_strides(label);
    return std::move(views_);
  }

 private:
  // False if one more operator turned out to copy, on which views before it were built.
  bool resolve() {
    const std::vector<uint32_t> state_of = state_versions(graph_);
    views_.copy_sources.clear();
    views_.copy_labels.clear();
    for (uint32_t index = 0; index < graph_.operators.size(); ++index) {
      const GraphOperator& op = graph_.operators[index];
      // A state after a change lies where the state lies.
      if (changes_state(op.kind)) views_.of[op.output] = whole_view(state_of[op.output], op.output);
      if (!is_view(op.kind)) continue;
      // An operand moves with one scalar along one axis: of two, the first is followed by a copy.
      const uint32_t before = producer_[op.inputs[0]];
      if (op.kind == OperatorKind::kSlice && op.begin.moves() && views_.of[op.inputs[0]].shift.moves() &&
          views_.copies[before] == 0) {
        views_.copies[before] = 1;
        return false;
      }
      const std::optional<TensorView> view = view_of(op);
      const bool stays = !view || !view->shift.moves() || moving_ == MovingSlices::kViews;
      if (!view || !stays || !may_be_view(op.output, *view)) views_.copies[index] = 1;
      if (views_.copies[index] == 0) {
        views_.of[op.output] = *view;
        continue;
      }
      views_.of[op.output] = whole_view(op.output, op.output);
      if (view)
        views_.copy_sources.emplace(op.output, *view);
      else
        views_.copy_labels.emplace(op.output, views_.labels.add({op.output, graph_.tensors[op.inputs[0]].shape}));
    }
    return true;
  }

  void want_strides(uint32_t label) {
    const uint32_t root = views_.labels[label].root;
    if (!has_strides_with_pitch(views_.labels[label], graph_.tensors[root])) views_.dense[root] = 1;
  }

  TensorView whole_view(uint32_t root, uint32_t tensor) const {
    TensorView view;
    view.root = view.label = root;
    const auto rank = static_cast<uint8_t>(graph_.tensors[tensor].shape.size());
    for (uint8_t axis = 0; axis < rank; ++axis) view.axis[axis] = axis;
    return view;
  }

  std::optional<TensorView> view_of(const GraphOperator& op) {
    const TensorView& x = views_.of[op.inputs[0]];
    switch (op.kind) {
      case OperatorKind::kSlice:
        return slice_of(x, op);
      case OperatorKind::kTranspose: {
        TensorView view = x;
        for (size_t axis = 0; axis < op.order.size(); ++axis) view.axis[axis] = x.axis[op.order[axis]];
        return view;
      }
      default:
        return reshape_view(x, graph_.tensors[op.inputs[0]].shape, op.shape, views_.labels);
    }
  }

  static TensorView slice_of(const TensorView& x, const GraphOperator& op) {
    TensorView view = x;
    const uint8_t axis = x.axis[op.axis];
    if (axis == kNoAxis) return view;  // one entry, of which the slice is the whole
    if (op.begin.moves()) {
      view.shift = op.begin;
      view.shift_axis = axis;
    } else {
      view.low[axis] += static_cast<uint32_t>(op.begin.plus);
    }
    return view;
  }

  bool may_be_view(uint32_t tensor, const TensorView& view) const {
    const GraphTensor& it = graph_.tensors[tensor];
    if (it.role == TensorRole::kOutput) return false;
    // The terms of a sum are numbered from 0 to the end of an axis, and lie still.
    for (size_t axis = 0; axis < it.shape.size(); ++axis) {
      if ((summed_axes_[tensor] >> axis & 1) == 0) continue;
      const uint8_t walked = view.axis[axis];
      if (walked == kNoAxis || view.shift.moves() || view.low[walked] != 0 ||
          views_.labels[view.label].shape[walked] != it.shape[axis])
        return false;
    }
    if (wants_unit_inner_[tensor] == 0 || it.shape.back() == 1) return true;
    const uint8_t last = view.axis[it.shape.size() - 1];
    const std::vector<uint32_t>& label = views_.labels[view.label].shape;
    return std::all_of(label.begin() + last + 1, label.end(), [](uint32_t extent) { return extent == 1; });
  }

  const Graph& graph_;
  const MovingSlices moving_;
  std::vector<uint8_t> wants_unit_inner_;  // by tensor
  std::vector<uint8_t> summed_axes_;       // by tensor: axes that a product sums over, as bits
  std::vector<uint32_t> producer_;         // by tensor: an operator, or kNone
  TensorViews views_;
};

}  // namespace

bool TensorViews::keeps_rows(const Graph& graph, uint32_t tensor) const {
  const TensorView& view = of[tensor];
  const uint32_t rows = graph.tensors[tensor].shape[0];
  return view.axis[0] == 0 && view.low[0] == 0 && !view.shift.moves() && labels[view.label].shape[0] == rows &&
         graph.tensors[view.root].shape[0] == rows;
}

TensorViews view_tensors(const Graph& graph, MovingSlices moving) { return Viewer(graph, moving).run(); }

std::vector<int64_t> label_strides(const Label& label, const GraphTensor& root, uint64_t pitch) {
  std::vector<int64_t> strides(label.shape.size());
  const uint64_t row = root.shape.back();
  if (row == 0) return strides;  // a part with nothing in it
  uint64_t elements = 1;         // from one entry of the axis to the next
  for (size_t axis = label.shape.size(); axis-- > 0;) {
    strides[axis] = static_cast<int64_t>(elements % row == 0 ? elements / row * pitch : elements * size_of(root.dtype));
    elements *= label.shape[axis];
  }
  return strides;
}

}  // namespace rondo::direct
