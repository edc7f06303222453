// Where a labelled operand keeps each element of the tensor it names: the affine
// map from tensor coordinates to bytes, and when two such maps agree.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include "rondo/schedule.h"

namespace rondo::proof {

// Bytes of element `low`, and a stride for each tensor axis. For layout `panels`
// the column axis counts panels of `panel_columns`, the elements of one panel row
// being contiguous.
struct AddressMap {
  uint32_t tensor = kNone;
  uint32_t root = kNone;  // what the tensor is an alias of, or itself
  uint32_t version = 0;
  uint64_t origin_bytes = 0;                  // of `low`
  std::array<uint32_t, kMaxRank> shape = {};  // of the tensor
  std::array<uint32_t, kMaxRank> low = {}, extent = {};
  std::array<int64_t, kMaxRank> stride_bytes = {};  // 0 where the extent is 1
  uint8_t rank = 0;
  uint8_t panel_axis = 0xff;  // the tensor axis that is cut into panels
  uint16_t panel_columns = 1;
  uint32_t element_bytes = 0;
  // Where the operand moves and its value does not; equal for maps that move together.
  // A value that moves too is mapped as the hull of all its boxes.
  uint32_t scalar = kNone;
  std::array<int64_t, 4> scalar_offset = {};
};

// The map of an operand with view `view` that holds `value`. Precondition: label_fault is empty.
AddressMap address_map(const Schedule& schedule, const Operand& operand, const Value& value);
// The map of a whole tensor lying densely in its base.
AddressMap dense_map(const Schedule& schedule, uint32_t tensor);

// How many coordinates of the axis a value moves along one step of the view's shift
// is; 0 where it is no whole number. Precondition: both move.
uint64_t coordinates_a_step(const View& view, const Value& value);

// Whether a scalar moves the boxes of two labelled operands alike, or neither. Precondition:
// label_fault is empty for both.
bool same_motion(const Schedule& schedule, uint32_t operand, uint32_t other);

// Why a value cannot be what an operand of this view holds ("" if it can): dtype,
// extents and axes must fit each other.
std::string label_fault(const Schedule& schedule, const View& view, const Value& value);

enum class Agreement : uint8_t {
  kYes,
  kOtherTensor,
  kOtherVersion,
  kOtherBox,      // no coordinate in common
  kOtherAddress,  // a common coordinate lies elsewhere, or other strides or layout
  kBytewise,      // depends on which bytes are shared: ask agreeing_bytes
};

// Do bytes that `writer` wrote hold what `reader` names, wherever the two overlap?
// Aliases are compared by the position of each element in row-major order.
Agreement agreement(const AddressMap& reader, const AddressMap& writer);
// The same for shared bytes from `byte` on, `most` >= 1 at most: how many are known to agree; 0 where
// the first does not, or one soon after it.
uint64_t agreeing_bytes(const AddressMap& reader, const AddressMap& writer, uint64_t byte, uint64_t most);

// "'h'[0:32, 32:64]", and ", step 2" for a partial sum.
std::string value_name(const Schedule& schedule, const Value& value);

// Same tensor, version and box: what may pass through a copy.
bool same_value(const Value& a, const Value& b);
bool same_box(const Value& a, const Value& b);

}  // namespace rondo::proof
