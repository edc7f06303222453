// Gate graphs small enough to reason about by hand, as the text of their files.
#pragma once
#include <optional>
#include <string>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"

namespace rondo::phase {

// Inputs one, position, inv_log_pos, position_sq, x (4); lookup 0 reads x by position
// (dim 5); ReGLU 1 is relu(dim 5) * x (dim 6); persist 2 sums both (dim 7); ReGLU 3 reads
// the sum (dim 8); outputs one and dim 8. Three half-layers are not enough: the persist
// joins the first feed-forward half, ReGLU 3 waits for the second. Least layers: 2.
std::string chain_text();
// An averaging lookup 0 (dim 5) and the ReGLU 1 that reads it (dim 6, an output).
std::string average_text();
// Two of those, the second reads what was made of the first.
std::string two_averages_text();
GateGraph parsed(const std::string& text);

// input 0, const 1, cumsum 2 of 1, linear 3, read 4, reglu 5, linear 6 (output), write 7.
std::string parity_text();
SlotGraph parsed_slots(const std::string& text);

// The first occurrence replaced; fails the test when there is none.
std::string with(std::string text, const std::string& from, const std::string& to);

// A file of the shared reference data, or nothing where it is not beside the checkout.
std::optional<std::string> reference_file(const std::string& name);

}  // namespace rondo::phase
