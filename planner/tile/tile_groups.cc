#include "planner/tile/tile_groups.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>
#include "planner/epilogues/pointwise_kernel.h"
#include "rondo/schedule.h"

namespace rondo::tiling {
namespace {

// Where a chain is: an index on every axis of its row space, the last one a range.
struct RowBlock {
  std::vector<uint32_t> lead;   // indices of the outer axes
  uint32_t block = 0;           // which block of the row axis
  uint32_t low = 0, count = 1;  // rows of the row axis; 0, 1 for a vector
};

class Tiler {
 public:
  Tiler(const Graph& graph, const std::vector<FusedGroup>& groups, uint32_t tile, Walk walk)
      : graph_(graph), groups_(groups), walk_(walk), passes_(groups.size()) {
    program_.tile = tile;
    program_.tile_bytes = uint64_t{tile} * tile * size_of(DType::kF32);
  }

  Status add(const Chain& chain, bool first_block_only = false);
  MicroProgram take() { return std::move(program_); }

 private:
  const std::vector<uint32_t>& shape(uint32_t tensor) const { return graph_.tensors[tensor].shape; }
  uint32_t tiles(uint32_t extent) const { return (extent + program_.tile - 1) / program_.tile; }

  void plan_chain(const Chain& chain);
  Status add_row_block(const Chain& chain, const RowBlock& at);
  Status add_matmul(const FusedGroup& group, const RowBlock& at);
  Status add_pointwise(const FusedGroup& group, const RowBlock& at);
  Status add_rows(const FusedGroup& group, const RowBlock& at);

  // A box of `tensor` at the block's outer indices (an axis of extent 1 stays at
  // 0), all of its last two axes; `output_rank` aligns the axes to the right.
  Box at_block(uint32_t tensor, const RowBlock& at, size_t output_rank) const;
  void set_rows(Box& box, uint32_t tensor, const RowBlock& at) const;
  void set_last(Box& box, uint32_t tensor, uint32_t low, uint32_t extent) const;

  uint32_t intern(uint32_t tensor, const Box& box);
  // The piece that holds `box`: itself, or the whole rows where the chain keeps those.
  uint32_t piece_of(uint32_t tensor, const Box& box);
  PieceUse use_of(uint32_t tensor, const Box& box, uint32_t piece) const;
  void ask(uint32_t piece) { emit(MicroKind::kAsk, piece); }
  void emit(MicroKind kind, uint32_t index) { program_.ops.push_back({kind, phase_, index}); }
  Status emit_compute(Compute compute, const std::vector<PieceUse>& uses);
  void store(uint32_t tensor, uint32_t piece) {
    if (stored_.count(tensor) != 0) emit(MicroKind::kStore, piece);
  }

  const Graph& graph_;
  const std::vector<FusedGroup>& groups_;
  MicroProgram program_;
  std::map<std::array<uint32_t, 9>, uint32_t> piece_ids_;
  std::set<uint32_t> stored_;      // tensors of the chain that others need
  std::set<uint32_t> whole_rows_;  // tensors the chain holds as whole rows
  const Walk walk_;
  struct Passes {
    uint32_t over_n = 0, over_k = 0;
  };
  std::vector<Passes> passes_;  // by group: passes begun so far
  uint32_t group_ = 0;
  uint16_t phase_ = 0;
};

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

uint32_t Tiler::intern(uint32_t tensor, const Box& box) {
  std::array<uint32_t, 9> key = {tensor};
  std::copy_n(box.low, kMaxRank, key.begin() + 1);
  std::copy_n(box.extent, kMaxRank, key.begin() + 5);
  const auto [found, added] = piece_ids_.emplace(key, static_cast<uint32_t>(program_.pieces.size()));
  if (added) {
    uint64_t bytes = size_of(graph_.tensors[tensor].dtype);
    for (uint32_t extent : box.extent) bytes *= extent;
    program_.pieces.push_back({tensor, box, bytes});
  }
  return found->second;
}

uint32_t Tiler::piece_of(uint32_t tensor, const Box& box) {
  if (whole_rows_.count(tensor) == 0) return intern(tensor, box);
  Box rows = box;
  set_last(rows, tensor, 0, shape(tensor).back());
  return intern(tensor, rows);
}

// The view walks the last two axes of the tensor (one for a vector), outermost first.
PieceUse Tiler::use_of(uint32_t tensor, const Box& box, uint32_t piece) const {
  PieceUse use;
  use.piece = piece;
  use.box = box;
  const auto rank = static_cast<uint32_t>(shape(tensor).size());
  use.rank = std::min(rank, 2u);
  for (uint32_t i = 0; i < use.rank; ++i) {
    use.axis[i] = static_cast<uint8_t>(rank - use.rank + i);
    use.extent[i] = box.extent[use.axis[i]];
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
// softmax and layer_norm, and, through pointwise groups, their neighbours.
void Tiler::plan_chain(const Chain& chain) {
  stored_.clear();
  whole_rows_.clear();
  const std::set<uint32_t> members(chain.groups.begin(), chain.groups.end());
  for (uint32_t member : chain.groups) {
    const uint32_t tensor = groups_[member].output;
    if (graph_.tensors[tensor].role == TensorRole::kOutput) stored_.insert(tensor);
    for (uint32_t other = 0; other < groups_.size(); ++other)
      if (members.count(other) == 0 &&
          (groups_[other].bias == tensor ||
           std::count(groups_[other].inputs.begin(), groups_[other].inputs.end(), tensor) != 0))
        stored_.insert(tensor);
  }
  for (uint32_t member : chain.groups)
    if (works_on_rows(groups_[member].kind)) whole_rows_.insert({groups_[member].inputs[0], groups_[member].output});
  for (size_t before = ~size_t{0}; before != whole_rows_.size();) {
    before = whole_rows_.size();
    for (uint32_t member : chain.groups) {
      const FusedGroup& group = groups_[member];
      if (group.kind == OperatorKind::kMatmul || works_on_rows(group.kind)) continue;
      std::vector<uint32_t> alike = {group.output};
      for (uint32_t input : group.inputs)
        if (shape(input) == shape(group.output)) alike.push_back(input);
      if (std::any_of(alike.begin(), alike.end(), [&](uint32_t tensor) { return whole_rows_.count(tensor) != 0; }))
        whole_rows_.insert(alike.begin(), alike.end());
    }
  }
}

Status Tiler::add(const Chain& chain, bool first_block_only) {
  plan_chain(chain);
  const auto& extents = shape(groups_[chain.groups.front()].output);
  const uint32_t row_count = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  RowBlock at;
  at.lead.assign(extents.size() < 2 ? 0 : extents.size() - 2, 0);
  for (;;) {
    for (uint32_t low = 0; low < row_count; low += at.count) {
      at.low = low;
      at.count = std::min(chain.rows, row_count - low);
      at.block = low / chain.rows;
      if (Status status = add_row_block(chain, at); !status || first_block_only) return status;
    }
    size_t axis = at.lead.size();  // next outer index, last axis fastest
    while (axis > 0 && ++at.lead[axis - 1] == extents[axis - 1]) at.lead[--axis] = 0;
    if (axis == 0) return {};
  }
}

Status Tiler::add_row_block(const Chain& chain, const RowBlock& at) {
  for (uint32_t member : chain.groups) {
    const FusedGroup& group = groups_[member];
    group_ = member;
    // One phase a group; a chain goes round its groups, so it has one per turn as
    // long as the table of phases has room.
    std::string name = graph_.operators[group.main].name;
    if (chain.groups.size() > 1) {
      for (uint32_t index : at.lead) name += "." + std::to_string(index);
      name += "." + std::to_string(at.block);
    }
    if (program_.phases.empty() || (program_.phases.back() != name && program_.phases.size() < 0xffff))
      program_.phases.push_back(std::move(name));
    phase_ = static_cast<uint16_t>(program_.phases.size() - 1);

    Status status = group.kind == OperatorKind::kMatmul ? add_matmul(group, at)
                    : works_on_rows(group.kind)         ? add_rows(group, at)
                                                        : add_pointwise(group, at);
    if (!status) return status;
  }
  return {};
}

Status Tiler::add_matmul(const FusedGroup& group, const RowBlock& at) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t a = group.inputs[0], b = group.inputs[1], c = group.output;
  const size_t rank = shape(c).size();
  const uint32_t tile = program_.tile;
  const uint32_t columns = shape(c).back();
  const uint32_t depth = op.transpose_a ? shape(a)[shape(a).size() - 2] : shape(a).back();
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
  // Step i of a pass, in the direction of this one.
  const auto turn = [&](uint32_t i, uint32_t count, uint32_t pass) {
    return walk_ == Walk::kTurning && pass % 2 == 1 ? count - 1 - i : i;
  };
  const uint32_t n_pass = passes_[group_].over_n++;
  for (uint32_t i = 0; i < tiles(columns); ++i) {
    const uint32_t n = turn(i, tiles(columns), n_pass);
    const uint32_t column = n * tile, width = std::min(tile, columns - column);
    Box c_box = at_block(c, at, rank);
    set_rows(c_box, c, at);
    set_last(c_box, c, column, width);
    const uint32_t c_piece = piece_of(c, c_box);
    const uint32_t k_pass = passes_[group_].over_k++;
    for (uint32_t step = 0; step < tiles(depth); ++step) {
      const uint32_t k = turn(step, tiles(depth), k_pass);
      const uint32_t low = k * tile, length = std::min(tile, depth - low);
      const bool last = step + 1 == tiles(depth);
      const Box a_box = slice(a, op.transpose_a, at.low, at.count, low, length);
      const Box b_box = slice(b, op.transpose_b, low, length, column, width);
      const uint32_t a_piece = op.transpose_a ? intern(a, a_box) : piece_of(a, a_box);
      const uint32_t b_piece = intern(b, b_box);
      std::vector<PieceUse> uses = {matrix_use(a, op.transpose_a, a_box, a_piece),
                                    matrix_use(b, op.transpose_b, b_box, b_piece), use_of(c, c_box, c_piece)};
      uses[2].version = last ? 0 : step + 1;
      Compute compute{.kernel = "matmul", .result = 2, .m = at.block, .n = n, .k = k};
      compute.flags = step == 0 ? kOpInit : kOpAccumulate;
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
      if (Status status = emit_compute(compute, uses); !status) return status;
    }
    if (whole_rows_.count(c) == 0 || i + 1 == tiles(columns)) store(c, c_piece);
  }
  return {};
}

Status Tiler::add_pointwise(const FusedGroup& group, const RowBlock& at) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t y = group.output;
  const size_t rank = shape(y).size();
  const uint32_t columns = shape(y).back();
  const uint32_t step = whole_rows_.count(y) != 0 ? columns : program_.tile;
  for (uint32_t column = 0, n = 0; column < columns; column += step, ++n) {
    Box y_box = at_block(y, at, rank);
    set_rows(y_box, y, at);
    const uint32_t width = std::min(step, columns - column);
    set_last(y_box, y, column, width);
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
        const bool walks = has_axis && box.extent[axis] == result.extent[i];
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
  }
  return {};
}

Status Tiler::add_rows(const FusedGroup& group, const RowBlock& at) {
  const uint32_t x = group.inputs[0], y = group.output;
  const size_t rank = shape(y).size();
  Box box = at_block(y, at, rank);
  set_rows(box, y, at);
  std::vector<PieceUse> uses = {use_of(x, box, intern(x, box))};
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

}  // namespace

Result<MicroProgram> tile_groups(const Graph& graph, const std::vector<FusedGroup>& groups,
                                 const std::vector<Chain>& chains, uint32_t tile, Walk walk) {
  Tiler tiler(graph, groups, tile, walk);
  for (const Chain& chain : chains)
    if (Status status = tiler.add(chain); !status) return status.error();
  return tiler.take();
}

Result<MicroProgram> tile_first_block(const Graph& graph, const std::vector<FusedGroup>& groups, const Chain& chain,
                                      uint32_t tile) {
  Tiler tiler(graph, groups, tile, Walk::kForward);
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
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    const bool tiled = axis + 2 >= tensor.shape.size();
    text += (axis == 0 ? "" : ", ") + std::to_string(tiled ? what.box.low[axis] / program.tile : what.box.low[axis]);
  }
  return text + ")";
}

}  // namespace rondo::tiling
