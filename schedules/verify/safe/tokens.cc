// T01: what a wait says about who has signalled is the same in every run.
#include <algorithm>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {
namespace {

constexpr const char* kScopeNames[] = {"lane", "group", "device", "system"};
constexpr const char* kPartNames[] = {"prepare", "replay"};

struct Use {
  uint32_t signals = 0;
  uint32_t first_stream = kNone, first_op = kNone;  // of the signallers
  uint32_t low_lane = kNone, high_lane = 0;         // of all who signal or wait
};

// Asked for each token of a file, which may hold thousands of groups.
class Groups {
 public:
  explicit Groups(const Schedule& schedule) {
    for (const Group& group : schedule.groups)
      reach_.push_back({group.first_lane, uint64_t{group.first_lane} + group.lane_count});
    std::sort(reach_.begin(), reach_.end());
    for (size_t i = 1; i < reach_.size(); ++i) reach_[i].second = std::max(reach_[i].second, reach_[i - 1].second);
  }
  // Whether one group holds both lanes.
  bool hold(uint32_t low, uint32_t high) const {
    const auto after = std::upper_bound(reach_.begin(), reach_.end(), low,
                                        [](uint32_t lane, const auto& group) { return lane < group.first; });
    return after != reach_.begin() && high < std::prev(after)->second;
  }

 private:
  std::vector<std::pair<uint32_t, uint64_t>> reach_;  // first lane, and one past the last of all groups up to here
};

void check_tokens_tables(const Tables& tables, Findings& findings) {
  const Schedule& schedule = tables.schedule;
  std::vector<Use> uses(schedule.tokens.size());
  const auto add = [&](uint32_t op, std::initializer_list<uint32_t> ops, const std::string& message) {
    if (findings.wants("T01")) findings.add("T01", Level::kSafe, ops, op_name(schedule, op) + message);
  };
  // A token belongs to the part of whoever uses it.
  const auto use = [&](uint32_t op, uint32_t token, const char* verb) -> Use& {
    const Stream& stream = schedule.streams[tables.stream_of_op[op]];
    Use& used = uses[token];
    used.low_lane = std::min(used.low_lane, stream.lane);
    used.high_lane = std::max(used.high_lane, stream.lane);
    if (stream.part != schedule.tokens[token].part)
      add(op, {op},
          sentence(" in ", kPartNames[stream.part], " ", verb, " ", token_name(schedule, token), ", a token of ",
                   kPartNames[schedule.tokens[token].part]));
    return used;
  };
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    for (const uint32_t token : schedule.ops[op].signals) {
      if (token == kNone) continue;
      Use& used = use(op, token, "signals");
      const uint32_t stream = tables.stream_of_op[op];
      ++used.signals;
      if (used.first_stream == kNone) {
        used.first_stream = stream;
        used.first_op = op;
      } else if (used.first_stream != stream && !schedule.tokens[token].join) {
        add(op, {op, used.first_op},
            sentence(" signals ", token_name(schedule, token), ", and so does ", op_name(schedule, used.first_op),
                     ": a token that is not a join has one signalling stream"));
      }
    }
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    for (const Wait& wait : schedule.ops[op].waits) {
      if (wait.token == kNone) continue;
      const Use& used = use(op, wait.token, "waits for");
      if (schedule.tokens[wait.token].join && wait.count != used.signals)
        add(op, {op},
            sentence(" waits for ", wait.count, " of the ", used.signals, " signals of ",
                     token_name(schedule, wait.token), ", a join is waited for in full"));
    }
  const Groups groups(schedule);
  for (uint32_t token = 0; token < schedule.tokens.size(); ++token) {
    const Use& used = uses[token];
    if (used.low_lane == kNone) continue;
    const auto scope = static_cast<TokenScope>(schedule.tokens[token].scope);
    const bool seen = scope >= TokenScope::kDevice || used.low_lane == used.high_lane ||
                      (scope == TokenScope::kGroup && groups.hold(used.low_lane, used.high_lane));
    if (seen || !findings.wants("T01")) continue;
    findings.add("T01", Level::kSafe, {used.first_op},
                 sentence(token_name(schedule, token), " has scope ", kScopeNames[static_cast<int>(scope)],
                          " and is used from lanes ", used.low_lane, " to ", used.high_lane));
  }
}

void check_tokens_walk(const Walked& walked, Findings& findings) {
  const Schedule& schedule = walked.schedule;
  for (const auto& pair : walked.evidence.unordered_signallers) {
    if (!findings.wants("T01")) continue;
    const Stream& stream = schedule.streams[walked.engine.stream_of(pair.second)];
    findings.add("T01", Level::kSafe, {pair.second, pair.first},
                 sentence(op_name(schedule, pair.second), " signals ", token_name(schedule, pair.token), " after ",
                          op_name(schedule, pair.first), ", which need not have completed: the stream has in_flight ",
                          stream.in_flight));
  }
  for (const auto& broken : walked.evidence.broken_windows) {
    if (!findings.wants("T01")) continue;
    findings.add("T01", Level::kSafe, {broken.signaller, broken.waiter},
                 sentence(op_name(schedule, broken.signaller), " may signal ", token_name(schedule, broken.token),
                          " more than its window of ", schedule.tokens[broken.token].window, " ahead of ",
                          op_name(schedule, broken.waiter)));
  }
}

}  // namespace

const SafeRule kTokensRule = {
    {"T01", Level::kSafe, "a token is signalled by one stream in order, or is a join waited for in full",
     "Otherwise a count says that *some* signals came, not which, and no order can be concluded from it. A token "
     "that is not a join has one signalling stream; where that stream has in_flight above 1, each of its signallers "
     "has completed before the next may begin. Every wait for a join asks for all its signals. A token is used in "
     "one part and member, from lanes within its scope, and a claimed window holds: signal n + window comes only after "
     "all ops "
     "that wait for signal n are known to be through with their reads (or began earlier in the same stream)."},
    check_tokens_tables,
    check_tokens_walk};

}  // namespace rondo::proof
