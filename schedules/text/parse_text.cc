// The text form: YAML for what is small, blocks of lines for what is long. Tables
// are read in an order in which each names only what was read before it, whatever
// their order in the file.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include "rondo/contracts.h"
#include "rondo/load.h"
#include "schedules/structure/name_order.h"
#include "schedules/structure/violation.h"
#include "schedules/text/blocks.h"
#include "schedules/text/name_table.h"
#include "schedules/text/parse_lines.h"
#include "schedules/text/parse_ops.h"
#include "schedules/text/references.h"
#include "schedules/text/words.h"
#include "schedules/yaml/document.h"

namespace rondo {
namespace {

using yaml::Document;
using yaml::Node;
constexpr ErrorCode kCode = ErrorCode::kInvalidSchedule;
// A YAML parser needs seconds for this much; the tables it holds are bounded below it.
constexpr size_t kMaxYamlBytes = size_t{32} << 20;
constexpr int64_t kLimit = static_cast<int64_t>(kSizeLimit) - 1;

// Leaves the reader at the first error; caught in parse_text, never seen outside.
struct Refusal {
  Error error;
};

// One map of a table in YAML, read field by field.
class Fields {
 public:
  Fields(const Document& document, const Node& node, std::string_view what,
         std::initializer_list<std::string_view> allowed)
      : document_(document), node_(node), what_(what) {
    if (Status status = yaml::check_keys(document, node, what, kCode, allowed); !status) throw Refusal{status.error()};
  }

  const Node* find(std::string_view key) const { return node_.find(key); }
  const Node& need(std::string_view key) const {
    if (const Node* node = find(key)) return *node;
    refuse(node_, sentence(what_, " has no '", key, "'"));
  }
  [[noreturn]] void refuse(const Node& node, std::string message) const {
    throw Refusal{make_error(kCode, std::move(message), document_.place(node))};
  }
  const Node& node() const { return node_; }
  std::string of(std::string_view key) const { return sentence(key, " of ", what_); }

  template <class T>
  static T take(Result<T> result) {
    if (!result) throw Refusal{result.error()};
    return std::move(*result);
  }
  int64_t integer(std::string_view key, int64_t low, int64_t high) const {
    return take(yaml::as_integer(document_, need(key), of(key), kCode, low, high));
  }
  int64_t integer_or(std::string_view key, int64_t low, int64_t high, int64_t otherwise) const {
    return find(key) ? integer(key, low, high) : otherwise;
  }
  uint64_t bytes(std::string_view key) const { return take(yaml::as_bytes(document_, need(key), of(key), kCode)); }
  double real(std::string_view key) const { return take(yaml::as_number(document_, need(key), of(key), kCode)); }
  bool flag(std::string_view key) const {
    return find(key) && take(yaml::as_bool(document_, *find(key), of(key), kCode));
  }
  std::string text_or(std::string_view key, std::string_view otherwise) const {
    return find(key) ? take(yaml::as_text(document_, *find(key), of(key), kCode)) : std::string(otherwise);
  }
  std::string text(std::string_view key) const { return take(yaml::as_text(document_, need(key), of(key), kCode)); }
  // Any number of 64 bits, decimal or hexadecimal.
  uint64_t number(std::string_view key) const {
    const std::string digits = text(key);
    Line line(digits, 1);
    uint64_t number = 0;
    if (!line.number(number, of(key)) || !line.at_end())
      refuse(need(key), sentence(of(key), " is '", digits, "', not a whole number"));
    return number;
  }
  uint8_t choice(std::string_view key, std::span<const std::string_view> words) const {
    const std::string word = text(key);
    const uint32_t position = position_of(word, words);
    if (position != kNoWord) return static_cast<uint8_t>(position);
    std::string known;
    for (const std::string_view w : words) known += sentence(known.empty() ? "" : ", ", w);
    refuse(need(key), sentence(of(key), " is '", word, "'", yaml::did_you_mean(word, {words.begin(), words.end()}),
                               "; known are ", known));
  }
  uint8_t dtype(std::string_view key) const {
    std::array<std::string_view, kDTypes.size()> words;
    for (size_t i = 0; i < words.size(); ++i) words[i] = kDTypes[i].name;
    return choice(key, words);
  }
  uint32_t reference(std::string_view key, const References& references) const {
    return reference_of(need(key), key, references);
  }
  uint32_t reference_of(const Node& node, std::string_view key, const References& references) const {
    if (!node.is_scalar()) refuse(node, sentence(of(key), " must be one name"));
    uint32_t index = 0;
    std::string message;
    if (!references.find(node.text, node.quoted, index, message)) refuse(node, sentence(of(key), ": ", message));
    return index;
  }

 private:
  const Document& document_;
  const Node& node_;
  std::string what_;
};

class Parser {
 public:
  Parser(std::string_view text, std::string file) : skeleton_(cut_blocks(text)), names_(schedule_) {
    schedule_.file = std::move(file);
  }

  Schedule parse() {
    if (skeleton_.yaml.size() > kMaxYamlBytes)
      throw Refusal{make_error(kCode,
                               sentence("the text has ", skeleton_.yaml.size(),
                                        " bytes beside its blocks of records, the most is ", kMaxYamlBytes),
                               Place{schedule_.file, 0, 0})};
    Result<Document> parsed = yaml::parse(skeleton_.yaml, schedule_.file, kCode);
    if (!parsed) {
      Error error = parsed.error();
      error.place.line = skeleton_.file_line(error.place.line);
      throw Refusal{std::move(error)};
    }
    document_ = std::move(*parsed);
    restore_lines(document_.root);
    const Fields top(document_, document_.root, "the schedule",
                     {"rondo",   "producer", "source",   "target", "spaces", "groups",  "arenas", "bindings",
                      "scalars", "kernels",  "policies", "phases", "cuts",   "members", "rings",  "tokens",
                      "views",   "tensors",  "values",   "claims", "costs",  "streams", "names"});
    target(top);
    lines(top, "names", Table::kNames, [&](Line& line) { return read_name(line, schedule_, names_); });
    spaces(top);
    groups(top);
    arenas(top);
    scalars(top);
    bindings(top);
    lines(top, "tokens", Table::kTokens, [&](Line& line) { return read_token(line, schedule_, names_); });
    kernels(top);
    policies(top);
    phases(top);
    members(top);
    const References scalar_names = references_to("scalar", schedule_, schedule_.scalars);
    lines(top, "views", Table::kViews, [&](Line& line) { return read_view(line, schedule_, scalar_names); });
    const References bases = references_to_bases(schedule_);
    std::vector<AliasText> aliases;
    lines(top, "tensors", Table::kTensors,
          [&](Line& line) { return read_tensor(line, schedule_, names_, bases, aliases); });
    const References tensors = references_to("tensor", schedule_, schedule_.tensors);
    resolve(aliases, tensors);
    lines(top, "values", Table::kValues, [&](Line& line) { return read_value(line, schedule_, tensors); });
    rings(top, bases);
    streams(top);
    claims(top);
    costs(top);
    if (!top.find("names")) put_names_in_order_of_use(schedule_);
    if (const auto violation = find_violation(schedule_))
      throw Refusal{make_error(kCode, violation->message, place_of(*violation))};
    return std::move(schedule_);
  }

 private:
  Skeleton skeleton_;
  Schedule schedule_;
  NameTable names_;
  Document document_;
  std::array<std::vector<uint32_t>, 32> lines_;  // of each record, by Table

  std::vector<uint32_t>& lines_of(Table table) { return lines_[static_cast<size_t>(table)]; }

  // Marks of the skeleton become marks of the file.
  void restore_lines(Node& node) {
    node.mark.line = skeleton_.file_line(node.mark.line);
    for (yaml::Mark& mark : node.field_marks) mark.line = skeleton_.file_line(mark.line);
    for (Node& item : node.items) restore_lines(item);
    for (auto& [key, field] : node.fields) restore_lines(field);
  }

  Place place_of(const Violation& violation) {
    Place place{schedule_.file, 0, 0};
    const bool of_op =
        violation.table == Table::kOps || violation.table == Table::kOperands || violation.table == Table::kLabels;
    const std::vector<uint32_t>& lines = of_op ? schedule_.op_lines : lines_of(violation.table);
    if (violation.record < lines.size()) place.line = lines[violation.record];
    return place;
  }

  // The block of a key: what was cut out, or nothing for an empty text.
  template <class ReadLine>
  void read_block(const Fields& fields, std::string_view key, std::vector<uint32_t>& record_lines, ReadLine&& read) {
    const Node* node = fields.find(key);
    if (node == nullptr) return;
    const Block* block = skeleton_.block_at(node->mark.line);
    if (block == nullptr || !node->is_scalar() || !node->text.empty())
      fields.refuse(*node,
                    sentence(fields.of(key), " must be a block of lines: '", key, ": |', one record a line below it"));
    uint32_t line_number = block->first_line;
    for (std::string_view rest = block->text; !rest.empty(); ++line_number) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      Line line(rest.substr(0, end), 1);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.at_end()) continue;
      if (!read(line))
        throw Refusal{make_error(kCode, line.message(), Place{schedule_.file, line_number, line.error_column()})};
      record_lines.push_back(line_number);
    }
  }
  void resolve(const std::vector<AliasText>& aliases, const References& tensors) {
    for (const AliasText& alias : aliases) {
      Line line(alias.text, alias.column);
      uint32_t root = 0;
      if (!tensors.read(line, root))
        throw Refusal{make_error(kCode, line.message(),
                                 Place{schedule_.file, lines_of(Table::kTensors)[alias.tensor], line.error_column()})};
      schedule_.tensors[alias.tensor].alias_of = root + 1;
    }
  }

  template <class ReadLine>
  void lines(const Fields& fields, std::string_view key, Table table, ReadLine&& read) {
    if (table == Table::kNames) lines_of(table).push_back(0);  // of name 0, which no line gives
    read_block(fields, key, lines_of(table), read);
  }

  // Calls read(fields) for each map of the list.
  template <class Read>
  void maps(const Fields& top, std::string_view key, std::string_view what, Table table, size_t limit,
            std::initializer_list<std::string_view> allowed, Read&& read) {
    const Node* node = top.find(key);
    if (node == nullptr || node->kind == Node::Kind::kNull) return;
    if (!node->is_sequence()) top.refuse(*node, sentence(key, " must be a list"));
    if (node->items.size() > limit)
      top.refuse(*node, sentence(key, " has ", node->items.size(), " entries, the most is ", limit));
    for (size_t i = 0; i < node->items.size(); ++i) {
      const Node& item = node->items[i];
      lines_of(table).push_back(item.mark.line);
      read(Fields(document_, item, sentence(what, " ", i), allowed));
    }
  }

  void target(const Fields& top) {
    const int64_t version = top.integer("rondo", 0, UINT16_MAX);
    if (version != kFormatVersion)
      top.refuse(top.need("rondo"), sentence("format version ", version, ", this build reads version ", kFormatVersion,
                                             ": re-plan, or use the rondo that wrote it"));
    schedule_.producer = top.text_or("producer", "");
    schedule_.source = top.text_or("source", "");
    const Node* node = top.find("target");
    if (node == nullptr) return;
    const Fields fields(document_, *node, "target", {"backend", "machine", "lanes"});
    schedule_.backend = fields.text_or("backend", schedule_.backend);
    schedule_.machine = fields.text_or("machine", "");
    schedule_.lane_count = static_cast<uint32_t>(fields.integer_or("lanes", 1, kMaxLanes, 1));
  }

  NameId name_of(const Fields& fields) { return names_.id(fields.text_or("name", "")); }

  void spaces(const Fields& top) {
    maps(top, "spaces", "space", Table::kSpaces, kMaxSpaces, {"name", "kind", "bytes", "align"},
         [&](const Fields& fields) {
           Space space;
           space.name = name_of(fields);
           space.kind = fields.choice("kind", kSpaceKindWords);
           space.capacity_bytes = fields.bytes("bytes");
           space.align_bytes = static_cast<uint32_t>(fields.integer_or("align", 1, UINT32_MAX, space.align_bytes));
           schedule_.spaces.push_back(space);
         });
  }

  void groups(const Fields& top) {
    maps(top, "groups", "group", Table::kGroups, kMaxGroups, {"name", "first_lane", "lanes"},
         [&](const Fields& fields) {
           Group group;
           group.name = name_of(fields);
           group.first_lane = static_cast<uint32_t>(fields.integer("first_lane", 0, kMaxLanes));
           group.lane_count = static_cast<uint32_t>(fields.integer("lanes", 1, kMaxLanes));
           schedule_.groups.push_back(group);
         });
  }

  void arenas(const Fields& top) {
    const References spaces = references_to("space", schedule_, schedule_.spaces);
    const References groups = references_to("group", schedule_, schedule_.groups);
    maps(top, "arenas", "arena", Table::kArenas, kMaxBases,
         {"name", "space", "bytes", "align", "lane", "group", "prepared"}, [&](const Fields& fields) {
           Arena arena;
           arena.name = name_of(fields);
           arena.space = static_cast<uint16_t>(fields.reference("space", spaces));
           arena.bytes = fields.bytes("bytes");
           arena.align_bytes = static_cast<uint32_t>(
               fields.integer_or("align", 1, UINT32_MAX, schedule_.spaces[arena.space].align_bytes));
           arena.prepared = fields.flag("prepared");
           arena.owner_kind = static_cast<uint8_t>(OwnerKind::kEveryone);
           if (fields.find("lane") && fields.find("group"))
             fields.refuse(fields.node(), sentence(fields.of("owner"), " is a lane or a group, not both"));
           if (fields.find("lane")) {
             arena.owner_kind = static_cast<uint8_t>(OwnerKind::kLane);
             arena.owner = static_cast<uint32_t>(fields.integer("lane", 0, kMaxLanes));
           } else if (fields.find("group")) {
             arena.owner_kind = static_cast<uint8_t>(OwnerKind::kGroup);
             arena.owner = fields.reference("group", groups);
           }
           schedule_.arenas.push_back(arena);
         });
  }

  void bindings(const Fields& top) {
    const References scalars = references_to("scalar", schedule_, schedule_.scalars);
    maps(top, "bindings", "binding", Table::kBindings, kMaxBases,
         {"name", "role", "dtype", "shape", "align", "index_limit", "distinct", "filled"}, [&](const Fields& fields) {
           Binding binding;
           binding.name = name_of(fields);
           binding.role = fields.choice("role", kRoleWords);
           binding.dtype = fields.dtype("dtype");
           const Node& shape = fields.need("shape");
           if (!shape.is_sequence() || shape.items.size() > kMaxRank)
             fields.refuse(shape, sentence(fields.of("shape"), " must be a list of at most ", kMaxRank, " sizes"));
           binding.rank = static_cast<uint8_t>(shape.items.size());
           for (uint32_t axis = 0; axis < binding.rank; ++axis)
             binding.shape[axis] = static_cast<uint32_t>(Fields::take(
                 yaml::as_integer(document_, shape.items[axis], fields.of("shape"), kCode, 1, UINT32_MAX)));
           binding.align_bytes =
               static_cast<uint32_t>(fields.integer_or("align", 1, UINT32_MAX, kDTypes[binding.dtype].bytes));
           if (fields.find("index_limit")) binding.index_limit = fields.number("index_limit");
           binding.distinct = fields.flag("distinct");
           if (const Node* node = fields.find("filled")) {
             const Fields filled(document_, *node, fields.of("filled"), {"scalar", "scale", "bias"});
             binding.filled_scalar = filled.reference("scalar", scalars);
             binding.filled_scale = filled.integer_or("scale", INT64_MIN, INT64_MAX, 1);
             binding.filled_bias = filled.integer_or("bias", INT64_MIN, INT64_MAX, 0);
           }
           schedule_.bindings.push_back(binding);
         });
  }

  void scalars(const Fields& top) {
    maps(top, "scalars", "scalar", Table::kScalars, kMaxScalars, {"name", "min", "max"}, [&](const Fields& fields) {
      Scalar scalar;
      scalar.name = name_of(fields);
      scalar.min = fields.integer("min", -kLimit, kLimit);
      scalar.max = fields.integer("max", -kLimit, kLimit);
      schedule_.scalars.push_back(scalar);
    });
  }

  void kernels(const Fields& top) {
    maps(top, "kernels", "kernel", Table::kKernels, kContracts.size(), {"name", "contract"}, [&](const Fields& fields) {
      KernelRef kernel;
      const std::string name = fields.text("name");
      const Contract* contract = find_contract(name);
      if (contract == nullptr) {
        std::vector<std::string_view> known;
        known.reserve(kContracts.size());
        for (const Contract& c : kContracts) known.push_back(c.name);
        fields.refuse(fields.need("name"), sentence("kernel '", name, "' is not one this build knows",
                                                    yaml::did_you_mean(name, known), ": re-plan with this version"));
      }
      kernel.name = names_.id(name);
      kernel.contract_hash = fields.find("contract") ? fields.number("contract") : hash_of(*contract);
      schedule_.kernels.push_back(kernel);
    });
  }

  // A text without policies means one: f32 throughout.
  void policies(const Fields& top) {
    if (top.find("policies") == nullptr) schedule_.policies.push_back(NumericsPolicy{});
    maps(top, "policies", "policy", Table::kPolicies, kMaxPolicies,
         {"storage", "compute", "accumulate", "rounding", "saturation", "denormals"}, [&](const Fields& fields) {
           NumericsPolicy policy;
           policy.storage = fields.dtype("storage");
           policy.compute = fields.dtype("compute");
           policy.accumulate = fields.dtype("accumulate");
           policy.rounding = fields.choice("rounding", kRoundingWords);
           policy.saturation = fields.choice("saturation", kSaturationWords);
           policy.denormals = fields.choice("denormals", kDenormalsWords);
           schedule_.policies.push_back(policy);
         });
  }

  // A list of names rather than of maps.
  template <class Read>
  void words(const Fields& top, std::string_view key, Table table, size_t limit, Read&& read) {
    const Node* node = top.find(key);
    if (node == nullptr || node->kind == Node::Kind::kNull) return;
    if (!node->is_sequence() || node->items.size() > limit)
      top.refuse(*node, sentence(key, " must be a list of at most ", limit, " names"));
    for (const Node& item : node->items) {
      if (!item.is_scalar()) top.refuse(item, sentence("each of ", key, " must be one name"));
      lines_of(table).push_back(item.mark.line);
      read(item);
    }
  }

  void phases(const Fields& top) {
    words(top, "phases", Table::kPhases, kMaxPhases,
          [&](const Node& item) { schedule_.phases.push_back(Phase{names_.id(item.text)}); });
    const References phases = references_to("phase", schedule_, schedule_.phases);
    words(top, "cuts", Table::kCuts, kMaxPhases,
          [&](const Node& item) { schedule_.cuts.push_back(Cut{top.reference_of(item, "cuts", phases)}); });
  }

  // A text without members means one, without a name.
  void members(const Fields& top) {
    maps(top, "members", "member", Table::kMembers, kMaxMembers, {"name"}, [&](const Fields& fields) {
      Member member;
      member.name = name_of(fields);
      schedule_.members.push_back(member);
    });
    if (schedule_.members.empty()) schedule_.members.push_back(Member{});
  }

  void rings(const Fields& top, const References& bases) {
    maps(top, "rings", "ring", Table::kRings, kMaxRings, {"base", "offset", "stride", "depth"},
         [&](const Fields& fields) {
           Ring ring;
           ring.base = static_cast<uint16_t>(fields.reference("base", bases));
           ring.offset_bytes = fields.bytes("offset");
           ring.stride_bytes = fields.bytes("stride");
           ring.depth = static_cast<uint16_t>(fields.integer("depth", 1, UINT16_MAX));
           schedule_.rings.push_back(ring);
         });
  }

  void streams(const Fields& top) {
    size_t op_count = 0;
    for (const Block& block : skeleton_.blocks)
      op_count += static_cast<size_t>(std::count(block.text.begin(), block.text.end(), '\n'));
    schedule_.ops.reserve(op_count);
    schedule_.op_lines.reserve(op_count);
    schedule_.operands.reserve(2 * op_count);
    OpReader reader(schedule_, names_);
    const References members = references_to("member", schedule_, schedule_.members);
    maps(top, "streams", "stream", Table::kStreams, kMaxStreams,
         {"name", "lane", "engine", "part", "in_flight", "member", "ops"}, [&](const Fields& fields) {
           Stream stream;
           stream.name = name_of(fields);
           stream.lane = static_cast<uint32_t>(fields.integer_or("lane", 0, kMaxLanes, 0));
           stream.engine = fields.find("engine") ? fields.choice("engine", kEngineWords) : uint8_t{0};
           stream.part = fields.find("part") ? fields.choice("part", kPartWords) : static_cast<uint8_t>(Part::kReplay);
           stream.in_flight = static_cast<uint16_t>(fields.integer_or("in_flight", 1, UINT16_MAX, 1));
           if (fields.find("member")) stream.member = fields.reference("member", members);
           stream.first_op = static_cast<uint32_t>(schedule_.ops.size());
           read_block(fields, "ops", schedule_.op_lines, [&](Line& line) { return reader.read(line); });
           stream.op_count = static_cast<uint32_t>(schedule_.ops.size()) - stream.first_op;
           schedule_.streams.push_back(stream);
         });
    const bool labelled = std::any_of(schedule_.labels.begin(), schedule_.labels.end(),
                                      [](const OperandLabel& label) { return label != OperandLabel{}; });
    if (!labelled) schedule_.labels = {};
  }

  void claims(const Fields& top) {
    const References spaces = references_to("space", schedule_, schedule_.spaces);
    const References arenas = references_to("arena", schedule_, schedule_.arenas);
    const References members = references_to("member", schedule_, schedule_.members);
    std::array<std::string_view, std::size(kClaimWords)> kinds;
    for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = kClaimWords[i].word;
    maps(top, "claims", "claim", Table::kClaims, kMaxClaims,
         {"claim", "arena", "from", "to", "value", "method", "member"}, [&](const Fields& fields) {
           const ClaimWord& word = kClaimWords[fields.choice("claim", kinds)];
           Claim claim;
           claim.kind = static_cast<uint16_t>(word.kind);
           for (const std::string_view key : {"arena", "from", "to"})
             if (const Node* node = fields.find(key); node != nullptr && key != word.a && key != word.b)
               fields.refuse(*node, sentence("a claim of ", word.word, " has no '", key, "'"));
           const auto field = [&](std::string_view key) -> uint16_t {
             if (key.empty()) return 0;
             if (key == "arena") return static_cast<uint16_t>(fields.reference(key, arenas));
             const Node& node = fields.need(key);
             if (node.is_scalar() && !node.quoted && node.text == "$host") return 0xffff;
             return static_cast<uint16_t>(fields.reference(key, spaces));
           };
           claim.a = field(word.a);
           claim.b = field(word.b);
           claim.value = word.real ? std::bit_cast<uint64_t>(fields.real("value")) : fields.number("value");
           claim.method = names_.id(fields.text_or("method", ""));
           if (fields.find("member")) claim.member = fields.reference("member", members);
           schedule_.claims.push_back(claim);
         });
  }

  void costs(const Fields& top) {
    const References kernels = references_to("kernel", schedule_, schedule_.kernels);
    maps(top, "costs", "cost", Table::kCosts, kContracts.size(), {"kernel", "fixed", "per_flop", "per_byte"},
         [&](const Fields& fields) {
           Cost cost;
           cost.kernel = static_cast<uint16_t>(fields.reference("kernel", kernels));
           cost.fixed = fields.real("fixed");
           cost.per_flop = fields.real("per_flop");
           cost.per_byte = fields.real("per_byte");
           schedule_.costs.push_back(cost);
         });
  }
};

}  // namespace

Result<Schedule> parse_text(std::string_view text, std::string file) {
  try {
    return Parser(text, std::move(file)).parse();
  } catch (const Refusal& refusal) {
    return refusal.error;
  }
}

}  // namespace rondo
