// Tables that may hold row numbers beyond the rows they choose from.
#pragma once
#include <string>
#include <vector>
#include "rondo/graph.h"

namespace rondo {

// One sentence for each table and tensor it chooses rows of, in the order of operators,
// each beginning with the place of the table: such numbers pass the check of the caller's
// entries and are clamped by the kernel. The graph is a finished one.
std::vector<std::string> warn_of_loose_limits(const Graph& graph);

}  // namespace rondo
