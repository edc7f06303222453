#include "planner/phase_checker/certificate.h"
#include <charconv>
#include <limits>
#include "planner/phase_checker/json_fields.h"
#include "rondo/load.h"

namespace rondo::phase_checker {
namespace {

using json::Kind;
using json::Node;

constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
const std::string kWhat = "the certificate";

bool read_claim(const Node& document, std::string_view key, JsonFields& fields, int64_t low, int64_t high,
                int64_t& value) {
  const Node* node = fields.field(document, key, Kind::kNumber, kWhat);
  return node != nullptr && fields.integer(*node, low, high, std::string(key), value);
}

bool read_mode(const Node& document, JsonFields& fields, Mode& mode) {
  std::string word;
  if (!fields.text(document, "mode", kWhat, word)) return false;
  for (Mode known : {Mode::kDelayed, Mode::kFused, Mode::kMixed, Mode::kStrict})
    if (word == name_of(known)) {
      mode = known;
      return true;
    }
  return fields.fail(*document.find("mode"), "the mode '" + word + "' is not one of delayed, fused, mixed, strict");
}

bool read_phases(const Node& document, JsonFields& fields, Certificate& certificate) {
  const Node* list = fields.field(document, "phase_of_op", Kind::kArray, kWhat);
  if (list == nullptr) return false;
  for (const Node& node : list->items)
    if (!fields.integer(node, -kLargest, kLargest, "a phase", certificate.phase_of_op.emplace_back())) return false;
  return true;
}

bool read_slots(const Node& document, JsonFields& fields, Certificate& certificate) {
  const Node* object = fields.field(document, "slot_of_dim", Kind::kObject, kWhat);
  if (object == nullptr) return false;
  for (const auto& [key, node] : object->fields) {
    uint32_t dim = 0;
    const auto end = std::from_chars(key.data(), key.data() + key.size(), dim);
    if (end.ec != std::errc() || end.ptr != key.data() + key.size() || std::to_string(dim) != key)
      return fields.fail(node, "the key '" + key + "' of slot_of_dim is not the number of a dim");
    int64_t slot = 0;
    if (!fields.integer(node, -1, kLargest, "the slot of dim " + key, slot)) return false;
    if (slot >= 0) certificate.slot_of_dim.emplace(dim, static_cast<uint32_t>(slot));
  }
  return true;
}

bool read_erases(const Node& document, JsonFields& fields, Certificate& certificate) {
  const bool strict = certificate.mode == Mode::kStrict;
  const Node* lists = fields.field(document, strict ? "erases_by_phase" : "erases_by_half_layer", Kind::kArray, kWhat);
  if (lists == nullptr) return false;
  for (const Node& list : lists->items) {
    std::vector<Erase>& erases = certificate.erases.emplace_back();
    if (!fields.is(list, Kind::kArray, "the erases of a half-layer or phase")) return false;
    for (const Node& pair : list.items) {
      if (!pair.is(Kind::kArray) || pair.items.size() != 2) return fields.fail(pair, "an erase must be [slot, dim]");
      int64_t slot = 0, dim = 0;
      if (!fields.integer(pair.items[0], 0, kLargest, "the slot of an erase", slot) ||
          !fields.integer(pair.items[1], 0, kLargest, "the dim of an erase", dim))
        return false;
      erases.push_back({static_cast<uint32_t>(slot), static_cast<uint32_t>(dim), pair.line, pair.column});
    }
  }
  return true;
}

bool read(const Node& document, JsonFields& fields, Certificate& certificate) {
  if (!fields.is(document, Kind::kObject, kWhat)) return false;
  if (const Node* name = document.find("graph"); name != nullptr) certificate.graph = name->text;
  if (const Node* status = document.find("status"); status != nullptr) certificate.status = status->text;
  int64_t layers = 0;
  if (!read_mode(document, fields, certificate.mode) ||
      !read_claim(document, "layers", fields, 0, kMaxLayers, layers) ||
      !read_claim(document, "width", fields, 0, kLargest, certificate.width))
    return false;
  certificate.layers = static_cast<uint32_t>(layers);
  if (certificate.mode != Mode::kStrict && (!read_claim(document, "heads", fields, 0, kLargest, certificate.heads) ||
                                            !read_claim(document, "d_ffn", fields, 0, kLargest, certificate.d_ffn)))
    return false;
  if (document.find("d_model") != nullptr &&
      !read_claim(document, "d_model", fields, 0, 2 * kLargest, certificate.d_model.emplace()))
    return false;
  return read_phases(document, fields, certificate) && read_slots(document, fields, certificate) &&
         read_erases(document, fields, certificate);
}

}  // namespace

Result<Certificate> parse_certificate(std::string_view text, const std::string& file) {
  const Result<Node> document = json::parse(text, file, ErrorCode::kInvalidSchedule);
  if (!document.ok()) return document.error();
  JsonFields fields(file, ErrorCode::kInvalidSchedule);
  Certificate certificate;
  certificate.file = file;
  if (!read(*document, fields, certificate)) return fields.error();
  return certificate;
}

Result<Certificate> load_certificate(const std::string& path) {
  const Result<std::vector<std::byte>> bytes = read_file(path, json::Limits().bytes);
  if (!bytes.ok()) return bytes.error();
  return parse_certificate({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo::phase_checker
