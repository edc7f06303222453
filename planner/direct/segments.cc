#include "planner/direct/segments.h"

#include <algorithm>
#include <set>

#include "planner/direct/tuning.h"

namespace rondo::direct {
namespace {

const std::vector<uint32_t>& shape_of(const Graph& graph, uint32_t tensor) { return graph.tensors[tensor].shape; }

uint64_t bytes_of(const GraphTensor& tensor) {
  uint64_t bytes = size_of(tensor.dtype);
  for (uint32_t extent : tensor.shape) bytes *= extent;
  return bytes;
}

// All tensors a group reads, the bias last.
std::vector<uint32_t> sources(const FusedGroup& group) {
  std::vector<uint32_t> all = group.inputs;
  if (group.bias != kNone) all.push_back(group.bias);
  return all;
}

bool reads_whole(const Graph& graph, const TensorViews& views, const FusedGroup& group, uint32_t source) {
  return source >= group.inputs.size() || !is_sliced(graph, group, source) ||
         !views.keeps_rows(graph, group.inputs[source]);
}

class Cutter {
 public:
  Cutter(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups, uint64_t scratch_bytes)
      : graph_(graph),
        views_(views),
        groups_(groups),
        scratch_bytes_(scratch_bytes),
        producer_(graph.tensors.size(), kNone),
        last_reader_(graph.tensors.size(), 0) {
    for (uint32_t index = 0; index < groups.size(); ++index) {
      producer_[views.root(groups[index].output)] = index;
      for (uint32_t tensor : sources(groups[index])) last_reader_[views.root(tensor)] = index;
    }
  }

  std::vector<Segment> run() {
    uint32_t first = 0;
    while (first < groups_.size()) {
      uint32_t end = first + 1;
      if (can_slice(graph_, groups_[first]))
        while (end < groups_.size() && joins(first, end)) ++end;
      settle(first, end);
      first = end;
    }
    return std::move(segments_);
  }

 private:
  uint32_t rows(uint32_t group) const { return written_shape(graph_, groups_[group])[0]; }

  bool joins(uint32_t first, uint32_t index) const {
    const FusedGroup& group = groups_[index];
    if (!can_slice(graph_, group) || rows(index) != rows(first)) return false;
    const std::vector<uint32_t> all = sources(group);
    for (uint32_t i = 0; i < all.size(); ++i) {
      const uint32_t producer = producer_[views_.root(all[i])];
      if (producer != kNone && producer >= first && reads_whole(graph_, views_, group, i)) return false;
    }
    return true;
  }

  bool is_internal(uint32_t tensor, uint32_t end) const {
    return graph_.tensors[tensor].role == TensorRole::kIntermediate && last_reader_[tensor] < end;
  }

  // Bytes of operands that a group reads whole, once for every block.
  uint64_t whole_bytes(uint32_t index, std::set<uint32_t>& counted) const {
    uint64_t bytes = 0;
    const std::vector<uint32_t> all = sources(groups_[index]);
    for (uint32_t i = 0; i < all.size(); ++i)
      if (reads_whole(graph_, views_, groups_[index], i) && counted.insert(all[i]).second)
        bytes += bytes_of(graph_.tensors[all[i]]);
    return bytes;
  }

  // The result may lie where an input of the segment lay that dies here.
  bool takes_place_of_input(uint32_t index, uint32_t first, uint32_t end) const {
    const FusedGroup& group = groups_[index];
    for (uint32_t i = 0; i < reusable_inputs(group.kind); ++i) {
      const uint32_t input = group.inputs[i];
      if (views_.is_root(input) && producer_[input] != kNone && producer_[input] >= first && is_internal(input, end) &&
          last_reader_[input] == index && shape_of(graph_, input) == shape_of(graph_, group.output) &&
          std::count(group.inputs.begin(), group.inputs.end(), input) == 1)
        return true;
    }
    return false;
  }

  // Along a leading axis a block holds whole matrices, so one entry is enough.
  uint32_t least_rows(uint32_t first, uint32_t end) const {
    for (uint32_t index = first; index < end; ++index)
      if (groups_[index].kind == OperatorKind::kMatmul && shape_of(graph_, groups_[index].output).size() == 2)
        return std::min(kLeastBlockRows, rows(index));
    return 1;
  }

  void settle(uint32_t first, uint32_t end) {
    const uint32_t all_rows = rows(first);
    Segment segment{first, end - first, all_rows, all_rows};
    // Bytes of intermediates alive at once, for one row of each.
    uint64_t live = 0, peak = 0, total = 0;
    std::vector<uint64_t> ends(end - first, 0);
    for (uint32_t index = first; index < end; ++index) {
      const uint32_t tensor = groups_[index].output;
      if (views_.is_root(tensor) && is_internal(tensor, end)) {
        const uint64_t row_bytes = bytes_of(graph_.tensors[tensor]) / all_rows;
        if (takes_place_of_input(index, first, end)) {
          live -= row_bytes;
          ends[index - first] -= row_bytes;
        }
        live += row_bytes;
        total += row_bytes;
        ends[last_reader_[tensor] - first] += row_bytes;
      }
      peak = std::max(peak, live);
      live -= ends[index - first];
    }
    const uint64_t fitting = peak == 0 ? all_rows : std::min<uint64_t>(all_rows, scratch_bytes_ / peak);
    if (fitting < all_rows) {
      auto block = static_cast<uint32_t>(fitting);
      if (block > kRowMultiple) block -= block % kRowMultiple;
      std::set<uint32_t> counted;
      uint64_t repeated = 0;
      for (uint32_t index = first; index < end; ++index) repeated += whole_bytes(index, counted);
      const uint64_t blocks = block == 0 ? 0 : (all_rows + block - 1) / block;
      if (block >= least_rows(first, end) && static_cast<unsigned __int128>(blocks - 1) * repeated <
                                                 static_cast<unsigned __int128>(2) * total * all_rows) {
        segment.block_rows = block;
      } else if (end - first > 1 && end - first <= kLongestSplit) {
        return split(first, end);
      }
    }
    segments_.push_back(segment);
  }

  // Parts the run at the group that repeats most, so that the rest may be blocked.
  void split(uint32_t first, uint32_t end) {
    uint32_t heaviest = first;
    uint64_t most = 0;
    for (uint32_t index = first; index < end; ++index) {
      std::set<uint32_t> counted;
      const uint64_t bytes = whole_bytes(index, counted);
      if (bytes > most) heaviest = index, most = bytes;
    }
    const uint32_t cut = heaviest == first ? first + 1 : heaviest;
    settle(first, cut);
    settle(cut, end);
  }

  static constexpr uint32_t kLongestSplit = 256;  // splitting is quadratic in the run
  const Graph& graph_;
  const TensorViews& views_;
  const std::vector<FusedGroup>& groups_;
  uint64_t scratch_bytes_;
  std::vector<uint32_t> producer_, last_reader_;
  std::vector<Segment> segments_;
};

}  // namespace

const std::vector<uint32_t>& written_shape(const Graph& graph, const FusedGroup& group) {
  return graph.tensors[changes_state(group.kind) ? group.inputs[1] : group.output].shape;
}

uint32_t reusable_inputs(OperatorKind kind) {
  if (kind == OperatorKind::kAdd || kind == OperatorKind::kMul) return 2;  // they commute
  const OperatorFamily family = info(kind).family;
  return is_elementwise(kind) || family == OperatorFamily::kRows || family == OperatorFamily::kRotary ? 1 : 0;
}

bool can_slice(const Graph& graph, const FusedGroup& group) {
  const size_t rank = shape_of(graph, group.output).size();
  const GraphOperator& main = graph.operators[group.main];
  if (rank < 2) return false;
  switch (group.kind) {
    case OperatorKind::kMatmul:
      return rank > 2 || !main.transpose_a;
    // Query rows of a head stay together (emit_attention.h).
    case OperatorKind::kAttention:
      return rank > 2;
    // What is written first may be read by all that comes after.
    case OperatorKind::kAppend:
    case OperatorKind::kScatter:
    // Rows of the result are no rows of the input.
    case OperatorKind::kReshape:
      return false;
    default:
      return true;
  }
}

bool is_sliced(const Graph& graph, const FusedGroup& group, uint32_t input) {
  const std::vector<uint32_t>& output = shape_of(graph, group.output);
  const std::vector<uint32_t>& shape = shape_of(graph, group.inputs[input]);
  const GraphOperator& main = graph.operators[group.main];
  switch (group.kind) {
    case OperatorKind::kMatmul:
      if (output.size() == 2) return input == 0;
      break;
    case OperatorKind::kReduceSum:
    case OperatorKind::kReduceMax:
    case OperatorKind::kReduceMean:
    case OperatorKind::kConcat:
    case OperatorKind::kSlice:
      return main.axis != 0;
    case OperatorKind::kTranspose:
      return main.order[0] == 0;
    case OperatorKind::kGather:
      return false;
    case OperatorKind::kRotary:
      return input == 0 || output.size() == 2;
    default:
      break;
  }
  return shape.size() == output.size() && shape[0] == output[0];
}

std::vector<Segment> cut_segments(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups,
                                  uint64_t scratch_bytes) {
  return Cutter(graph, views, groups, scratch_bytes).run();
}

std::vector<uint32_t> internal_tensors(const Graph& graph, const TensorViews& views,
                                       const std::vector<FusedGroup>& groups, const std::vector<Segment>& segments) {
  std::vector<uint32_t> segment_of(graph.tensors.size(), kNone);
  for (uint32_t index = 0; index < segments.size(); ++index)
    for (uint32_t group = segments[index].first; group < segments[index].first + segments[index].count; ++group) {
      const uint32_t root = views.root(groups[group].output);
      if (graph.tensors[root].role == TensorRole::kIntermediate) segment_of[root] = index;
    }
  for (uint32_t index = 0; index < segments.size(); ++index)
    for (uint32_t group = segments[index].first; group < segments[index].first + segments[index].count; ++group)
      for (uint32_t tensor : sources(groups[group]))
        if (segment_of[views.root(tensor)] != index) segment_of[views.root(tensor)] = kNone;
  return segment_of;
}

}  // namespace rondo::direct
