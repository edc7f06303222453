// The contest's solution files.
#include <algorithm>

#include "planner/fusion/json_lists.h"
#include "planner/fusion/solution.h"
#include "rondo/load.h"

namespace rondo::fusion {
namespace {

using json::Kind;
using json::Node;

class SolutionReader {
 public:
  SolutionReader(const Node& root, const std::string& file)
      : root_(root), context_{file, ErrorCode::kInvalidSchedule, "R0: "} {}

  Result<Solution> read() {
    if (!root_.is(Kind::kObject)) return context_.fail(root_, "a solution is an object, this is ", name_of(root_.kind));
    Result<const Node*> subgraphs = required_list(context_, root_, "subgraphs");
    if (!subgraphs.ok()) return subgraphs.error();
    count_ = (*subgraphs)->items.size();
    Result<const Node*> granularities = parallel_list("granularities");
    if (!granularities.ok()) return granularities.error();
    Result<const Node*> retained = parallel_list("tensors_to_retain");
    if (!retained.ok()) return retained.error();
    Result<const Node*> orders = optional_list("traversal_orders");
    if (!orders.ok()) return orders.error();
    Result<const Node*> claimed = optional_list("subgraph_latencies");
    if (!claimed.ok()) return claimed.error();

    solution_.subgraphs.resize(count_);
    for (size_t i = 0; i < count_; ++i) {
      Subgraph& subgraph = solution_.subgraphs[i];
      const std::string prefix = sentence("subgraph ", i, ": ");
      if (Status s = read_list((*subgraphs)->items[i], prefix + "its operators", subgraph.operators); !s.ok())
        return s.error();
      if (Status s = read_granularity((*granularities)->items[i], prefix, subgraph); !s.ok()) return s.error();
      if (Status s = read_list((*retained)->items[i], prefix + "its retained tensors", subgraph.retained); !s.ok())
        return s.error();
      if (*orders != nullptr)
        if (Status s = read_list((*orders)->items[i], prefix + "its traversal order", subgraph.order); !s.ok())
          return s.error();
      if (*claimed != nullptr) {
        const Node& latency = (*claimed)->items[i];
        if (!latency.is(Kind::kNumber)) return context_.fail(latency, prefix, "its latency must be a number");
        solution_.claimed.push_back(latency.number);
      }
    }
    return std::move(solution_);
  }

 private:
  Result<const Node*> parallel_list(const char* key) const {
    Result<const Node*> list = required_list(context_, root_, key);
    if (list.ok() && (*list)->items.size() != count_)
      return context_.fail(**list, "'", key, "' has ", (*list)->items.size(), " entries, 'subgraphs' has ", count_);
    return list;
  }
  // Absent, null and empty all mean that nothing is said.
  Result<const Node*> optional_list(const char* key) const {
    const Node* list = root_.find(key);
    if (list == nullptr || list->is(Kind::kNull) || (list->is(Kind::kArray) && list->items.empty()))
      return static_cast<const Node*>(nullptr);
    return parallel_list(key);
  }
  // Null is an empty list; an empty list of operators is rule R0's matter.
  Status read_list(const Node& node, const std::string& what, std::vector<uint32_t>& out) const {
    if (node.is(Kind::kNull)) return {};
    Result<std::vector<uint32_t>> ids = read_ids(context_, node, what);
    if (!ids.ok()) return ids.error();
    out = *std::move(ids);
    return {};
  }
  Status read_granularity(const Node& node, const std::string& prefix, Subgraph& subgraph) const {
    if (!node.is(Kind::kArray) || node.items.size() != 3)
      return context_.fail(node, prefix, "a granularity is a list of three numbers: w, h, k");
    for (const Node& item : node.items)
      if (!item.is(Kind::kNumber) || !item.is_integer)
        return context_.fail(item, prefix, "w, h and k must be whole numbers");
    subgraph.w = node.items[0].integer;
    subgraph.h = node.items[1].integer;
    subgraph.k = node.items[2].integer;
    return {};
  }

  const Node& root_;
  JsonContext context_;
  size_t count_ = 0;
  Solution solution_;
};

}  // namespace

Result<Solution> parse_solution(std::string_view text, const std::string& file) {
  Result<Node> root = json::parse(text, file, ErrorCode::kInvalidSchedule);
  if (!root.ok()) return root.error();
  return SolutionReader(*root, file).read();
}

Result<Solution> load_solution(const std::string& path) {
  Result<std::vector<std::byte>> bytes = read_file(path, json::Limits{}.bytes);
  if (!bytes.ok()) return bytes.error();
  return parse_solution({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo::fusion
