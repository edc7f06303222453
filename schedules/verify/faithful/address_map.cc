#include "schedules/verify/faithful/address_map.h"

#include <algorithm>
#include <span>
#include <utility>
#include "schedules/verify/scalars.h"

namespace rondo::proof {
namespace {

bool is_panels(const View& view) { return view.layout == static_cast<uint8_t>(Layout::kPanels); }

uint64_t blocks(uint64_t extent, uint64_t block) { return (extent + block - 1) / block; }

// Coordinates counted in panels along the panel axis. `aligned_low` is a coordinate
// at which a panel begins.
struct Axis {
  uint64_t low = 0, end = 0;
  int64_t stride = 0;
};

Axis axis_of(const AddressMap& map, uint32_t axis, uint64_t aligned_low) {
  Axis result{map.low[axis], uint64_t{map.low[axis]} + map.extent[axis], map.stride_bytes[axis]};
  if (axis != map.panel_axis) return result;
  result.low = (map.low[axis] - aligned_low) / map.panel_columns;
  result.end = result.low + blocks(map.extent[axis], map.panel_columns);
  return result;
}

// An element, and for how many bytes on from there only its innermost coordinate moves.
struct Element {
  std::array<uint64_t, kMaxRank> at = {};
  uint64_t run_bytes = 0;
};

// The element one of whose bytes is `byte`; nothing if there is none.
std::optional<Element> element_at(const AddressMap& map, uint64_t byte) {
  if (byte < map.origin_bytes) return std::nullopt;
  uint64_t rest = byte - map.origin_bytes;
  std::array<uint32_t, kMaxRank> axes = {0, 1, 2, 3};
  for (uint32_t i = 1; i < kMaxRank; ++i)  // largest stride first
    for (uint32_t j = i; j > 0 && map.stride_bytes[axes[j]] > map.stride_bytes[axes[j - 1]]; --j)
      std::swap(axes[j], axes[j - 1]);
  Element element;
  auto& at = element.at;
  uint64_t in_run = 1;  // elements, this one included
  for (uint32_t axis : axes) {
    if (axis >= map.rank) continue;
    at[axis] = map.low[axis];
    if (map.stride_bytes[axis] <= 0) continue;
    uint64_t steps = rest / static_cast<uint64_t>(map.stride_bytes[axis]);
    uint64_t most = axis == map.panel_axis ? blocks(map.extent[axis], map.panel_columns) : map.extent[axis];
    if (most == 0) return std::nullopt;
    steps = std::min(steps, most - 1);
    rest -= steps * static_cast<uint64_t>(map.stride_bytes[axis]);
    in_run = map.stride_bytes[axis] == map.element_bytes ? most - steps : 1;
    at[axis] += axis == map.panel_axis ? steps * map.panel_columns : steps;
  }
  if (map.panel_axis != 0xff) {
    uint64_t column = rest / map.element_bytes;
    if (column >= map.panel_columns) return std::nullopt;
    in_run = map.panel_columns - column;
    at[map.panel_axis] += column;
    rest -= column * map.element_bytes;
  }
  if (rest >= map.element_bytes) return std::nullopt;
  element.run_bytes = in_run * map.element_bytes - rest;
  return element;
}

// The stride along the axis a value moves along: as the box has it, or one coordinate a step.
uint64_t moved_stride(const View& view, const Value& value) {
  for (uint32_t i = 0; i < view.rank; ++i)
    if (value.axis[i] + 1 == value.moves_along && view.extent[i] > 1)
      return static_cast<uint64_t>(view.stride_bytes[i]);
  return static_cast<uint64_t>(view.offset_step_bytes);
}

// The least and the largest coordinate that a scalar's shift adds to the box's low.
struct Motion {
  uint64_t low = 0, high = 0;
};
Motion motion_of(const Schedule& schedule, const View& view, const Value& value) {
  const std::optional<ScalarEffect> effect = scalar_effect(schedule, view);
  if (!effect) return {};  // R01 has said so
  const uint64_t step = coordinates_a_step(view, value);
  return {effect->shift_low * step, effect->shift_high * step};
}

std::string motion_fault(const Schedule& schedule, const View& view, const Value& value) {
  const uint32_t axis = value.moves_along - 1u;
  if (view.offset_step_bytes == 0) return "its box moves along axis " + std::to_string(axis) + ", the view does not";
  if (is_panels(view)) return "its box moves along axis " + std::to_string(axis) + ", panels do not move";
  if (coordinates_a_step(view, value) == 0)
    return "a scalar moves it by steps of " + std::to_string(view.offset_step_bytes) + " bytes, axis " +
           std::to_string(axis) + " has elements " + std::to_string(moved_stride(view, value)) + " bytes apart";
  const std::optional<ScalarEffect> effect = scalar_effect(schedule, view);
  const unsigned __int128 end =
      static_cast<unsigned __int128>(effect ? effect->shift_high : 0) * coordinates_a_step(view, value) +
      value.low[axis] + value.extent[axis];
  if (const uint32_t size = schedule.tensors[value.tensor].shape[axis]; end > size)
    return "scalar '" + std::string(schedule.name(schedule.scalars[view.scalar].name)) + "' moves it up to " +
           (end >> 63 == 0 ? std::to_string(static_cast<uint64_t>(end)) : "2^63 and more") + " on axis " +
           std::to_string(axis) + ", the tensor has " + std::to_string(size);
  return "";
}

}  // namespace

uint64_t coordinates_a_step(const View& view, const Value& value) {
  const uint64_t stride = moved_stride(view, value), step = static_cast<uint64_t>(view.offset_step_bytes);
  return stride == 0 || step % stride != 0 ? 0 : step / stride;
}

bool same_motion(const Schedule& schedule, uint32_t operand, uint32_t other) {
  const Value &value = schedule.values[schedule.labels[operand].value],
              &other_value = schedule.values[schedule.labels[other].value];
  if (value.moves_along != other_value.moves_along) return false;
  if (value.moves_along == 0) return true;
  const View &a = schedule.views[schedule.operands[operand].view], &b = schedule.views[schedule.operands[other].view];
  return a.scalar == b.scalar && a.offset_scale == b.offset_scale && a.offset_bias == b.offset_bias &&
         a.offset_modulus == b.offset_modulus && coordinates_a_step(a, value) == coordinates_a_step(b, other_value);
}

std::string label_fault(const Schedule& schedule, const View& view, const Value& value) {
  const Tensor& tensor = schedule.tensors[value.tensor];
  if (view.dtype != tensor.dtype)
    return "the operand is " + std::string(info(static_cast<DType>(view.dtype)).name) + ", the tensor " +
           std::string(info(static_cast<DType>(tensor.dtype)).name);
  uint32_t walked = 0;
  for (uint32_t i = 0; i < kMaxRank; ++i) {
    uint8_t axis = value.axis[i];
    if (i >= view.rank) {
      if (axis != 0xff) return "it walks " + std::to_string(i + 1) + " axes, the view has " + std::to_string(view.rank);
      continue;
    }
    if (axis == 0xff) {
      if (view.stride_bytes[i] != 0 && view.extent[i] > 1)
        return "view axis " + std::to_string(i) + " walks no axis of the tensor but has a stride";
      continue;
    }
    if ((walked >> axis & 1) != 0) return "two view axes walk axis " + std::to_string(axis) + " of the tensor";
    walked |= 1u << axis;
    uint64_t block = !is_panels(view) ? 1 : i == 0 ? view.block_columns : view.block_rows;
    if (blocks(value.extent[axis], block) != view.extent[i])
      return "the box has " + std::to_string(value.extent[axis]) + " on axis " + std::to_string(axis) + ", view axis " +
             std::to_string(i) + " has " + std::to_string(view.extent[i] * block);
    if (view.stride_bytes[i] == 0 && view.extent[i] > 1)
      return "view axis " + std::to_string(i) + " walks axis " + std::to_string(axis) + " with stride 0";
  }
  if (is_panels(view) && (view.rank != 2 || view.block_rows != 1 || value.axis[0] == 0xff || value.axis[1] == 0xff))
    return "panels name a column axis and a row axis, and have blocks of one row";
  for (uint32_t axis = 0; axis < tensor.rank; ++axis)
    if ((walked >> axis & 1) == 0 && value.extent[axis] != 1)
      return "no view axis walks axis " + std::to_string(axis) + ", of which the box has " +
             std::to_string(value.extent[axis]);
  if (value.moves_along != 0)
    if (std::string fault = motion_fault(schedule, view, value); !fault.empty()) return fault;
  // An address holds one element: every axis steps over what the axes inside it cover.
  struct Step {
    uint64_t extent, stride;
    uint32_t axis;  // of the tensor
  };
  std::array<Step, kMaxRank + 1> steps = {};
  uint32_t count = 0;
  const auto add = [&](Step step) {
    uint32_t at = count++;
    for (; at > 0 && steps[at - 1].stride > step.stride; --at) steps[at] = steps[at - 1];
    steps[at] = step;
  };
  for (uint32_t i = 0; i < view.rank; ++i)
    if (value.axis[i] != 0xff && view.extent[i] > 1 && value.axis[i] + 1 != value.moves_along)
      add({view.extent[i], static_cast<uint64_t>(view.stride_bytes[i]), value.axis[i]});
  if (value.moves_along != 0) {
    const uint32_t axis = value.moves_along - 1u;
    const Motion motion = motion_of(schedule, view, value);
    const uint64_t extent = value.extent[axis] + (motion.high - motion.low);
    if (extent > 1) add({extent, moved_stride(view, value), axis});
  }
  uint64_t covered = block_bytes(view);
  for (uint32_t i = 0; i < count; ++i) {
    if (steps[i].stride < covered)
      return "steps of " + std::to_string(steps[i].stride) + " bytes along axis " + std::to_string(steps[i].axis) +
             " of the tensor give two elements of the box one address";
    covered += (steps[i].extent - 1) * steps[i].stride;
  }
  return "";
}

AddressMap address_map(const Schedule& schedule, const Operand& operand, const Value& value) {
  const View& view = schedule.views[operand.view];
  const Tensor& tensor = schedule.tensors[value.tensor];
  AddressMap map;
  map.tensor = value.tensor;
  map.root = root_of(tensor, value.tensor);
  map.version = value.version;
  map.origin_bytes = operand.offset_bytes;
  for (uint32_t axis = 0; axis < tensor.rank; ++axis) map.shape[axis] = tensor.shape[axis];
  map.rank = tensor.rank;
  map.element_bytes = static_cast<uint32_t>(size_of(static_cast<DType>(view.dtype)));
  for (uint32_t axis = 0; axis < tensor.rank; ++axis) {
    map.low[axis] = value.low[axis];
    map.extent[axis] = value.extent[axis];
  }
  for (uint32_t i = 0; i < view.rank; ++i)
    if (value.axis[i] != 0xff && view.extent[i] > 1) map.stride_bytes[value.axis[i]] = view.stride_bytes[i];
  if (is_panels(view)) {
    map.panel_axis = value.axis[0];
    map.panel_columns = view.block_columns;
  }
  if (value.moves_along != 0) {
    const uint32_t axis = value.moves_along - 1u;
    const Motion motion = motion_of(schedule, view, value);
    map.stride_bytes[axis] = static_cast<int64_t>(moved_stride(view, value));
    map.origin_bytes += motion.low * static_cast<uint64_t>(map.stride_bytes[axis]);
    map.low[axis] += static_cast<uint32_t>(motion.low);
    map.extent[axis] += static_cast<uint32_t>(motion.high - motion.low);
    if (map.extent[axis] <= 1) map.stride_bytes[axis] = 0;
  } else if (view.offset_step_bytes != 0) {
    map.scalar = view.scalar;
    map.scalar_offset = {view.offset_scale, view.offset_bias, view.offset_modulus, view.offset_step_bytes};
  }
  return map;
}

AddressMap dense_map(const Schedule& schedule, uint32_t tensor_index) {
  const Tensor& tensor = schedule.tensors[tensor_index];
  AddressMap map;
  map.tensor = tensor_index;
  map.root = root_of(tensor, tensor_index);
  map.rank = tensor.rank;
  map.element_bytes = static_cast<uint32_t>(size_of(static_cast<DType>(tensor.dtype)));
  auto stride = static_cast<int64_t>(map.element_bytes);
  for (uint32_t axis = tensor.rank; axis-- > 0;) {
    map.shape[axis] = map.extent[axis] = tensor.shape[axis];
    map.stride_bytes[axis] = tensor.shape[axis] > 1 ? stride : 0;
    stride *= tensor.shape[axis];
  }
  return map;
}

namespace {

// What both maps say along one axis that both walk, or hold still on.
struct AxisPair {
  Axis reader, writer;
};

// The comparison itself, over any common axes. `element_bytes`: of what one
// coordinate names (a row of a panel counts as one).
Agreement compare(std::span<const AxisPair> axes, uint64_t reader_origin, uint64_t writer_origin,
                  uint64_t element_bytes) {
  // The address of the first common coordinate, in both.
  __int128 reader_bytes = reader_origin, writer_bytes = writer_origin;
  struct Step {
    __int128 stride;
    __int128 count;
  };
  std::array<Step, 2 * kMaxRank> steps = {};
  uint32_t step_count = 0;
  for (const auto& [r, w] : axes) {
    uint64_t common = std::max(r.low, w.low);
    if (common >= std::min(r.end, w.end)) return Agreement::kOtherBox;
    bool both_walk = r.end - r.low > 1 && w.end - w.low > 1;
    if (both_walk && r.stride != w.stride) return Agreement::kOtherAddress;
    reader_bytes += static_cast<__int128>(common - r.low) * r.stride;
    writer_bytes += static_cast<__int128>(common - w.low) * w.stride;
    uint64_t hull = std::max(r.end, w.end) - std::min(r.low, w.low);
    if (hull > 1) steps[step_count++] = {std::max(r.stride, w.stride), hull};
  }
  if (reader_bytes != writer_bytes) return Agreement::kOtherAddress;
  // Over the hull of both boxes no two coordinates share an address if strides nest.
  for (uint32_t i = 1; i < step_count; ++i)  // at most eight: smallest stride first
    for (uint32_t j = i; j > 0 && steps[j].stride < steps[j - 1].stride; --j) std::swap(steps[j], steps[j - 1]);
  __int128 span = element_bytes;
  for (uint32_t i = 0; i < step_count; ++i) {
    if (steps[i].stride < span) return Agreement::kBytewise;
    span += (steps[i].count - 1) * steps[i].stride;
  }
  return Agreement::kYes;
}

// How many elements one step along each axis passes over in row-major order, and
// how many the tensor has in all.
std::array<uint64_t, kMaxRank + 1> weights_of(const AddressMap& map) {
  std::array<uint64_t, kMaxRank + 1> weights = {};
  uint64_t weight = 1;
  for (uint32_t axis = map.rank; axis-- > 0;) {
    weights[axis] = weight;
    weight *= map.shape[axis];
  }
  weights[kMaxRank] = weight;
  return weights;
}

uint64_t linear_index(const AddressMap& map, const Element& element) {
  const std::array<uint64_t, kMaxRank + 1> weights = weights_of(map);
  uint64_t index = 0;
  for (uint32_t axis = 0; axis < map.rank; ++axis) index += element.at[axis] * weights[axis];
  return index;
}

// The axes of `map`, cut at `weights` (from 1 on, each dividing the next), innermost
// first. Nothing where a box is none over the cut axes.
std::optional<std::array<Axis, 2 * kMaxRank>> cut_axes(const AddressMap& map, std::span<const uint64_t> weights) {
  std::array<Axis, 2 * kMaxRank> cut = {};
  for (Axis& axis : cut) axis = {0, 1, 0};
  const std::array<uint64_t, kMaxRank + 1> own = weights_of(map);
  for (uint32_t axis = 0; axis < map.rank; ++axis) {
    if (map.shape[axis] <= 1) continue;
    uint64_t low = map.low[axis], extent = map.extent[axis];
    int64_t stride = map.stride_bytes[axis];
    const uint64_t end = own[axis] * map.shape[axis];
    for (size_t i = 0; i + 1 < weights.size() && weights[i] < end; ++i) {
      if (weights[i] < own[axis]) continue;
      const uint64_t size = weights[i + 1] / weights[i];
      if (extent > 0 && low / size == (low + extent - 1) / size) {
        cut[i] = {low % size, low % size + extent, stride};
        extent = 1;
      } else if (low % size == 0 && extent % size == 0) {
        cut[i] = {0, size, stride};
        extent /= size;
      } else {
        return std::nullopt;
      }
      if (cut[i].end - cut[i].low == 1) cut[i].stride = 0;
      low /= size;
      stride *= static_cast<int64_t>(size);
    }
  }
  return cut;
}

Agreement agreement_of_aliases(const AddressMap& reader, const AddressMap& writer) {
  if (reader.panel_axis != 0xff || writer.panel_axis != 0xff) return Agreement::kBytewise;
  std::array<uint64_t, 2 * kMaxRank + 2> weights = {};
  uint32_t count = 0;
  for (const AddressMap* map : {&reader, &writer}) {
    const std::array<uint64_t, kMaxRank + 1> own = weights_of(*map);
    for (uint32_t axis = 0; axis < map->rank; ++axis) weights[count++] = own[axis];
    weights[count++] = own[kMaxRank];
  }
  std::sort(weights.begin(), weights.begin() + count);
  count = static_cast<uint32_t>(std::unique(weights.begin(), weights.begin() + count) - weights.begin());
  for (uint32_t i = 1; i < count; ++i)
    if (weights[i] % weights[i - 1] != 0) return Agreement::kBytewise;
  const std::span<const uint64_t> common(weights.data(), count);
  const auto of_reader = cut_axes(reader, common), of_writer = cut_axes(writer, common);
  if (!of_reader || !of_writer) return Agreement::kBytewise;
  std::array<AxisPair, 2 * kMaxRank> axes = {};
  const uint32_t axis_count = count - 1;
  for (uint32_t i = 0; i < axis_count; ++i) axes[i] = {(*of_reader)[i], (*of_writer)[i]};
  const Agreement found =
      compare({axes.data(), axis_count}, reader.origin_bytes, writer.origin_bytes, reader.element_bytes);
  // Boxes of different shapes may share bytes that agree where they share no axis.
  return found == Agreement::kYes ? found : Agreement::kBytewise;
}

}  // namespace

Agreement agreement(const AddressMap& reader, const AddressMap& writer) {
  if (reader.root != writer.root) return Agreement::kOtherTensor;
  if (reader.version != writer.version) return Agreement::kOtherVersion;
  if (reader.scalar != writer.scalar || reader.scalar_offset != writer.scalar_offset) return Agreement::kOtherAddress;
  if (reader.tensor != writer.tensor) return agreement_of_aliases(reader, writer);
  if (reader.panel_axis != writer.panel_axis || reader.panel_columns != writer.panel_columns)
    return Agreement::kOtherAddress;
  // Panels of both begin at the same columns, counted from the lower of the two.
  uint64_t aligned_low = 0;
  if (uint8_t axis = reader.panel_axis; axis != 0xff) {
    aligned_low = std::min(reader.low[axis], writer.low[axis]);
    uint64_t apart = std::max(reader.low[axis], writer.low[axis]) - aligned_low;
    if (apart % reader.panel_columns != 0) return Agreement::kOtherAddress;
  }
  std::array<AxisPair, kMaxRank> axes = {};
  for (uint32_t axis = 0; axis < reader.rank; ++axis) {
    axes[axis] = {axis_of(reader, axis, aligned_low), axis_of(writer, axis, aligned_low)};
    // Columns of a panel that the reader names and the writer did not write.
    if (axis == reader.panel_axis) {
      const auto& [r, w] = axes[axis];
      uint64_t reader_end = uint64_t{reader.low[axis]} + reader.extent[axis];
      uint64_t writer_end = uint64_t{writer.low[axis]} + writer.extent[axis];
      uint64_t panel_end = aligned_low + w.end * reader.panel_columns;
      if (r.end >= w.end && std::min(reader_end, panel_end) > writer_end) return Agreement::kOtherBox;
    }
  }
  const uint64_t row = uint64_t{reader.element_bytes} * (reader.panel_axis == 0xff ? 1 : reader.panel_columns);
  return compare({axes.data(), reader.rank}, reader.origin_bytes, writer.origin_bytes, row);
}

uint64_t agreeing_bytes(const AddressMap& reader, const AddressMap& writer, uint64_t byte, uint64_t most) {
  const auto same = [&](const std::optional<Element>& a, const std::optional<Element>& b) {
    if (!a || !b) return false;
    return reader.tensor == writer.tensor ? a->at == b->at : linear_index(reader, *a) == linear_index(writer, *b);
  };
  auto in_reader = element_at(reader, byte), in_writer = element_at(writer, byte);
  if (!same(in_reader, in_writer)) return 0;
  // Each moves along one axis here, by equal steps in row-major order: they agree in
  // between if they still agree at the end.
  uint64_t run = std::min({most, in_reader->run_bytes, in_writer->run_bytes});
  return same(element_at(reader, byte + run - 1), element_at(writer, byte + run - 1)) ? run : 0;
}

std::string value_name(const Schedule& schedule, const Value& value) {
  const Tensor& tensor = schedule.tensors[value.tensor];
  std::string text = "'" + std::string(schedule.name(tensor.name)) + "'[";
  for (uint32_t axis = 0; axis < tensor.rank; ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(value.low[axis]) + ":" + std::to_string(uint64_t{value.low[axis]} + value.extent[axis]);
  }
  text += "]";
  if (value.moves_along != 0) text += " moving along axis " + std::to_string(value.moves_along - 1);
  if (value.version != 0) text += " after " + std::to_string(value.version) + (value.version == 1 ? " step" : " steps");
  return text;
}

bool same_box(const Value& a, const Value& b) {
  return a.tensor == b.tensor && std::equal(std::begin(a.low), std::end(a.low), std::begin(b.low)) &&
         std::equal(std::begin(a.extent), std::end(a.extent), std::begin(b.extent));
}

bool same_value(const Value& a, const Value& b) { return a.version == b.version && same_box(a, b); }

}  // namespace rondo::proof
