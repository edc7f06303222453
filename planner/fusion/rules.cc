#include "planner/fusion/rules.h"

namespace rondo::fusion {
namespace {

constexpr RuleText kRules[] = {
    {Rule::kR0, "R0", "well formed",
     "The lists of a solution have one entry for each subgraph; a subgraph lists at least one operator, each at most "
     "once and by a number that exists; w, h and k are 1 or more."},
    {Rule::kR1, "R1", "native tiles",
     "w and h are at most the native granularity; so is k where the subgraph has a MatMul."},
    {Rule::kR2, "R2", "no step past the reduction",
     "k is at most the reduction length K of every MatMul of the subgraph."},
    {Rule::kR3, "R3", "one grid",
     "All boundary outputs of a subgraph (made here and read by none of its operators) have one shape, which the tiles "
     "cover."},
    {Rule::kR4, "R4", "connected",
     "The operators of a subgraph hang together through tensors they have in common; an input that two of them read "
     "counts."},
    {Rule::kR5, "R5", "topological order", "A subgraph lists an operator after those that make its inputs."},
    {Rule::kR6, "R6", "one reduction length",
     "All MatMuls of a subgraph that own its k-loop have the same K: one number of k-steps."},
    {Rule::kR7, "R7", "inputs are there",
     "An input of a subgraph that it does not make itself is a graph input, was evicted to slow memory earlier, or was "
     "retained by the subgraph just before."},
    {Rule::kR8, "R8", "retain what is made here", "A subgraph retains only tensors that it makes."},
    {Rule::kR9, "R9", "working set", "The working set of a subgraph fits the fast memory."},
    {Rule::kR10, "R10", "prologue in one piece",
     "A Pointwise that feeds the LHS of a MatMul of its subgraph needs w >= K, one that feeds the RHS needs h >= K."},
    {Rule::kR11, "R11", "ephemeral granule",
     "The slice of a tensor that is made and read inside a subgraph is at most native x native."},
    {Rule::kR12, "R12", "traversal order", "A traversal order names every tile of the grid exactly once."},
    {Rule::kR13, "R13", "tiles divide",
     "Only with --divisible: w, h and k divide the width and height of the grid and K, or reach past them."},
    {Rule::kC1, "C1", "everything is computed", "Every operator is in some subgraph."},
    {Rule::kC2, "C2", "outputs are stored",
     "Every graph output (made by an operator, read by none) is evicted to slow memory by some subgraph."},
};

}  // namespace

std::span<const RuleText> rules() { return kRules; }
const char* name_of(Rule rule) { return kRules[static_cast<uint8_t>(rule)].name; }

}  // namespace rondo::fusion
