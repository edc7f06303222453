// Machine files: YAML into Machine and back.
#include <algorithm>
#include <bit>
#include <charconv>

#include "planner/machine/machine_keys.h"
#include "rondo/contracts.h"
#include "rondo/machine.h"
#include "schedules/yaml/document.h"

namespace rondo {
namespace {

constexpr ErrorCode kCode = ErrorCode::kInvalidMachine;
constexpr std::string_view kSpaceKinds[] = {"host", "scratch", "device"};         // index == SpaceKind
constexpr std::string_view kFigureKinds[] = {"compute", "bandwidth", "latency"};  // index == FigureKind
constexpr std::string_view kFigureUnits[] = {"GFLOP/s", "GB/s", "ns"};            // index == FigureKind
constexpr std::string_view kFigureSources[] = {"measured", "spec", "user"};       // index == FigureSource
constexpr std::string_view kMemory = "memory";                                    // the level behind all caches

template <class List>
std::vector<std::string_view> names_of(const List& list) {
  std::vector<std::string_view> names;
  names.reserve(std::size(list));
  for (const auto& item : list) names.push_back(item.name);
  return names;
}

// Names go into schedule files as they are.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
          c == '.'))
      return false;
  return (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z') || name[0] == '_';
}

// Reads the fields of one map that are there; keeps the first error.
class Fields {
 public:
  Fields(const yaml::Document& document, const yaml::Node& node, std::string what)
      : document_(document), node_(node), what_(std::move(what)) {}

  const Status& status() const { return status_; }
  Error fail(const std::string& message, const yaml::Node& node) const {
    return make_error(kCode, message, document_.place(node));
  }

  template <class T>
  void integer(std::string_view key, T& value, int64_t low, int64_t high) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<int64_t> read = yaml::as_integer(document_, node, what, kCode, low, high);
      if (!read.ok()) return read.error();
      value = static_cast<T>(*read);
      return {};
    });
  }
  void number(std::string_view key, double& value) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<double> read = yaml::as_number(document_, node, what, kCode);
      if (!read.ok()) return read.error();
      if (*read < 0) return fail(what + " is " + node.text + "; it cannot be negative", node);
      if (*read > kLargestNumber) return fail(what + " is " + node.text + "; at most 1e18 is allowed", node);
      value = *read;
      return {};
    });
  }
  void flag(std::string_view key, bool& value) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<bool> read = yaml::as_bool(document_, node, what, kCode);
      if (!read.ok()) return read.error();
      value = *read;
      return {};
    });
  }
  void name(std::string_view key, std::string& value) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<std::string> read = yaml::as_text(document_, node, what, kCode);
      if (!read.ok()) return read.error();
      if (!is_name(*read)) return fail(what + " must be a name of letters, digits, _, - and ., at most 64 bytes", node);
      value = *std::move(read);
      return {};
    });
  }
  void bytes(std::string_view key, uint64_t& value) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<uint64_t> read = yaml::as_bytes(document_, node, what, kCode);
      if (!read.ok()) return read.error();
      value = *read;
      return {};
    });
  }
  void text(std::string_view key, std::string& value) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      Result<std::string> read = yaml::as_text(document_, node, what, kCode);
      if (!read.ok()) return read.error();
      value = *std::move(read);
      return {};
    });
  }
  // One of `words`; the enum's value is the position.
  template <class Enum, size_t count>
  void choice(std::string_view key, Enum& value, const std::string_view (&words)[count]) {
    with(key, [&](const yaml::Node& node, const std::string& what) -> Status {
      std::string list;
      for (size_t i = 0; i < count; ++i) {
        if (node.is_scalar() && node.text == words[i]) {
          value = static_cast<Enum>(i);
          return {};
        }
        list += (list.empty() ? "" : ", ") + std::string(words[i]);
      }
      return fail(what + " is '" + node.text + "'; allowed: " + list, node);
    });
  }
  // The first of `keys` that is missing is an error.
  void require(std::initializer_list<std::string_view> keys) {
    for (std::string_view key : keys)
      if (status_.ok() && node_.find(key) == nullptr)
        status_ = fail(what_ + " has no '" + std::string(key) + "'", node_);
  }
  template <class Read>
  void with(std::string_view key, Read read) {
    if (!status_.ok()) return;
    const yaml::Node* node = node_.find(key);
    if (node != nullptr) status_ = read(*node, std::string(key) + " of " + what_);
  }

 private:
  const yaml::Document& document_;
  const yaml::Node& node_;
  std::string what_;
  Status status_;
};

Result<MachineSpace> read_space(const yaml::Document& document, const std::string& name, const yaml::Node& node) {
  const std::string what = "space '" + name + "'";
  if (Status status = yaml::check_keys(document, node, what, kCode, names_of(kSpaceKeys)); !status.ok())
    return status.error();
  MachineSpace space;
  space.name = name;
  if (!is_name(name))
    return make_error(kCode, what + ": a name is made of letters, digits, _, - and ., at most 64 bytes",
                      document.place(node));
  const yaml::Node* kind = node.find("kind");
  bool known = false;
  for (uint8_t number = 0; kind != nullptr && number < std::size(kSpaceKinds); ++number)
    if (kind->is_scalar() && kind->text == kSpaceKinds[number]) space.kind = SpaceKind{number}, known = true;
  if (!known)
    return make_error(kCode,
                      "kind of " + what + (kind == nullptr ? " is missing" : " is '" + kind->text + "'") +
                          "; allowed: host, scratch, device",
                      document.place(kind == nullptr ? node : *kind));
  Fields fields(document, node, what);
  fields.bytes("capacity", space.capacity_bytes);
  fields.integer("align", space.align_bytes, 1, 1 << 20);
  fields.number("bandwidth_gb_s", space.bandwidth_gb_s);
  if (!fields.status().ok()) return fields.status().error();
  if (space.capacity_bytes == 0) return make_error(kCode, what + " has no capacity", document.place(node));
  if (!std::has_single_bit(space.align_bytes))
    return make_error(kCode, "align of " + what + " is " + std::to_string(space.align_bytes) + ", no power of two",
                      document.place(*node.find("align")));
  return space;
}

// Of a rate, or of what schedules carry, which has no term for rows.
enum class CostOf : uint8_t { kSchedules, kRate };

Result<KernelCost> read_cost(const yaml::Document& document, const std::string& kernel, const yaml::Node& node,
                             CostOf of) {
  const std::string what = "cost of '" + kernel + "'";
  if (find_contract(kernel) == nullptr) {
    std::string list;
    for (std::string_view name : names_of(kContracts)) list += (list.empty() ? "" : ", ") + std::string(name);
    return make_error(
        kCode,
        "unknown kernel '" + kernel + "'" + yaml::did_you_mean(kernel, names_of(kContracts)) + "; known: " + list,
        document.place(node));
  }
  if (Status status = yaml::check_keys(document, node, what, kCode, names_of(kCostKeys)); !status.ok())
    return status.error();
  KernelCost cost;
  cost.kernel = kernel;
  Fields fields(document, node, what);
  fields.number("fixed_ns", cost.fixed_ns);
  fields.number("ns_per_flop", cost.ns_per_flop);
  fields.number("ns_per_byte", cost.ns_per_byte);
  fields.number("ns_per_row", cost.ns_per_row);
  fields.integer("shapes", cost.shapes, 0, 1000000);
  fields.number("residual", cost.residual);
  fields.number("low", cost.low);
  fields.number("high", cost.high);
  if (!fields.status().ok()) return fields.status().error();
  if (of == CostOf::kSchedules && cost.ns_per_row != 0)
    return make_error(kCode, what + ": ns_per_row is for rates; costs that schedules carry have no term for rows",
                      document.place(node));
  return cost;
}

Result<MachineCache> read_cache(const yaml::Document& document, const yaml::Node& node) {
  if (Status status = yaml::check_keys(document, node, "a cache", kCode, names_of(kCacheKeys)); !status.ok())
    return status.error();
  MachineCache cache;
  Fields fields(document, node, "a cache");
  fields.require({"name", "bytes"});
  fields.name("name", cache.name);
  fields.bytes("bytes", cache.bytes);
  fields.integer("cores", cache.cores, 1, 65535);
  if (!fields.status().ok()) return fields.status().error();
  if (cache.bytes == 0 || cache.name == kMemory)
    return make_error(kCode,
                      "cache '" + cache.name + "' " + (cache.bytes == 0 ? "has no bytes" : "cannot be called so"),
                      document.place(node));
  return cache;
}

Result<Figure> read_figure(const yaml::Document& document, const yaml::Node& node) {
  if (Status status = yaml::check_keys(document, node, "a figure", kCode, names_of(kFigureKeys)); !status.ok())
    return status.error();
  Figure figure;
  Fields fields(document, node, "a figure");
  fields.require({"kind", "name", "value"});
  fields.choice("kind", figure.kind, kFigureKinds);
  fields.name("name", figure.name);
  fields.number("value", figure.value);
  figure.low = figure.high = figure.value;
  fields.number("low", figure.low);
  fields.number("high", figure.high);
  fields.choice("source", figure.source, kFigureSources);
  fields.integer("threads", figure.threads, 1, 65535);
  fields.number("clock_mhz", figure.clock_mhz);
  fields.text("method", figure.method);
  if (!fields.status().ok()) return fields.status().error();
  if (figure.low > figure.value || figure.value > figure.high)
    return make_error(kCode, "figure '" + figure.name + "': its value does not lie between low and high",
                      document.place(node));
  return figure;
}

// A list of what `read` reads, in which no two are `same`.
template <class Item, class Read, class Same>
Status read_list(const yaml::Document& document, const yaml::Node& node, const std::string& what,
                 std::vector<Item>& items, Read read, Same same) {
  if (!node.is_sequence()) return make_error(kCode, what + " must be a list", document.place(node));
  for (const yaml::Node& item_node : node.items) {
    Result<Item> item = read(document, item_node);
    if (!item.ok()) return item.error();
    for (const Item& other : items)
      if (same(other, *item))
        return make_error(kCode, what + ": '" + item->name + "' is there twice", document.place(item_node));
    items.push_back(*std::move(item));
  }
  return {};
}

// By kernel: a map from levels to costs.
Status read_rates(const yaml::Document& document, const yaml::Node& node, Machine& machine) {
  if (!node.is_map())
    return make_error(kCode, "rates of the machine must be a map from kernels to levels", document.place(node));
  for (const auto& [kernel, levels] : node.fields) {
    if (!levels.is_map())
      return make_error(kCode, "rates of '" + kernel + "' must be a map from levels to costs", document.place(levels));
    std::vector<std::string_view> known;
    std::string list;
    for (const MachineCache& cache : machine.caches) known.push_back(cache.name);
    known.push_back(kMemory);
    for (std::string_view level : known) list += (list.empty() ? "" : ", ") + std::string(level);
    for (const auto& [level, cost_node] : levels.fields) {
      if (std::find(known.begin(), known.end(), level) == known.end())
        return make_error(
            kCode,
            "rates of '" + kernel + "': there is no level '" + level + "'; the levels of the machine are " + list,
            document.place(cost_node));
      Result<KernelCost> cost = read_cost(document, kernel, cost_node, CostOf::kRate);
      if (!cost.ok()) return cost.error();
      machine.rates.push_back({level, *std::move(cost)});
    }
  }
  return {};
}

// In double quotes, as YAML reads it back.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

// Shortest decimal form that reads back the same.
std::string decimal(double number) {
  char buffer[64];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

std::string cost_text(const KernelCost& cost) {
  std::string text = "{fixed_ns: " + decimal(cost.fixed_ns) + ", ns_per_flop: " + decimal(cost.ns_per_flop) +
                     ", ns_per_byte: " + decimal(cost.ns_per_byte);
  if (cost.ns_per_row != 0) text += ", ns_per_row: " + decimal(cost.ns_per_row);
  if (cost.shapes != 0)
    text += ", shapes: " + std::to_string(cost.shapes) + ", residual: " + decimal(cost.residual) +
            ", low: " + decimal(cost.low) + ", high: " + decimal(cost.high);
  return text + "}";
}

std::string bytes_text(uint64_t bytes) {
  struct Unit {
    const char* name;
    uint32_t shift;
  };
  for (const Unit& unit : {Unit{" TiB", 40}, Unit{" GiB", 30}, Unit{" MiB", 20}, Unit{" KiB", 10}})
    if (bytes != 0 && bytes % (uint64_t{1} << unit.shift) == 0) return std::to_string(bytes >> unit.shift) + unit.name;
  return std::to_string(bytes);
}

}  // namespace

Result<Machine> parse_machine(std::string_view text, std::string file) {
  Result<yaml::Document> parsed = yaml::parse(text, std::move(file), kCode);
  if (!parsed.ok()) return parsed.error();
  const yaml::Document& document = *parsed;
  const yaml::Node& root = document.root;
  if (Status status = yaml::check_keys(document, root, "the machine", kCode, names_of(kMachineKeys)); !status.ok())
    return status.error();

  Machine machine;
  if (root.find("machine") == nullptr)
    return make_error(kCode, "the machine has no name (key 'machine')", document.place(root));
  Fields fields(document, root, "the machine");
  fields.name("machine", machine.name);
  fields.name("backend", machine.backend);
  fields.integer("lanes", machine.lanes, 1, 65535);
  fields.integer("copy_in_engines", machine.copy_in_engines, 0, 16);
  fields.integer("copy_out_engines", machine.copy_out_engines, 0, 16);
  fields.integer("copy_in_flight", machine.copy_in_flight, 1, 65535);
  fields.flag("direct_operands", machine.direct_operands);
  fields.number("token_ns", machine.token_ns);
  fields.with("panel_width", [&](const yaml::Node& node, const std::string& what) -> Status {
    Result<int64_t> read = yaml::as_integer(document, node, what, kCode, 0, 65535);
    if (!read.ok()) return read.error();
    bool known = *read == 0;
    std::string list = "0";
    for (uint16_t width : kPanelWidths) known |= *read == width, list += ", " + std::to_string(width);
    if (!known)
      return make_error(kCode, what + " is " + std::to_string(*read) + "; allowed: " + list, document.place(node));
    machine.panel_width = static_cast<uint16_t>(*read);
    return {};
  });
  fields.with("spaces", [&](const yaml::Node& node, const std::string& what) -> Status {
    if (!node.is_map()) return make_error(kCode, what + " must be a map from names to spaces", document.place(node));
    for (const auto& [name, space_node] : node.fields) {
      Result<MachineSpace> space = read_space(document, name, space_node);
      if (!space.ok()) return space.error();
      if (space->kind != SpaceKind::kDevice && machine.space(space->kind) != nullptr)
        return make_error(kCode,
                          "spaces '" + machine.space(space->kind)->name + "' and '" + name + "' are both of kind " +
                              std::string(kSpaceKinds[static_cast<uint8_t>(space->kind)]) + "; one is allowed",
                          document.place(space_node));
      machine.spaces.push_back(*std::move(space));
    }
    return {};
  });
  fields.with("costs", [&](const yaml::Node& node, const std::string& what) -> Status {
    if (!node.is_map()) return make_error(kCode, what + " must be a map from kernels to costs", document.place(node));
    for (const auto& [kernel, cost_node] : node.fields) {
      Result<KernelCost> cost = read_cost(document, kernel, cost_node, CostOf::kSchedules);
      if (!cost.ok()) return cost.error();
      machine.costs.push_back(*std::move(cost));
    }
    return {};
  });
  fields.number("wake_ns", machine.wake_ns);
  fields.with("caches", [&](const yaml::Node& node, const std::string& what) -> Status {
    Status read = read_list(document, node, what, machine.caches, read_cache,
                            [](const MachineCache& a, const MachineCache& b) { return a.name == b.name; });
    for (size_t i = 1; read.ok() && i < machine.caches.size(); ++i)
      if (machine.caches[i].bytes <= machine.caches[i - 1].bytes)
        read = make_error(kCode,
                          what + ": '" + machine.caches[i].name + "' is no larger than '" + machine.caches[i - 1].name +
                              "' before it",
                          document.place(node.items[i]));
    return read;
  });
  fields.with("rates", [&](const yaml::Node& node, const std::string&) { return read_rates(document, node, machine); });
  fields.with("figures", [&](const yaml::Node& node, const std::string& what) {
    return read_list(document, node, what, machine.figures, read_figure, [](const Figure& a, const Figure& b) {
      return a.kind == b.kind && a.name == b.name && a.threads == b.threads;
    });
  });
  fields.with("measured", [&](const yaml::Node& node, const std::string& what) -> Status {
    if (Status status = yaml::check_keys(document, node, what, kCode, names_of(kMeasuredKeys)); !status.ok())
      return status;
    Fields measured(document, node, what);
    measured.text("cpu", machine.measured.cpu);
    measured.text("isa", machine.measured.isa);
    measured.text("when", machine.measured.when);
    measured.text("tool", machine.measured.tool);
    return measured.status();
  });
  if (!fields.status().ok()) return fields.status().error();
  if (machine.space(SpaceKind::kHost) == nullptr)
    return make_error(kCode, "the machine has no space of kind host", document.place(root));
  if (!machine.direct_operands && machine.space(SpaceKind::kScratch) == nullptr)
    return make_error(kCode,
                      "the machine has neither direct operands nor a space of kind scratch: nothing can run on it",
                      document.place(root));
  return machine;
}

std::string print_machine(const Machine& machine) {
  std::string text = "machine: " + machine.name + "\nbackend: " + machine.backend +
                     "\nlanes: " + std::to_string(machine.lanes) + "\nspaces:\n";
  for (const MachineSpace& space : machine.spaces) {
    text += "  " + space.name + ": {kind: " + std::string(kSpaceKinds[static_cast<uint8_t>(space.kind)]) +
            ", capacity: " + bytes_text(space.capacity_bytes) + ", align: " + std::to_string(space.align_bytes);
    if (space.bandwidth_gb_s != 0) text += ", bandwidth_gb_s: " + decimal(space.bandwidth_gb_s);
    text += "}\n";
  }
  text += "copy_in_engines: " + std::to_string(machine.copy_in_engines) +
          "\ncopy_out_engines: " + std::to_string(machine.copy_out_engines) +
          "\ncopy_in_flight: " + std::to_string(machine.copy_in_flight) +
          "\ndirect_operands: " + (machine.direct_operands ? "true" : "false") +
          "\npanel_width: " + std::to_string(machine.panel_width) + "\ntoken_ns: " + decimal(machine.token_ns) + "\n";
  if (machine.wake_ns != 0) text += "wake_ns: " + decimal(machine.wake_ns) + "\n";
  if (const Measurement& from = machine.measured; !from.cpu.empty() || !from.when.empty())
    text += "measured: {cpu: " + quoted(from.cpu) + ", isa: " + quoted(from.isa) + ", when: " + quoted(from.when) +
            ", tool: " + quoted(from.tool) + "}\n";
  if (!machine.caches.empty()) text += "caches:\n";
  for (const MachineCache& cache : machine.caches)
    text += "  - {name: " + cache.name + ", bytes: " + bytes_text(cache.bytes) +
            ", cores: " + std::to_string(cache.cores) + "}\n";
  if (!machine.figures.empty()) text += "figures:\n";
  for (const Figure& figure : machine.figures)
    text += "  - {kind: " + std::string(name_of(figure.kind)) + ", name: " + figure.name +
            ", value: " + decimal(figure.value) + ", low: " + decimal(figure.low) + ", high: " + decimal(figure.high) +
            ", source: " + std::string(name_of(figure.source)) + ", threads: " + std::to_string(figure.threads) +
            (figure.clock_mhz != 0 ? ", clock_mhz: " + decimal(figure.clock_mhz) : "") +
            (figure.method.empty() ? "" : ", method: " + quoted(figure.method)) + "}\n";
  if (!machine.costs.empty()) text += "costs:\n";
  for (const KernelCost& cost : machine.costs) text += "  " + cost.kernel + ": " + cost_text(cost) + "\n";
  if (!machine.rates.empty()) text += "rates:\n";
  for (size_t i = 0; i < machine.rates.size(); ++i) {
    const KernelRate& rate = machine.rates[i];
    if (i == 0 || machine.rates[i - 1].cost.kernel != rate.cost.kernel) text += "  " + rate.cost.kernel + ":\n";
    text += "    " + rate.level + ": " + cost_text(rate.cost) + "\n";
  }
  return text;
}

std::string_view name_of(FigureKind kind) { return kFigureKinds[static_cast<size_t>(kind)]; }
std::string_view unit_of(FigureKind kind) { return kFigureUnits[static_cast<size_t>(kind)]; }
std::string_view name_of(FigureSource source) { return kFigureSources[static_cast<size_t>(source)]; }

const KernelCost* Machine::expected_cost(std::string_view kernel, uint64_t bytes) const {
  const std::string_view level = level_of(bytes);
  for (const KernelRate& rate : rates)
    if (rate.cost.kernel == kernel && rate.level == level) return &rate.cost;
  return cost(kernel);
}

Machine default_machine() {
  Machine machine;
  machine.spaces = {{"host", SpaceKind::kHost, uint64_t{64} << 30, 64, 0},
                    {"scratch", SpaceKind::kScratch, uint64_t{1} << 20, 64, 0}};
  return machine;
}

}  // namespace rondo
