#include <cstring>
#include "rondo/load.h"
#include "schedules/binary/sections.h"
#include "schedules/digest/sha256.h"

namespace rondo {
namespace {

void add_number(Sha256& hash, uint64_t number) { hash.add(std::as_bytes(std::span(&number, 1))); }

void add_text(Sha256& hash, std::string_view text) {
  add_number(hash, text.size());
  hash.add(std::as_bytes(std::span(text)));
}

}  // namespace

// Every length goes in before its bytes, so that no two schedules give the hash
// the same input. The target's backend and lanes are meaning (arenas belong to
// lanes); producer, source and machine are not.
std::string digest_of(const Schedule& schedule) {
  Sha256 hash;
  add_number(hash, kFormatVersion);
  add_text(hash, schedule.backend);
  add_number(hash, schedule.lane_count);
  add_number(hash, schedule.names.size());
  for (const std::string& name : schedule.names) add_text(hash, name);
  for_each_table(schedule, [&](Table, const auto& records) {
    add_number(hash, records.size());
    hash.add(std::as_bytes(std::span(records)));
  });
  return hash.finish_hex();
}

}  // namespace rondo
