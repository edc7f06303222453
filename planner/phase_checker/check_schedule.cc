#include "planner/phase_checker/check_schedule.h"
#include <map>

namespace rondo::phase_checker {
namespace {

constexpr std::string_view kHalves[] = {"lookups", "persists of the attention half", "ReGLU",
                                        "persists of the feed-forward half"};

std::string phase_title(const Graph& graph, int64_t phase) {
  const std::string number = "phase " + std::to_string(phase);
  if (graph.machine == Machine::kLayered)
    return number + " (layer " + std::to_string(phase / 4) + ", " + std::string(kHalves[phase % 4]) + ")";
  if (phase == 0) return number + " (embedding)";
  constexpr std::string_view kRows[] = {"attention", "persist", "feed-forward", "persist"};
  return number + " (layer " + std::to_string((phase - 1) / 4) + ", " + std::string(kRows[(phase - 1) % 4]) + ")";
}

bool fits_layered(OpKind kind, int64_t phase) {
  if (kind == OpKind::kLookup) return phase % 4 == 0;
  if (kind == OpKind::kReglu) return phase % 4 == 2;
  return phase % 2 == 1;
}

bool fits_strict(OpKind kind, int64_t phase) {
  switch (kind) {
    case OpKind::kInput:
    case OpKind::kConst:
      return phase == 0;
    case OpKind::kRead:
    case OpKind::kCumsum:
      return phase % 4 == 1;
    case OpKind::kLinear:
      return phase > 0 && phase % 2 == 0;
    case OpKind::kReglu:
      return phase % 4 == 3;
    default:
      return true;  // a write takes effect at the end of the step, whatever its phase
  }
}

void check_kinds(const Graph& graph, const Certificate& certificate, Findings& findings) {
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    const int64_t phase = certificate.phase_of_op[op];
    const OpKind kind = graph.ops[op].kind;
    if (graph.machine == Machine::kLayered ? fits_layered(kind, phase) : fits_strict(kind, phase)) continue;
    findings.add(Obligation::kPhaseFitsType, op_title(graph, op) + " is of type " + name_of(kind) +
                                                 " and cannot run in " + phase_title(graph, phase));
  }
}

void check_precedence(const Graph& graph, const Certificate& certificate, Findings& findings) {
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    if (graph.ops[op].kind == OpKind::kWrite) continue;
    for (uint32_t dim : graph.ops[op].reads) {
      const int32_t maker = graph.dims[dim].maker;
      if (maker == kInputDim) continue;
      const int64_t made = certificate.phase_of_op[static_cast<size_t>(maker)];
      if (certificate.phase_of_op[op] > made) continue;
      findings.add(Obligation::kProducersFirst,
                   op_title(graph, op) + " runs in phase " + std::to_string(certificate.phase_of_op[op]) +
                       " and reads " + dim_title(graph, dim) + ", which is made in phase " + std::to_string(made));
    }
  }
}

void check_sums(const Graph& graph, const Certificate& certificate, Findings& findings) {
  std::map<uint32_t, uint32_t> last;  // channel -> the sum before
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    if (graph.ops[op].kind != OpKind::kCumsum) continue;
    const auto [before, first] = last.emplace(graph.ops[op].channel, op);
    if (first) continue;
    if (certificate.phase_of_op[op] <= certificate.phase_of_op[before->second])
      findings.add(Obligation::kProducersFirst,
                   op_title(graph, op) + " adds to channel " + std::to_string(graph.ops[op].channel) + " in phase " +
                       std::to_string(certificate.phase_of_op[op]) + ", not after " + op_title(graph, before->second) +
                       " in phase " + std::to_string(certificate.phase_of_op[before->second]));
    before->second = op;
  }
}

void check_layers_shared(const Graph& graph, const Certificate& certificate, Findings& findings) {
  for (const auto& [op, lookup] : graph.same_layer) {
    const int64_t runs = certificate.phase_of_op[op] / 4, made = certificate.phase_of_op[lookup] / 4;
    if (runs != made)
      findings.add(Obligation::kAveragesStayInTheirLayer,
                   op_title(graph, op) + " runs in layer " + std::to_string(runs) + ", the average of " +
                       op_title(graph, lookup) + " is made in layer " + std::to_string(made));
  }
}

void check_limits(const Graph& graph, const Certificate& certificate, const CheckOptions& options, Findings& findings) {
  if (options.max_layers != 0 && certificate.layers > options.max_layers)
    findings.add(Obligation::kWithinLimits, "the schedule has " + std::to_string(certificate.layers) +
                                                " layers, at most " + std::to_string(options.max_layers) +
                                                " were asked for");
  if (options.max_reglu == 0) return;
  std::map<int64_t, uint32_t> reglu;
  for (uint32_t op = 0; op < graph.ops.size(); ++op)
    if (graph.ops[op].kind == OpKind::kReglu) ++reglu[certificate.phase_of_op[op] / 4];
  for (const auto& [layer, count] : reglu)
    if (count > options.max_reglu)
      findings.add(Obligation::kWithinLimits, "layer " + std::to_string(layer) + " has " + std::to_string(count) +
                                                  " ReGLU, at most " + std::to_string(options.max_reglu) +
                                                  " were asked for");
}

void check_names(const Graph& graph, const Certificate& certificate, Findings& findings) {
  const uint64_t dims = graph.dims.size();
  const auto exists = [&](uint32_t dim, const char* what, uint32_t line, uint32_t column) {
    if (dim < dims) return;
    findings.add(Obligation::kPlacementIsTotal,
                 std::string(what) + " names dim " + std::to_string(dim) + ", the graph has " + std::to_string(dims),
                 line, column);
  };
  for (const auto& [dim, slot] : certificate.slot_of_dim) exists(dim, "slot_of_dim", 0, 0);
  for (const std::vector<Erase>& erases : certificate.erases)
    for (const Erase& erase : erases) exists(erase.dim, "an erase", erase.line, erase.column);
}

}  // namespace

bool check_placement(const Graph& graph, const Certificate& certificate, Findings& findings) {
  const auto refuse = [&](std::string message) { findings.add(Obligation::kPlacementIsTotal, std::move(message)); };
  if (!certificate.graph.empty() && !graph.name.empty() && certificate.graph != graph.name)
    refuse("the certificate is of the graph '" + certificate.graph + "', this one is '" + graph.name + "'");
  const bool strict = graph.machine == Machine::kStrict;
  if (strict != (certificate.mode == Mode::kStrict))
    refuse(std::string("the mode ") + name_of(certificate.mode) + " is not one of the " + name_of(graph.machine) +
           " machine, which the graph is for");
  if (certificate.phase_of_op.size() != graph.ops.size())
    refuse("phase_of_op has " + std::to_string(certificate.phase_of_op.size()) + " entries, the graph has " +
           std::to_string(graph.ops.size()) + " ops");
  const uint64_t times = strict ? 4 * uint64_t{certificate.layers} + 1 : 2 * uint64_t{certificate.layers};
  if (certificate.erases.size() != times)
    refuse("there are lists of erases for " + std::to_string(certificate.erases.size()) +
           (strict ? " phases, " : " half-layers, ") + std::to_string(certificate.layers) + " layers have " +
           std::to_string(times));
  const int64_t last = 4 * int64_t{certificate.layers} - (strict ? 0 : 1);
  for (uint32_t op = 0; op < certificate.phase_of_op.size() && op < graph.ops.size(); ++op)
    if (const int64_t phase = certificate.phase_of_op[op]; phase < 0 || phase > last)
      refuse(op_title(graph, op) + " is in phase " + std::to_string(phase) + ", " + std::to_string(certificate.layers) +
             " layers have the phases 0 to " + std::to_string(last));
  check_names(graph, certificate, findings);
  return findings.count(Obligation::kPlacementIsTotal) == 0;
}

void check_schedule(const Graph& graph, const Certificate& certificate, const CheckOptions& options,
                    Findings& findings) {
  check_kinds(graph, certificate, findings);
  check_precedence(graph, certificate, findings);
  if (graph.machine == Machine::kStrict)
    check_sums(graph, certificate, findings);
  else
    check_layers_shared(graph, certificate, findings);
  check_limits(graph, certificate, options, findings);
}

}  // namespace rondo::phase_checker
