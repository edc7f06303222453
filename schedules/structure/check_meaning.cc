// What it says of itself: tensors, values, labels, rings, claims and costs.
#include "schedules/structure/table_checker.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rondo {

using Found = TableChecker::Found;

Found TableChecker::tensors() {
  if (Found f = named(Table::kTensors, "tensor", s_.tensors, kNone - 1)) return f;
  for (size_t i = 0; i < s_.tensors.size(); ++i) {
    const Tensor& tensor = s_.tensors[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kTensors, i, called("tensor", i, tensor.name), " ", words...);
    };
    if (!is_dtype(tensor.dtype)) return bad("has unknown dtype ", tensor.dtype);
    if (tensor.rank > kMaxRank) return bad("has rank ", tensor.rank, ", the most is ", kMaxRank);
    if (tensor.reserved0 != 0) return bad("has a reserved field that is not zero");
    for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
      if (axis < tensor.rank && tensor.shape[axis] == 0) return bad("has size 0 on axis ", axis);
      if (axis >= tensor.rank && tensor.shape[axis] != 0)
        return bad("has rank ", tensor.rank, " and size ", tensor.shape[axis], " on axis ", axis, ", which must be 0");
    }
    if (!dense_bytes(tensor.dtype, tensor.shape, tensor.rank)) return bad("has 2^47 bytes or more");
    if (tensor.base != kNone && tensor.base >= s_.base_count())
      return bad("has base ", tensor.base, ", the file holds ", s_.base_count(), " arenas and bindings");
    if (tensor.alias_of == 0) continue;
    if (tensor.alias_of > i) return bad("is an alias of tensor ", tensor.alias_of - 1, ", it must be an earlier one");
    const Tensor& root = s_.tensors[tensor.alias_of - 1];
    const std::string name = called("tensor", tensor.alias_of - 1, root.name);
    if (root.alias_of != 0) return bad("is an alias of ", name, ", which is an alias itself");
    if (tensor.base != kNone) return bad("is an alias of ", name, " and has a base of its own");
    if (tensor.dtype != root.dtype)
      return bad("is ", kDTypes[tensor.dtype].name, " and an alias of ", name, ", which is ", kDTypes[root.dtype].name);
    const auto elements = [](const Tensor& of) {
      uint64_t count = 1;
      for (uint32_t axis = 0; axis < of.rank; ++axis) count *= of.shape[axis];
      return count;
    };
    if (elements(tensor) != elements(root))
      return bad("has ", elements(tensor), " elements and is an alias of ", name, ", which has ", elements(root));
  }
  return std::nullopt;
}

Found TableChecker::values() {
  if (s_.values.size() >= kNone) return found(Table::kValues, kNone, "more than 2^32 - 2 values");
  for (size_t i = 0; i < s_.values.size(); ++i) {
    const Value& value = s_.values[i];
    const auto bad = [&](const auto&... words) { return found(Table::kValues, i, "value val", i, " ", words...); };
    if (value.tensor >= s_.tensors.size())
      return bad("is of tensor ", value.tensor, ", the file holds ", s_.tensors.size());
    for (const uint8_t reserved : value.reserved0)
      if (reserved != 0) return bad("has a reserved field that is not zero");
    const Tensor& tensor = s_.tensors[value.tensor];
    if (value.moves_along > tensor.rank)
      return bad("moves along axis ", value.moves_along - 1, ", its tensor has rank ", tensor.rank);
    for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
      if (uint64_t{value.low[axis]} + value.extent[axis] > tensor.shape[axis])
        return bad("reaches ", uint64_t{value.low[axis]} + value.extent[axis], " on axis ", axis, ", its tensor has ",
                   tensor.shape[axis]);
      if (value.axis[axis] != 0xff && value.axis[axis] >= tensor.rank)
        return bad("walks axis ", value.axis[axis], ", its tensor has rank ", tensor.rank);
    }
  }
  return std::nullopt;
}

Found TableChecker::labels() {
  if (s_.labels.empty()) return std::nullopt;
  if (s_.labels.size() != s_.operands.size())
    return found(Table::kLabels, kNone, s_.labels.size(), " labels for ", s_.operands.size(),
                 " operands: there is one each, or none");
  if (std::find_if(s_.labels.begin(), s_.labels.end(),
                   [](const OperandLabel& label) { return label != OperandLabel{}; }) == s_.labels.end())
    return found(Table::kLabels, kNone, s_.labels.size(), " labels that say nothing: such a file has none");
  for (size_t i = 0; i < s_.ops.size(); ++i) {
    for (uint32_t slot = 0; slot < s_.ops[i].operand_count; ++slot) {
      const OperandLabel& label = s_.labels[s_.ops[i].first_operand + slot];
      const auto bad = [&](const auto&... words) {
        return found(Table::kLabels, i, "op ", i, " operand ", slot, " ", words...);
      };
      if (label.value != kNone && label.value >= s_.values.size())
        return bad("holds val", label.value, ", the file holds ", s_.values.size(), " values");
      if (label.ring == 0xffff) {
        if (label.slot != 0) return bad("is in slot ", label.slot, " of no ring");
        continue;
      }
      if (label.ring >= s_.rings.size())
        return bad("is in ring r", label.ring, ", the file holds ", s_.rings.size(), " rings");
      if (label.slot >= s_.rings[label.ring].depth)
        return bad("is in slot ", label.slot, " of ring r", label.ring, ", which has ", s_.rings[label.ring].depth);
    }
  }
  return std::nullopt;
}

Found TableChecker::rings() {
  if (s_.rings.size() > kMaxRings)
    return found(Table::kRings, kMaxRings, s_.rings.size(), " rings, the most is ", kMaxRings);
  for (size_t i = 0; i < s_.rings.size(); ++i) {
    const Ring& ring = s_.rings[i];
    const auto bad = [&](const auto&... words) { return found(Table::kRings, i, "ring r", i, " ", words...); };
    if (ring.base >= s_.base_count())
      return bad("has base ", ring.base, ", the file holds ", s_.base_count(), " arenas and bindings");
    if (ring.depth == 0) return bad("has depth 0, the least is 1");
    if (ring.reserved0 != 0) return bad("has a reserved field that is not zero");
    if (ring.offset_bytes >= kSizeLimit || ring.stride_bytes >= kSizeLimit ||
        ring.offset_bytes + static_cast<unsigned __int128>(ring.stride_bytes) * ring.depth >= kSizeLimit)
      return bad("reaches 2^47 bytes or more");
  }
  return std::nullopt;
}

Found TableChecker::claims() {
  if (s_.claims.size() > kMaxClaims)
    return found(Table::kClaims, kMaxClaims, s_.claims.size(), " claims, the most is ", kMaxClaims);
  for (size_t i = 0; i < s_.claims.size(); ++i) {
    const Claim& claim = s_.claims[i];
    const auto bad = [&](const auto&... words) { return found(Table::kClaims, i, "claim ", i, " ", words...); };
    if (!is_name(claim.method)) return bad("has method ", claim.method, ", the file holds ", s_.names.size(), " names");
    if (claim.reserved0 != 0) return bad("has a reserved field that is not zero");
    if (claim.member >= s_.members.size())
      return bad("is of member ", claim.member, ", the file holds ", s_.members.size());
    if (claim.member != 0 && static_cast<ClaimKind>(claim.kind) == ClaimKind::kPrepareOps)
      return bad("is of prepare and member ", claim.member, ", which must be 0");
    switch (static_cast<ClaimKind>(claim.kind)) {
      case ClaimKind::kBytesMoved:
        for (const uint16_t space : {claim.a, claim.b})
          if (space != 0xffff && space >= s_.spaces.size())
            return bad("is of space ", space, ", the file holds ", s_.spaces.size());
        break;
      case ClaimKind::kExtentPeak:
      case ClaimKind::kLivePeak:
        if (claim.a >= s_.arenas.size()) return bad("is of arena ", claim.a, ", the file holds ", s_.arenas.size());
        if (claim.b != 0) return bad("has b = ", claim.b, ", which must be 0");
        break;
      case ClaimKind::kMakespan:
      case ClaimKind::kLowerBound:
        if (!std::isfinite(std::bit_cast<double>(claim.value))) return bad("is no finite number");
        [[fallthrough]];
      case ClaimKind::kOps:
      case ClaimKind::kCopies:
      case ClaimKind::kFlops:
      case ClaimKind::kPrepareOps:
      case ClaimKind::kLoadsEliminated:
        if (claim.a != 0 || claim.b != 0) return bad("has a = ", claim.a, " and b = ", claim.b, ", which must be 0");
        break;
      default:
        return bad("has unknown kind ", claim.kind);
    }
  }
  return std::nullopt;
}

Found TableChecker::costs() {
  if (s_.costs.size() > s_.kernels.size())
    return found(Table::kCosts, s_.kernels.size(), s_.costs.size(), " costs for ", s_.kernels.size(), " kernels");
  std::vector<uint8_t> used(s_.kernels.size());
  for (size_t i = 0; i < s_.costs.size(); ++i) {
    const Cost& cost = s_.costs[i];
    const auto bad = [&](const auto&... words) { return found(Table::kCosts, i, "cost ", i, " ", words...); };
    if (cost.kernel >= s_.kernels.size())
      return bad("is of kernel ", cost.kernel, ", the file holds ", s_.kernels.size());
    if (cost.reserved0 != 0 || cost.reserved1 != 0) return bad("has a reserved field that is not zero");
    if (used[cost.kernel]++) return bad("repeats kernel '", s_.name(s_.kernels[cost.kernel].name), "'");
    for (const double number : {cost.fixed, cost.per_flop, cost.per_byte})
      if (!std::isfinite(number) || std::signbit(number)) return bad("is not made of finite numbers of at least 0");
  }
  return std::nullopt;
}

}  // namespace rondo
