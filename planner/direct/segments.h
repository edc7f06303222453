// Which groups are walked together, and in blocks of how many rows.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/direct/tensor_views.h"
#include "planner/epilogues/fuse.h"
#include "rondo/graph.h"

namespace rondo::direct {

// A run of groups whose outputs all have `rows` entries along axis 0 and can be
// computed block by block of them: for each block, all groups in turn. One block
// means plain whole-tensor operations.
struct Segment {
  uint32_t first = 0, count = 0;  // groups
  uint32_t rows = 1;
  uint32_t block_rows = 1;

  bool blocked() const { return block_rows < rows; }
};

// What a group writes, whose entries along axis 0 are the rows of segments: its output,
// of a state only what is new.
const std::vector<uint32_t>& written_shape(const Graph& graph, const FusedGroup& group);

// The inputs, from the first, whose place the output may take where they die with the
// group: the kernel allows it. Either one may be the first operand if there are two.
uint32_t reusable_inputs(OperatorKind kind);

// True if computing rows [r, s) of the group's output takes only rows [r, s) of its
// `input`-th input (else the whole input is read). Precondition: can_slice(group).
bool is_sliced(const Graph& graph, const FusedGroup& group, uint32_t input);

// True if the group can be computed block by block along axis 0 of its output.
bool can_slice(const Graph& graph, const FusedGroup& group);

// Cuts the groups into segments, in order. Blocks are used where the intermediates
// of a segment exceed `scratch_bytes` and where keeping them inside saves more
// bytes than reading the operands that every block needs once per block costs.
// Measured on the machine of tuning.h: layers of 128 x 128 over 4096 rows take 0.91
// to 0.94 of the time that whole layers take; of 512 x 512, where the rule keeps
// products whole, blocks would take 0.95 to 1.00, of 1024 x 1024 up to 1.14.
std::vector<Segment> cut_segments(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups,
                                  uint64_t scratch_bytes);

// Tensors with memory of their own that live wholly inside one segment, views of them
// included, by tensor: the segment, else kNone.
std::vector<uint32_t> internal_tensors(const Graph& graph, const TensorViews& views,
                                       const std::vector<FusedGroup>& groups, const std::vector<Segment>& segments);

}  // namespace rondo::direct
