// What the schedule runs on: target, names, memory, scalars and tokens.
#include "schedules/structure/table_checker.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include "schedules/structure/names.h"

namespace rondo {

using Found = TableChecker::Found;

Found TableChecker::target() {
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"producer", &s_.producer}, {"source", &s_.source}, {"backend", &s_.backend}, {"machine", &s_.machine}};
  for (const auto& [what, text] : texts) {
    if (text->size() > kMaxNameBytes)
      return found(Table::kTarget, kNone, what, " is ", text->size(), " bytes long, the most is ", kMaxNameBytes);
    if (!is_plain_text(*text)) return found(Table::kTarget, kNone, what, " is not UTF-8 text on one line");
  }
  if (s_.lane_count == 0 || s_.lane_count > kMaxLanes)
    return found(Table::kTarget, kNone, "lane count ", s_.lane_count, " is not in [1, ", kMaxLanes, "]");
  return std::nullopt;
}

Found TableChecker::names() {
  if (s_.names.empty() || !s_.names[0].empty()) return found(Table::kNames, 0, "name 0 must be the empty string");
  if (s_.names.size() >= kNone) return found(Table::kNames, kNone, "more than 2^32 - 2 names");
  for (size_t i = 1; i < s_.names.size(); ++i) {
    const std::string& name = s_.names[i];
    if (name.empty() || name.size() > kMaxNameBytes)
      return found(Table::kNames, i, "name ", i, " is ", name.size(), " bytes long, allowed are 1 to ", kMaxNameBytes);
    if (!is_plain_text(name)) return found(Table::kNames, i, "name ", i, " is not UTF-8 text on one line");
  }
  std::vector<uint32_t> order(s_.names.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int compared = s_.names[a].compare(s_.names[b]);
    return compared != 0 ? compared < 0 : a < b;
  });
  for (size_t i = 1; i < order.size(); ++i)
    if (s_.names[order[i]] == s_.names[order[i - 1]])
      return found(Table::kNames, order[i], "name ", order[i], " repeats name ", order[i - 1], ", '",
                   s_.names[order[i]], "'");
  return std::nullopt;
}

Found TableChecker::spaces() {
  if (Found f = named(Table::kSpaces, "space", s_.spaces, kMaxSpaces)) return f;
  for (size_t i = 0; i < s_.spaces.size(); ++i) {
    const Space& space = s_.spaces[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kSpaces, i, called("space", i, space.name), " ", words...);
    };
    if (space.kind > static_cast<uint8_t>(SpaceKind::kDevice)) return bad("has unknown kind ", space.kind);
    if (space.reserved0[0] | space.reserved0[1] | space.reserved0[2] | space.reserved1)
      return bad("has a reserved field that is not zero");
    if (!std::has_single_bit(space.align_bytes))
      return bad("has alignment ", space.align_bytes, ", not a power of two");
    if (space.capacity_bytes >= kSizeLimit)
      return bad("has a capacity of ", space.capacity_bytes, " bytes, allowed is less than 2^47");
  }
  return std::nullopt;
}

Found TableChecker::groups() {
  if (Found f = named(Table::kGroups, "group", s_.groups, kMaxGroups)) return f;
  for (size_t i = 0; i < s_.groups.size(); ++i) {
    const Group& group = s_.groups[i];
    if (group.reserved0 != 0)
      return found(Table::kGroups, i, called("group", i, group.name), " has a reserved field that is not zero");
    if (group.lane_count == 0 || uint64_t{group.first_lane} + group.lane_count > s_.lane_count)
      return found(Table::kGroups, i, called("group", i, group.name), " spans ", group.lane_count, " lanes from lane ",
                   group.first_lane, ", the schedule has ", s_.lane_count);
  }
  return std::nullopt;
}

Found TableChecker::arenas() {
  if (Found f = named(Table::kArenas, "arena", s_.arenas, kMaxBases)) return f;
  for (size_t i = 0; i < s_.arenas.size(); ++i) {
    const Arena& arena = s_.arenas[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kArenas, i, called("arena", i, arena.name), " ", words...);
    };
    if (arena.name == 0) return bad("has no name");
    if (arena.space >= s_.spaces.size())
      return bad("lies in space ", arena.space, ", the file holds ", s_.spaces.size());
    const Space& space = s_.spaces[arena.space];
    if (arena.prepared > 1) return bad("has prepared = ", arena.prepared, ", allowed are 0 and 1");
    if (arena.reserved0 != 0) return bad("has a reserved field that is not zero");
    if (!std::has_single_bit(arena.align_bytes) || arena.align_bytes < space.align_bytes)
      return bad("has alignment ", arena.align_bytes, ", not a power of two of at least its space's ",
                 space.align_bytes);
    if (arena.bytes >= kSizeLimit) return bad("has ", arena.bytes, " bytes, allowed is less than 2^47");
    switch (static_cast<OwnerKind>(arena.owner_kind)) {
      case OwnerKind::kLane:
        if (arena.owner >= s_.lane_count)
          return bad("belongs to lane ", arena.owner, ", the schedule has ", s_.lane_count);
        break;
      case OwnerKind::kGroup:
        if (arena.owner >= s_.groups.size())
          return bad("belongs to group ", arena.owner, ", the file holds ", s_.groups.size());
        break;
      case OwnerKind::kEveryone:
        if (arena.owner != 0) return bad("belongs to everyone and has owner ", arena.owner, ", which must be 0");
        break;
      default:
        return bad("has unknown owner kind ", arena.owner_kind);
    }
  }
  return std::nullopt;
}

Found TableChecker::bindings() {
  if (Found f = named(Table::kBindings, "binding", s_.bindings, kMaxBases)) return f;
  if (s_.arenas.size() + s_.bindings.size() > kMaxBases)
    return found(Table::kBindings, kNone, s_.arenas.size(), " arenas and ", s_.bindings.size(),
                 " bindings, the most together is ", kMaxBases);
  for (size_t i = 0; i < s_.bindings.size(); ++i) {
    const Binding& binding = s_.bindings[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kBindings, i, called("binding", i, binding.name), " ", words...);
    };
    if (binding.name == 0) return bad("has no name");
    if (binding.role > static_cast<uint8_t>(Role::kTable)) return bad("has unknown role ", binding.role);
    if (!is_dtype(binding.dtype)) return bad("has unknown dtype ", binding.dtype);
    if (binding.reserved0 != 0) return bad("has a reserved field that is not zero");
    if (binding.rank > kMaxRank) return bad("has rank ", binding.rank, ", the most is ", kMaxRank);
    for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
      if (axis < binding.rank && binding.shape[axis] == 0) return bad("has size 0 on axis ", axis);
      if (axis >= binding.rank && binding.shape[axis] != 0)
        return bad("has rank ", binding.rank, " and size ", binding.shape[axis], " on axis ", axis,
                   ", which must be 0");
    }
    if (!dense_bytes(binding.dtype, binding.shape, binding.rank)) return bad("has 2^47 bytes or more");
    const uint64_t element = size_of(static_cast<DType>(binding.dtype));
    if (!std::has_single_bit(binding.align_bytes) || binding.align_bytes < element)
      return bad("has alignment ", binding.align_bytes, ", not a power of two of at least its element's ", element);
    const auto role = static_cast<Role>(binding.role);
    if (role == Role::kTable) {
      const auto dtype = static_cast<DType>(binding.dtype);
      if (dtype != DType::kI32 && dtype != DType::kI64)
        return bad("is a table of ", info(dtype).name, ", allowed are i32 and i64");
      if (binding.index_limit == 0) return bad("is a table with index limit 0: no entry would be legal");
      if (binding.distinct > 1) return bad("has distinct = ", binding.distinct, ", allowed are 0 and 1");
    } else if (binding.index_limit != 0 || binding.distinct != 0) {
      return bad("has an index limit or distinct entries, which only a table has");
    }
    if (binding.filled_scalar == kNone) {
      if (binding.filled_scale != 0 || binding.filled_bias != 0) return bad("has a filled part without a scalar");
    } else {
      if (role != Role::kState) return bad("has a filled part, which only state has");
      if (binding.rank == 0) return bad("has a filled part and rank 0: there are no rows");
      if (binding.filled_scalar >= s_.scalars.size())
        return bad("is filled up to scalar ", binding.filled_scalar, ", the file holds ", s_.scalars.size());
      if (!stays_small(s_.scalars[binding.filled_scalar], binding.filled_scale, binding.filled_bias))
        return bad("is filled up to a row beyond 2^62");
    }
  }
  return std::nullopt;
}

Found TableChecker::scalars() {
  if (Found f = named(Table::kScalars, "scalar", s_.scalars, kMaxScalars)) return f;
  for (size_t i = 0; i < s_.scalars.size(); ++i) {
    const Scalar& scalar = s_.scalars[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kScalars, i, called("scalar", i, scalar.name), " ", words...);
    };
    constexpr auto kLimit = static_cast<int64_t>(kSizeLimit);
    if (scalar.name == 0) return bad("has no name");
    if (scalar.reserved0 != 0) return bad("has a reserved field that is not zero");
    if (scalar.min > scalar.max) return bad("has min ", scalar.min, " above max ", scalar.max);
    if (scalar.min <= -kLimit || scalar.max >= kLimit)
      return bad("has range [", scalar.min, ", ", scalar.max, "], allowed is within +-2^47");
  }
  return std::nullopt;
}

Found TableChecker::tokens() {
  if (Found f = named(Table::kTokens, "token", s_.tokens, kNone - 1)) return f;
  for (size_t i = 0; i < s_.tokens.size(); ++i) {
    const Token& token = s_.tokens[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kTokens, i, called("token", i, token.name), " ", words...);
    };
    if (token.scope > static_cast<uint8_t>(TokenScope::kSystem)) return bad("has unknown scope ", token.scope);
    if (token.join > 1) return bad("has join = ", token.join, ", allowed are 0 and 1");
    if (token.part > static_cast<uint8_t>(Part::kReplay)) return bad("has unknown part ", token.part);
    if (token.reserved0 != 0 || token.reserved1 != 0) return bad("has a reserved field that is not zero");
  }
  return std::nullopt;
}

// Where the host or an op line says a name, one thing must have it.
Found TableChecker::unique_names() {
  std::vector<uint8_t> used(s_.names.size());
  for (size_t i = 0; i < s_.arenas.size(); ++i)
    if (used[s_.arenas[i].name]++)
      return found(Table::kArenas, i, "arena ", i, " repeats the name '", s_.name(s_.arenas[i].name), "'");
  for (size_t i = 0; i < s_.bindings.size(); ++i)
    if (used[s_.bindings[i].name]++)
      return found(Table::kBindings, i, "binding ", i, " repeats the name '", s_.name(s_.bindings[i].name),
                   "' of an arena or binding");
  std::fill(used.begin(), used.end(), uint8_t{0});
  for (size_t i = 0; i < s_.scalars.size(); ++i)
    if (used[s_.scalars[i].name]++)
      return found(Table::kScalars, i, "scalar ", i, " repeats the name '", s_.name(s_.scalars[i].name), "'");
  return std::nullopt;
}

}  // namespace rondo
