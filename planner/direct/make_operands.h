// Operands of the direct strategy's operations, each with the value it holds.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/declare_tables.h"
#include "planner/direct/emit/box.h"
#include "rondo/view.h"
#include "schedules/builder/builder.h"

namespace rondo::direct {

inline constexpr uint8_t kBroadcast = 0xff;

// One axis of an operand's view: the tensor axis it walks (or kBroadcast), and how far.
struct Walk {
  uint8_t tensor_axis = 0;
  uint32_t extent = 0;
};
using Walks = std::vector<Walk>;

// Where a box of a tensor begins, by tensor axis.
struct Low {
  uint32_t at[kMaxRank] = {};
};

// Every axis of a box, in order, and where the box begins.
Walks walks_of(const Box& box, size_t rank);
Low low_of(const Box& box);

// Makes operands of one lane's ops, and their views and values in the tables. The
// layout and the tables outlive it.
class OperandMaker {
 public:
  OperandMaker(const DirectLayout& layout, Tables& tables, uint32_t lane)
      : layout_(layout),
        tables_(tables),
        lane_(lane),
        origin_(layout.graph.source.tensors.size(), 0),
        turn_(layout.graph.source.tensors.size(), 0) {}

  // From now on the place of a blocked tensor holds its rows from `row` on. A copied one
  // has two blocks, held in turns.
  void hold_rows_from(uint32_t tensor, uint32_t row) {
    if (layout_.graph.is_copied(tensor) && origin_[tensor] != row) turn_[tensor] ^= 1;
    origin_[tensor] = row;
  }

  // A box of a tensor where kernels find it, itself or in another. Of one that is filled
  // up to a scalar only what is filled.
  OperandSpec box(uint32_t tensor, const Walks& walks, const Low& low, Access access);
  // What an append writes: rows of its state from where the operator says on.
  OperandSpec appended(uint32_t group, const Walks& walks, const Low& low);
  // What a slice, transpose or reshape copies, by the axes of its output.
  OperandSpec copy_source(uint32_t output, const Walks& walks, const Low& low);
  // Everything of a label: the tensor it names, by other axes.
  OperandSpec whole_label(uint32_t label, Access access);
  // A box of a root in its binding, all axes walked.
  OperandSpec bound(uint32_t tensor, const Box& box, Access access);
  // The same of its copy.
  OperandSpec copied(uint32_t tensor, const Box& box, Access access);
  // Columns [column, column + columns) of one matrix of a right operand where it lies, read.
  OperandSpec unpacked(const RightOperand& right, Low low, uint32_t column, uint32_t columns);
  // The same of matrix number `entry` of a packed right operand; `column` begins a panel.
  OperandSpec packed(const RightOperand& right, uint64_t entry, Access access, uint32_t column, uint32_t columns);

  // Where matrix number `entry` of a right operand begins, and the other way round.
  Low entry_low(const RightOperand& right, uint64_t entry) const;
  uint64_t entry_at(const RightOperand& right, const Low& low) const;

 private:
  // A box in the coordinates of a label; `walks` name its axes.
  OperandSpec labelled(uint32_t label, const Walks& walks, const Low& low, const Moving& shift, uint8_t shift_axis,
                       View view, Access access);
  OperandSpec labelled(uint32_t label, const Walks& walks, const Low& low, const Moving& shift, uint8_t shift_axis,
                       View view, Access access, bool in_binding);
  // What walks and low of a tensor are in the coordinates of its label.
  Walks label_walks(const TensorView& of, const Walks& walks) const;
  Low label_low(const TensorView& of, const Low& low) const;
  Value value_of(uint32_t label, const Low& low) const;

  const DirectLayout& layout_;
  Tables& tables_;
  uint32_t lane_;
  std::vector<uint32_t> origin_;  // by tensor: the first row its place holds now
  std::vector<uint8_t> turn_;     // by tensor: which of two blocks that is
};

}  // namespace rondo::direct
