// H08: every op can be issued.
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {

// One greedy run decides for all runs: tokens only grow and nothing branches
// (lemma L1 of docs/verifier.md). Each stuck stream is one finding; the witness
// beside it is the op that would signal next, where there is one.
void report_hang(const Schedule& schedule, const CanonicalOrder& order, Findings& findings) {
  if (order.stuck.empty()) return;
  // The first op that signals each awaited token and was never issued.
  std::vector<uint8_t> issued(schedule.ops.size(), 0);
  for (const uint32_t op : order.ops) issued[op] = 1;
  std::vector<uint32_t> next_signaller(schedule.tokens.size(), kNone);
  for (const auto& stuck : order.stuck) {
    const Stream& stream = schedule.streams[stuck.stream];
    for (uint32_t op = stuck.op; op < stream.first_op + stream.op_count; ++op)
      for (const uint32_t token : schedule.ops[op].signals)
        if (token != kNone && next_signaller[token] == kNone) next_signaller[token] = op;
  }
  for (const auto& stuck : order.stuck) {
    if (!findings.wants("H08")) continue;
    const Wait& wait = schedule.ops[stuck.op].waits[stuck.wait];
    const uint32_t signaller = next_signaller[wait.token];
    std::string message = sentence(op_name(schedule, stuck.op), " waits for ", wait.count, " signals of ",
                                   token_name(schedule, wait.token), ", which counts ", stuck.signalled);
    if (signaller == kNone) {
      message += " and is not signalled again";
      findings.add("H08", Level::kSafe, {stuck.op}, message);
    } else if (signaller == stuck.op) {
      message += " and would be signalled by the op itself";
      findings.add("H08", Level::kSafe, {stuck.op}, message);
    } else {
      message += sentence("; the next signal is that of ", op_name(schedule, signaller), ", which is never issued");
      findings.add("H08", Level::kSafe, {stuck.op, signaller}, message);
    }
  }
}

const SafeRule kHangRule = {
    {"H08", Level::kSafe, "every wait is met in the end, whatever the interleaving",
     "The canonical order issues every op of both parts. Tokens only grow and waiting consumes nothing, so an op "
     "that may begin stays able to begin, and one greedy run reaches the end iff every run does. The finding names "
     "each stream that is stuck, its token, and the op whose signal it lacks."}};

}  // namespace rondo::proof
