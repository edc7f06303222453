// docs/machine-format.md says what the reader does.
#include <gtest/gtest.h>

#include "planner/machine/machine_keys.h"
#include "rondo/machine.h"
#include "tests/planner/document_blocks.h"

namespace rondo {
namespace {

constexpr char kMachinePage[] = "docs/machine-format.md";

TEST(MachineFormatPage, ListsTheKeysThatAreRead) {
  std::vector<std::vector<std::string>> rows = {{"in", "key", "takes", "without it", "means"}};
  add_key_rows(rows, "the file", kMachineKeys);
  add_key_rows(rows, "a space", kSpaceKeys);
  add_key_rows(rows, "a cost", kCostKeys);
  add_key_rows(rows, "a cache", kCacheKeys);
  add_key_rows(rows, "a figure", kFigureKeys);
  add_key_rows(rows, "`measured`", kMeasuredKeys);
  expect_generated(kMachinePage, "keys", markdown_table(rows));
}

TEST(MachineFormatPage, ShowsMachinesThatAreAccepted) {
  const std::vector<std::string> examples = fenced_blocks(kMachinePage, "yaml");
  EXPECT_EQ(examples.size(), 2u);
  for (const std::string& example : examples) {
    const Result<Machine> machine = parse_machine(example, kMachinePage);
    EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  }
}

}  // namespace
}  // namespace rondo
