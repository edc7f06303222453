// Field numbers of the Perfetto protos that the encoder writes: public, stable API.
#pragma once
#include <cstdint>

namespace rondo::runtime::perfetto {

namespace trace {
inline constexpr uint32_t kPacket = 1;
}
namespace packet {
inline constexpr uint32_t kTimestamp = 8, kSequenceId = 10, kTrackEvent = 11, kInternedData = 12, kSequenceFlags = 13,
                          kTrackDescriptor = 60;
inline constexpr uint64_t kStateCleared = 1, kNeedsState = 2;  // values of kSequenceFlags
}  // namespace packet
namespace track {
inline constexpr uint32_t kUuid = 1, kName = 2, kProcess = 3, kParentUuid = 5, kCounter = 8, kChildOrdering = 11,
                          kSiblingOrderRank = 12, kSiblingMergeBehavior = 15;
inline constexpr uint64_t kExplicitOrder = 3, kNeverMerge = 2;
}  // namespace track
namespace process {
inline constexpr uint32_t kPid = 1, kProcessName = 6;
}
namespace counter {
inline constexpr uint32_t kUnit = 3, kUnitName = 6;
inline constexpr uint64_t kBytes = 3;
}  // namespace counter
namespace event {
inline constexpr uint32_t kCategoryIids = 3, kDebugAnnotations = 4, kType = 9, kNameIid = 10, kTrackUuid = 11,
                          kCounterValue = 30, kDoubleCounterValue = 44, kFlowIds = 47, kTerminatingFlowIds = 48;
inline constexpr uint64_t kSliceBegin = 1, kSliceEnd = 2, kCounterSample = 4;  // values of kType
}  // namespace event
namespace annotation {
inline constexpr uint32_t kNameIid = 1, kUint = 3, kStringIid = 17;
}
namespace interned {
inline constexpr uint32_t kCategories = 1, kEventNames = 2, kAnnotationNames = 3, kStrings = 29;
inline constexpr uint32_t kIid = 1, kText = 2;
}  // namespace interned

}  // namespace rondo::runtime::perfetto
