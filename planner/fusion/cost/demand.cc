#include "planner/fusion/cost/demand.h"
#include <algorithm>
#include <bit>
#include <numeric>

namespace rondo::fusion {
namespace {

// A set of (row, column) pairs, one bit each.
using Slices = uint16_t;
constexpr Slices bit_of(Axis row, Axis column) {
  return static_cast<Slices>(1u << (static_cast<unsigned>(row) * 4 + static_cast<unsigned>(column)));
}
constexpr Slices kTile = bit_of(Axis::kRows, Axis::kColumns);

int64_t native_tiles(int64_t length, int64_t native) { return (length + native - 1) / native; }

// Two multiply-and-fold lanes (after wyhash's mix): equal words give equal digests,
// different ones differ but for 2^-128.
struct Digest {
  uint64_t low = 0x9e3779b97f4a7c15, high = 0xd1b54a32d192ed03;
  void add(uint64_t word) {
    low = std::rotl((low ^ word) * 0xff51afd7ed558ccd, 29) + 0x52dce729;
    high = std::rotl((high + word) * 0xc4ceb9fe1a85ec53, 31) ^ (word >> 17);
    low ^= low >> 32;
    high ^= high >> 29;
  }
};

// The tensors a group touches, numbered in order of first use; scratch of one call.
struct Local {
  const Network& net;
  std::span<const uint32_t> operators;
  std::vector<uint32_t> tensors;              // by local number
  std::vector<std::vector<uint32_t>> inputs;  // by operator: local numbers
  std::vector<uint32_t> output;               // by operator: local number
  std::vector<int32_t> maker;                 // by local tensor: operator's index here or -1
  std::vector<uint8_t> used;
};

// Groups are small and so are their tensor counts; beyond a few dozen the search for
// a number goes through a sorted list instead.
class Numbering {
 public:
  uint32_t number(uint32_t tensor, std::vector<uint32_t>& tensors) {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), std::pair{tensor, uint32_t{0}});
    if (at != sorted_.end() && at->first == tensor) return at->second;
    const auto number = static_cast<uint32_t>(tensors.size());
    sorted_.insert(at, {tensor, number});
    tensors.push_back(tensor);
    return number;
  }

 private:
  std::vector<std::pair<uint32_t, uint32_t>> sorted_;
};

Local number_tensors(const Network& net, std::span<const uint32_t> operators, Digest& digest) {
  Local local{net, operators, {}, {}, {}, {}, {}};
  Numbering numbering;
  for (size_t index = 0; index < operators.size(); ++index) {
    const NetworkOperator& op = net.operators[operators[index]];
    digest.add(op.matmul ? 3 : 5);
    digest.add(std::bit_cast<uint64_t>(op.base_cost));
    std::vector<uint32_t> inputs;
    for (const uint32_t tensor : op.inputs) {
      const uint32_t number = numbering.number(tensor, local.tensors);
      if (number == local.maker.size()) {
        local.maker.push_back(-1);
        local.used.push_back(0);
        digest.add(static_cast<uint64_t>(net.width[tensor]));
        digest.add(static_cast<uint64_t>(net.height[tensor]));
      }
      local.used[number] = 1;
      digest.add(number);
      inputs.push_back(number);
    }
    local.inputs.push_back(std::move(inputs));
    const uint32_t number = numbering.number(op.output, local.tensors);
    local.maker.push_back(static_cast<int32_t>(index));
    local.used.push_back(0);
    digest.add(static_cast<uint64_t>(net.width[op.output]));
    local.output.push_back(number);
  }
  return local;
}

// R4: two operators are linked when they touch a common tensor, a shared input included.
bool connected(const Local& local) {
  std::vector<uint32_t> parent(local.tensors.size());
  std::iota(parent.begin(), parent.end(), 0u);
  const auto find = [&](uint32_t tensor) {
    while (parent[tensor] != tensor) tensor = parent[tensor] = parent[parent[tensor]];
    return tensor;
  };
  uint32_t parts = static_cast<uint32_t>(local.tensors.size());
  for (size_t op = 0; op < local.operators.size(); ++op)
    for (const uint32_t tensor : local.inputs[op]) {
      const uint32_t a = find(tensor), b = find(local.output[op]);
      if (a != b) parent[a] = b, --parts;
    }
  return parts == 1;
}

}  // namespace

Demand find_demand(const Network& net, std::span<const uint32_t> operators, bool in_parts) {
  Demand demand;
  Digest digest;
  const Local local = number_tensors(net, operators, digest);
  demand.shape_low = digest.low;
  demand.shape_high = digest.high;

  const size_t tensors = local.tensors.size();
  std::vector<Slices> slices(tensors, 0);
  std::vector<int32_t> input_of(tensors, -1);
  for (uint32_t number = 0; number < tensors; ++number) {
    const uint32_t tensor = local.tensors[number];
    if (local.maker[number] < 0) {
      input_of[number] = static_cast<int32_t>(demand.inputs.size());
      demand.inputs.push_back(tensor);
    } else if (local.used[number] == 0) {
      demand.outputs.push_back(tensor);
      slices[number] = kTile;
    } else {
      demand.inner.push_back(tensor);
    }
  }
  demand.early.assign(demand.inputs.size(), 0);
  demand.grid_width = net.width[demand.outputs[0]];
  demand.grid_height = net.height[demand.outputs[0]];
  for (const uint32_t output : demand.outputs)  // R3
    if (net.width[output] != demand.grid_width || net.height[output] != demand.grid_height) return demand;
  if (!in_parts && !connected(local)) return demand;

  demand.max_k = net.native;
  demand.accumulates.assign(demand.inner.size(), 0);
  std::vector<uint32_t> inner_of(tensors, 0);
  for (uint32_t number = 0, inner = 0; number < tensors; ++number)
    if (local.maker[number] >= 0 && local.used[number] != 0) inner_of[number] = inner++;

  // Backwards: consumers come after producers, so all needs of an output are known.
  for (size_t index = operators.size(); index-- > 0;) {
    const NetworkOperator& op = net.operators[operators[index]];
    const uint32_t out = local.output[index];
    const int64_t out_height = net.height[op.output], out_width = net.width[op.output];
    if (op.matmul) {
      demand.max_k = std::min(demand.max_k, op.reduction);
      for (int side = 0; side < 2; ++side) {  // R10
        const int32_t maker = local.maker[local.inputs[index][static_cast<size_t>(side)]];
        if (maker < 0 || net.operators[operators[static_cast<size_t>(maker)]].matmul) continue;
        int64_t& least = side == 0 ? demand.min_width : demand.min_height;
        least = std::max(least, op.reduction);
      }
    }
    for (unsigned code = 0; code < 16; ++code) {
      if ((slices[out] >> code & 1) == 0) continue;
      const auto row = static_cast<Axis>(code / 4), column = static_cast<Axis>(code % 4);
      const bool tile = row == Axis::kRows && column == Axis::kColumns;
      const bool owns = op.matmul && tile;
      // R11: whole axes of an inner tensor must fit the native granule; the other
      // axes are cut by w, h and k, which do.
      if (local.used[out] != 0 &&
          ((row == Axis::kAll && out_height > net.native) || (column == Axis::kAll && out_width > net.native)))
        return demand;
      double cost = op.base_cost;
      if (row == Axis::kStep || row == Axis::kAll) cost *= static_cast<double>(native_tiles(out_height, net.native));
      if (column == Axis::kStep || column == Axis::kAll)
        cost *= static_cast<double>(native_tiles(out_width, net.native));
      const bool moves = owns || row == Axis::kStep || column == Axis::kStep;
      (moves ? demand.loop_cost : tile ? demand.last_cost : demand.first_cost) += cost;
      if (owns) {
        if (demand.has_loop && demand.reduction != op.reduction) return demand;  // R6
        demand.has_loop = true;
        demand.reduction = op.reduction;
        if (local.used[out] != 0) {
          ++demand.accumulators;
          demand.accumulates[inner_of[out]] = 1;
        }
      }
      const bool early = moves || !tile;
      const auto need = [&](uint32_t number, Axis r, Axis c) {
        slices[number] |= bit_of(r, c);
        if (early && input_of[number] >= 0) demand.early[static_cast<size_t>(input_of[number])] = 1;
      };
      if (op.matmul) {
        const Axis along = owns ? Axis::kStep : Axis::kAll;
        need(local.inputs[index][0], row, along);
        need(local.inputs[index][1], along, column);
      } else {
        for (const uint32_t number : local.inputs[index]) need(number, row, column);
      }
    }
  }
  for (uint32_t number = 0; number < tensors; ++number) {
    if (input_of[number] < 0) continue;
    for (unsigned code = 0; code < 16; ++code)
      if ((slices[number] >> code & 1) != 0)
        demand.needs.push_back(
            {static_cast<uint32_t>(input_of[number]), static_cast<Axis>(code / 4), static_cast<Axis>(code % 4)});
  }
  demand.possible = demand.min_width <= net.native && demand.min_height <= net.native;
  return demand;
}

}  // namespace rondo::fusion
