// The structural check: every index in range, every enum known, every reserved
// field zero, every size small enough to add. What the rest of the library may
// assume of a schedule that it has not verified is exactly what these files check.
#include "rondo/load.h"
#include "schedules/structure/table_checker.h"

namespace rondo {

bool stays_small(const Scalar& scalar, int64_t scale, int64_t bias) {
  constexpr auto kLimit = static_cast<__int128>(1) << 62;
  for (const int64_t end : {scalar.min, scalar.max}) {
    const __int128 result = static_cast<__int128>(scale) * end + bias;
    if (result > kLimit || result < -kLimit) return false;
  }
  return true;
}

std::optional<uint64_t> dense_bytes(uint8_t dtype, const uint32_t* shape, uint32_t rank) {
  unsigned __int128 bytes = size_of(static_cast<DType>(dtype));
  for (uint32_t axis = 0; axis < rank; ++axis) {
    bytes *= shape[axis];
    if (bytes >= kSizeLimit) return std::nullopt;
  }
  return static_cast<uint64_t>(bytes);
}

TableChecker::Found TableChecker::run() {
  using Step = Found (TableChecker::*)();
  constexpr Step kSteps[] = {
      &TableChecker::target,       &TableChecker::names,   &TableChecker::spaces,   &TableChecker::groups,
      &TableChecker::arenas,       &TableChecker::scalars, &TableChecker::bindings, &TableChecker::tokens,
      &TableChecker::unique_names, &TableChecker::kernels, &TableChecker::policies, &TableChecker::phases,
      &TableChecker::cuts,         &TableChecker::members, &TableChecker::views,    &TableChecker::streams,
      &TableChecker::ops,          &TableChecker::tensors, &TableChecker::values,   &TableChecker::rings,
      &TableChecker::labels,       &TableChecker::claims,  &TableChecker::costs};
  for (const Step step : kSteps)
    if (Found violation = (this->*step)()) return violation;
  return std::nullopt;
}

std::optional<Violation> find_violation(const Schedule& schedule) { return TableChecker(schedule).run(); }

Status check_structure(const Schedule& schedule) {
  const auto violation = find_violation(schedule);
  if (!violation) return {};
  Place place{schedule.file, 0, 0};
  const bool of_op =
      violation->table == Table::kOps || violation->table == Table::kOperands || violation->table == Table::kLabels;
  if (of_op && violation->record < schedule.op_lines.size()) place.line = schedule.op_lines[violation->record];
  return make_error(ErrorCode::kInvalidSchedule, violation->message, std::move(place));
}

}  // namespace rondo
