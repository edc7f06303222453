// F01 to F04: the tables are what check_structure promises. Everything else may
// index them without a range check, so verification ends here where they are not.
#include <algorithm>
#include <array>
#include "rondo/load.h"
#include "schedules/structure/violation.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {

const SafeRule kHeaderRule = {
    {"F01", Level::kSafe, "the file's head is sound",
     "Lane count, name table and member list are of this format version: names are "
     "non-empty and distinct; members are unguarded and, where there are several, named. (Magic, "
     "version, section sizes and checksums of a binary file are checked when it is "
     "loaded.) Everything else is counted by these."}};
const SafeRule kDigestRule = {{"F02", Level::kSafe, "every kernel's contract is the one this build knows",
                               "A file names kernels and carries the hash of each contract's meaning. A name this "
                               "build does not know, or another hash, is refused: the file must be planned again, "
                               "never computed differently."}};
const SafeRule kReferencesRule = {{"F03", Level::kSafe, "every index and size is in range",
                                   "Indices of bases, views, kernels, tokens, names, scalars, values and rings exist; "
                                   "streams hold their ops, and ops their operands, one after another; sizes, "
                                   "strides and offsets are small enough that no sum of a few overflows."}};
const SafeRule kCanonicalRule = {{"F04", Level::kSafe, "no unknown word, no second spelling",
                                  "Enums are known, reserved fields zero, unused axes, parameters, waits and signals "
                                  "in their one empty form, alignments powers of two: each schedule has exactly one "
                                  "form, and nothing that a later version would read is passed over."}};

bool structure_holds(const Schedule& schedule, Findings& findings) {
  const auto violation = find_violation(schedule);
  if (!violation) return true;
  const auto says = [&](std::string_view word) { return violation->message.find(word) != std::string::npos; };
  const bool canonical = says("reserved") || says("unknown") || says("must be") || says("must increase") ||
                         says("repeats") || says("power of two") || says("allowed are 0 and 1");
  std::string_view rule = canonical ? "F04" : "F03";
  if (violation->table == Table::kTarget || violation->table == Table::kNames || violation->table == Table::kMembers)
    rule = "F01";
  if (violation->table == Table::kKernels) rule = "F02";
  const bool of_op =
      violation->record != kNone &&
      (violation->table == Table::kOps || violation->table == Table::kOperands || violation->table == Table::kLabels);
  findings.add(rule, Level::kSafe, {of_op ? violation->record : kNone}, violation->message);
  return false;
}

}  // namespace rondo::proof
