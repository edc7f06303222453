#include "planner/tile/tile_groups.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include "planner/epilogues/pointwise_kernel.h"
#include "planner/tile/tiler.h"
#include "rondo/schedule.h"

namespace rondo::tiling {

Tiler::Tiler(const Graph& graph, const direct::TensorViews& views, const std::vector<FusedGroup>& groups,
             const TileOptions& options)
    : graph_(graph), views_(views), groups_(groups), options_(options), passes_(groups.size()) {
  program_.tile = options.tile;
  program_.lanes = options.lanes;
  program_.tile_bytes = uint64_t{options.tile} * options.tile * size_of(DType::kF32);
  for (uint32_t label = 0; label < views.labels.size(); ++label)
    program_.label_shapes.push_back(views.labels[label].shape);
}

Box Tiler::at_block(uint32_t tensor, const RowBlock& at, size_t output_rank) const {
  Box box;
  const auto& extents = shape(tensor);
  for (size_t axis = 0; axis < extents.size(); ++axis) box.extent[axis] = extents[axis];
  for (size_t axis = 0; axis + 2 < extents.size(); ++axis) {
    box.low[axis] = extents[axis] == 1 ? 0 : at.lead[axis + output_rank - extents.size()];
    box.extent[axis] = 1;
  }
  return box;
}

void Tiler::set_rows(Box& box, uint32_t tensor, const RowBlock& at) const {
  const size_t rank = shape(tensor).size();
  if (rank < 2) return;
  box.low[rank - 2] = at.low;
  box.extent[rank - 2] = at.count;
}

void Tiler::set_last(Box& box, uint32_t tensor, uint32_t low, uint32_t extent) const {
  const size_t last = shape(tensor).size() - 1;
  box.low[last] = low;
  box.extent[last] = extent;
}

Box Tiler::block_box(uint32_t tensor, const RowBlock& at, size_t output_rank, uint32_t low, uint32_t extent) const {
  Box box = at_block(tensor, at, output_rank);
  set_rows(box, tensor, at);
  set_last(box, tensor, low, extent);
  return box;
}

Box Tiler::labelled(const direct::TensorView& view, const Box& box) const {
  Box made;
  std::copy_n(view.low, kMaxRank, made.low);
  for (size_t axis = 0; axis < kMaxRank; ++axis)
    if (view.axis[axis] != direct::kNoAxis) {
      made.low[view.axis[axis]] += box.low[axis];
      made.extent[view.axis[axis]] = box.extent[axis];
    }
  return made;
}

uint64_t Tiler::bytes_of(uint32_t tensor, const Box& box) const {
  uint64_t bytes = size_of(graph_.tensors[tensor].dtype);
  for (uint32_t extent : box.extent) bytes *= extent;
  return bytes;
}

Bound Tiler::bound_of(uint32_t tensor, const Box& box) const {
  const Moving& filled = graph_.tensors[tensor].filled;
  if (!filled.moves()) return {};
  return {{filled.scalar, filled.plus - box.low[0]}, 0};
}

uint32_t Tiler::intern_labelled(uint32_t tensor, uint32_t label, const Box& box) {
  const uint32_t root = views_.root(tensor);
  std::array<uint32_t, 13> key = {label};
  std::copy_n(box.low, kMaxRank, key.begin() + 1);
  std::copy_n(box.extent, kMaxRank, key.begin() + 5);
  key[9] = graph_.tensors[root].role == TensorRole::kState ? tensor : kNone;
  Bound bound;
  if (graph_.tensors[tensor].filled.moves() && views_.of[tensor].axis[0] != direct::kNoAxis) {
    const uint8_t axis = views_.of[tensor].axis[0];
    Box own;
    own.low[0] = box.low[axis] - views_.of[tensor].low[axis];
    bound = bound_of(tensor, own);
    bound.axis = axis;
  }
  key[10] = bound.until.scalar;
  key[11] = static_cast<uint32_t>(bound.until.plus);
  key[12] = bound.axis;
  const auto [found, added] = piece_ids_.emplace(key, static_cast<uint32_t>(program_.pieces.size()));
  if (added) program_.pieces.push_back({root, label, box, bytes_of(root, box), bound});
  return found->second;
}

uint32_t Tiler::intern(uint32_t tensor, const Box& box) {
  const direct::TensorView& view = views_.of[tensor];
  return intern_labelled(tensor, view.label, labelled(view, box));
}

uint32_t Tiler::piece_of(uint32_t tensor, const Box& box) {
  const direct::TensorView& view = views_.of[tensor];
  if (view.label != view.root || whole_rows_.count(view.root) == 0) return intern(tensor, box);
  Box rows = labelled(view, box);
  set_last(rows, view.root, 0, shape(view.root).back());
  return intern_labelled(tensor, view.label, rows);
}

// The view walks the last two axes of the tensor (one for a vector), outermost first.
PieceUse Tiler::use_of(uint32_t tensor, const Box& box, uint32_t piece) const {
  const auto rank = static_cast<uint8_t>(shape(tensor).size());
  Axes axes;
  if (rank > 1) axes.push_back(static_cast<uint8_t>(rank - 2));
  axes.push_back(static_cast<uint8_t>(rank - 1));
  return use_by(tensor, views_.of[tensor], box, axes, piece);
}

PieceUse Tiler::use_by(uint32_t tensor, const direct::TensorView& view, const Box& box, const Axes& axes,
                       uint32_t piece) const {
  PieceUse use;
  use.piece = piece;
  use.tensor = view.root;
  use.label = view.label;
  use.box = labelled(view, box);
  use.rank = static_cast<uint32_t>(axes.size());
  for (uint32_t i = 0; i < use.rank; ++i) {
    use.axis[i] = view.axis[axes[i]];
    use.extent[i] = box.extent[axes[i]];
    if (axes[i] != 0 || !graph_.tensors[tensor].filled.moves()) continue;
    use.bound = bound_of(tensor, box);
    use.bound.axis = static_cast<uint8_t>(i);
  }
  if (piece == kNone && view.shift.moves()) {
    use.shift = view.shift;
    use.shift_axis = view.shift_axis;
  }
  return use;
}

Status Tiler::emit_compute(Compute compute, const std::vector<PieceUse>& uses) {
  if (program_.computes.size() >= kMaxComputes)
    return make_error(ErrorCode::kTooComplex, "the graph needs more than " + with_commas(kMaxComputes) +
                                                  " kernel calls at tile " + std::to_string(program_.tile) +
                                                  ": use a larger tile");
  compute.group = group_;
  compute.first_use = static_cast<uint32_t>(program_.uses.size());
  compute.use_count = static_cast<uint8_t>(uses.size());
  program_.uses.insert(program_.uses.end(), uses.begin(), uses.end());
  emit(MicroKind::kCompute, static_cast<uint32_t>(program_.computes.size()));
  program_.computes.push_back(compute);
  return {};
}

// Which tensors leave the chain, and which it must hold as whole rows: those of
// softmax and layer_norm, those of which some operator sees columns of its own, and,
// through pointwise groups, their neighbours.
void Tiler::plan_chain(const Chain& chain) {
  stored_.clear();
  whole_rows_.clear();
  const std::set<uint32_t> members(chain.groups.begin(), chain.groups.end());
  const auto reads = [&](const FusedGroup& group, uint32_t tensor) {
    return (group.bias != kNone && views_.root(group.bias) == tensor) ||
           std::any_of(group.inputs.begin(), group.inputs.end(),
                       [&](uint32_t input) { return views_.root(input) == tensor; });
  };
  std::set<uint32_t> written, read_within;
  for (uint32_t member : chain.groups) {
    const uint32_t tensor = groups_[member].output;
    if (views_.is_root(tensor)) written.insert(tensor);
    if (graph_.tensors[tensor].role == TensorRole::kOutput) stored_.insert(tensor);
    for (uint32_t other = 0; other < groups_.size(); ++other)
      if (reads(groups_[other], tensor)) {
        if (members.count(other) == 0 || options_.lanes > 1) stored_.insert(tensor);
        if (members.count(other) != 0) read_within.insert(tensor);
      }
  }
  // Of columns of what lies in memory alone those are brought.
  const auto holds = [&](uint32_t tensor) { return views_.is_root(tensor) || written.count(views_.root(tensor)) != 0; };
  for (uint32_t member : chain.groups) {
    const FusedGroup& group = groups_[member];
    if (works_on_rows(group.kind)) {
      whole_rows_.insert(group.output);
      if (holds(group.inputs[0])) whole_rows_.insert(views_.root(group.inputs[0]));
    }
    if (!takes_tiles(group.kind) && read_within.count(group.output) != 0) whole_rows_.insert(group.output);
    for (uint32_t input : group.inputs)
      if (written.count(views_.root(input)) != 0 && (!views_.is_root(input) || !takes_tiles(group.kind)))
        whole_rows_.insert(views_.root(input));
  }
  for (size_t before = ~size_t{0}; before != whole_rows_.size();) {
    before = whole_rows_.size();
    for (uint32_t member : chain.groups) {
      const FusedGroup& group = groups_[member];
      if (group.kind == OperatorKind::kMatmul || works_on_rows(group.kind) || !takes_tiles(group.kind)) continue;
      std::vector<uint32_t> alike = {group.output};
      for (uint32_t input : group.inputs)
        if (shape(input) == shape(group.output) && holds(input)) alike.push_back(views_.root(input));
      if (std::any_of(alike.begin(), alike.end(), [&](uint32_t tensor) { return whole_rows_.count(tensor) != 0; }))
        whole_rows_.insert(alike.begin(), alike.end());
    }
  }
}

Status Tiler::add(const Chain& chain, bool one_block_only) {
  plan_chain(chain);
  if (chain.by_panels) return add_panels(chain);
  const FusedGroup& first = groups_[chain.groups.front()];
  const auto& extents = walked_shape(graph_, views_, first);
  const uint32_t row_count = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  const uint32_t rows = is_indivisible(graph_, views_, first) ? row_count : chain.rows;
  RowBlock at;
  at.lead.assign(extents.size() < 2 ? 0 : extents.size() - 2, 0);
  row_unit_ = 0;
  row_units_ = (row_count + rows - 1) / rows;
  if (changes_state(first.kind) || one_block_only)
    row_units_ = 1;
  else
    for (size_t axis = 0; axis < at.lead.size(); ++axis) row_units_ *= extents[axis];
  for (;;) {
    for (uint32_t low = one_block_only && rows < row_count ? row_count - rows : 0; low < row_count; low += at.count) {
      at.low = low;
      at.count = std::min(rows, row_count - low);
      at.block = low / rows;
      if (Status status = add_row_block(chain, at); !status || one_block_only) return status;
      ++row_unit_;
    }
    if (changes_state(first.kind)) return {};  // all of what is written
    size_t axis = at.lead.size();              // next outer index, last axis fastest
    while (axis > 0 && ++at.lead[axis - 1] == extents[axis - 1]) at.lead[--axis] = 0;
    if (axis == 0) return {};
  }
}

Status Tiler::add_row_block(const Chain& chain, const RowBlock& at) {
  for (uint32_t member : chain.groups) {
    const FusedGroup& group = groups_[member];
    group_ = member;
    // One phase a group; a chain goes round its groups, so it has one per turn.
    std::string turn;
    if (chain.groups.size() > 1) {
      for (uint32_t index : at.lead) turn += "." + std::to_string(index);
      turn += "." + std::to_string(at.block);
    }
    begin_phase(member, turn);
    deal(0, 1);
    if (Status status = add_group(group, at); !status) return status;
  }
  return {};
}

// As long as the table of phases has room.
void Tiler::begin_phase(uint32_t group, const std::string& suffix) {
  std::string name = graph_.operators[groups_[group].main].name + suffix;
  if (program_.phases.empty() || (program_.phases.back() != name && program_.phases.size() < 0xffff))
    program_.phases.push_back(std::move(name));
  phase_ = static_cast<uint16_t>(program_.phases.size() - 1);
}

Tiler::RowBlock Tiler::row_tile(RowBlock at, uint32_t tile, uint32_t rows) const {
  at.block = tile;
  at.low = tile * program_.tile;
  at.count = std::min(program_.tile, rows - at.low);
  return at;
}

Status Tiler::add_panels(const Chain& chain) {
  const auto& extents = shape(groups_[chain.groups.front()].output);
  const size_t leading = extents.size() - 2;
  const uint32_t rows = tiles(extents[leading]), columns = tiles(extents.back());
  const Panel& panel = chain.panel;
  const uint32_t turns = (rows + panel.rows - 1) / panel.rows, across = (columns + panel.columns - 1) / panel.columns;
  RowBlock at;
  at.lead.assign(leading, 0);
  row_unit_ = 0;
  row_units_ = turns;
  for (size_t axis = 0; axis < leading; ++axis) row_units_ *= extents[axis];
  for (;;) {
    for (uint32_t row = 0; row < rows; row += panel.rows, ++row_unit_)
      for (uint32_t column = 0; column < columns; column += panel.columns) {
        const uint64_t index = row_unit_ * across + column / panel.columns;
        begin_phase(chain.groups.front(), row_units_ * across > 1 ? "." + std::to_string(index) : "");
        deal(column / panel.columns, across);
        if (Status status = add_panel(chain, at, row, column); !status) return status;
      }
    size_t axis = leading;
    while (axis > 0 && ++at.lead[axis - 1] == extents[axis - 1]) at.lead[--axis] = 0;
    if (axis == 0) return {};
  }
}

Status Tiler::add_panel(const Chain& chain, const RowBlock& at, uint32_t first_row, uint32_t first_column) {
  const uint32_t head = chain.groups.front();
  const FusedGroup& product = groups_[head];
  const auto& extents = shape(product.output);
  const uint32_t rows = extents[extents.size() - 2], columns = extents.back();
  const uint32_t end_row = std::min(first_row + chain.panel.rows, tiles(rows));
  const uint32_t end_column = std::min(first_column + chain.panel.columns, tiles(columns));
  const uint32_t steps = tiles(depth_of(product)), pass = passes_[head].over_k++;
  for (uint32_t step = 0; step < steps; ++step)
    for (uint32_t row = first_row; row < end_row; ++row)
      for (uint32_t n = first_column; n < end_column; ++n) {
        const RowBlock tile = row_tile(at, row, rows);
        group_ = head;
        if (Status status = add_product(product, tile, {n, turned(step, steps, pass), step, steps}); !status)
          return status;
        if (step + 1 < steps) continue;
        store(product.output, result_piece(product, tile, n));
        for (size_t member = 1; member < chain.groups.size(); ++member) {
          group_ = chain.groups[member];
          const uint32_t column = n * program_.tile;
          if (Status status = add_elements(groups_[group_], tile, column, std::min(program_.tile, columns - column), n);
              !status)
            return status;
        }
      }
  return {};
}

Status Tiler::add_group(const FusedGroup& group, const RowBlock& at) {
  if (works_on_rows(group.kind)) return add_rows(group, at);
  switch (group.kind) {
    case OperatorKind::kMatmul:
      return add_matmul(group, at);
    case OperatorKind::kReduceSum:
    case OperatorKind::kReduceMax:
    case OperatorKind::kReduceMean:
      return add_reduction(group, at);
    case OperatorKind::kConcat:
      return add_concat(group, at);
    case OperatorKind::kSlice:
    case OperatorKind::kReshape:
    case OperatorKind::kTranspose:
      return views_.copy_labels.count(group.output) != 0 ? add_relabelling(group, at) : add_view_copy(group, at);
    case OperatorKind::kGather:
      return add_gather(group, at);
    case OperatorKind::kRotary:
      return add_rotary(group, at);
    case OperatorKind::kAttention:
      return add_attention(group, at);
    case OperatorKind::kAppend:
      return add_append(group, at);
    case OperatorKind::kScatter:
      return add_scatter(group, at);
    default:
      return add_pointwise(group, at);
  }
}

uint32_t Tiler::depth_of(const FusedGroup& product) const {
  const auto& a = shape(product.inputs[0]);
  return graph_.operators[product.main].transpose_a ? a[a.size() - 2] : a.back();
}

// Step i of a pass, in the direction of this one.
uint32_t Tiler::turned(uint32_t i, uint32_t count, uint32_t pass) const {
  return options_.walk == Walk::kTurning && pass % 2 == 1 ? count - 1 - i : i;
}

// Tile n of the row block of a product's result, or the whole rows that hold it.
uint32_t Tiler::result_piece(const FusedGroup& product, const RowBlock& at, uint32_t n) {
  const uint32_t c = product.output, column = n * program_.tile;
  return piece_of(c, block_box(c, at, shape(c).size(), column, std::min(program_.tile, shape(c).back() - column)));
}

Status Tiler::add_matmul(const FusedGroup& group, const RowBlock& at) {
  const uint32_t c = group.output, across = tiles(shape(c).back()), steps = tiles(depth_of(group));
  const uint32_t n_pass = passes_[group_].over_n++;
  for (uint32_t i = 0; i < across; ++i) {
    const uint32_t n = turned(i, across, n_pass);
    deal_columns(c, n * program_.tile, program_.tile);
    const uint32_t k_pass = passes_[group_].over_k++;
    for (uint32_t step = 0; step < steps; ++step)
      if (Status status = add_product(group, at, {n, turned(step, steps, k_pass), step, steps}); !status) return status;
    if (whole_rows_.count(c) == 0 || i + 1 == across) store(c, result_piece(group, at, n));
  }
  return {};
}

Status Tiler::add_product(const FusedGroup& group, const RowBlock& at, const Product& product) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t a = group.inputs[0], b = group.inputs[1], c = group.output;
  const size_t rank = shape(c).size();
  const uint32_t tile = program_.tile;
  const uint32_t columns = shape(c).back(), depth = depth_of(group);
  // Axes of a matrix operand: rows then columns, swapped under transposition.
  const auto slice = [&](uint32_t tensor, bool transposed, uint32_t row, uint32_t rows, uint32_t column,
                         uint32_t column_count) {
    Box box = at_block(tensor, at, rank);
    const size_t last = shape(tensor).size() - 1;
    if (transposed) {
      std::swap(row, column);
      std::swap(rows, column_count);
    }
    box.low[last - 1] = row;
    box.extent[last - 1] = rows;
    box.low[last] = column;
    box.extent[last] = column_count;
    return box;
  };
  const auto matrix_use = [&](uint32_t tensor, bool transposed, const Box& box, uint32_t piece) {
    PieceUse use = use_of(tensor, box, piece);
    if (transposed) {
      std::swap(use.axis[0], use.axis[1]);
      std::swap(use.extent[0], use.extent[1]);
    }
    return use;
  };
  const uint32_t column = product.n * tile, width = std::min(tile, columns - column);
  const uint32_t low = product.k * tile, length = std::min(tile, depth - low);
  const bool last = product.step + 1 == product.steps;
  const Box c_box = block_box(c, at, rank, column, width);
  const Box a_box = slice(a, op.transpose_a, at.low, at.count, low, length);
  const Box b_box = slice(b, op.transpose_b, low, length, column, width);
  const uint32_t c_piece = piece_of(c, c_box);
  const uint32_t a_piece = op.transpose_a ? intern(a, a_box) : piece_of(a, a_box);
  const uint32_t b_piece = intern(b, b_box);
  std::vector<PieceUse> uses = {matrix_use(a, op.transpose_a, a_box, a_piece),
                                matrix_use(b, op.transpose_b, b_box, b_piece), use_of(c, c_box, c_piece)};
  uses[2].version = last ? 0 : product.step + 1;
  Compute compute{.kernel = "matmul", .result = 2, .m = at.block, .n = product.n, .k = product.k};
  compute.flags = product.step == 0 ? kOpInit : kOpAccumulate;
  if (last) {
    compute.flags |= kOpFinal;
    compute.params[0] = static_cast<uint32_t>(group.activation);
    if (group.bias != kNone) {
      Box bias_box;
      set_last(bias_box, group.bias, column, width);
      const uint32_t bias_piece = intern(group.bias, bias_box);
      ask(bias_piece);
      uses.push_back(use_of(group.bias, bias_box, bias_piece));
    }
  }
  ask(a_piece);
  ask(b_piece);
  return emit_compute(compute, uses);
}

Status Tiler::add_pointwise(const FusedGroup& group, const RowBlock& at) {
  const uint32_t y = group.output;
  const uint32_t columns = shape(y).back();
  const uint32_t step = whole_rows_.count(y) != 0 ? columns : program_.tile;
  for (uint32_t column = 0, n = 0; column < columns; column += step, ++n) {
    deal_columns(y, column, step);
    if (Status status = add_elements(group, at, column, std::min(step, columns - column), n); !status) return status;
  }
  return {};
}

// Columns [column, column + width) of the row block.
Status Tiler::add_elements(const FusedGroup& group, const RowBlock& at, uint32_t column, uint32_t width, uint32_t n) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t y = group.output;
  const size_t rank = shape(y).size();
  const Box y_box = block_box(y, at, rank, column, width);
  const PieceUse result = use_of(y, y_box, piece_of(y, y_box));
  std::vector<PieceUse> uses;
  for (uint32_t input : group.inputs) {
    const auto& extents = shape(input);
    Box box = at_block(input, at, rank);
    if (extents.size() >= 2 && extents[extents.size() - 2] != 1) set_rows(box, input, at);
    if (extents.back() != 1) set_last(box, input, column, width);
    // Whole rows only where the operand has the result's rows; broadcast ones are themselves.
    const bool by_row = extents == shape(y);
    PieceUse use = use_of(input, box, by_row ? piece_of(input, box) : intern(input, box));
    // Line the operand's view up with the result's: missing and unit axes broadcast.
    PieceUse lined = use;
    lined.rank = result.rank;
    for (uint32_t i = 0; i < result.rank; ++i) {
      const uint32_t from_end = result.rank - i;
      const bool has_axis = use.rank >= from_end;
      const uint8_t axis = has_axis ? use.axis[use.rank - from_end] : uint8_t{0xff};
      const bool walks = axis != 0xff && use.extent[use.rank - from_end] == result.extent[i];
      lined.axis[i] = walks ? axis : uint8_t{0xff};
      lined.extent[i] = result.extent[i];
    }
    ask(lined.piece);
    uses.push_back(lined);
  }
  uses.push_back(result);
  Compute compute{
      .kernel = pointwise_kernel(group.kind), .result = static_cast<uint8_t>(uses.size() - 1), .m = at.block, .n = n};
  if (group.kind == OperatorKind::kGelu) compute.params[0] = op.gelu_tanh ? 1 : 0;
  if (Status status = emit_compute(compute, uses); !status) return status;
  store(y, result.piece);
  return {};
}

Status Tiler::add_rows(const FusedGroup& group, const RowBlock& at) {
  const uint32_t x = group.inputs[0], y = group.output;
  const size_t rank = shape(y).size();
  Box box = at_block(y, at, rank);
  set_rows(box, y, at);
  std::vector<PieceUse> uses = {use_of(x, box, piece_of(x, box))};
  for (size_t input = 1; input < group.inputs.size(); ++input) {
    const uint32_t vector = group.inputs[input];
    const Box whole = at_block(vector, at, rank);
    uses.push_back(use_of(vector, whole, intern(vector, whole)));
  }
  for (const PieceUse& use : uses) ask(use.piece);
  const uint32_t y_piece = intern(y, box);
  uses.push_back(use_of(y, box, y_piece));
  Compute compute{
      .kernel = pointwise_kernel(group.kind), .result = static_cast<uint8_t>(uses.size() - 1), .m = at.block};
  if (group.kind == OperatorKind::kLayerNorm || group.kind == OperatorKind::kRmsNorm)
    compute.params[0] = std::bit_cast<uint32_t>(graph_.operators[group.main].epsilon);
  if (Status status = emit_compute(compute, uses); !status) return status;
  store(y, y_piece);
  return {};
}

Result<MicroProgram> tile_groups(const Graph& graph, const direct::TensorViews& views,
                                 const std::vector<FusedGroup>& groups, const std::vector<Chain>& chains,
                                 const TileOptions& options) {
  Tiler tiler(graph, views, groups, options);
  for (const Chain& chain : chains)
    if (Status status = tiler.add(chain); !status) return status.error();
  return tiler.take();
}

Result<MicroProgram> tile_last_block(const Graph& graph, const direct::TensorViews& views,
                                     const std::vector<FusedGroup>& groups, const Chain& chain,
                                     const TileOptions& options) {
  Tiler tiler(graph, views, groups, options);
  if (Status status = tiler.add(chain, true); !status) return status.error();
  return tiler.take();
}

std::string with_commas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string describe(const Graph& graph, const MicroProgram& program, uint32_t piece) {
  const Piece& what = program.pieces[piece];
  const GraphTensor& tensor = graph.tensors[what.tensor];
  std::string text = tensor.name + "(";
  const size_t rank = what.label == what.tensor ? tensor.shape.size() : kMaxRank;
  for (size_t axis = 0; axis < rank; ++axis) {
    const bool tiled = axis + 2 >= rank;
    text += (axis == 0 ? "" : ", ") + std::to_string(tiled ? what.box.low[axis] / program.tile : what.box.low[axis]);
  }
  return text + ")";
}

}  // namespace rondo::tiling
