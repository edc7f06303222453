#include "planner/phase/erase_plan.h"

#include <algorithm>
#include <deque>

namespace rondo::phase {
namespace {

constexpr uint32_t kUnlimited = uint32_t{1} << 30;

class Simulation {
 public:
  Simulation(const GateGraph& graph, std::span<const HalfLayerWork> work, std::span<const Lifetime> lives, Mode mode,
             const EraseLimits& limits)
      : graph_(graph), work_(work), lives_(lives), mode_(mode), limits_(limits), erase_(lives.size(), kNeverErased) {}

  std::optional<std::vector<int32_t>> run() {
    clean_ = limits_.columns;
    for (uint32_t dim = 0; dim < lives_.size(); ++dim) {
      if (graph_.dims[dim].op != Dim::kInput) continue;
      --clean_;
      if (lives_[dim].death == Lifetime::kBeforeFirst) stale_.push_back(dim);
    }
    for (size_t half = 0; half < work_.size() && clean_ >= 0; ++half)
      if (!step(half)) return std::nullopt;
    if (clean_ < 0) return std::nullopt;
    return std::move(erase_);
  }

 private:
  // Erasures and passthroughs that may run in it.
  int64_t capacity(size_t half) const {
    const HalfLayerWork& work = work_[half];
    const int64_t heads = half % 2 == 0 ? int64_t{limits_.columns} - 2 * int64_t{work.heads} : kUnlimited;
    const int64_t neurons = half % 2 == 1 ? int64_t{limits_.neurons} - int64_t{work.neurons} : kUnlimited;
    return std::min(heads, neurons) - static_cast<int64_t>(work.passed.size());
  }

  bool step(size_t half) {
    const HalfLayerWork& work = work_[half];
    int64_t spare = capacity(half);
    if (spare < 0) return false;
    int64_t fused = 0, cleared = 0;  // slots that may be written in this half-layer, and only in the next
    const auto erase = [&](uint32_t dim) {
      erase_[dim] = static_cast<int32_t>(half);
      const bool at_once = mode_ == Mode::kFused || (mode_ == Mode::kMixed && !graph_.is_average[dim]);
      ++(at_once ? fused : cleared);
    };
    for (uint32_t dim : work.dying) {
      if (std::binary_search(work.passed.begin(), work.passed.end(), dim)) {
        erase(dim);
      } else {
        stale_.push_back(dim);
      }
    }
    for (; spare > 0 && !stale_.empty(); --spare, stale_.pop_front()) erase(stale_.front());
    // An average comes into a slot that was clean before.
    const auto averages = static_cast<int64_t>(work.averages.size());
    const auto born = static_cast<int64_t>(work.born.size()) + averages;
    if (mode_ == Mode::kFused ? born > clean_ + fused : averages > clean_ || born > clean_ + fused) return false;
    clean_ += fused + cleared - born;
    return true;
  }

  const GateGraph& graph_;
  std::span<const HalfLayerWork> work_;
  std::span<const Lifetime> lives_;
  const Mode mode_;
  const EraseLimits limits_;
  int64_t clean_ = 0;
  std::deque<uint32_t> stale_;
  std::vector<int32_t> erase_;
};

}  // namespace

std::vector<HalfLayerWork> half_layer_work(const GateGraph& graph, uint32_t layers,
                                           std::span<const uint32_t> phase_of_op, std::span<const Lifetime> lives) {
  std::vector<HalfLayerWork> work(size_t{2} * layers);
  for (uint32_t dim = 0; dim < lives.size(); ++dim) {
    const Lifetime& life = lives[dim];
    if (!life.rests) continue;
    if (life.birth >= 0)
      (graph.is_average[dim] ? work[static_cast<size_t>(life.birth)].averages
                             : work[static_cast<size_t>(life.birth)].born)
          .push_back(dim);
    if (life.death >= 0 && life.death != Lifetime::kForever) work[static_cast<size_t>(life.death)].dying.push_back(dim);
  }
  for (uint32_t id = 0; id < graph.ops.size(); ++id) {
    const Op& op = graph.ops[id];
    const uint32_t half = half_of(phase_of_op[id]);
    if (op.type == OpType::kLookup) work[half].heads += heads_of(op);
    if (op.type == OpType::kReglu) ++work[half].neurons;
    if (op.type != OpType::kPersist) continue;
    for (uint32_t dim : op.inputs)
      if (lives[dim].birth < static_cast<int32_t>(half)) work[half].passed.push_back(dim);
  }
  for (HalfLayerWork& each : work) {
    std::sort(each.passed.begin(), each.passed.end());
    each.passed.erase(std::unique(each.passed.begin(), each.passed.end()), each.passed.end());
  }
  return work;
}

std::optional<std::vector<int32_t>> plan_erases(const GateGraph& graph, std::span<const HalfLayerWork> work,
                                                std::span<const Lifetime> lives, Mode mode, const EraseLimits& limits) {
  return Simulation(graph, work, lives, mode, limits).run();
}

std::optional<LazyPlan> plan_lazy(const GateGraph& graph, std::span<const HalfLayerWork> work,
                                  std::span<const Lifetime> lives, Mode mode, uint32_t columns) {
  LazyPlan plan{{columns, kUnlimited}, {}};
  const auto works = [&](const EraseLimits& limits) {
    std::optional<std::vector<int32_t>> erases = plan_erases(graph, work, lives, mode, limits);
    if (!erases) return false;
    plan = {limits, *std::move(erases)};
    return true;
  };
  if (columns == 0) {
    // More columns never hurt; with all of them nothing is ever erased.
    uint32_t low = 0, high = 2;
    while (!works({high, kUnlimited})) {
      low = high;
      high *= 2;
    }
    while (high - low > 2) {
      const uint32_t middle = low + (high - low) / 4 * 2;
      (works({middle, kUnlimited}) ? high : low) = middle;
    }
    columns = high;
  } else if (!works({columns, kUnlimited})) {
    return std::nullopt;
  }
  uint32_t low = 0, high = 1;
  for (const HalfLayerWork& each : work)
    high = std::max(high, static_cast<uint32_t>(each.neurons + each.passed.size() + each.dying.size()));
  while (!works({columns, high})) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    (works({columns, middle}) ? high : low) = middle;
  }
  works({columns, high});
  return plan;
}

}  // namespace rondo::phase
