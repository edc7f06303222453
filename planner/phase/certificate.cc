// Certificates of phase schedules: printed and parsed.
#include <algorithm>
#include <charconv>
#include <limits>

#include "planner/phase/json_fields.h"
#include "planner/phase/phase_schedule.h"
#include "schedules/json/json.h"
#include "schedules/json/node.h"

namespace rondo::phase {
namespace {

using json::Kind;
using json::Node;

constexpr int64_t kMostLayers = int64_t{1} << 20;

const char* erases_key(Mode mode) { return mode == Mode::kStrict ? "erases_by_phase" : "erases_by_half_layer"; }
uint64_t erase_lists(Mode mode, uint64_t layers) { return mode == Mode::kStrict ? 4 * layers + 1 : 2 * layers; }

class CertificateReader {
 public:
  CertificateReader(const Node& root, const std::string& file, uint32_t dims)
      : root_(root), fields_(file, ErrorCode::kInvalidSchedule), dims_(dims) {}

  Result<PhaseSchedule> run() {
    if (const Node* name = fields_.optional(root_, "graph", Kind::kString, kWhat)) schedule_.graph = name->text;
    if (const Node* mode = fields_.required(root_, "mode", Kind::kString, kWhat))
      schedule_.mode = static_cast<Mode>(fields_.word(*mode, "the mode", {"delayed", "fused", "mixed", "strict"}));
    schedule_.layers = count("layers", kMostLayers);
    schedule_.width = count("width", dims_);
    if (schedule_.mode != Mode::kStrict) {
      schedule_.heads = count("heads", std::numeric_limits<int32_t>::max());
      schedule_.d_ffn = count("d_ffn", std::numeric_limits<int32_t>::max());
    }
    if (const Node* status = fields_.optional(root_, "status", Kind::kString, kWhat))
      schedule_.proof = static_cast<Proof>(fields_.word(*status, "the status", {"feasible", "optimal"}));
    if (fields_.ok()) read_phases();
    if (fields_.ok()) read_slots();
    if (fields_.ok()) read_erases();
    if (!fields_.ok()) return fields_.error();
    return std::move(schedule_);
  }

 private:
  static constexpr const char* kWhat = "the certificate";

  uint32_t count(const char* key, int64_t most) {
    return static_cast<uint32_t>(fields_.integer_of(root_, key, kWhat, 0, most));
  }

  void read_phases() {
    const Node* list = fields_.required(root_, "phase_of_op", Kind::kArray, kWhat);
    if (list == nullptr) return;
    const int64_t most = 4 * static_cast<int64_t>(schedule_.layers) - (schedule_.mode == Mode::kStrict ? 0 : 1);
    for (const Node& item : list->items)
      schedule_.phase_of_op.push_back(static_cast<uint32_t>(fields_.integer(item, "a phase", 0, most)));
  }

  void read_slots() {
    const Node* map = fields_.required(root_, "slot_of_dim", Kind::kObject, kWhat);
    if (map == nullptr) return;
    schedule_.slot_of_dim.assign(dims_, PhaseSchedule::kNoSlot);
    for (const auto& [key, node] : map->fields) {
      uint32_t dim = 0;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), dim);
      if (error != std::errc() || end != key.data() + key.size() || dim >= dims_ || std::to_string(dim) != key)
        return fields_.fail(node, "'slot_of_dim' has a key that is no dim; the graph has " + std::to_string(dims_));
      schedule_.slot_of_dim[dim] =
          static_cast<int32_t>(fields_.integer(node, "the slot of dim " + key, 0, static_cast<int64_t>(dims_) - 1));
    }
  }

  void read_erases() {
    const char* key = erases_key(schedule_.mode);
    const Node* lists = fields_.required(root_, key, Kind::kArray, kWhat);
    if (lists == nullptr) return;
    const uint64_t wanted = erase_lists(schedule_.mode, schedule_.layers);
    if (lists->items.size() != wanted)
      return fields_.fail(*lists, "'" + std::string(key) + "' has " + std::to_string(lists->items.size()) +
                                      " lists; wanted " + std::to_string(wanted));
    for (const Node& list : lists->items) {
      std::vector<Erase>& erases = schedule_.erases.emplace_back();
      if (!list.is(Kind::kArray))
        return fields_.fail(list, "'" + std::string(key) + "' wants lists of [slot, dim] pairs");
      for (const Node& pair : list.items) {
        if (!pair.is(Kind::kArray) || pair.items.size() != 2)
          return fields_.fail(pair, "'" + std::string(key) + "' wants [slot, dim] pairs");
        const int64_t most = static_cast<int64_t>(dims_) - 1;
        erases.push_back({static_cast<uint32_t>(fields_.integer(pair.items[0], "the slot of an erase", 0, most)),
                          static_cast<uint32_t>(fields_.integer(pair.items[1], "the dim of an erase", 0, most))});
        if (!fields_.ok()) return;
      }
    }
  }

  const Node& root_;
  JsonFields fields_;
  const uint32_t dims_;
  PhaseSchedule schedule_;
};

}  // namespace

Result<PhaseSchedule> parse_certificate(std::string_view text, const std::string& file, uint32_t dims) {
  Result<Node> root = json::parse(text, file, ErrorCode::kInvalidSchedule);
  if (!root.ok()) return root.error();
  return CertificateReader(*root, file, dims).run();
}

std::string print_certificate(const PhaseSchedule& schedule) {
  const bool strict = schedule.mode == Mode::kStrict;
  std::string text = "{\n \"graph\": " + json::Json(schedule.graph).dump() + ",\n \"mode\": \"" +
                     name_of(schedule.mode) + "\",\n \"layers\": " + std::to_string(schedule.layers) +
                     ",\n \"width\": " + std::to_string(schedule.width);
  if (!strict)
    text += ",\n \"heads\": " + std::to_string(schedule.heads) + ",\n \"d_ffn\": " + std::to_string(schedule.d_ffn);
  text += ",\n \"status\": \"" + std::string(name_of(schedule.proof)) + "\",\n \"phase_of_op\": [";
  for (size_t i = 0; i < schedule.phase_of_op.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(schedule.phase_of_op[i]);
  text += "],\n \"slot_of_dim\": {";
  bool first = true;
  for (size_t dim = 0; dim < schedule.slot_of_dim.size(); ++dim) {
    if (schedule.slot_of_dim[dim] == PhaseSchedule::kNoSlot) continue;
    text += (first ? "\"" : ", \"") + std::to_string(dim) + "\": " + std::to_string(schedule.slot_of_dim[dim]);
    first = false;
  }
  text += "},\n \"" + std::string(erases_key(schedule.mode)) + "\": [";
  for (size_t i = 0; i < schedule.erases.size(); ++i) {
    text += i == 0 ? "\n  [" : ",\n  [";
    for (size_t e = 0; e < schedule.erases[i].size(); ++e)
      text += (e == 0 ? "[" : ", [") + std::to_string(schedule.erases[i][e].slot) + ", " +
              std::to_string(schedule.erases[i][e].dim) + "]";
    text += "]";
  }
  return text + "\n ]\n}\n";
}

}  // namespace rondo::phase
