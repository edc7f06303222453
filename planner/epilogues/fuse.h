// Fusion: a graph as a list of groups, each lowered as one thing.
//
// A bias and an activation (relu, gelu) join the matmul that feeds them, because
// the matmul kernel applies both while its sum is still in registers. Everything
// else is a group of its own. Used by every planner.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/graph.h"
#include "rondo/view.h"

namespace rondo {

// The numbers are the positions in `kActivations`, i.e. the matmul kernel's `act`.
enum class Activation : uint8_t { kIdentity = 0, kRelu = 1, kGeluErf = 2, kGeluTanh = 3 };

struct FusedGroup {
  std::vector<uint32_t> operators;                // graph operators it covers, in graph order; never empty
  uint32_t main = 0;                              // the operator the group is about: operators.front()
  OperatorKind kind = OperatorKind::kMatmul;      // of `main`
  std::vector<uint32_t> inputs;                   // tensors of `main`, in its order (the bias is not among them)
  uint32_t bias = kNone;                          // matmul only: a rank-1 tensor along the last axis
  Activation activation = Activation::kIdentity;  // matmul only
  uint32_t output = 0;                            // the tensor of the last operator; the ones between exist nowhere
};

// Groups in an order in which inputs are produced earlier. Every operator is in
// exactly one group. An operator joins the group before it only if it alone reads
// the tensor between them and that tensor is no output. With `fuse` false every
// operator is a group of its own. The graph must be finished (rondo/graph.h).
std::vector<FusedGroup> fuse_epilogues(const Graph& graph, bool fuse = true);

}  // namespace rondo
