// The canonical text: what every planner's file looks like and what a reader of
// the repository compares. Tables in the order of the binary form, defaults left
// out only where the grammar says so.
#include <bit>
#include <charconv>
#include "rondo/contracts.h"
#include "rondo/load.h"
#include "schedules/structure/name_order.h"
#include "schedules/structure/sentence.h"
#include "schedules/text/line.h"
#include "schedules/text/print_ops.h"
#include "schedules/text/references.h"
#include "schedules/text/words.h"

namespace rondo {
namespace {

// An f64 as the shortest decimal that reads back the same; whole numbers with ".0"
// left out, as to_chars gives them.
std::string decimal(double number) {
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::string named(std::string_view name) {
  std::string text;
  append_name(text, name);
  return text;
}

class Printer {
 public:
  explicit Printer(const Schedule& schedule)
      : s_(schedule),
        bases_(references_to_bases(schedule).printed()),
        spaces_(references_to("space", schedule, schedule.spaces).printed()),
        groups_(references_to("group", schedule, schedule.groups).printed()),
        scalars_(references_to("scalar", schedule, schedule.scalars).printed()),
        phases_(references_to("phase", schedule, schedule.phases).printed()),
        kernels_(references_to("kernel", schedule, schedule.kernels).printed()),
        members_(references_to("member", schedule, schedule.members).printed()) {}

  std::string print() {
    target();
    memory();
    program();
    lines();
    meaning();
    streams();
    names();
    return std::move(text_);
  }

 private:
  const Schedule& s_;
  const std::vector<std::string> bases_, spaces_, groups_, scalars_, phases_, kernels_, members_;
  std::string text_;

  template <class... Words>
  void put(const Words&... words) {
    (append_words(text_, words), ...);
  }
  // "key:" before the records of a table, unless it is empty.
  template <class Records>
  bool begin(std::string_view key, const Records& records, std::string_view after = "") {
    if (records.empty()) return false;
    put(key, ":", after, "\n");
    return true;
  }
  template <class Numbers>
  void put_list(const Numbers& numbers, uint32_t count) {
    put("[");
    for (uint32_t i = 0; i < count; ++i) put(i == 0 ? "" : ", ", numbers[i]);
    put("]");
  }
  // "1+2*n": the name comes last, because a name may hold a '-'.
  void put_formula(int64_t scale, uint32_t scalar, int64_t bias) {
    put(bias, scale < 0 ? "" : "+", scale, "*", scalars_[scalar]);
  }

  void target() {
    put("rondo: ", kFormatVersion, "\n");
    if (!s_.producer.empty()) put("producer: ", named(s_.producer), "\n");
    if (!s_.source.empty()) put("source: ", named(s_.source), "\n");
    put("target: {backend: ", named(s_.backend));
    if (!s_.machine.empty()) put(", machine: ", named(s_.machine));
    put(", lanes: ", s_.lane_count, "}\n");
  }

  void memory() {
    begin("spaces", s_.spaces);
    for (const Space& space : s_.spaces)
      put("  - {name: ", named(s_.name(space.name)), ", kind: ", kSpaceKindWords[space.kind],
          ", bytes: ", space.capacity_bytes, ", align: ", space.align_bytes, "}\n");
    begin("groups", s_.groups);
    for (const Group& group : s_.groups)
      put("  - {name: ", named(s_.name(group.name)), ", first_lane: ", group.first_lane, ", lanes: ", group.lane_count,
          "}\n");
    begin("arenas", s_.arenas);
    for (const Arena& arena : s_.arenas) {
      put("  - {name: ", named(s_.name(arena.name)), ", space: ", spaces_[arena.space], ", bytes: ", arena.bytes,
          ", align: ", arena.align_bytes);
      switch (static_cast<OwnerKind>(arena.owner_kind)) {
        case OwnerKind::kLane:
          put(", lane: ", arena.owner);
          break;
        case OwnerKind::kGroup:
          put(", group: ", groups_[arena.owner]);
          break;
        case OwnerKind::kEveryone:
          break;
      }
      put(arena.prepared ? ", prepared: true}\n" : "}\n");
    }
    begin("bindings", s_.bindings);
    for (const Binding& binding : s_.bindings) {
      put("  - {name: ", named(s_.name(binding.name)), ", role: ", kRoleWords[binding.role],
          ", dtype: ", kDTypes[binding.dtype].name, ", shape: ");
      put_list(binding.shape, binding.rank);
      put(", align: ", binding.align_bytes);
      if (static_cast<Role>(binding.role) == Role::kTable) put(", index_limit: ", binding.index_limit);
      if (binding.distinct) put(", distinct: true");
      if (binding.filled_scalar != kNone)
        put(", filled: {scalar: ", scalars_[binding.filled_scalar], ", scale: ", binding.filled_scale,
            ", bias: ", binding.filled_bias, "}");
      put("}\n");
    }
    begin("scalars", s_.scalars);
    for (const Scalar& scalar : s_.scalars)
      put("  - {name: ", named(s_.name(scalar.name)), ", min: ", scalar.min, ", max: ", scalar.max, "}\n");
  }

  void program() {
    begin("kernels", s_.kernels);
    for (const KernelRef& kernel : s_.kernels)
      put("  - {name: ", named(s_.name(kernel.name)), ", contract: ", hex(kernel.contract_hash), "}\n");
    if (s_.policies.empty())
      put("policies: []\n");
    else
      put("policies:\n");
    for (const NumericsPolicy& policy : s_.policies)
      put("  - {storage: ", kDTypes[policy.storage].name, ", compute: ", kDTypes[policy.compute].name,
          ", accumulate: ", kDTypes[policy.accumulate].name, ", rounding: ", kRoundingWords[policy.rounding],
          ", saturation: ", kSaturationWords[policy.saturation], ", denormals: ", kDenormalsWords[policy.denormals],
          "}\n");
    begin("phases", s_.phases);
    for (const Phase& phase : s_.phases) put("  - ", named(s_.name(phase.name)), "\n");
    begin("cuts", s_.cuts);
    for (const Cut& cut : s_.cuts) put("  - ", phases_[cut.phase], "\n");
    if (s_.members[0].name != 0) {
      put("members:\n");
      for (const Member& member : s_.members) put("  - {name: ", named(s_.name(member.name)), "}\n");
    }
    begin("rings", s_.rings);
    for (const Ring& ring : s_.rings)
      put("  - {base: ", bases_[ring.base], ", offset: ", ring.offset_bytes, ", stride: ", ring.stride_bytes,
          ", depth: ", ring.depth, "}\n");
  }

  void lines() {
    begin("tokens", s_.tokens, " |");
    for (size_t i = 0; i < s_.tokens.size(); ++i) {
      const Token& token = s_.tokens[i];
      put("  t", i, ": ", kScopeWords[token.scope]);
      if (token.join) put(" join");
      if (static_cast<Part>(token.part) == Part::kPrepare) put(" prepare");
      if (token.window != 0) put(" window ", token.window);
      if (token.name != 0) put(" name ", named(s_.name(token.name)));
      put("\n");
    }
    begin("views", s_.views, " |");
    for (size_t i = 0; i < s_.views.size(); ++i) view(i, s_.views[i]);
  }

  void view(size_t index, const View& view) {
    put("  v", index, ": ", kDTypes[view.dtype].name, " ");
    if (static_cast<Layout>(view.layout) == Layout::kPanels)
      put("panels ", view.block_rows, "x", view.block_columns, " ");
    put_list(view.extent, view.rank);
    put(" strides ");
    put_list(view.stride_bytes, view.rank);
    if (view.extent_axis != 0xff) {
      put(" extent[", view.extent_axis, "]<=");
      put_formula(view.extent_scale, view.scalar, view.extent_bias);
    }
    if (view.offset_step_bytes != 0) {
      put(" offset+=", view.offset_step_bytes, "*((");
      put_formula(view.offset_scale, view.scalar, view.offset_bias);
      put(")%", view.offset_modulus, ")");
    }
    put("\n");
  }

  void meaning() {
    begin("tensors", s_.tensors, " |");
    const std::vector<std::string> tensors = references_to("tensor", s_, s_.tensors).printed();
    for (const Tensor& tensor : s_.tensors) {
      put("  ", named(s_.name(tensor.name)), ": ", kDTypes[tensor.dtype].name, " ");
      put_list(tensor.shape, tensor.rank);
      if (tensor.base != kNone) put(" at ", bases_[tensor.base]);
      if (tensor.alias_of != 0) put(" alias ", tensors[tensor.alias_of - 1]);
      put("\n");
    }
    begin("values", s_.values, " |");
    for (size_t i = 0; i < s_.values.size(); ++i) {
      const Value& value = s_.values[i];
      const uint32_t rank = s_.tensors[value.tensor].rank;
      put("  val", i, ": ", tensors[value.tensor], "[");
      for (uint32_t axis = 0; axis < rank; ++axis)
        put(axis == 0 ? "" : ", ", value.low[axis], ":", uint64_t{value.low[axis]} + value.extent[axis]);
      put("]");
      if (value.version != 0) put(" partial ", value.version);
      axes(value, rank);
      if (value.moves_along != 0) put(" moves ", value.moves_along - 1);
      put("\n");
    }
    begin("claims", s_.claims);
    for (const Claim& claim : s_.claims) put_claim(claim);
    begin("costs", s_.costs);
    for (const Cost& cost : s_.costs)
      put("  - {kernel: ", kernels_[cost.kernel], ", fixed: ", decimal(cost.fixed),
          ", per_flop: ", decimal(cost.per_flop), ", per_byte: ", decimal(cost.per_byte), "}\n");
  }

  // Left out where view axis i walks tensor axis i.
  void axes(const Value& value, uint32_t rank) {
    uint32_t count = 0;
    bool plain = true;
    for (uint32_t i = 0; i < kMaxRank; ++i) {
      if (value.axis[i] != 0xff) count = i + 1;
      plain &= value.axis[i] == (i < rank ? i : 0xff);
    }
    if (plain) return;
    put(" axes [");
    for (uint32_t i = 0; i < count; ++i) {
      put(i == 0 ? "" : ", ");
      if (value.axis[i] == 0xff)
        put("-");
      else
        put(value.axis[i]);
    }
    put("]");
  }

  void put_claim(const Claim& claim) {
    for (const ClaimWord& word : kClaimWords) {
      if (static_cast<uint16_t>(word.kind) != claim.kind) continue;
      put("  - {claim: ", word.word);
      const auto put_reference = [&](std::string_view key, uint16_t index) {
        if (key.empty()) return;
        put(", ", key, ": ");
        if (word.kind != ClaimKind::kBytesMoved)
          put(bases_[index]);
        else if (index == 0xffff)
          put("$host");
        else
          put(spaces_[index]);
      };
      put_reference(word.a, claim.a);
      put_reference(word.b, claim.b);
      put(", value: ");
      if (word.real)
        put(decimal(std::bit_cast<double>(claim.value)));
      else
        put(claim.value);
      if (claim.method != 0) put(", method: ", named(s_.name(claim.method)));
      if (s_.members.size() > 1 && static_cast<ClaimKind>(claim.kind) != ClaimKind::kPrepareOps)
        put(", member: ", members_[claim.member]);
      put("}\n");
    }
  }

  void streams() {
    begin("streams", s_.streams);
    const OpPrinter printer(s_);
    for (const Stream& stream : s_.streams) {
      if (stream.name != 0)
        put("  - name: ", named(s_.name(stream.name)), "\n    lane: ", stream.lane, "\n");
      else
        put("  - lane: ", stream.lane, "\n");
      put("    engine: ", kEngineWords[stream.engine], "\n");
      if (static_cast<Part>(stream.part) == Part::kPrepare) put("    part: prepare\n");
      if (stream.in_flight != 1) put("    in_flight: ", stream.in_flight, "\n");
      if (s_.members.size() > 1 && static_cast<Part>(stream.part) == Part::kReplay)
        put("    member: ", members_[stream.member], "\n");
      if (stream.op_count == 0) continue;
      put("    ops: |\n");
      for (uint32_t i = 0; i < stream.op_count; ++i) {
        put("      ");
        printer.append(text_, stream.first_op + i);
        put("\n");
      }
    }
  }

  void names() {
    if (names_in_order_of_use(s_)) return;
    put("names: |\n");
    for (size_t i = 1; i < s_.names.size(); ++i) put("  ", named(s_.names[i]), "\n");
  }
};

}  // namespace

std::string print_text(const Schedule& schedule) {
  // What does not hold together has no text: names and indices would lie.
  if (const Status status = check_structure(schedule); !status)
    return sentence("# not printed: ", status.error().to_string(), "\n");
  return Printer(schedule).print();
}

}  // namespace rondo
