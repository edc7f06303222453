#include "tests/schedules/random_schedule.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include "rondo/contracts.h"
#include "rondo/footprint.h"
#include "schedules/binary/sections.h"
#include "schedules/structure/violation.h"

namespace rondo::testing {
namespace {

// splitmix64: the standard library's distributions differ between libraries.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  // Small, large and the ends of the range alike.
  uint64_t spread(uint64_t limit) {
    if (one_in(8)) return one_in(2) ? 0 : limit - 1;
    return (next() >> below(64)) % limit;
  }

 private:
  uint64_t state_;
};

class Maker {
 public:
  Maker(uint64_t seed, const RandomScheduleOptions& options) : random_(seed), options_(options) {}

  Schedule make() {
    target();
    memory();
    program();
    meaning();
    ops();
    if (random_.one_in(2)) shuffle_names();
    return std::move(s_);
  }

 private:
  Random random_;
  const RandomScheduleOptions options_;
  Schedule s_;

  uint64_t some() { return random_.below(options_.max_records + 1); }
  uint8_t dtype() { return static_cast<uint8_t>(random_.below(kDTypes.size())); }
  uint32_t power(uint32_t least) {
    uint32_t power = least;
    while (power < 4096 && random_.one_in(2)) power *= 2;
    return power;
  }
  int64_t coefficient() {
    const auto magnitude = static_cast<int64_t>(random_.spread(1000000));
    return random_.one_in(2) ? magnitude : -magnitude;
  }

  std::string text() {
    static const char* const kPieces[] = {"x",
                                          "fc1",
                                          "a b",
                                          "\"",
                                          "\\",
                                          "#",
                                          ": ",
                                          "$3",
                                          "-",
                                          "null",
                                          "1e3",
                                          "{",
                                          "}",
                                          "[",
                                          ",",
                                          "\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80",
                                          "+",
                                          "%",
                                          "&a",
                                          "*a",
                                          "!",
                                          "|",
                                          ">",
                                          "'",
                                          "@",
                                          "true"};
    std::string text;
    for (uint64_t left = 1 + random_.below(3); left > 0; --left) text += kPieces[random_.below(std::size(kPieces))];
    return text;
  }
  // A name of its own; `repeat` allows one that is there already, or none.
  NameId name(bool repeat = true) {
    if (repeat && random_.one_in(4)) return static_cast<NameId>(random_.below(s_.names.size()));
    std::string fresh = random_.one_in(3) ? text() : "n" + std::to_string(s_.names.size());
    if (std::find(s_.names.begin(), s_.names.end(), fresh) != s_.names.end())
      fresh += "." + std::to_string(s_.names.size());
    s_.names.push_back(fresh);
    return static_cast<NameId>(s_.names.size() - 1);
  }

  void target() {
    if (random_.one_in(2)) s_.producer = text();
    if (random_.one_in(2)) s_.source = text();
    if (random_.one_in(2)) s_.machine = text();
    if (random_.one_in(4)) s_.backend = random_.one_in(2) ? text() : "";
    s_.lane_count = 1 + static_cast<uint32_t>(random_.below(4));
  }

  void shape(uint8_t& rank, uint32_t* sizes) {
    rank = static_cast<uint8_t>(random_.below(kMaxRank + 1));
    for (uint32_t axis = 0; axis < rank; ++axis)
      sizes[axis] = 1 + static_cast<uint32_t>(random_.below(random_.one_in(4) ? 600 : 5));
  }

  void memory() {
    for (uint64_t i = some(); i > 0; --i) {
      Space space;
      space.name = name();
      space.kind = static_cast<uint8_t>(random_.below(3));
      space.align_bytes = power(1);
      space.capacity_bytes = random_.spread(kSizeLimit);
      s_.spaces.push_back(space);
    }
    for (uint64_t i = some(); i > 0; --i) {
      Group group;
      group.name = name();
      group.first_lane = static_cast<uint32_t>(random_.below(s_.lane_count));
      group.lane_count = 1 + static_cast<uint32_t>(random_.below(s_.lane_count - group.first_lane));
      s_.groups.push_back(group);
    }
    for (uint64_t i = s_.spaces.empty() ? 0 : some(); i > 0; --i) {
      Arena arena;
      arena.name = name(false);
      arena.space = static_cast<uint16_t>(random_.below(s_.spaces.size()));
      arena.owner_kind = static_cast<uint8_t>(random_.below(3));
      if (arena.owner_kind == 1 && s_.groups.empty()) arena.owner_kind = 2;
      if (arena.owner_kind == 0) arena.owner = static_cast<uint32_t>(random_.below(s_.lane_count));
      if (arena.owner_kind == 1) arena.owner = static_cast<uint32_t>(random_.below(s_.groups.size()));
      arena.prepared = random_.one_in(3);
      arena.align_bytes = power(s_.spaces[arena.space].align_bytes);
      arena.bytes = random_.spread(kSizeLimit);
      s_.arenas.push_back(arena);
    }
    for (uint64_t i = some(); i > 0; --i) {
      Scalar scalar;
      scalar.name = name(false);
      scalar.min = coefficient();
      scalar.max = scalar.min + static_cast<int64_t>(random_.spread(kSizeLimit / 2));
      s_.scalars.push_back(scalar);
    }
    for (uint64_t i = some(); i > 0; --i) {
      Binding binding;
      binding.name = name(false);
      binding.role = static_cast<uint8_t>(random_.below(5));
      binding.dtype = dtype();
      shape(binding.rank, binding.shape);
      const auto role = static_cast<Role>(binding.role);
      if (role == Role::kTable) {
        binding.dtype = static_cast<uint8_t>(random_.one_in(2) ? DType::kI32 : DType::kI64);
        binding.index_limit = 1 + random_.spread(UINT64_MAX);
        binding.distinct = random_.one_in(2);
      }
      if (role == Role::kState && binding.rank > 0 && !s_.scalars.empty() && random_.one_in(2)) {
        binding.filled_scalar = static_cast<uint32_t>(random_.below(s_.scalars.size()));
        binding.filled_scale = random_.one_in(3) ? 0 : coefficient() % 1000;
        binding.filled_bias = coefficient();
      }
      binding.align_bytes = power(static_cast<uint32_t>(size_of(static_cast<DType>(binding.dtype))));
      s_.bindings.push_back(binding);
    }
  }

  void program() {
    for (uint64_t i = some(); i > 0; --i) {
      Token token;
      token.name = random_.one_in(3) ? name() : 0;
      token.scope = static_cast<uint8_t>(random_.below(4));
      token.join = random_.one_in(2);
      token.part = static_cast<uint8_t>(random_.below(2));
      token.window = static_cast<uint32_t>(random_.spread(uint64_t{1} << 32));
      s_.tokens.push_back(token);
    }
    for (const Contract& contract : kContracts) {
      if (random_.one_in(2)) continue;
      KernelRef kernel;
      const auto found = std::find(s_.names.begin(), s_.names.end(), contract.name);
      kernel.name = static_cast<NameId>(found - s_.names.begin());
      if (found == s_.names.end()) s_.names.emplace_back(contract.name);
      kernel.contract_hash = hash_of(contract);
      s_.kernels.insert(s_.kernels.begin() + static_cast<int64_t>(random_.below(s_.kernels.size() + 1)), kernel);
    }
    for (uint64_t i = some(); i > 0; --i) {
      NumericsPolicy policy;
      policy.storage = dtype(), policy.compute = dtype(), policy.accumulate = dtype();
      policy.rounding = static_cast<uint8_t>(random_.below(2));
      policy.saturation = static_cast<uint8_t>(random_.below(3));
      policy.denormals = static_cast<uint8_t>(random_.below(2));
      s_.policies.push_back(policy);
    }
    for (uint64_t i = some(); i > 0; --i) s_.phases.push_back(Phase{name()});
    for (uint32_t phase = 0; phase < s_.phases.size(); ++phase)
      if (random_.one_in(3)) s_.cuts.push_back(Cut{phase});
    s_.members.push_back(Member{});
    if (random_.one_in(3)) s_.members[0].name = name();
    while (s_.members[0].name != 0 && s_.members.size() < 4 && random_.one_in(2)) {
      const Member more{name()};
      const auto same = [&](const Member& other) { return other.name == more.name; };
      if (more.name != 0 && std::none_of(s_.members.begin(), s_.members.end(), same)) s_.members.push_back(more);
    }
    for (uint64_t i = some(); i > 0; --i) views();
  }

  void views() {
    View view;
    view.dtype = dtype();
    shape(view.rank, view.extent);
    if (random_.one_in(4)) {
      view.layout = static_cast<uint8_t>(Layout::kPanels);
      view.block_columns = kPanelWidths[random_.below(kPanelWidths.size())];
      view.rank = 2;
      for (uint32_t axis = 0; axis < kMaxRank; ++axis)
        view.extent[axis] = axis < 2 ? static_cast<uint32_t>(random_.below(50)) : 0;
    } else if (view.rank > 0 && random_.one_in(6)) {
      view.extent[random_.below(view.rank)] = 0;
    }
    for (uint32_t axis = 0; axis < view.rank; ++axis)
      view.stride_bytes[axis] = random_.one_in(4) ? 0 : static_cast<int64_t>(random_.spread(uint64_t{1} << 34));
    if (!s_.scalars.empty() && random_.one_in(2)) {
      view.scalar = static_cast<uint32_t>(random_.below(s_.scalars.size()));
      const bool bounds = view.rank > 0 && random_.one_in(2);
      if (bounds) {
        view.extent_axis = static_cast<uint8_t>(random_.below(view.rank));
        view.extent_scale = coefficient() % 1000;
        view.extent_bias = coefficient();
      }
      if (!bounds || random_.one_in(2)) {
        view.offset_step_bytes = 1 + static_cast<int64_t>(random_.spread(1 << 20));
        view.offset_modulus = 1 + static_cast<int64_t>(random_.spread(1 << 20));
        view.offset_scale = coefficient() % 1000;
        view.offset_bias = coefficient();
      }
    }
    s_.views.push_back(view);
  }

  double real() {
    const double number = std::bit_cast<double>(random_.next() & 0x7fffffffffffffffull);
    return random_.one_in(2) ? static_cast<double>(random_.below(100)) / 4 : number < 1e300 ? number : 0.5;
  }

  // The last tensor with its elements on one axis, split where that goes evenly.
  void add_alias() {
    const Tensor& root = s_.tensors.back();
    uint64_t elements = 1;
    for (uint32_t axis = 0; axis < root.rank; ++axis) elements *= root.shape[axis];
    if (elements >= kNone) return;
    Tensor alias;
    alias.name = name();
    alias.dtype = root.dtype;
    alias.alias_of = root.alias_of != 0 ? root.alias_of : static_cast<uint32_t>(s_.tensors.size());
    const uint64_t inner = elements % 3 == 0 ? 3 : elements % 2 == 0 ? 2 : 1;
    alias.rank = 2;
    alias.shape[0] = static_cast<uint32_t>(elements / inner);
    alias.shape[1] = static_cast<uint32_t>(inner);
    s_.tensors.push_back(alias);
  }

  void meaning() {
    for (uint64_t i = some(); i > 0; --i) {
      Tensor tensor;
      tensor.name = name();
      tensor.dtype = dtype();
      shape(tensor.rank, tensor.shape);
      if (s_.base_count() > 0 && random_.one_in(2)) tensor.base = static_cast<uint32_t>(random_.below(s_.base_count()));
      s_.tensors.push_back(tensor);
      if (random_.one_in(4)) add_alias();
    }
    for (uint64_t i = s_.tensors.empty() ? 0 : some(); i > 0; --i) {
      Value value;
      value.tensor = static_cast<uint32_t>(random_.below(s_.tensors.size()));
      value.version = random_.one_in(2) ? 0 : static_cast<uint32_t>(random_.spread(uint64_t{1} << 32));
      const Tensor& tensor = s_.tensors[value.tensor];
      const bool plain = random_.one_in(2);
      for (uint32_t axis = 0; axis < tensor.rank; ++axis) {
        value.low[axis] = static_cast<uint32_t>(random_.below(tensor.shape[axis] + 1));
        value.extent[axis] = static_cast<uint32_t>(random_.below(tensor.shape[axis] - value.low[axis] + 1));
        if (plain) value.axis[axis] = static_cast<uint8_t>(axis);
        if (random_.one_in(8)) value.moves_along = static_cast<uint8_t>(axis + 1);
      }
      for (uint32_t axis = 0; axis < kMaxRank && !plain && tensor.rank > 0; ++axis)
        if (random_.one_in(2)) value.axis[axis] = static_cast<uint8_t>(random_.below(tensor.rank));
      s_.values.push_back(value);
    }
    for (uint64_t i = s_.base_count() == 0 ? 0 : some(); i > 0; --i) {
      Ring ring;
      ring.base = static_cast<uint16_t>(random_.below(s_.base_count()));
      ring.depth = 1 + static_cast<uint16_t>(random_.below(20));
      ring.offset_bytes = random_.spread(kSizeLimit / 2);
      ring.stride_bytes = random_.spread(kSizeLimit / 64);
      if (random_.one_in(3)) {
        ring.depth = 1 + static_cast<uint16_t>(random_.spread(65535));
        ring.stride_bytes = random_.spread(uint64_t{1} << 29);
      }
      s_.rings.push_back(ring);
    }
    for (uint64_t i = some(); i > 0; --i) claim();
    for (size_t i = 0; i < s_.kernels.size(); ++i)
      if (random_.one_in(2)) s_.costs.push_back({static_cast<uint16_t>(i), 0, 0, real(), real(), real()});
  }

  void claim() {
    static constexpr ClaimKind kKinds[] = {
        ClaimKind::kOps,        ClaimKind::kCopies,         ClaimKind::kBytesMoved, ClaimKind::kFlops,
        ClaimKind::kExtentPeak, ClaimKind::kLivePeak,       ClaimKind::kPrepareOps, ClaimKind::kMakespan,
        ClaimKind::kLowerBound, ClaimKind::kLoadsEliminated};
    const ClaimKind kind = kKinds[random_.below(std::size(kKinds))];
    Claim claim;
    claim.kind = static_cast<uint16_t>(kind);
    claim.value = random_.spread(UINT64_MAX);
    if (random_.one_in(2)) claim.method = name();
    if (kind == ClaimKind::kMakespan || kind == ClaimKind::kLowerBound)
      claim.value = std::bit_cast<uint64_t>(random_.one_in(2) ? real() : -real());
    if (kind == ClaimKind::kBytesMoved) {
      for (uint16_t* space : {&claim.a, &claim.b})
        *space =
            s_.spaces.empty() || random_.one_in(3) ? 0xffff : static_cast<uint16_t>(random_.below(s_.spaces.size()));
    }
    if (kind == ClaimKind::kExtentPeak || kind == ClaimKind::kLivePeak) {
      if (s_.arenas.empty()) return;
      claim.a = static_cast<uint16_t>(random_.below(s_.arenas.size()));
    }
    if (kind != ClaimKind::kPrepareOps) claim.member = static_cast<uint32_t>(random_.below(s_.members.size()));
    s_.claims.push_back(claim);
  }

  void ops() {
    const bool labelled = random_.one_in(2);
    bool any_label = false;
    for (uint64_t i = some(); i > 0; --i) {
      Stream stream;
      stream.name = random_.one_in(3) ? 0 : name();
      stream.lane = static_cast<uint32_t>(random_.below(s_.lane_count));
      stream.engine = static_cast<uint8_t>(random_.below(3));
      stream.part = static_cast<uint8_t>(random_.below(2));
      if (s_.members.size() > 1 && !s_.streams.empty()) {  // prepare first, then by member
        stream.part = std::max(stream.part, s_.streams.back().part);
        stream.member = s_.streams.back().member;
      }
      if (stream.part != static_cast<uint8_t>(Part::kPrepare))
        stream.member += static_cast<uint32_t>(random_.below(s_.members.size() - stream.member));
      stream.in_flight = 1 + static_cast<uint16_t>(random_.spread(65535));
      stream.first_op = static_cast<uint32_t>(s_.ops.size());
      for (uint64_t count = random_.below(options_.max_ops + 1); count > 0; --count) op(labelled, any_label);
      stream.op_count = static_cast<uint32_t>(s_.ops.size()) - stream.first_op;
      s_.streams.push_back(stream);
    }
    if (!any_label) s_.labels.clear();
  }

  void op(bool labelled, bool& any_label) {
    Op op;
    op.first_operand = static_cast<uint32_t>(s_.operands.size());
    if (!s_.phases.empty()) op.phase = static_cast<uint16_t>(random_.below(s_.phases.size()));
    if (!s_.policies.empty()) op.policy = static_cast<uint8_t>(random_.below(s_.policies.size()));
    if (!s_.kernels.empty() && !s_.policies.empty() && !random_.one_in(4)) {
      op.kernel = static_cast<uint16_t>(random_.below(s_.kernels.size()));
      op.flags = static_cast<uint16_t>(random_.below(8));
      const Contract& contract = *find_contract(s_.name(s_.kernels[op.kernel].name));
      for (uint32_t i = 0; i < contract.params.size() && contract.params[i].kind != ParamKind::kAbsent; ++i)
        op.params[i] = static_cast<uint32_t>(random_.one_in(2) ? random_.below(5) : random_.next());
      if (!s_.views.empty() && s_.base_count() > 0)
        op.operand_count = static_cast<uint8_t>(random_.below(random_.one_in(4) ? 9 : contract.operand_count + 1));
      for (uint32_t slot = 0; slot < op.operand_count; ++slot) operand(op, contract, slot, labelled, any_label);
    }
    if (!s_.tokens.empty()) {
      for (uint32_t slot = 0; slot < 2; ++slot) {
        if (random_.one_in(2))
          op.waits[slot] = {static_cast<uint32_t>(random_.below(s_.tokens.size())),
                            static_cast<uint32_t>(random_.spread(uint64_t{1} << 32))};
        if (random_.one_in(2)) {
          op.signals[slot] = static_cast<uint32_t>(random_.below(s_.tokens.size()));
          op.signal_kinds[slot] = static_cast<uint8_t>(random_.below(2));
        }
      }
    }
    s_.ops.push_back(op);
  }

  void operand(const Op& op, const Contract& contract, uint32_t slot, bool labelled, bool& any_label) {
    Operand operand;
    operand.view = static_cast<uint32_t>(random_.below(s_.views.size()));
    operand.base = static_cast<uint16_t>(random_.below(s_.base_count()));
    operand.offset_bytes = random_.spread(kSizeLimit);
    const bool result = slot < contract.operand_count && contract.operands[slot].use == Use::kResult;
    operand.access = static_cast<uint8_t>(random_.one_in(4) ? random_.below(7)
                                          : result          ? (op.flags & kOpAccumulate ? 2 : 1)
                                                            : 0);
    const uint32_t rank = s_.views[operand.view].rank;
    if (operand.access >= 5 && rank == 0) operand.access = 3;
    if (operand.access >= 5)
      operand.aux = static_cast<uint8_t>(random_.below(op.operand_count) | random_.below(rank) << 4);
    s_.operands.push_back(operand);
    OperandLabel label;
    if (labelled && !s_.values.empty() && !random_.one_in(3))
      label.value = static_cast<uint32_t>(random_.below(s_.values.size()));
    if (labelled && !s_.rings.empty() && random_.one_in(2)) {
      label.ring = static_cast<uint16_t>(random_.below(s_.rings.size()));
      label.slot = static_cast<uint16_t>(random_.below(s_.rings[label.ring].depth));
    }
    any_label |= label != OperandLabel{};
    s_.labels.push_back(label);
  }

  // Another order of the name table, and a name that nobody uses: as legal, and harder to print.
  void shuffle_names() {
    s_.names.push_back("unused " + std::to_string(s_.names.size()));
    std::vector<NameId> moved(s_.names.size());
    for (NameId id = 0; id < moved.size(); ++id) moved[id] = id;
    for (size_t i = moved.size() - 1; i > 1; --i) std::swap(moved[i], moved[1 + random_.below(i)]);
    std::vector<std::string> names(s_.names.size());
    for (NameId id = 0; id < moved.size(); ++id) names[moved[id]] = s_.names[id];
    s_.names = std::move(names);
    for (auto& r : s_.spaces) r.name = moved[r.name];
    for (auto& r : s_.groups) r.name = moved[r.name];
    for (auto& r : s_.arenas) r.name = moved[r.name];
    for (auto& r : s_.bindings) r.name = moved[r.name];
    for (auto& r : s_.scalars) r.name = moved[r.name];
    for (auto& r : s_.tokens) r.name = moved[r.name];
    for (auto& r : s_.kernels) r.name = moved[r.name];
    for (auto& r : s_.phases) r.name = moved[r.name];
    for (auto& r : s_.members) r.name = moved[r.name];
    for (auto& r : s_.streams) r.name = moved[r.name];
    for (auto& r : s_.tensors) r.name = moved[r.name];
    for (auto& r : s_.claims) r.method = moved[r.method];
  }
};

}  // namespace

Schedule random_schedule(uint64_t seed, const RandomScheduleOptions& options) { return Maker(seed, options).make(); }

bool same_tables(const Schedule& a, const Schedule& b) {
  if (a.producer != b.producer || a.source != b.source || a.backend != b.backend || a.machine != b.machine ||
      a.lane_count != b.lane_count || a.names != b.names)
    return false;
  std::vector<std::pair<const void*, size_t>> tables;
  for_each_table(
      a, [&](Table, const auto& records) { tables.emplace_back(records.data(), records.size() * sizeof(records[0])); });
  size_t next = 0;
  bool same = true;
  for_each_table(b, [&](Table, const auto& records) {
    const auto& [data, bytes] = tables[next++];
    same &=
        bytes == records.size() * sizeof(records[0]) && (bytes == 0 || std::memcmp(data, records.data(), bytes) == 0);
  });
  return same;
}

}  // namespace rondo::testing
