// The one list of tables: which sections a binary file has, in which order, under
// which code. Binary form, digest, equality in tests and documentation read it.
//
// A code is never reused for another meaning. A new table, or a changed record,
// is a new format version (docs/schedule-format.md says when).
#pragma once
#include <cstdint>
#include <string_view>
#include "rondo/schedule.h"
#include "schedules/structure/violation.h"

namespace rondo {

struct SectionName {
  Table table;
  char code[5];             // four characters; the file stores them in reading order
  std::string_view member;  // of Schedule
  std::string_view record;  // "" where the section is text
};

inline constexpr SectionName kSections[] = {
    {Table::kTarget, "META", "", ""},
    {Table::kNames, "STRS", "names", ""},
    {Table::kSpaces, "SPAC", "spaces", "Space"},
    {Table::kGroups, "GRUP", "groups", "Group"},
    {Table::kArenas, "ARNA", "arenas", "Arena"},
    {Table::kBindings, "BIND", "bindings", "Binding"},
    {Table::kScalars, "SCAL", "scalars", "Scalar"},
    {Table::kTokens, "TOKN", "tokens", "Token"},
    {Table::kKernels, "KERN", "kernels", "KernelRef"},
    {Table::kPolicies, "POLI", "policies", "NumericsPolicy"},
    {Table::kPhases, "PHAS", "phases", "Phase"},
    {Table::kCuts, "CUTS", "cuts", "Cut"},
    {Table::kMembers, "MEMB", "members", "Member"},
    {Table::kViews, "VIEW", "views", "View"},
    {Table::kStreams, "STRM", "streams", "Stream"},
    {Table::kOps, "OPS_", "ops", "Op"},
    {Table::kOperands, "OPND", "operands", "Operand"},
    {Table::kTensors, "TENS", "tensors", "Tensor"},
    {Table::kValues, "VALU", "values", "Value"},
    {Table::kLabels, "LABL", "labels", "OperandLabel"},
    {Table::kRings, "RING", "rings", "Ring"},
    {Table::kClaims, "CLAI", "claims", "Claim"},
    {Table::kCosts, "COST", "costs", "Cost"},
};
inline constexpr uint32_t kSectionCount = sizeof kSections / sizeof kSections[0];

// Calls visit(table, vector of records) for each table of records, in the order of
// kSections. `AnySchedule` is Schedule or const Schedule.
template <class AnySchedule, class Visit>
void for_each_table(AnySchedule& schedule, Visit&& visit) {
  visit(Table::kSpaces, schedule.spaces);
  visit(Table::kGroups, schedule.groups);
  visit(Table::kArenas, schedule.arenas);
  visit(Table::kBindings, schedule.bindings);
  visit(Table::kScalars, schedule.scalars);
  visit(Table::kTokens, schedule.tokens);
  visit(Table::kKernels, schedule.kernels);
  visit(Table::kPolicies, schedule.policies);
  visit(Table::kPhases, schedule.phases);
  visit(Table::kCuts, schedule.cuts);
  visit(Table::kMembers, schedule.members);
  visit(Table::kViews, schedule.views);
  visit(Table::kStreams, schedule.streams);
  visit(Table::kOps, schedule.ops);
  visit(Table::kOperands, schedule.operands);
  visit(Table::kTensors, schedule.tensors);
  visit(Table::kValues, schedule.values);
  visit(Table::kLabels, schedule.labels);
  visit(Table::kRings, schedule.rings);
  visit(Table::kClaims, schedule.claims);
  visit(Table::kCosts, schedule.costs);
}

}  // namespace rondo
