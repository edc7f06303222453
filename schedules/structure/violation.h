// What the structural check finds, by table and record, so that each form can say
// where that is: the text form as a line, the binary form as a record number.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include "rondo/schedule.h"

namespace rondo {

// The tables of a schedule in the order of its members and of the sections of a
// binary file; kTarget stands for the strings and the lane count.
enum class Table : uint8_t {
  kTarget,
  kNames,
  kSpaces,
  kGroups,
  kArenas,
  kBindings,
  kScalars,
  kTokens,
  kKernels,
  kPolicies,
  kPhases,
  kCuts,
  kMembers,
  kViews,
  kStreams,
  kOps,
  kOperands,
  kTensors,
  kValues,
  kLabels,
  kRings,
  kClaims,
  kCosts,
};

struct Violation {
  Table table = Table::kTarget;
  uint32_t record = kNone;  // of operands and labels: the op
  std::string message;
};

// The first violation, in the order of the tables, but scalars before bindings and
// rings before labels, which refer to them. Reads untrusted tables: safe
// for any content, O(records), except names which are sorted.
std::optional<Violation> find_violation(const Schedule& schedule);

// Sizes, offsets and strides stay below this, so that sums of a few of them and
// of a span fit any 64-bit integer.
inline constexpr uint64_t kSizeLimit = uint64_t{1} << 47;

// How many records a table may hold where no index type bounds it. They keep the
// text form within what one YAML document may hold.
inline constexpr uint32_t kMaxSpaces = 256;
inline constexpr uint32_t kMaxGroups = 4096;
inline constexpr uint32_t kMaxBases = 65535;  // arenas and bindings together
inline constexpr uint32_t kMaxScalars = 4096;
inline constexpr uint32_t kMaxPolicies = 256;
inline constexpr uint32_t kMaxPhases = 65536;
inline constexpr uint32_t kMaxStreams = 65536;
inline constexpr uint32_t kMaxRings = 65535;
inline constexpr uint32_t kMaxMembers = 256;
inline constexpr uint32_t kMaxClaims = 65536;
inline constexpr uint32_t kMaxLanes = 1u << 20;

}  // namespace rondo
