#include "tools/plan_comparison.h"
#include <algorithm>
#include <cmath>
#include <map>
#include "planner/claims/derive_claims.h"
#include "tools/describe.h"
#include "tools/table.h"
#include "tools/timeline.h"

namespace rondo::cli {
namespace {

constexpr size_t kShownPhases = 24, kShownKernels = 8;

// What one op is expected to take; nothing where no cost is known.
std::optional<double> expected(const Schedule& schedule, const Op& op, const Machine* machine) {
  if (op.kernel == kNoKernel) return 0.0;
  const auto flops = static_cast<double>(flops_of(schedule, op)), bytes = static_cast<double>(bytes_of(schedule, op));
  if (machine != nullptr) {
    const KernelCost* cost =
        machine->expected_cost(schedule.name(schedule.kernels[op.kernel].name), bytes_of(schedule, op));
    if (cost == nullptr) return std::nullopt;
    return cost->fixed_ns + cost->ns_per_flop * flops + cost->ns_per_byte * bytes +
           cost->ns_per_row * static_cast<double>(rows_of(schedule, op));
  }
  for (const Cost& cost : schedule.costs)
    if (cost.kernel == op.kernel) return cost.fixed + cost.per_flop * flops + cost.per_byte * bytes;
  return std::nullopt;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string ratio_text(const ComparedTime& time) {
  return time.predicted > 0 ? number_text(std::round(100 * time.measured_ns / time.predicted) / 100) : "";
}

// RFC 4180.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Json time_json(const ComparedTime& time) {
  Json json = Json::object();
  json.set("phase", time.phase);
  if (!time.kernel.empty()) json.set("kernel", time.kernel);
  return json.set("ops", time.ops)
      .set("ops_without_cost", time.without_cost)
      .set("predicted", time.predicted)
      .set("measured_ns", time.measured_ns)
      .set("measured_over_predicted", time.predicted > 0 ? Json(time.measured_ns / time.predicted) : Json());
}

}  // namespace

Error no_costs(const std::string& schedule) {
  return make_error(ErrorCode::kInvalidArgument,
                    schedule +
                        " carries no costs to compare with; plan for a machine that has some, or name one with "
                        "--machine (`rondo calibrate` measures them)");
}

Result<PlanComparison> compare_plan(const Program& program, const TraceBuffer& trace, const Machine* machine,
                                    const std::string& source) {
  const Schedule& schedule = program.schedule();
  const std::vector<uint32_t>& order = program.verified().order(Part::kReplay);
  if (machine == nullptr && schedule.costs.empty()) return no_costs(source);
  if (machine != nullptr && machine->costs.empty() && machine->rates.empty())
    return make_error(
        ErrorCode::kInvalidArgument,
        "the machine " + machine->name + " has no costs to compare with (`rondo calibrate` measures them)");
  Result<std::vector<ReplayTimes>> replays = trace.replays();
  if (!replays.ok()) return replays.error();
  std::erase_if(*replays, [](const ReplayTimes& replay) { return !replay.complete; });
  if (replays->empty()) return make_error(ErrorCode::kInvalidArgument, "no replay was complete");

  PlanComparison comparison;
  comparison.source = source;
  comparison.backend = schedule.backend;
  std::map<uint16_t, size_t> phase_at;
  std::map<std::pair<uint16_t, uint16_t>, size_t> kernel_at;
  std::vector<size_t> phase_of, kernel_of;  // by position
  for (const uint32_t index : order) {
    const Op& op = schedule.ops[index];
    const auto [phase, new_phase] = phase_at.emplace(op.phase, comparison.phases.size());
    const std::string phase_name = op.phase < schedule.phases.size() ? cli::phase_name(schedule, op.phase) : "";
    if (new_phase) comparison.phases.push_back({phase_name, "", 0, 0, 0, 0});
    const auto [kernel, new_kernel] = kernel_at.emplace(std::pair(op.phase, op.kernel), comparison.kernels.size());
    if (new_kernel) comparison.kernels.push_back({phase_name, kernel_name(schedule, op), 0, 0, 0, 0});
    const std::optional<double> time = expected(schedule, op, machine);
    for (ComparedTime* each :
         {&comparison.phases[phase->second], &comparison.kernels[kernel->second], &comparison.total}) {
      ++each->ops;
      each->without_cost += time ? 0 : 1;
      each->predicted += time.value_or(0);
    }
    phase_of.push_back(phase->second);
    kernel_of.push_back(kernel->second);
  }

  std::vector<std::vector<double>> by_phase(comparison.phases.size()), by_kernel(comparison.kernels.size());
  std::vector<double> spans;
  for (const ReplayTimes& replay : *replays) {
    for (auto* list : {&by_phase, &by_kernel})
      for (std::vector<double>& times : *list) times.push_back(0);
    spans.push_back(static_cast<double>(replay.end_ns - replay.begin_ns));
    for (size_t position = 0; position < order.size(); ++position) {
      const OpTimes& op = replay.ops[position];
      const auto ns = static_cast<double>(op.end_ns - op.begin_ns);
      by_phase[phase_of[position]].back() += ns;
      by_kernel[kernel_of[position]].back() += ns;
      comparison.workers = std::max(comparison.workers, op.worker + 1);
    }
  }
  for (size_t i = 0; i < by_phase.size(); ++i) comparison.phases[i].measured_ns = median(std::move(by_phase[i]));
  for (size_t i = 0; i < by_kernel.size(); ++i) comparison.kernels[i].measured_ns = median(std::move(by_kernel[i]));
  // The sum of what stands above it, so that shares add up; not the median of sums, which
  // one disturbed phase in each replay raises.
  for (const ComparedTime& phase : comparison.phases) comparison.total.measured_ns += phase.measured_ns;
  comparison.measured_makespan_ns = median(std::move(spans));

  // The model runs lanes side by side. One worker runs them one after another.
  comparison.predicted_makespan = comparison.total.predicted;
  if (comparison.workers > 1 || comparison.backend != "cpu") {
    std::vector<double> durations;
    durations.reserve(order.size());
    for (const uint32_t index : order)
      durations.push_back(expected(schedule, schedule.ops[index], machine).value_or(0));
    comparison.predicted_makespan = predict_timeline(schedule, order, &durations).end;
  }

  // Costs in another unit than ns say how times are shared out, not how long they are.
  const double scale = comparison.total.predicted > 0 ? comparison.total.measured_ns / comparison.total.predicted : 1;
  const auto apart = [&](const ComparedTime& time) {
    return std::fabs(time.measured_ns - time.predicted * (machine != nullptr ? 1 : scale));
  };
  std::stable_sort(comparison.kernels.begin(), comparison.kernels.end(),
                   [&](const ComparedTime& a, const ComparedTime& b) { return apart(a) > apart(b); });
  return comparison;
}

std::string PlanComparison::text() const {
  using enum Table::Align;
  const auto share = [](double part, double whole) {
    return whole > 0 ? number_text(std::round(1000 * part / whole) / 10) + " %" : std::string();
  };
  const auto row = [&](const ComparedTime& time, std::vector<std::string> names) {
    names.insert(names.end(), {with_commas(time.ops), number_text(std::round(time.predicted * 1000) / 1000),
                               number_text(std::round(time.measured_ns)), ratio_text(time),
                               share(time.predicted, total.predicted), share(time.measured_ns, total.measured_ns)});
    return names;
  };
  std::string text = "predicted by " + source + " against " +
                     (backend != "cpu" ? "backend '" + backend + "'"
                      : workers == 1   ? "one worker"
                                       : counted(workers, "worker")) +
                     "\n\n";
  Table table({"phase", "ops", "predicted", "measured ns", "ratio", "predicted share", "measured share"},
              {kLeft, kRight, kRight, kRight, kRight, kRight, kRight});
  for (size_t i = 0; i < std::min(phases.size(), kShownPhases); ++i)
    table.add(row(phases[i], {phases[i].phase.empty() ? "(none)" : phases[i].phase}));
  if (phases.size() > kShownPhases) table.add({"and " + counted(phases.size() - kShownPhases, "phase") + " more"});
  table.add(row(total, {"all work"}));
  ComparedTime whole;
  whole.ops = total.ops, whole.predicted = predicted_makespan, whole.measured_ns = measured_makespan_ns;
  std::vector<std::string> cells = row(whole, {"begin to end"});
  cells.resize(5);
  table.add(cells);
  text += table.text() + "\nfarthest apart\n";
  Table worst({"phase", "kernel", "ops", "predicted", "measured ns", "ratio", "predicted share", "measured share"},
              {kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight});
  for (size_t i = 0; i < std::min(kernels.size(), kShownKernels); ++i)
    worst.add(row(kernels[i], {kernels[i].phase.empty() ? "(none)" : kernels[i].phase, kernels[i].kernel}));
  text += worst.text();
  if (total.without_cost != 0)
    text += "\n" + counted(total.without_cost, "op") + " have no cost and count as nothing\n";
  return text;
}

Json PlanComparison::json() const {
  Json by_phase = Json::array(), by_kernel = Json::array();
  for (const ComparedTime& time : phases) by_phase.add(time_json(time));
  for (const ComparedTime& time : kernels) by_kernel.add(time_json(time));
  return Json::object()
      .set("source", source)
      .set("backend", backend)
      .set("workers", backend == "cpu" ? Json(workers) : Json())
      .set("total", time_json(total))
      .set("predicted_makespan", predicted_makespan)
      .set("measured_makespan_ns", measured_makespan_ns)
      .set("phases", by_phase)
      .set("kernels", by_kernel);
}

std::string PlanComparison::csv() const {
  std::string csv = "phase,kernel,ops,ops_without_cost,predicted,measured_ns,measured_over_predicted\n";
  for (const auto* list : {&phases, &kernels})
    for (const ComparedTime& time : *list) {
      char numbers[96];
      std::snprintf(numbers, sizeof numbers, "%.9g,%.9g,", time.predicted, time.measured_ns);
      csv += cell(time.phase) + "," + cell(time.kernel) + "," + std::to_string(time.ops) + "," +
             std::to_string(time.without_cost) + "," + numbers;
      std::snprintf(numbers, sizeof numbers, "%.6g", time.predicted > 0 ? time.measured_ns / time.predicted : 0);
      csv += (time.predicted > 0 ? numbers : "") + std::string("\n");
    }
  return csv;
}

}  // namespace rondo::cli
