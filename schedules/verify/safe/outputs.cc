// O01: every byte of every output is written.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

void check_outputs(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  findings.drop("O01", walked.evidence.undefined_outputs.dropped);
  for (const UndefinedOutput& output : walked.evidence.undefined_outputs.kept) {
    if (!findings.wants("O01")) continue;
    std::string message =
        sentence(base_name(schedule, output.base), " is left with ", output.bytes, " of ",
                 bytes_of_base(schedule, output.base), " bytes undefined, the first at byte ", output.offset_bytes);
    if (output.writer == kNone) {
      findings.add("O01", Level::kSafe, {kNone}, message);
    } else {
      findings.add(
          "O01", Level::kSafe, {output.writer},
          sentence(message, ", which ", op_name(schedule, output.writer), " writes for some values of a scalar only"));
    }
  }
}

}  // namespace

const SafeRule kOutputsRule = {
    {"O01", Level::kSafe, "every byte of every output is written",
     "When a replay ends, each byte of each output was must-written: whatever the scalars are, the host reads "
     "nothing that was left over. A member of a set writes each output wholly or not at all, and some member writes "
     "it."},
    nullptr,
    check_outputs};

}  // namespace rondo::proof
