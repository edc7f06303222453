#include "schedules/verify/footprint_boxes.h"

#include <utility>
#include "schedules/verify/scalars.h"

namespace rondo::proof {

void StridedBox::normalise() {
  if (run == 0) return;
  for (uint32_t i = 1; i < axis_count; ++i)  // five at most: by insertion
    for (uint32_t j = i; j > 0 && axes[j].stride_bytes < axes[j - 1].stride_bytes; --j) std::swap(axes[j], axes[j - 1]);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < axis_count; ++i) {
    const BoxAxis axis = axes[i];
    if (axis.stride_bytes <= run) {
      run += (axis.extent - 1) * axis.stride_bytes;
    } else if (kept > 0 && axis.stride_bytes == axes[kept - 1].extent * axes[kept - 1].stride_bytes) {
      axes[kept - 1].extent *= axis.extent;
    } else {
      axes[kept++] = axis;
    }
  }
  axis_count = kept;
}

uint64_t StridedBox::span() const {
  if (run == 0) return 0;
  uint64_t bytes = run;
  for (uint32_t i = 0; i < axis_count; ++i) bytes += (axes[i].extent - 1) * axes[i].stride_bytes;
  return bytes;
}

FootprintBoxes boxes_of_view(const Schedule& schedule, const View& view, uint64_t offset_bytes, uint32_t footprint) {
  FootprintBoxes boxes;
  const auto effect = scalar_effect(schedule, view);
  if (!effect) return boxes;
  const bool bounded = view.scalar != kNone && view.extent_axis < view.rank;
  const bool shifted = view.scalar != kNone && effect->shift_low != effect->shift_high;
  const auto step = static_cast<uint64_t>(view.offset_step_bytes);
  const auto box = [&](uint64_t first, uint64_t end) {
    StridedBox made;
    made.low = offset_bytes;
    made.run = block_bytes(view);
    for (uint32_t axis = 0; axis < view.rank; ++axis) {
      const auto stride = static_cast<uint64_t>(view.stride_bytes[axis]);
      if (bounded && axis == view.extent_axis) {
        made.low += first * stride;
        made.add(end - first, stride);
      } else {
        made.add(view.extent[axis], stride);
      }
    }
    if (view.scalar != kNone && step != 0) {
      made.low += effect->shift_low * step;
      made.add(effect->shift_high - effect->shift_low + 1, step);
    }
    made.normalise();
    return made;
  };
  Guard& guard = boxes.guard;
  guard.kind = GuardKind::kOther;
  guard.footprint = footprint;
  guard.scalar = view.scalar;
  // Rows are counted from where a shift that is always the same puts the first.
  guard.origin_bytes = offset_bytes + (shifted ? 0 : effect->shift_low * step);
  if (!bounded && !shifted) {
    boxes.always = box(0, 0);
    return boxes;
  }
  // The other axes: how far they reach from one step of the scalar's to the next.
  const uint64_t guarded_stride = shifted ? step : static_cast<uint64_t>(view.stride_bytes[view.extent_axis]);
  guard.stride_bytes = guarded_stride;
  boxes.inner_span = block_bytes(view);
  boxes.outermost = true;
  uint64_t window_rows = 1;
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    const auto stride = static_cast<uint64_t>(view.stride_bytes[axis]);
    if ((!shifted && axis == view.extent_axis) || view.extent[axis] <= 1) continue;
    if (shifted && stride == step && window_rows == 1) {
      window_rows = view.extent[axis];
      continue;
    }
    if (stride >= guarded_stride) boxes.outermost = false;
    boxes.inner_span += (view.extent[axis] - 1) * stride;
  }
  if (shifted) {
    boxes.sometimes = box(0, effect->extent_high);
    if (!bounded) {
      guard.kind = GuardKind::kWindow;
      guard.scale = view.offset_scale;
      guard.bias = view.offset_bias;
      guard.rows = static_cast<int64_t>(window_rows);
      if (effect->wraps) {
        guard.modulus = view.offset_modulus;
      } else {
        // Below the modulus throughout, up to a multiple of it that the shift leaves out.
        const auto range = affine_range(schedule.scalars[view.scalar], view.offset_scale, view.offset_bias);
        guard.bias -= range->low - static_cast<int64_t>(effect->shift_low);
      }
    }
    return boxes;
  }
  boxes.always = box(0, effect->extent_low);
  boxes.sometimes = box(effect->extent_low, effect->extent_high);
  guard.kind = GuardKind::kRows;
  guard.scale = view.extent_scale;
  guard.bias = view.extent_bias;
  return boxes;
}

FootprintBoxes boxes_of_binding(const Schedule& schedule, const Binding& binding, bool filled) {
  FootprintBoxes boxes;
  const uint64_t bytes = bytes_of(binding);
  if (!filled || binding.filled_scalar == kNone || binding.rank == 0) {
    boxes.always.run = bytes;
    return boxes;
  }
  const auto range = affine_range(schedule.scalars[binding.filled_scalar], binding.filled_scale, binding.filled_bias);
  if (!range) return boxes;
  const uint64_t row_bytes = bytes / binding.shape[0];
  // Up to the last row: of rows that are never filled the guard says so, and what
  // is appended to it may reach them.
  const uint64_t low = clamp_extent(range->low, binding.shape[0]);
  boxes.always.run = low * row_bytes;
  boxes.sometimes.low = low * row_bytes;
  boxes.sometimes.run = bytes - low * row_bytes;
  boxes.guard = {.kind = GuardKind::kRows,
                 .scalar = binding.filled_scalar,
                 .scale = binding.filled_scale,
                 .bias = binding.filled_bias,
                 .stride_bytes = row_bytes};
  boxes.inner_span = row_bytes;
  boxes.outermost = true;
  return boxes;
}

FootprintBoxes boxes_of_cell(const CellBox& cell) {
  FootprintBoxes boxes;
  boxes.always.low = cell.offset_bytes;
  boxes.always.run = cell.row_bytes;
  boxes.always.add(cell.rows, cell.pitch_bytes);
  boxes.always.normalise();
  return boxes;
}

}  // namespace rondo::proof
