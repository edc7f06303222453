#include "planner/phase/milp/search_tree.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <queue>
#include <utility>

#include "planner/phase/milp/dual_simplex.h"

namespace rondo::milp {
namespace {

using Clock = std::chrono::steady_clock;

// A node is closed when its bound passes the incumbent - 1 by this much: room for the rounding
// of multipliers to integers.
constexpr double kMargin = 1e-4;
constexpr double kIntegral = 1e-6;
// Probing (strong branching): columns a node, iterations a probe, and how often a column is probed
// before its history is believed. Chosen by hand on the universal graph at 7 to 9 layers.
constexpr size_t kProbes = 12;
constexpr int64_t kProbeIterations = 60;
constexpr int kReliable = 3;

class Search {
 public:
  Search(const Model& model, const SolveOptions& options)
      : model_(model), options_(options), simplex_(model), begin_(Clock::now()), history_(model.columns.size()) {
    for (const Column& column : model.columns) {
      box_lower_.push_back(column.lower);
      box_upper_.push_back(column.upper);
      worst_ += std::max(column.cost * column.lower, column.cost * column.upper);
    }
    target_ = worst_ + 1;
    limits_.stop = [this] { return stopped(); };
  }

  SolveResult run() {
    if (!options_.start.empty()) offer(options_.start);
    nodes_.emplace_back();
    open_.push({-kInfinite, 0});
    pending_.resize(1);
    while (!open_.empty() && !done()) {
      const size_t best = open_.top().second;
      if (open_.top().first > cutoff()) {  // an incumbent came since
        if (!close_open(best)) ++lost_;
        open_.pop();
        continue;
      }
      open_.pop();
      std::optional<size_t> next = best;
      while (next.has_value() && !done()) {
        current_ = pending_[*next].bound;
        const size_t node = *next;
        next = expand(node);
        if (interrupted_ && !nodes_[node].is_settled()) open_.push({pending_[node].bound, node});
      }
      if (next.has_value()) open_.push({pending_[*next].bound, *next});
      current_ = kInfinite;
    }
    return report();
  }

 private:
  static constexpr double kInfinite = 1e30;

  struct TreeNode {
    int32_t parent = -1;
    bool second = false;  // the half above the split of the parent
    int32_t column = -1;
    int64_t value = 0;
    int32_t child[2] = {-1, -1};
    bool closed = false;
    bool unproven = false;  // closed by floating point alone
    Certificate::Node leaf;
    bool is_settled() const { return closed || column >= 0; }
  };
  // What an open node needs to go on from its parent.
  struct Pending {
    double bound = -kInfinite;
    std::shared_ptr<const DualSimplex::Basis> basis;
    std::shared_ptr<const std::vector<double>> multipliers;
  };
  struct History {
    double gain[2] = {0, 0};
    int count[2] = {0, 0};
  };

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  double cutoff() const { return static_cast<double>(target_) - 1 + kMargin; }

  bool stopped() {
    const double now = seconds();
    if (now > options_.time_limit_s || (options_.cancelled && options_.cancelled())) interrupted_ = true;
    if (options_.progress && now > reported_ + 0.2) {
      reported_ = now;
      options_.progress({now, have_point_ ? static_cast<double>(target_) : kInfinite, lower_bound(), explored_});
    }
    return interrupted_;
  }
  bool done() {
    if (explored_ >= options_.node_limit) interrupted_ = true;
    if (have_point_ && static_cast<double>(target_) - lower_bound() <= options_.gap && options_.gap >= 1)
      interrupted_ = true;
    return stopped();
  }
  double lower_bound() const {
    double least = static_cast<double>(target_);
    if (!open_.empty()) least = std::min(least, open_.top().first);
    return std::min(least, current_);
  }

  // Takes a point that is better than the incumbent; its integer columns are rounded first.
  bool offer(std::vector<double> point) {
    for (size_t j = 0; j < point.size(); ++j) {
      if (model_.columns[j].integer) point[j] = std::nearbyint(point[j]);
    }
    if (violation_at(model_, point) > kIntegral) return false;
    const auto objective = static_cast<int64_t>(std::llround(objective_at(model_, point)));
    if (have_point_ && objective >= target_) return false;
    have_point_ = true;
    target_ = objective;
    point_ = std::move(point);
    return true;
  }

  void set_box(int32_t column, int64_t lower, int64_t upper) {
    const auto at = static_cast<uint32_t>(column);
    box_lower_[at] = lower;
    box_upper_[at] = upper;
    simplex_.set_bounds(at, static_cast<double>(lower), static_cast<double>(upper));
  }

  // The box of a node: the splits on its way from the root.
  void enter(size_t node) {
    for (const int32_t column : touched_) {
      const Column& it = model_.columns[static_cast<size_t>(column)];
      set_box(column, it.lower, it.upper);
    }
    touched_.clear();
    for (int32_t at = static_cast<int32_t>(node); nodes_[static_cast<size_t>(at)].parent >= 0;) {
      const TreeNode& it = nodes_[static_cast<size_t>(at)];
      const TreeNode& parent = nodes_[static_cast<size_t>(it.parent)];
      const auto column = static_cast<size_t>(parent.column);
      if (it.second) {
        set_box(parent.column, std::max(box_lower_[column], parent.value + 1), box_upper_[column]);
      } else {
        set_box(parent.column, box_lower_[column], std::min(box_upper_[column], parent.value));
      }
      touched_.push_back(parent.column);
      at = it.parent;
    }
  }

  // Closes a node whose box the simplex holds with multipliers past the cutoff.
  void close(size_t node, const std::vector<double>& multipliers) {
    TreeNode& it = nodes_[node];
    it.closed = true;
    it.unproven = !round_to_leaf(model_, multipliers, box_lower_, box_upper_, target_, it.leaf);
    pending_[node] = {};
  }
  // Closes an open node by the multipliers of its parent.
  bool close_open(size_t node) {
    if (!pending_[node].multipliers) return false;
    const std::shared_ptr<const std::vector<double>> multipliers = pending_[node].multipliers;
    enter(node);
    close(node, *multipliers);
    return !nodes_[node].unproven;
  }

  size_t add_child(size_t node, bool second, const Pending& pending) {
    TreeNode child;
    child.parent = static_cast<int32_t>(node);
    child.second = second;
    nodes_[node].child[second ? 1 : 0] = static_cast<int32_t>(nodes_.size());
    nodes_.push_back(std::move(child));
    pending_.push_back(pending);
    return nodes_.size() - 1;
  }

  // The value that splits a column around `value`, inside its box.
  int64_t split_below(uint32_t column, double value) const {
    return std::clamp(static_cast<int64_t>(std::floor(value + kIntegral / 2)), box_lower_[column],
                      box_upper_[column] - 1);
  }

  double average(size_t column, int side) const {
    const History& it = history_[column];
    if (it.count[side] > 0) return it.gain[side] / it.count[side];
    return all_.count[side] > 0 ? all_.gain[side] / all_.count[side] : 1.0;
  }
  void learn(size_t column, int side, double gain_a_unit) {
    for (History* it : {&history_[column], &all_}) {
      it->gain[side] += gain_a_unit;
      ++it->count[side];
    }
  }

  // Solves a node and closes or splits it; the child to go on with, if any.
  std::optional<size_t> expand(size_t node) {
    ++explored_;
    enter(node);
    const Pending pending = pending_[node];
    if (pending.basis) simplex_.set_basis(*pending.basis);
    limits_.cutoff = cutoff();
    limits_.iterations = int64_t{1} << 40;
    DualSimplex::Outcome outcome = simplex_.solve(limits_);
    if (outcome == DualSimplex::Outcome::kLost) {  // once more from the rows
      simplex_.set_basis(first_basis());
      outcome = simplex_.solve(limits_);
    }
    if (outcome == DualSimplex::Outcome::kStopped) {
      interrupted_ = true;
      return std::nullopt;
    }
    if (outcome == DualSimplex::Outcome::kLost) {
      ++lost_;
      return std::nullopt;
    }
    if (outcome == DualSimplex::Outcome::kOptimal) {
      std::vector<double> values(simplex_.values().begin(), simplex_.values().end());
      const TreeNode& it = nodes_[node];
      if (it.parent >= 0 && simplex_.bound() > pending.bound && learned_.column >= 0) {
        learn(static_cast<size_t>(learned_.column), it.second ? 1 : 0,
              (simplex_.bound() - pending.bound) / learned_.distance);
      }
      if (options_.round) {
        if (std::optional<std::vector<double>> point = options_.round(values)) offer(std::move(*point));
      }
      bool fractional = false;
      for (size_t j = 0; j < values.size() && !fractional; ++j) {
        fractional = model_.columns[j].integer && std::abs(values[j] - std::nearbyint(values[j])) > kIntegral;
      }
      if (!fractional) offer(values);
      if (simplex_.bound() <= cutoff()) return split(node, values);
    }
    close(node, {simplex_.multipliers().begin(), simplex_.multipliers().end()});
    return std::nullopt;
  }

  std::optional<size_t> split(size_t node, const std::vector<double>& values) {
    const Pending here{
        simplex_.bound(), std::make_shared<DualSimplex::Basis>(simplex_.basis()),
        std::make_shared<std::vector<double>>(simplex_.multipliers().begin(), simplex_.multipliers().end())};
    pending_[node] = here;
    struct Candidate {
      uint32_t column;
      double score;
    };
    std::vector<Candidate> candidates;
    const auto score = [](double down, double up) { return std::max(down, 1e-6) * std::max(up, 1e-6); };
    for (uint32_t j = 0; j < values.size(); ++j) {
      if (!model_.columns[j].integer) continue;
      const double part = values[j] - std::floor(values[j]);
      if (part < kIntegral || part > 1 - kIntegral) continue;
      if (model_.columns[j].cost != 0) continue;
      candidates.push_back({j, score(average(j, 0) * part, average(j, 1) * (1 - part))});
    }
    if (candidates.empty()) {  // only the objective itself is fractional
      for (uint32_t j = 0; j < values.size(); ++j) {
        if (model_.columns[j].integer && std::abs(values[j] - std::nearbyint(values[j])) > kIntegral)
          candidates.push_back({j, 1.0});
      }
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    // Integral within the tolerances, and yet no better than the incumbent: any column that is still
    // free, at the value it has, until the box is a point.
    for (uint32_t j = 0; j < values.size() && candidates.empty(); ++j) {
      if (model_.columns[j].integer && box_lower_[j] < box_upper_[j]) candidates.push_back({j, 1.0});
    }
    if (candidates.empty()) {
      ++lost_;
      return std::nullopt;
    }
    Candidate best = candidates.front();
    double best_score = -1;
    size_t probed = 0, poor = 0;
    for (const Candidate& candidate : candidates) {
      const uint32_t j = candidate.column;
      const double below = static_cast<double>(split_below(j, values[j])),
                   part = std::clamp(values[j] - below, 0.0, 1.0);
      const bool known = history_[j].count[0] >= kReliable && history_[j].count[1] >= kReliable;
      double measured = candidate.score;
      if (!known) {
        if (probed >= kProbes || poor >= 5) continue;
        ++probed;
        double gain[2] = {0, 0};
        for (const int side : {0, 1}) {
          const int64_t lower = box_lower_[j], upper = box_upper_[j];
          set_box(static_cast<int32_t>(j), side == 0 ? lower : static_cast<int64_t>(below) + 1,
                  side == 0 ? static_cast<int64_t>(below) : upper);
          simplex_.set_basis(*here.basis);
          limits_.cutoff = cutoff();
          limits_.iterations = kProbeIterations;
          const DualSimplex::Outcome outcome = simplex_.solve(limits_);
          if (outcome == DualSimplex::Outcome::kCutOff || outcome == DualSimplex::Outcome::kInfeasible) {
            // This half is refuted: the node goes on as the other one.
            nodes_[node].column = static_cast<int32_t>(j);
            nodes_[node].value = static_cast<int64_t>(below);
            const size_t first = add_child(node, false, here), second = add_child(node, true, here);
            close(side == 0 ? first : second, {simplex_.multipliers().begin(), simplex_.multipliers().end()});
            set_box(static_cast<int32_t>(j), lower, upper);
            learned_.column = -1;
            pending_[node] = {};
            return side == 0 ? second : first;
          }
          set_box(static_cast<int32_t>(j), lower, upper);
          if (interrupted_) return std::nullopt;
          gain[side] = outcome == DualSimplex::Outcome::kLost ? 0 : std::max(0.0, simplex_.bound() - here.bound);
          if (outcome != DualSimplex::Outcome::kLost) {
            learn(j, side, gain[side] / std::max(side == 0 ? part : 1 - part, kIntegral));
          }
        }
        measured = score(gain[0], gain[1]);
        poor = measured > best_score ? 0 : poor + 1;
      }
      if (measured > best_score) {
        best_score = measured;
        best = candidate;
      }
    }
    const auto below = static_cast<double>(split_below(best.column, values[best.column]));
    const double part = std::clamp(values[best.column] - below, kIntegral, 1 - kIntegral);
    nodes_[node].column = static_cast<int32_t>(best.column);
    nodes_[node].value = static_cast<int64_t>(below);
    const size_t first = add_child(node, false, here), second = add_child(node, true, here);
    pending_[node] = {};
    const bool up = part > 0.5;
    open_.push({here.bound, up ? first : second});
    learned_ = {static_cast<int32_t>(best.column), up ? 1 - part : part};
    return up ? second : first;
  }

  DualSimplex::Basis first_basis() const {
    DualSimplex::Basis basis(model_.columns.size() + model_.rows.size(), 0);
    std::fill(basis.begin() + static_cast<std::ptrdiff_t>(model_.columns.size()), basis.end(), 2);
    return basis;
  }

  SolveResult report() {
    SolveResult result;
    result.solver = SolverKind::kOwn;
    result.nodes = explored_;
    result.point = std::move(point_);
    if (have_point_) result.objective = static_cast<double>(target_);
    const bool complete = open_.empty() && lost_ == 0 && !interrupted_;
    double least = static_cast<double>(target_);
    for (size_t node = 0; node < nodes_.size(); ++node) {
      if (!nodes_[node].is_settled()) least = std::min(least, pending_[node].bound);
    }
    const bool bounded = least > -kInfinite / 2;
    int64_t bound = bounded ? static_cast<int64_t>(std::ceil(std::max(least, -1e9) - kMargin)) : 0;
    if (complete) bound = target_;
    result.status = complete ? (have_point_ ? SolveStatus::kOptimal : SolveStatus::kInfeasible)
                             : (have_point_ ? SolveStatus::kFeasible : SolveStatus::kUnknown);
    if (bounded || complete) {
      result.bound = static_cast<double>(bound);
      Certificate certificate;
      certificate.bound = bound;
      if (gather(bound, certificate)) result.certificate = std::move(certificate);
    }
    if (result.status == SolveStatus::kFeasible && result.bound >= result.objective)
      result.status = SolveStatus::kOptimal;
    result.seconds = seconds();
    return result;
  }

  // The tree in preorder; open nodes are closed at `bound` by what their parents proved.
  bool gather(int64_t bound, Certificate& certificate) {
    target_ = bound;
    std::vector<size_t> stack{0};
    while (!stack.empty()) {
      const size_t node = stack.back();
      stack.pop_back();
      if (nodes_[node].column >= 0) {
        certificate.nodes.push_back({nodes_[node].column, nodes_[node].value, 0, {}});
        stack.push_back(static_cast<size_t>(nodes_[node].child[1]));
        stack.push_back(static_cast<size_t>(nodes_[node].child[0]));
        continue;
      }
      if (!nodes_[node].closed && !close_open(node)) return false;
      if (nodes_[node].unproven) return false;
      certificate.nodes.push_back(std::move(nodes_[node].leaf));
    }
    return check_certificate(model_, certificate).ok();
  }

  const Model& model_;
  const SolveOptions& options_;
  DualSimplex simplex_;
  DualSimplex::Limits limits_;
  Clock::time_point begin_;
  std::vector<TreeNode> nodes_;
  std::vector<Pending> pending_;
  struct Later {
    bool operator()(const std::pair<double, size_t>& a, const std::pair<double, size_t>& b) const { return a > b; }
  };
  std::priority_queue<std::pair<double, size_t>, std::vector<std::pair<double, size_t>>, Later> open_;
  std::vector<History> history_;
  History all_;
  struct {
    int32_t column = -1;
    double distance = 1;
  } learned_;
  std::vector<int32_t> touched_;
  std::vector<int64_t> box_lower_, box_upper_;
  std::vector<double> point_;
  bool have_point_ = false;
  int64_t target_ = 0;  // the incumbent, or one past the worst there can be
  int64_t worst_ = 0;
  double current_ = kInfinite;
  double reported_ = 0;
  int64_t explored_ = 0;
  int64_t lost_ = 0;
  bool interrupted_ = false;
};

}  // namespace

SolveResult search_tree(const Model& model, const SolveOptions& options) { return Search(model, options).run(); }

}  // namespace rondo::milp
