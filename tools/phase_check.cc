// rondo phase check: every finding, what the schedule takes, and three verdicts.
#include <algorithm>
#include <array>
#include <ostream>
#include "planner/phase_checker/check.h"
#include "tools/commands.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

namespace checker = phase_checker;
using checker::Certificate;
using checker::Finding;
using checker::Graph;
using checker::Machine;
using checker::Measures;
using checker::Report;
using checker::Verdict;

const char* name_of(Verdict verdict) {
  constexpr const char* kNames[] = {"not reached", "accepts", "refutes"};
  return kNames[static_cast<uint8_t>(verdict)];
}

// "tvm_universal (layered): 186 dims, 159 ops: 21 lookup, 105 reglu, 33 persist"
std::string graph_line(const Graph& graph) {
  std::array<uint32_t, 9> counts = {};
  for (const checker::Op& op : graph.ops) ++counts[static_cast<uint8_t>(op.kind)];
  std::string text = graph.name + " (" + name_of(graph.machine) + "): ";
  text += graph.machine == Machine::kStrict
              ? counted(graph.ops.size(), "gate")
              : counted(graph.dims.size(), "dim") + ", " + counted(graph.ops.size(), "op");
  const char* separator = ": ";
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] == 0) continue;
    text += separator + with_commas(counts[kind]) + " " + checker::name_of(static_cast<checker::OpKind>(kind));
    separator = ", ";
  }
  return text;
}

// How many obligations the certificate was asked to keep, and how many it kept.
std::pair<uint32_t, uint32_t> kept_obligations(const Graph& graph, const Report& report) {
  uint32_t asked = 0, broken = 0;
  for (size_t i = 0; i < checker::kObligations.size(); ++i) {
    const checker::ObligationText& text = checker::kObligations[i];
    const bool other = graph.machine == Machine::kStrict ? text.applies == checker::Applies::kLayered
                                                         : text.applies == checker::Applies::kStrict;
    if (other || text.id[0] == 'X') continue;
    ++asked;
    broken += std::any_of(report.findings.begin(), report.findings.end(),
                          [&](const Finding& finding) { return static_cast<uint8_t>(finding.obligation) == i; });
  }
  return {asked - broken, asked};
}

std::string place_of(const Certificate& certificate, const Finding& finding) {
  std::string place = certificate.file;
  if (finding.line != 0) place += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
  return place;
}

std::string sizes_line(const Graph& graph, const Measures& measures) {
  std::string text = counted(measures.width, "slot");
  if (graph.machine == Machine::kStrict) return text;
  return text + ", d_model " + std::to_string(measures.d_model) + ", " + counted(measures.heads, "head") +
         " (half-layer " + std::to_string(measures.heads_at) + "), d_ffn " + std::to_string(measures.d_ffn) +
         " (half-layer " + std::to_string(measures.d_ffn_at) + ")";
}

std::string overlap_line(const Graph& graph, const Measures& measures) {
  const std::string where = graph.machine == Machine::kStrict ? "phase " : "half-layer ";
  const std::string dims =
      std::to_string(measures.overlap) + " values rest at once in " + where + std::to_string(measures.overlap_at);
  if (measures.width == measures.overlap) return dims + ": with these phases no fewer slots do";
  return dims + ": with these phases " + std::to_string(measures.overlap) + " slots would do";
}

std::string bound_line(const Graph& graph, const checker::ProvenBound& bound, const Report& report) {
  return "no schedule has fewer than " +
         counted(static_cast<uint64_t>(bound.columns), graph.machine == Machine::kStrict ? "slot" : "column") + " in " +
         counted(bound.layers, "layer") + ", " + name_of(bound.mode) + ": proven by " +
         (bound.leaves == 1 ? "1 leaf" : with_commas(bound.leaves) + " leaves") +
         (report.proven_optimal ? "; this one is optimal" : "");
}

void print_report(const Graph& graph, const Certificate& certificate, const Report& report,
                  const checker::CheckOptions& options, Console& console) {
  for (const Finding& finding : report.findings)
    console.out() << place_of(certificate, finding) << ": "
                  << console.toned(Tone::kBad, checker::text_of(finding.obligation).id) << ": " << finding.message
                  << '\n';
  if (report.findings_dropped != 0)
    console.out() << counted(report.findings_dropped, "more finding") << " (--findings N shows more per obligation)\n";
  Table table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  table.add({"graph", graph_line(graph)});
  std::string schedule = std::string(name_of(certificate.mode)) + ", " + counted(certificate.layers, "layer");
  if (report.measured)
    schedule += ", " + counted(report.measures.erases, report.measures.lazy ? "lazy erase" : "erase");
  if (!certificate.status.empty()) schedule += "; says of itself: " + certificate.status;
  table.add({"schedule", schedule});
  if (report.measured) {
    table.add({"takes", sizes_line(graph, report.measures)});
    table.add({"overlap", overlap_line(graph, report.measures)});
  }
  if (options.bound) table.add({"bound", bound_line(graph, *options.bound, report)});
  const auto [kept, asked] = kept_obligations(graph, report);
  table.add({"obligations", std::to_string(kept) + " of " + std::to_string(asked) + " kept"});
  table.add({"simulation", name_of(report.simulation)});
  table.add(
      {"values", std::string(name_of(report.values)) +
                     (report.values == Verdict::kAccepts ? ", " + counted(options.seeds, "seed") : std::string())});
  console.out() << table.text();
  if (console.verbosity > 0 && report.measured) {
    console.out() << "  at rest together\n";
    for (uint32_t dim : report.measures.overlapping) {
      const auto slot = certificate.slot_of_dim.find(dim);
      console.out() << "    " << checker::dim_title(graph, dim)
                    << (slot == certificate.slot_of_dim.end() ? "" : " in slot " + std::to_string(slot->second))
                    << '\n';
    }
  }
  console.out() << (report.good() ? console.toned(Tone::kGood, "good") : console.toned(Tone::kBad, "bad")) << '\n';
}

Json measures_json(const Graph& graph, const Measures& measures) {
  Json json = Json::object();
  json.set("width", measures.width).set("erases", measures.erases);
  if (graph.machine == Machine::kLayered)
    json.set("d_model", measures.d_model)
        .set("heads", measures.heads)
        .set("heads_half_layer", measures.heads_at)
        .set("d_ffn", measures.d_ffn)
        .set("d_ffn_half_layer", measures.d_ffn_at)
        .set("lazy", measures.lazy);
  Json overlapping = Json::array();
  for (uint32_t dim : measures.overlapping) overlapping.add(dim);
  return json.set("overlap", Json::object()
                                 .set("values", measures.overlap)
                                 .set(graph.machine == Machine::kStrict ? "phase" : "half_layer", measures.overlap_at)
                                 .set("dims", overlapping));
}

Json report_json(const Graph& graph, const Certificate& certificate, const Report& report,
                 const checker::CheckOptions& options) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    const checker::ObligationText& text = checker::text_of(finding.obligation);
    Json json = Json::object();
    json.set("obligation", text.id).set("sentence", text.sentence).set("message", finding.message);
    if (finding.line != 0) json.set("line", finding.line).set("column", finding.column);
    findings.add(json);
  }
  const auto [kept, asked] = kept_obligations(graph, report);
  Json json = Json::object();
  json.set("graph",
           Json::object().set("file", graph.file).set("name", graph.name).set("machine", name_of(graph.machine)))
      .set("certificate", Json::object()
                              .set("file", certificate.file)
                              .set("mode", name_of(certificate.mode))
                              .set("layers", certificate.layers)
                              .set("status", certificate.status))
      .set("good", report.good())
      .set("obligations", Json::object().set("kept", kept).set("asked", asked))
      .set("simulation", name_of(report.simulation))
      .set("values", name_of(report.values));
  if (report.measured) json.set("measures", measures_json(graph, report.measures));
  if (options.bound)
    json.set("bound", Json::object()
                          .set("columns", options.bound->columns)
                          .set("layers", options.bound->layers)
                          .set("mode", name_of(options.bound->mode))
                          .set("leaves", options.bound->leaves)
                          .set("reached", report.proven_optimal));
  return json.set("findings", findings).set("findings_dropped", report.findings_dropped);
}

}  // namespace

int run_phase_check(const PhaseCheckCommand& command, Console& console) {
  const Result<Graph> graph = checker::load_graph(command.graph);
  if (!graph.ok()) return console.fail(graph.error());
  const Result<Certificate> certificate = checker::load_certificate(command.certificate);
  if (!certificate.ok()) return console.fail(certificate.error());
  checker::CheckOptions options;
  options.max_layers = command.max_layers;
  options.max_reglu = command.max_reglu;
  options.seeds = command.seeds;
  options.findings_per_obligation = command.findings_per_obligation;
  if (!command.proof.empty()) {
    const Result<checker::ProvenBound> bound = checker::load_bound(*graph, command.proof);
    if (!bound.ok()) return console.fail(bound.error());
    options.bound = *bound;
  }
  const Report report = checker::check(*graph, *certificate, options);
  if (console.json)
    console.print(report_json(*graph, *certificate, report, options));
  else
    print_report(*graph, *certificate, report, options, console);
  return report.good() ? kGood : kBad;
}

}  // namespace rondo::cli
