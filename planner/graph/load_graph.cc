#include "rondo/graph.h"
#include "rondo/load.h"

namespace rondo {

Result<Graph> load_graph(const std::string& path) {
  constexpr uint64_t kLimitBytes = uint64_t{256} << 20;
  Result<std::vector<std::byte>> bytes = read_file(path, kLimitBytes);
  if (!bytes.ok()) return bytes.error();
  return parse_graph({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo
