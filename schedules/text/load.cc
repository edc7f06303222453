#include "rondo/load.h"

#include "schedules/binary/container.h"

namespace rondo {

Result<Schedule> load(const std::string& path) {
  Result<std::vector<std::byte>> bytes = read_file(path);
  if (!bytes) return bytes.error();
  // No text begins with a byte above 0x7f that begins no UTF-8 sequence either.
  if (!bytes->empty() && bytes->front() == std::byte{kMagic[0]}) return parse_binary(*bytes, path);
  return parse_text({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo
