#include "planner/phase/load_graph.h"

#include <cstddef>
#include <span>

#include "planner/phase/json_fields.h"
#include "rondo/load.h"
#include "schedules/json/node.h"

namespace rondo::phase {

Result<AnyGraph> parse_graph(std::string_view text, const std::string& file) {
  Result<json::Node> root = json::parse(text, file, ErrorCode::kInvalidGraph);
  if (!root.ok()) return root.error();
  JsonFields fields(file, ErrorCode::kInvalidGraph);
  const json::Node* format = fields.required(*root, "format", json::Kind::kString, "the graph");
  const size_t which = format == nullptr ? 0 : fields.word(*format, "the format", {"phase-graph/1", "alm-graph/1"});
  if (!fields.ok()) return fields.error();
  if (which == 0) {
    Result<GateGraph> graph = read_gate_graph(*root, file);
    if (!graph.ok()) return graph.error();
    return AnyGraph(*std::move(graph));
  }
  Result<SlotGraph> graph = read_slot_graph(*root, file);
  if (!graph.ok()) return graph.error();
  return AnyGraph(*std::move(graph));
}

Result<AnyGraph> load_graph(const std::string& path) {
  Result<std::vector<std::byte>> bytes = read_file(path, json::Limits().bytes);
  if (!bytes.ok()) return bytes.error();
  return parse_graph({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo::phase
