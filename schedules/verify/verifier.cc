// verify(): structure, safe, then faithful. The only maker of a VerifiedSchedule.
#include "rondo/verify.h"

#include <algorithm>
#include <unordered_map>
#include "rondo/load.h"
#include "schedules/members/take_member.h"
#include "schedules/order/canonical_order.h"
#include "schedules/structure/sentence.h"
#include "schedules/verify/faithful/check.h"
#include "schedules/verify/rules.h"

namespace rondo {
namespace proof {
namespace {

// Findings in the order of the rule list, then by the op at fault; what has no op
// comes last.
void sort_findings(std::vector<Finding>& findings) {
  std::unordered_map<std::string_view, size_t> rank;
  for (const RuleInfo& rule : verifier_rules()) rank.emplace(rule.code, rank.size());
  const auto rank_of = [&](const Finding& finding) {
    const auto found = rank.find(finding.rule);
    return found == rank.end() ? rank.size() : found->second;
  };
  std::stable_sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) {
    const size_t rank_a = rank_of(a), rank_b = rank_of(b);
    return rank_a != rank_b ? rank_a < rank_b : a.ops[0] < b.ops[0];
  });
}

std::vector<uint32_t> ops_of(const Schedule& schedule) {
  std::vector<uint32_t> op_of(schedule.operands.size(), kNone);
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    std::fill_n(op_of.begin() + schedule.ops[op].first_operand, schedule.ops[op].operand_count, op);
  return op_of;
}

std::vector<uint8_t> untrusted_operands(const Tables& tables) {
  std::vector<uint8_t> skip(tables.schedule.operands.size(), 0);
  for (size_t i = 0; i < skip.size(); ++i) skip[i] = !address_holds(tables, tables.schedule.operands[i]);
  return skip;
}

// What a member of a set repeats of the file's tables.
uint64_t records_of(const Schedule& schedule) {
  return schedule.views.size() + schedule.values.size() + schedule.tensors.size() + schedule.tokens.size() +
         schedule.names.size() + schedule.bindings.size();
}

// T01 in a set: each token is of one member.
void check_tokens_of_members(const Schedule& schedule, Findings& findings) {
  std::vector<uint32_t> user(schedule.tokens.size(), kNone);  // a stream
  const auto use = [&](uint32_t stream, uint32_t op, uint32_t token) {
    if (token == kNone) return;
    const Stream& now = schedule.streams[stream];
    if (user[token] == kNone) user[token] = stream;
    const Stream& before = schedule.streams[user[token]];
    if (before.part != now.part || before.member == now.member || !findings.wants("T01")) return;
    findings.add("T01", Level::kSafe, {op},
                 sentence(op_name(schedule, op), " of member '", schedule.name(schedule.members[now.member].name),
                          "' uses ", token_name(schedule, token), ", a token of member '",
                          schedule.name(schedule.members[before.member].name), "'"));
  };
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    const Stream& record = schedule.streams[stream];
    for (uint32_t op = record.first_op; op < record.first_op + record.op_count; ++op) {
      for (const Wait& wait : schedule.ops[op].waits) use(stream, op, wait.token);
      for (const uint32_t token : schedule.ops[op].signals) use(stream, op, token);
    }
  }
}

// O01 in a set: each output is of some member, which then writes all of it.
void check_outputs_of_members(const Schedule& schedule, Findings& findings) {
  std::vector<uint8_t> written(schedule.base_count(), 0);
  for (const Operand& operand : schedule.operands)
    if (writes(operand.access)) written[operand.base] = 1;
  for (uint32_t base = static_cast<uint32_t>(schedule.arenas.size()); base < schedule.base_count(); ++base)
    if (schedule.binding_of(base).role == static_cast<uint8_t>(Role::kOutput) && written[base] == 0 &&
        findings.wants("O01"))
      findings.add("O01", Level::kSafe, {kNone}, sentence("no member writes ", base_name(schedule, base)));
}

// Findings of a member, as findings of the file; what prepare does is told once.
void take_findings(const Schedule& file, uint32_t member, const Schedule& taken, Findings& from, Findings& to) {
  for (Finding& finding : from.list()) {
    const bool of_prepare = finding.ops[0] != kNone && taken.op_numbers[finding.ops[0]] == finding.ops[0] &&
                            file.streams[stream_of(file, finding.ops[0])].part == static_cast<uint8_t>(Part::kPrepare);
    std::string message = std::move(finding.message);
    if (of_prepare) {
      const auto& known = to.list();
      if (std::any_of(known.begin(), known.end(), [&](const Finding& other) { return other.message == message; }))
        continue;
    } else {
      message = sentence("member '", file.name(file.members[member].name), "': ", message);
    }
    uint32_t ops[3];
    for (int i = 0; i < 3; ++i) ops[i] = finding.ops[i] == kNone ? kNone : taken.op_numbers[finding.ops[i]];
    if (to.wants(finding.rule)) to.add(finding.rule, finding.level, {ops[0], ops[1], ops[2]}, std::move(message));
  }
  if (from.dropped() != 0) to.drop("", from.dropped());
}

// Everything after structure. Fills `order`; returns with findings in `findings`.
void check(const Schedule& schedule, const VerifyOptions& options, SetContext* set, std::vector<uint32_t> (&order)[2],
           Findings& findings, Report& report) {
  const Tables tables(schedule);
  for (const SafeRule* rule : safe_rules())
    if (rule->on_tables != nullptr) rule->on_tables(tables, findings);

  Budget budget(options.work_multiple, schedule.operands.size());
  const auto stop_if_exhausted = [&] {
    report.work_units = budget.spent();
    if (budget.exhausted()) report_too_complex(schedule, budget, findings);
    return budget.exhausted();
  };
  for (const Part part : {Part::kPrepare, Part::kReplay}) {
    // An op issued costs a unit where it touches no cell; streams looked at in vain cost one each.
    const uint64_t limit = budget.left() + schedule.ops.size();
    CanonicalOrder found = canonical_order(schedule, part, limit);
    budget.spend(found.steps - found.ops.size() + (found.too_complex ? budget.left() + 1 : 0),
                 found.ops.empty() ? kNone : found.ops.back());
    if (stop_if_exhausted()) return;
    report_hang(schedule, found, findings);
    order[static_cast<int>(part)] = std::move(found.ops);
  }
  if (findings.count("H08") != 0 || findings.count("T01") != 0) return;

  const std::vector<uint32_t> op_of = ops_of(schedule);
  Cells cells(schedule, untrusted_operands(tables), op_of, budget,
              {order[static_cast<int>(Part::kReplay)], options.era_operands, options.always_in_eras});
  if (stop_if_exhausted()) return;
  const Engine engine{schedule, cells, budget, tables.contracts, op_of, tables.stream_of_op, {order[0], order[1]}, set};
  const Evidence evidence = examine(engine, cells, options.findings_per_rule);
  if (stop_if_exhausted()) return;
  const Walked walked{schedule, engine, evidence};
  for (const SafeRule* rule : safe_rules())
    if (rule->on_walk != nullptr) rule->on_walk(walked, findings);
  // The one place that says safe: every rule has run and counted nothing.
  report.safe = findings.none();
  if (report.safe)
    check_faithful({engine, findings}, report);
  else
    explain_races({engine, findings});
  if (stop_if_exhausted()) report.safe = false;
}

}  // namespace
}  // namespace proof

// The friend of VerifiedSchedule.
class Verifier {
 public:
  static Verification verify(Schedule schedule, const VerifyOptions& options) {
    auto data = std::make_shared<VerifiedSchedule::Data>();
    data->schedule = std::move(schedule);
    Report& report = data->report;
    proof::Findings findings(data->schedule, options.findings_per_rule);
    report.work_limit = proof::Budget(options.work_multiple, data->schedule.operands.size()).limit();
    report.values_carried = !data->schedule.labels.empty();
    if (proof::structure_holds(data->schedule, findings)) {
      if (data->schedule.members.size() == 1)
        verify_one(*data, options, nullptr, findings);
      else
        verify_set(*data, options, findings);
      report.digest = digest_of(data->schedule);
    }
    finish(report, findings);
    Verification verification;
    verification.report = report;
    if (is_good(report)) verification.schedule = VerifiedSchedule(std::move(data));
    return verification;
  }

 private:
  using Data = VerifiedSchedule::Data;

  static void finish(Report& report, proof::Findings& findings) {
    report.findings = std::move(findings.list());
    report.findings_dropped = findings.dropped();
    proof::sort_findings(report.findings);
  }
  static bool is_good(const Report& report) {
    return report.safe && report.values_refuted == 0 && report.claims_false == 0 && report.findings.empty() &&
           report.findings_dropped == 0;
  }

  static void verify_one(Data& data, const VerifyOptions& options, proof::SetContext* set, proof::Findings& findings) {
    std::vector<uint32_t> order[2];
    proof::check(data.schedule, options, set, order, findings, data.report);
    data.prepare_order = std::move(order[0]);
    data.replay_orders.clear();
    data.replay_orders.push_back(std::move(order[1]));
  }

  // Each member with `prepare` on its own: no two replays overlap, and all that one
  // leaves to another is state, of which a replay relies on what is declared filled.
  static void verify_set(Data& set, const VerifyOptions& options, proof::Findings& findings) {
    const Schedule& file = set.schedule;
    Report& report = set.report;
    proof::check_tokens_of_members(file, findings);
    proof::check_outputs_of_members(file, findings);
    proof::SetContext context;
    // Each member has a copy of the tables that all share.
    proof::Budget copies(16, file.operands.size());
    if (!copies.spend(proof::records_of(file) * file.members.size(), kNone))
      return findings.add("B01", Level::kSafe, {kNone},
                          sentence(file.members.size(), " members repeat ", proof::with_commas(proof::records_of(file)),
                                   " records each, more than 16 times the operands: the set is too complex"));
    report.safe = findings.none();
    report.values_carried = false;
    report.work_limit = 0;
    for (uint32_t member = 0; member < file.members.size(); ++member) {
      auto taken = std::make_shared<Data>();
      taken->schedule = take_member(file, member);
      const Schedule& checked = taken->schedule;
      if (member == 0) describe_prepare(checked, context);
      context.first = member == 0;
      context.last = member + 1 == file.members.size();
      Report& part = taken->report;
      part.work_limit = proof::Budget(options.work_multiple, checked.operands.size()).limit();
      proof::Findings found(checked, options.findings_per_rule);
      verify_one(*taken, options, &context, found);
      proof::take_findings(file, member, checked, found, findings);
      finish(part, found);
      part.digest = digest_of(checked);
      report.safe &= part.safe;
      report.values_carried |= part.values_carried;
      report.values_agreed += part.values_agreed;
      report.values_refuted += part.values_refuted;
      report.claims_hold += part.claims_hold;
      report.claims_stated += part.claims_stated;
      report.claims_false += part.claims_false;
      report.work_units += part.work_units;
      report.work_limit += part.work_limit;
      set.prepare_order = taken->prepare_order;
      std::vector<uint32_t> order = taken->replay_orders[0];
      for (uint32_t& op : order) op = checked.op_numbers[op];
      set.replay_orders.push_back(std::move(order));
      set.members.push_back(std::move(taken));
    }
  }

  static void describe_prepare(const Schedule& checked, proof::SetContext& context) {
    for (const Stream& stream : checked.streams)
      if (stream.part == static_cast<uint8_t>(Part::kPrepare)) context.prepare_ops += stream.op_count;
    if (context.prepare_ops != 0) {
      const Op& last = checked.ops[context.prepare_ops - 1];
      context.prepare_operands = last.first_operand + last.operand_count;
    }
    context.read.assign(context.prepare_operands, 0);
  }
};

Verification verify(Schedule schedule, const VerifyOptions& options) {
  return Verifier::verify(std::move(schedule), options);
}

const std::vector<RuleInfo>& verifier_rules() {
  static const std::vector<RuleInfo> rules = [] {
    std::vector<RuleInfo> list;
    for (const proof::SafeRule* rule : proof::safe_rules()) list.push_back(rule->info);
    for (const RuleInfo& rule : proof::faithful_rules()) list.push_back(rule);
    return list;
  }();
  return rules;
}

std::string Report::summary() const {
  using proof::with_commas;
  std::string text = sentence("safe: ", safe ? "yes" : "no", " \u00b7 values: ");
  if (!values_carried) {
    text += "none carried";
  } else if (!safe) {
    text += "not checked";
  } else if (values_refuted == 0) {
    text += with_commas(values_agreed) + " agree";
  } else {
    text += sentence(with_commas(values_agreed), " agree, ", with_commas(values_refuted), " refuted");
  }
  text += " \u00b7 claims: ";
  const uint32_t checked = claims_hold + claims_false;
  if (checked + claims_stated == 0) {
    text += safe ? "none carried" : "not checked";
  } else {
    text += sentence(claims_hold, " of ", checked, checked == 1 && claims_hold == 1 ? " holds" : " hold");
    if (claims_stated != 0) text += sentence(", ", claims_stated, " stated");
  }
  return text + " \u00b7 graph: not compared";
}

}  // namespace rondo
