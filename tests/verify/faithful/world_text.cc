#include "tests/verify/faithful/world_text.h"

#include <gtest/gtest.h>
#include <regex>
#include "rondo/load.h"

namespace rondo {

Report report_of_text(const std::string& text) {
  Result<Schedule> schedule = parse_text(text, "world.yaml");
  if (!schedule) {
    Report refused;
    refused.findings.push_back({"parse:", Level::kSafe, {kNone, kNone, kNone}, 0, schedule.error().to_string()});
    return refused;
  }
  EXPECT_EQ(print_text(*parse_text(print_text(*schedule))), print_text(*schedule));
  return verify(std::move(*schedule)).report;
}

std::vector<std::string> said_in(const Report& report) {
  static const std::regex kLine(", line [0-9]+");
  std::vector<std::string> lines;
  for (const Finding& finding : report.findings)
    lines.push_back(std::string(finding.rule) + " " + std::regex_replace(finding.message, kLine, ""));
  EXPECT_EQ(lines.empty(), report.faithful()) << report.summary();
  return lines;
}

}  // namespace rondo
