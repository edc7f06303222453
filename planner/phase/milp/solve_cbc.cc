#include "planner/phase/milp/solve_cbc.h"

#ifdef RONDO_HAS_CBC
#include <algorithm>
#include <chrono>
#include <coin/CbcEventHandler.hpp>
#include <coin/CbcModel.hpp>
#include <coin/CbcSolver.hpp>
#include <coin/CoinPackedMatrix.hpp>
#include <coin/OsiClpSolverInterface.hpp>
#include <cstdio>
#include <mutex>
#include <string>
#endif

namespace rondo::milp {

#ifndef RONDO_HAS_CBC

bool has_cbc() { return false; }
SolveResult solve_cbc(const Model&, const SolveOptions&) { return {}; }

#else

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Reports and stops. CBC clones its handler, so the state is shared.
struct Watched {
  const SolveOptions* options = nullptr;
  Clock::time_point begin;
  double reported = 0;
  bool cancelled = false;
};

class Watch : public CbcEventHandler {
 public:
  explicit Watch(Watched* watched) : watched_(watched) {}
  CbcEventHandler* clone() const override { return new Watch(*this); }
  CbcAction event(CbcEvent) override {
    const double now = since(watched_->begin);
    if (watched_->options->cancelled && watched_->options->cancelled()) watched_->cancelled = true;
    if (watched_->options->progress && model_ != nullptr && now > watched_->reported + 0.2) {
      watched_->reported = now;
      watched_->options->progress(
          {now, model_->getObjValue(), model_->getBestPossibleObjValue(), model_->getNodeCount()});
    }
    return watched_->cancelled ? stop : noAction;
  }

 private:
  Watched* watched_;
};

int no_callback(CbcModel*, int) { return 0; }

}  // namespace

bool has_cbc() { return true; }

SolveResult solve_cbc(const Model& model, const SolveOptions& options) {
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> turn(one_at_a_time);

  const auto columns = static_cast<int>(model.columns.size());
  const auto side = [](int64_t bound) {
    return bound == kUnbounded ? COIN_DBL_MAX : bound == -kUnbounded ? -COIN_DBL_MAX : static_cast<double>(bound);
  };
  CoinPackedMatrix matrix(false, 0, 0);
  matrix.setDimensions(0, columns);
  std::vector<double> row_lower, row_upper, lower, upper, cost;
  std::vector<CoinBigIndex> begins{0};
  std::vector<int> at;
  std::vector<double> values;
  for (uint32_t i = 0; i < model.rows.size(); ++i) {
    for (const Entry& entry : model.entries_of(i)) {
      at.push_back(static_cast<int>(entry.column));
      values.push_back(static_cast<double>(entry.coefficient));
    }
    begins.push_back(static_cast<CoinBigIndex>(at.size()));
    row_lower.push_back(side(model.rows[i].lower));
    row_upper.push_back(side(model.rows[i].upper));
  }
  if (!model.rows.empty()) {
    matrix.appendRows(static_cast<int>(model.rows.size()), begins.data(), at.data(), values.data());
  }
  for (const Column& column : model.columns) {
    lower.push_back(static_cast<double>(column.lower));
    upper.push_back(static_cast<double>(column.upper));
    cost.push_back(static_cast<double>(column.cost));
  }
  OsiClpSolverInterface interface;
  interface.messageHandler()->setLogLevel(0);
  interface.setHintParam(OsiDoReducePrint, true, OsiHintDo);
  interface.loadProblem(matrix, lower.data(), upper.data(), cost.data(), row_lower.data(), row_upper.data());
  for (int j = 0; j < columns; ++j) {
    if (model.columns[static_cast<size_t>(j)].integer) interface.setInteger(j);
  }

  Watched watched{&options, Clock::now()};
  CbcModel search(interface);
  search.setLogLevel(0);
  CbcSolverUsefulData data;
  CbcMain0(search, data);
  search.setLogLevel(0);
  search.solver()->messageHandler()->setLogLevel(0);
  Watch watch(&watched);
  search.passInEventHandler(&watch);
  if (!options.start.empty()) {
    // Checked by solve(); CBC's own check solves an LP and prints about it.
    search.setBestSolution(options.start.data(), columns, objective_at(model, options.start), false);
  }
  char seconds[32], gap[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", std::clamp(options.time_limit_s, 0.001, 1e8));
  std::snprintf(gap, sizeof gap, "%g", options.gap);
  const std::string threads = std::to_string(std::min(options.threads, 64u));
  const std::string nodes = std::to_string(std::min<int64_t>(options.node_limit, 2147483647));
  // Without timeMode, -sec counts processor time. Clp has a log level of its own, and with presolve
  // it talks about the infeasible rest that an optimal start leaves.
  std::vector<const char*> words{"rondo", "-log",      "0",           "-slogLevel", "0",     "-presolve",
                                 "off",   "-timeMode", "elapsed",     "-sec",       seconds, "-allow",
                                 gap,     "-maxNodes", nodes.c_str(), "-ratioGap",  "0"};
  if (options.threads > 1) words.insert(words.end(), {"-threads", threads.c_str()});
  words.insert(words.end(), {"-solve", "-quit"});
  SolveResult result;
  result.solver = SolverKind::kCbc;
  try {
    CbcMain1(static_cast<int>(words.size()), words.data(), search, no_callback, data);
  } catch (const CoinError&) {
    result.seconds = since(watched.begin);
    result.point = options.start;
    if (!result.point.empty()) result.status = SolveStatus::kFeasible;
    return result;
  }
  result.seconds = since(watched.begin);
  result.nodes = search.getNodeCount();
  const double* best = search.bestSolution();
  if (best != nullptr) {
    result.point.assign(best, best + columns);
    result.objective = objective_at(model, result.point);
  }
  // Of a start that it cannot beat CBC may give back something that is no point.
  if (!options.start.empty() && (best == nullptr || violation_at(model, result.point) > 1e-6 ||
                                 result.objective > objective_at(model, options.start))) {
    result.point = options.start;
    result.objective = objective_at(model, options.start);
  }
  result.bound = search.getBestPossibleObjValue();
  if (search.isProvenInfeasible() && result.point.empty()) {
    result.status = SolveStatus::kInfeasible;
  } else if (!result.point.empty()) {
    result.status = search.isProvenOptimal() ? SolveStatus::kOptimal : SolveStatus::kFeasible;
    if (result.status == SolveStatus::kOptimal) result.bound = std::max(result.bound, result.objective - options.gap);
    result.bound = std::min(result.bound, result.objective);
  }
  return result;
}

#endif

}  // namespace rondo::milp
