// R01: what a scalar does to a view is defined for every value the host may set.
#include "schedules/verify/scalars.h"
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_scalars(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  std::vector<std::string> fault(schedule.views.size());
  for (uint32_t i = 0; i < schedule.views.size(); ++i) {
    const View& view = schedule.views[i];
    if (view.scalar == kNone) continue;
    const Scalar& scalar = schedule.scalars[view.scalar];
    const std::string name =
        sentence("scalar '", schedule.name(scalar.name), "' in [", scalar.min, ", ", scalar.max, "]");
    if (view.extent_axis < view.rank && !affine_range(scalar, view.extent_scale, view.extent_bias)) {
      fault[i] = sentence("extent ", view.extent_scale, " * s + ", view.extent_bias, " with ", name, " exceeds 2^62");
    } else if (view.extent_axis < view.rank && static_cast<Layout>(view.layout) == Layout::kPanels) {
      fault[i] = sentence(name, " bounds an axis of layout panels, only rows can be bounded");
    } else if (view.offset_step_bytes != 0) {
      const auto range = affine_range(scalar, view.offset_scale, view.offset_bias);
      if (!range || view.offset_step_bytes < 0) {
        fault[i] = sentence("offset ", view.offset_scale, " * s + ", view.offset_bias, " with ", name, " exceeds 2^62");
      } else if (view.offset_modulus <= 0) {
        fault[i] = sentence("the offset's modulus is ", view.offset_modulus, ", it must be at least 1");
      } else if (range->low < 0) {
        fault[i] = sentence("offset ", view.offset_scale, " * s + ", view.offset_bias, " with ", name, " reaches ",
                            range->low, ", the least is 0");
      }
    }
  }
  each_operand(schedule, [&](uint32_t op_index, const Op& op, uint32_t slot, const Operand& operand) {
    const uint32_t scalar = schedule.views[operand.view].scalar;
    const auto part = static_cast<Part>(schedule.streams[tables.stream_of_op[op_index]].part);
    if (scalar != kNone && part == Part::kPrepare && findings.wants("R01"))
      findings.add("R01", Level::kSafe, {op_index},
                   sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), ", view v",
                            operand.view, ": scalar '", schedule.name(schedule.scalars[scalar].name),
                            "' in prepare, which runs before scalars are set"));
    if (fault[operand.view].empty() || !findings.wants("R01")) return;
    findings.add("R01", Level::kSafe, {op_index},
                 sentence(op_name(schedule, op_index), ": ", operand_name(tables.contract(op), slot), ", view v",
                          operand.view, ": ", fault[operand.view]));
  });
}

}  // namespace

const SafeRule kScalarsRule = {
    {"R01", Level::kSafe, "a scalar's effect is defined over its whole range",
     "For every value in the scalar's range: scale * s + bias stays within 62 bits, a shifted offset is not "
     "negative and has a modulus of at least 1, and only axes of layout rows are bounded. Bounds and races then "
     "speak of the *may-bytes* (the union over all values), definedness and coverage of the *must-bytes* (the "
     "intersection, and none of a write that is shifted). Ops of `prepare` use none: what is packed for one value "
     "would be read by replays with another."},
    check_scalars};

}  // namespace rondo::proof
