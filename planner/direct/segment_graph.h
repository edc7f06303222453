// A graph as the passes of the direct strategy see it: groups in order, cut into
// segments, and who reads what last. The first pass; every other one takes its result.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "planner/direct/segments.h"
#include "planner/epilogues/fuse.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"

namespace rondo::direct {

struct SegmentedGraph {
  const Graph& source;  // outlives this
  std::vector<FusedGroup> groups;
  std::vector<Segment> segments;
  std::vector<uint32_t> segment_of;     // by group
  std::vector<uint32_t> internal;       // by tensor: the segment it lives in, or kNone
  std::vector<uint32_t> last_reader;    // by tensor: a group, or kNone
  uint64_t scratch_capacity_bytes = 0;  // of the machine, or what the options leave of it
  bool on_device = false;               // kernels reach arenas of the device, copies alone reach bindings

  const std::vector<uint32_t>& shape(uint32_t tensor) const { return source.tensors[tensor].shape; }
  const GraphOperator& main_operator(const FusedGroup& group) const { return source.operators[group.main]; }
  const Segment& segment_of_group(uint32_t group) const { return segments[segment_of[group]]; }
  // An input, constant or output: the caller owns its bytes.
  bool is_bound(uint32_t tensor) const { return source.tensors[tensor].role != TensorRole::kIntermediate; }
  // Bound, but kernels work on a copy of it.
  bool is_copied(uint32_t tensor) const {
    const TensorRole role = source.tensors[tensor].role;
    return on_device && (role == TensorRole::kInput || role == TensorRole::kOutput);
  }
  // Held one block of rows at a time; what is copied as well, two.
  bool is_blocked(uint32_t tensor) const { return internal[tensor] != kNone && segments[internal[tensor]].blocked(); }
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

// Bytes from one row of the last axis to the next, in an arena.
uint64_t pitch_of(const GraphTensor& tensor);

}  // namespace rondo::direct
