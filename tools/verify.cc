// rondo verify: every finding with its witnesses, then the three-level summary.
#include "rondo/verify.h"
#include <ostream>
#include "rondo/load.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

const char* name_of(Level level) { return level == Level::kSafe ? "safe" : "faithful"; }

struct Verdict {
  bool reached = false;
  std::string why;  // what is missing, where the file is not refuted
};

// Nothing checked may be false whatever is required; `requirement` adds what must have been there to check.
Verdict judge(const Report& report, Requirement requirement) {
  const bool values = requirement == Requirement::kValues || requirement == Requirement::kFaithful;
  const bool claims = requirement == Requirement::kClaims || requirement == Requirement::kFaithful;
  if (!report.safe || !report.findings.empty() || report.values_refuted != 0 || report.claims_false != 0) return {};
  if (values && !report.values_carried) return {false, "the file does not say what its operands hold (no values)"};
  if (claims && report.claims_hold == 0) return {false, "the file makes no claim that could be checked"};
  if (requirement == Requirement::kFaithful && !report.faithful()) return {false, "the file is not faithful"};
  return {true, {}};
}

std::string_view name_of(Requirement requirement) {
  constexpr std::string_view kNames[] = {"safe", "values", "claims", "faithful"};
  return kNames[static_cast<uint8_t>(requirement)];
}

void print_finding(const Schedule& schedule, const Finding& finding, Console& console) {
  std::string place = schedule.file;
  if (finding.line != 0) place += ":" + std::to_string(finding.line);
  console.out() << place << ": " << console.toned(Tone::kBad, finding.rule) << ": " << finding.message << '\n';
  for (uint32_t op : finding.ops)
    if (op != kNone) console.out() << "    " << op_title(schedule, op) << '\n';
}

Json finding_json(const Schedule& schedule, const Finding& finding) {
  Json ops = Json::array();
  for (uint32_t op : finding.ops) {
    if (op == kNone) continue;
    Json witness = Json::object();
    witness.set("op", op);
    if (op < schedule.ops.size()) {
      witness.set("kernel", kernel_name(schedule, schedule.ops[op]));
      if (const uint32_t stream = stream_of(schedule, op); stream != kNone)
        witness.set("stream", stream_name(schedule, stream));
    }
    if (op < schedule.op_lines.size()) witness.set("line", schedule.op_lines[op]);
    ops.add(witness);
  }
  Json json = Json::object();
  json.set("rule", finding.rule).set("level", name_of(finding.level)).set("message", finding.message);
  if (finding.line != 0) json.set("line", finding.line);
  return json.set("ops", ops);
}

Json report_json(const Schedule& schedule, const Report& report, const VerifyCommand& command, bool good) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) findings.add(finding_json(schedule, finding));
  Json json = Json::object();
  json.set("file", schedule.file).set("digest", report.digest);
  json.set("good", good).set("required", name_of(command.require));
  json.set("safe", report.safe).set("faithful", report.faithful());
  json.set("values", Json::object()
                         .set("carried", report.values_carried)
                         .set("agreed", report.values_agreed)
                         .set("refuted", report.values_refuted));
  json.set("claims", Json::object()
                         .set("hold", report.claims_hold)
                         .set("stated", report.claims_stated)
                         .set("false", report.claims_false));
  json.set("work", Json::object().set("units", report.work_units).set("limit", report.work_limit));
  json.set("findings", findings).set("findings_dropped", report.findings_dropped);
  return json.set("summary", report.summary());
}

}  // namespace

int run_verify(const VerifyCommand& command, Console& console) {
  Result<Schedule> loaded = load(command.schedule);
  if (!loaded.ok()) return console.fail(loaded.error());
  const Schedule schedule = *loaded;
  console.detail("verifying " + counted(schedule.ops.size(), "op") + " in " +
                 counted(schedule.streams.size(), "stream"));

  VerifyOptions options;
  options.findings_per_rule = command.findings_per_rule;
  const Report report = verify(*std::move(loaded), options).report;
  const Verdict verdict = judge(report, command.require);
  const int code = verdict.reached ? kGood : kBad;
  if (console.json) {
    console.print(report_json(schedule, report, command, verdict.reached));
    return code;
  }
  for (const Finding& finding : report.findings) print_finding(schedule, finding, console);
  if (report.findings_dropped != 0)
    console.out() << counted(report.findings_dropped, "more finding") << " (--findings N shows more per rule)\n";
  console.out() << console.toned(verdict.reached ? Tone::kGood : Tone::kBad, report.summary()) << '\n';
  if (!verdict.why.empty())
    return console.fail(
        kBad, command.schedule + ": required " + std::string(name_of(command.require)) + ", but " + verdict.why);
  return code;
}

}  // namespace rondo::cli
