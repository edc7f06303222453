#include "tools/findings.h"
#include <algorithm>
#include "tools/describe.h"

namespace rondo::cli {

int fail_with_findings(const Schedule& schedule, const Report& report, const std::string& conclusion,
                       Console& console) {
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < std::min(kShown, report.findings.size()); ++i) {
    const Finding& finding = report.findings[i];
    console.fail(kBad, op_title(schedule, finding.ops[0]) + ": " + std::string(finding.rule) + ": " + finding.message);
  }
  return console.fail(kBad, conclusion);
}

}  // namespace rondo::cli
