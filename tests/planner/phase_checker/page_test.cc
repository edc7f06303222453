// docs/phase-checker.md lists the obligations there are.
#include <gtest/gtest.h>
#include "planner/phase_checker/obligations.h"
#include "tests/planner/document_blocks.h"

namespace rondo::phase_checker {
namespace {

TEST(PhaseCheckerPage, ListsTheObligations) {
  constexpr const char* kApplies[] = {"both", "layered", "strict"};
  std::vector<std::vector<std::string>> rows = {{"obligation", "machine", "what must hold"}};
  for (const ObligationText& obligation : kObligations)
    rows.push_back({std::string(obligation.id), kApplies[static_cast<uint8_t>(obligation.applies)],
                    std::string(obligation.sentence)});
  expect_generated("docs/phase-checker.md", "obligations", markdown_table(rows));
}

}  // namespace
}  // namespace rondo::phase_checker
