// verify(): structure, safe, then faithful. The only maker of a VerifiedSchedule.
#include "rondo/verify.h"

#include <algorithm>
#include <unordered_map>
#include "rondo/load.h"
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

// Everything after structure. Fills `order`; returns with findings in `findings`.
void check(const Schedule& schedule, const VerifyOptions& options, std::vector<uint32_t> (&order)[2],
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
  Cells cells(schedule, untrusted_operands(tables), op_of, budget);
  if (stop_if_exhausted()) return;
  const Engine engine{schedule, cells, budget, tables.contracts, op_of, tables.stream_of_op, {order[0], order[1]}};
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
    const Schedule& checked = data->schedule;
    Report& report = data->report;
    proof::Findings findings(checked, options.findings_per_rule);
    report.work_limit = proof::Budget(options.work_multiple, checked.operands.size()).limit();
    report.values_carried = !checked.labels.empty();
    if (proof::structure_holds(checked, findings)) {
      proof::check(checked, options, data->order, findings, report);
      report.digest = digest_of(checked);
    }
    report.findings = std::move(findings.list());
    report.findings_dropped = findings.dropped();
    proof::sort_findings(report.findings);
    Verification verification;
    verification.report = report;
    if (report.safe && report.values_refuted == 0 && report.claims_false == 0 && report.findings.empty() &&
        report.findings_dropped == 0)
      verification.schedule = VerifiedSchedule(std::move(data));
    return verification;
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
