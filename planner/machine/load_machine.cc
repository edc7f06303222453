#include "rondo/load.h"
#include "rondo/machine.h"

namespace rondo {

Result<Machine> load_machine(const std::string& path) {
  constexpr uint64_t kLimitBytes = uint64_t{16} << 20;
  Result<std::vector<std::byte>> bytes = read_file(path, kLimitBytes);
  if (!bytes.ok()) return bytes.error();
  return parse_machine({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo
