// What the verifier says of a plan, as one word or with every finding.
#pragma once
#include <string>
#include "rondo/verify.h"

namespace rondo::testing {

// "faithful", else the summary and the findings, one a line. A schedule that carries
// no value or no claim is not called faithful: nothing of it would have been checked.
inline std::string verdict(const Schedule& schedule) {
  const Verification verification = verify(schedule);
  if (verification.report.faithful() && verification.schedule && verification.report.values_agreed != 0 &&
      verification.report.claims_hold != 0)
    return "faithful";
  std::string text = verification.report.summary() + "\n";
  for (const Finding& finding : verification.report.findings)
    text += std::string(finding.rule) + ": " + finding.message + "\n";
  return text;
}

}  // namespace rondo::testing
