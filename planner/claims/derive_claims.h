// The claims a planner makes about its own schedule.
//
// Counts, bytes, flops, peaks and makespan as schedule.h defines them, computed
// from the tables alone. The verifier recomputes them with code of its own, so
// nothing here may be shared with it.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

// Appends kOps, kCopies, kBytesMoved, kFlops, kExtentPeak, kLivePeak, kPrepareOps and,
// if the schedule carries costs, kMakespan. Precondition: a well-formed schedule
// as ScheduleBuilder::finish gives it. Claims of these kinds that are already there
// are replaced. If the replay part hangs, the two claims that need an order
// (kLivePeak, kMakespan) are left out.
void add_derived_claims(Schedule& schedule);

// Op indices of one part in the canonical serial order; empty if it hangs.
std::vector<uint32_t> canonical_order(const Schedule& schedule, Part part);

// Latest completion by the event model, in the unit of schedule.costs, over the
// queues (lane, engine). `order` is canonical_order(schedule, Part::kReplay).
double makespan_of(const Schedule& schedule, const std::vector<uint32_t>& order);

// Sum of a contract formula at the op's full extents, times its coefficients.
uint64_t flops_of(const Schedule& schedule, const Op& op);
uint64_t bytes_of(const Schedule& schedule, const Op& op);
uint64_t rows_of(const Schedule& schedule, const Op& op);  // rows_walked()

}  // namespace rondo
