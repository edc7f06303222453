// M11: arenas fit the memory that their owner has.
#include <map>
#include <tuple>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_capacity(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  struct Sum {
    unsigned __int128 bytes = 0;
    uint32_t arenas = 0;
  };
  std::map<std::tuple<uint16_t, uint8_t, uint32_t>, Sum> sums;  // space, owner kind, owner
  for (const Arena& arena : schedule.arenas) {
    Sum& sum = sums[{arena.space, arena.owner_kind, arena.owner}];
    const uint64_t align = arena.align_bytes;
    sum.bytes = (sum.bytes + align - 1) / align * align + arena.bytes;
    ++sum.arenas;
  }
  constexpr const char* kOwners[] = {"lane ", "group ", "everyone"};
  for (const auto& [key, sum] : sums) {
    const auto& [space_index, owner_kind, owner] = key;
    const Space& space = schedule.spaces[space_index];
    if (sum.bytes <= space.capacity_bytes) continue;
    const std::string who = owner_kind == static_cast<uint8_t>(OwnerKind::kEveryone)
                                ? std::string("everyone")
                                : sentence(kOwners[owner_kind], owner);
    findings.add("M11", Level::kSafe, {kNone},
                 sentence("the ", sum.arenas, sum.arenas == 1 ? " arena" : " arenas", " of ", who, " in space '",
                          schedule.name(space.name), "' need ", static_cast<uint64_t>(sum.bytes), " bytes, it has ",
                          space.capacity_bytes));
  }
}

}  // namespace

const SafeRule kCapacityRule = {
    {"M11", Level::kSafe, "arenas fit their space",
     "The arenas of one owner in one space, laid out one after another at their alignments, need at most the "
     "space's capacity, which is per owner. Peaks claimed by the file are another rule's matter."},
    check_capacity};

}  // namespace rondo::proof
