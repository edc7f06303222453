// docs/machine-format.md says what the reader does.
#include <gtest/gtest.h>

#include "planner/machine/machine_keys.h"
#include "rondo/machine.h"
#include "tests/planner/document_blocks.h"

namespace rondo {
namespace {

constexpr char kPage[] = "docs/machine-format.md";

template <class Keys>
void add_keys(std::vector<std::vector<std::string>>& rows, const std::string& of, const Keys& keys) {
  for (const auto& key : keys)
    rows.push_back({of, "`" + std::string(key.name) + "`", std::string(key.value),
                    key.fallback.empty() ? "*required*" : std::string(key.fallback), std::string(key.what)});
}

TEST(MachineFormatPage, ListsTheKeysThatAreRead) {
  std::vector<std::vector<std::string>> rows = {{"in", "key", "takes", "without it", "means"}};
  add_keys(rows, "the file", kMachineKeys);
  add_keys(rows, "a space", kSpaceKeys);
  add_keys(rows, "a cost", kCostKeys);
  add_keys(rows, "a cache", kCacheKeys);
  add_keys(rows, "a figure", kFigureKeys);
  add_keys(rows, "`measured`", kMeasuredKeys);
  expect_generated(kPage, "keys", markdown_table(rows));
}

TEST(MachineFormatPage, ShowsMachinesThatAreAccepted) {
  const std::vector<std::string> examples = fenced_blocks(kPage, "yaml");
  EXPECT_EQ(examples.size(), 2u);
  for (const std::string& example : examples) {
    const Result<Machine> machine = parse_machine(example, kPage);
    EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  }
}

}  // namespace
}  // namespace rondo
