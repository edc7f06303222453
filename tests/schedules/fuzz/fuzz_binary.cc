// Any bytes, as they are and with right checksums: refused, or a schedule that
// passes the structural check and writes back to the same bytes.
#include <cstdlib>
#include "rondo/load.h"
#include "tests/schedules/binary_file.h"

namespace {

void check(std::span<const std::byte> bytes) {
  const rondo::Result<rondo::Schedule> schedule = rondo::parse_binary(bytes);
  if (!schedule) return;
  const std::vector<std::byte> again = rondo::write_binary(*schedule);
  if (!rondo::check_structure(*schedule) || !std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes);
  rondo::testing::BinaryFile file({bytes.begin(), bytes.end()});
  file.seal();
  check(file.bytes);
  return 0;
}
