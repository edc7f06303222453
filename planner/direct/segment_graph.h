// A graph as the passes of the direct strategy see it: groups in order, cut into
// segments, and who reads what last. The first pass; every other one takes its result.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "planner/direct/segments.h"
#include "planner/direct/tensor_views.h"
#include "planner/epilogues/fuse.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"

namespace rondo::direct {

struct SegmentedGraph {
  const Graph& source;  // outlives this
  TensorViews views;
  std::vector<FusedGroup> groups;  // what is computed or copied; views are no group
  std::vector<Segment> segments;
  std::vector<uint32_t> segment_of;     // by group
  std::vector<uint32_t> internal;       // by root: the segment it lives in, or kNone
  std::vector<uint32_t> last_reader;    // by root: a group, or kNone
  uint64_t scratch_capacity_bytes = 0;  // of the machine, or what the options leave of it
  bool on_device = false;               // kernels reach arenas of the device, copies alone reach bindings

  const std::vector<uint32_t>& shape(uint32_t tensor) const { return source.tensors[tensor].shape; }
  const GraphOperator& main_operator(const FusedGroup& group) const { return source.operators[group.main]; }
  const Segment& segment_of_group(uint32_t group) const { return segments[segment_of[group]]; }
  // The tensor with the memory that this one lies in, itself or another.
  uint32_t root(uint32_t tensor) const { return views.root(tensor); }
  // In an input, constant, output, state or table: the caller owns its bytes.
  bool is_bound(uint32_t tensor) const { return source.tensors[root(tensor)].role != TensorRole::kIntermediate; }
  // Bound, but kernels work on a copy of it.
  bool is_copied(uint32_t tensor) const {
    const TensorRole role = source.tensors[root(tensor)].role;
    return on_device && (role == TensorRole::kInput || role == TensorRole::kOutput);
  }
  bool is_constant(uint32_t tensor) const { return source.tensors[root(tensor)].role == TensorRole::kConstant; }
  // Held one block of rows at a time; what is copied as well, two.
  bool is_blocked(uint32_t tensor) const {
    const uint32_t segment = internal[root(tensor)];
    return segment != kNone && segments[segment].blocked();
  }
  // What a group writes of its output: the shape that boxes of it are cut from.
  const std::vector<uint32_t>& written_shape(const FusedGroup& group) const {
    return direct::written_shape(source, group);
  }
  // Bytes from one row of the last axis of a root to the next in an arena; of a part of it
  // with `columns` along the last axis.
  uint64_t pitch(uint32_t root) const { return pitch(root, shape(root).back()); }
  uint64_t pitch(uint32_t root, uint32_t columns) const;
  // "matmul 'fc1'", for messages.
  std::string titled(const FusedGroup& group) const;
  // Matrices that a matmul multiplies, one op each.
  uint64_t products(const FusedGroup& group) const;
};

SegmentedGraph segment_graph(const Graph& graph, const Machine& machine, const PlanOptions& options);

// Arenas, and what lies in them, begin at multiples of this many bytes.
inline constexpr uint64_t kAlign = 64;
constexpr uint64_t rounded(uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

// Bytes of the elements, rows close together.
uint64_t bytes_of(const GraphTensor& tensor);

}  // namespace rondo::direct
