// B01: the verification of an untrusted file is bounded by a count.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {

void report_too_complex(const Schedule& schedule, const Budget& budget, Findings& findings) {
  const std::string where = budget.op() == kNone ? std::string("the file") : op_name(schedule, budget.op());
  findings.add("B01", Level::kSafe, {budget.op()},
               sentence(where, " takes verification beyond ", with_commas(budget.limit()), " units of work (",
                        with_commas(schedule.operands.size()), " operands): the file is too complex"));
}

const SafeRule kBudgetRule = {
    {"B01", Level::kSafe, "verification stays within its work limit",
     "Work is counted in visits of shadow cells and remembered readers, cuts of cells and cache lines of vector "
     "clocks, and limited to a multiple of the operands (64) plus 2^20; never by a clock, so the verdict is the "
     "same everywhere. A file above it is refused as too complex, naming the op that passed the limit. Planned "
     "files stay far below; what exceeds it is made to (one-byte writes read back whole, a million signals waited "
     "for at the end), or looks through many row pitches at once at one stretch of memory, so that tiles fall apart "
     "into rows. Layouts that take turns there are not held against each other."}};

}  // namespace rondo::proof
