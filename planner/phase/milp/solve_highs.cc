#include "planner/phase/milp/solve_highs.h"

#ifdef RONDO_HAS_HIGHS
#include <interfaces/highs_c_api.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#endif

namespace rondo::milp {

#ifndef RONDO_HAS_HIGHS

bool has_highs() { return false; }
SolveResult solve_highs(const Model&, const SolveOptions&) { return {}; }

#else

namespace {

using Clock = std::chrono::steady_clock;

struct Watched {
  const SolveOptions* options;
  Clock::time_point begin;
  double reported = 0;
};

void watch(int kind, const char*, const HighsCallbackDataOut* out, HighsCallbackDataIn* in, void* data) {
  auto* watched = static_cast<Watched*>(data);
  if (kind != kHighsCallbackMipInterrupt || in == nullptr) return;
  if (watched->options->cancelled && watched->options->cancelled()) in->user_interrupt = 1;
  const double now = std::chrono::duration<double>(Clock::now() - watched->begin).count();
  if (watched->options->progress && out != nullptr && now > watched->reported + 0.2) {
    watched->reported = now;
    watched->options->progress({now, out->mip_primal_bound, out->mip_dual_bound, out->mip_node_count});
  }
}

}  // namespace

bool has_highs() { return true; }

SolveResult solve_highs(const Model& model, const SolveOptions& options) {
  // Its scheduler of threads is shared by all instances: runs take turns.
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> turn(one_at_a_time);
  const std::unique_ptr<void, void (*)(void*)> highs(Highs_create(), Highs_destroy);
  const double infinity = Highs_getInfinity(highs.get());
  const auto side = [&](int64_t bound) {
    return bound == kUnbounded ? infinity : bound == -kUnbounded ? -infinity : static_cast<double>(bound);
  };
  std::vector<double> cost, lower, upper, row_lower, row_upper, values;
  std::vector<HighsInt> begins, at, integrality;
  for (const Column& column : model.columns) {
    cost.push_back(static_cast<double>(column.cost));
    lower.push_back(static_cast<double>(column.lower));
    upper.push_back(static_cast<double>(column.upper));
    integrality.push_back(column.integer ? kHighsVarTypeInteger : kHighsVarTypeContinuous);
  }
  for (uint32_t i = 0; i < model.rows.size(); ++i) {
    begins.push_back(static_cast<HighsInt>(at.size()));
    row_lower.push_back(side(model.rows[i].lower));
    row_upper.push_back(side(model.rows[i].upper));
    for (const Entry& entry : model.entries_of(i)) {
      at.push_back(static_cast<HighsInt>(entry.column));
      values.push_back(static_cast<double>(entry.coefficient));
    }
  }
  SolveResult result;
  result.solver = SolverKind::kHighs;
  Watched watched{&options, Clock::now()};
  Highs_setBoolOptionValue(highs.get(), "output_flag", 0);
  Highs_setDoubleOptionValue(highs.get(), "time_limit", std::max(options.time_limit_s, 0.0));  // elapsed
  Highs_setDoubleOptionValue(highs.get(), "mip_rel_gap", 0);
  Highs_setDoubleOptionValue(highs.get(), "mip_abs_gap", options.gap);
  Highs_setIntOptionValue(highs.get(), "threads", static_cast<HighsInt>(std::clamp(options.threads, 1u, 64u)));
  Highs_setIntOptionValue(highs.get(), "mip_max_nodes",
                          static_cast<HighsInt>(std::min<int64_t>(options.node_limit, 2147483647)));
  const auto columns = static_cast<HighsInt>(model.columns.size());
  if (Highs_passMip(highs.get(), columns, static_cast<HighsInt>(model.rows.size()), static_cast<HighsInt>(at.size()),
                    kHighsMatrixFormatRowwise, kHighsObjSenseMinimize, 0, cost.data(), lower.data(), upper.data(),
                    row_lower.data(), row_upper.data(), begins.data(), at.data(), values.data(),
                    integrality.data()) == kHighsStatusError) {
    return result;
  }
  if (!options.start.empty()) Highs_setSolution(highs.get(), options.start.data(), nullptr, nullptr, nullptr);
  Highs_setCallback(highs.get(), watch, &watched);
  Highs_startCallback(highs.get(), kHighsCallbackMipInterrupt);
  Highs_run(highs.get());
  result.seconds = std::chrono::duration<double>(Clock::now() - watched.begin).count();
  Highs_getInt64InfoValue(highs.get(), "mip_node_count", &result.nodes);
  Highs_getDoubleInfoValue(highs.get(), "mip_dual_bound", &result.bound);
  HighsInt has_point = 0;
  Highs_getIntInfoValue(highs.get(), "primal_solution_status", &has_point);
  if (has_point == kHighsSolutionStatusFeasible) {
    result.point.resize(model.columns.size());
    Highs_getSolution(highs.get(), result.point.data(), nullptr, nullptr, nullptr);
    result.objective = objective_at(model, result.point);
  }
  const HighsInt status = Highs_getModelStatus(highs.get());
  if (status == kHighsModelStatusInfeasible) {
    result.status = SolveStatus::kInfeasible;
  } else if (!result.point.empty()) {
    result.status = status == kHighsModelStatusOptimal ? SolveStatus::kOptimal : SolveStatus::kFeasible;
  }
  return result;
}

#endif

}  // namespace rondo::milp
