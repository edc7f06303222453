// Any text: refused with a message, or a schedule that prints to a text that gives
// the same tables and the same text again.
#include <cstdlib>
#include "rondo/load.h"
#include "tests/schedules/random_schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rondo::Result<rondo::Schedule> schedule = rondo::parse_text({reinterpret_cast<const char*>(data), size});
  if (!schedule) {
    if (schedule.error().message.empty()) std::abort();
    return 0;
  }
  const std::string text = rondo::print_text(*schedule);
  const rondo::Result<rondo::Schedule> again = rondo::parse_text(text);
  if (!again || !rondo::testing::same_tables(*schedule, *again) || rondo::print_text(*again) != text) std::abort();
  return 0;
}
