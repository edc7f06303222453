#include "tests/planner/fusion/random_solution.h"

#include <algorithm>
#include <numeric>

#include "planner/fusion/geometry.h"

namespace rondo::fusion {
namespace {

class RandomSolver {
 public:
  RandomSolver(const Problem& problem, std::mt19937_64& random, int64_t most_tiles)
      : problem_(problem), random_(random), most_tiles_(most_tiles) {}

  Solution run() {
    stored_.resize(problem_.tensors.size());
    for (size_t t = 0; t < stored_.size(); ++t) stored_[t] = problem_.producer[t] < 0;
    done_.resize(problem_.operators.size());
    greed_ = 1 + below(8);
    for (uint32_t op = next(); op != kNone; op = next()) {
      std::vector<uint32_t> group = grow(op);
      // Large groups break rules that no granularity mends: try, then halve.
      while (!emit(group) && group.size() > 1) group.resize(group.size() / 2);
      if (!done_[op] && group.size() <= 1) store_output(op);
    }
    // What was only ever ephemeral or retained and must be kept is made once more.
    for (uint32_t t = 0; t < problem_.tensors.size(); ++t)
      if (problem_.is_output(t)) store(t);
    return std::move(solution_);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool chance(uint64_t one_in) { return below(one_in) == 0; }

  bool there(uint32_t tensor) const {
    return stored_[tensor] || std::find(resident_.begin(), resident_.end(), tensor) != resident_.end();
  }
  bool makeable(uint32_t op) const {
    for (uint32_t t : problem_.operators[op].inputs)
      if (problem_.producer[t] >= 0 && !done_[problem_.producer[t]]) return false;
    return true;
  }
  // A random operator whose producers have all run at some time.
  uint32_t next() {
    std::vector<uint32_t> ready;
    for (uint32_t op = 0; op < done_.size(); ++op)
      if (!done_[op] && makeable(op)) ready.push_back(op);
    return ready.empty() ? kNone : ready[below(ready.size())];
  }

  // From a seed, neighbours by a tensor in common; then what is missing for their inputs.
  std::vector<uint32_t> grow(uint32_t seed) {
    std::vector<uint32_t> group{seed};
    const auto in_group = [&](uint32_t op) { return std::find(group.begin(), group.end(), op) != group.end(); };
    const auto inputs_fine = [&](uint32_t op) {
      for (uint32_t t : problem_.operators[op].inputs)
        if (!there(t) && !(problem_.producer[t] >= 0 && in_group(problem_.producer[t]))) return false;
      return true;
    };
    const uint64_t wanted = 1 + below(greed_);
    for (int tries = 0; tries < 20 && group.size() < wanted; ++tries) {
      const Operator& op = problem_.operators[group[below(group.size())]];
      const uint32_t tensor = chance(3) ? op.inputs[below(op.inputs.size())] : op.output;
      const std::vector<uint32_t>& readers = problem_.consumers[tensor];
      if (readers.empty()) continue;
      const uint32_t reader = readers[below(readers.size())];
      if (in_group(reader) || (done_[reader] && !chance(4)) || !inputs_fine(reader)) continue;
      group.push_back(reader);
    }
    // Recomputation: the producers of inputs that are not there, however far back.
    for (size_t i = 0; i < group.size(); ++i)
      for (uint32_t t : problem_.operators[group[i]].inputs)
        if (!there(t) && !in_group(problem_.producer[t])) group.push_back(problem_.producer[t]);
    return group;
  }

  std::vector<uint32_t> sorted_topologically(const std::vector<uint32_t>& group) {
    std::vector<uint32_t> order;
    std::vector<uint32_t> rest = group;
    while (!rest.empty())
      for (size_t i = 0; i < rest.size(); ++i) {
        const std::vector<uint32_t>& inputs = problem_.operators[rest[i]].inputs;
        const bool waits = std::any_of(inputs.begin(), inputs.end(), [&](uint32_t t) {
          return problem_.producer[t] >= 0 && std::find(rest.begin(), rest.end(), problem_.producer[t]) != rest.end();
        });
        if (waits) continue;
        order.push_back(rest[i]);
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    return order;
  }

  int64_t random_side() {
    const int64_t n = problem_.native;
    switch (below(4)) {
      case 0:
        return n;
      case 1:
        return std::max<int64_t>(1, n >> below(6));
      default:
        return 1 + static_cast<int64_t>(below(static_cast<uint64_t>(n)));
    }
  }

  bool emit(const std::vector<uint32_t>& group) {
    if (group.empty()) return false;
    Subgraph subgraph;
    subgraph.operators = sorted_topologically(group);
    for (uint32_t op : group) {
      const uint32_t out = problem_.operators[op].output;
      if (chance(6)) subgraph.retained.push_back(out);
    }
    int64_t least_depth = problem_.native;
    for (uint32_t op : group)
      if (problem_.is_matmul(op)) least_depth = std::min(least_depth, problem_.depth(op));
    for (int tries = 0; tries < 12; ++tries) {
      subgraph.w = random_side();
      subgraph.h = random_side();
      subgraph.k = std::min(random_side(), least_depth);
      if (tries == 6) subgraph.retained.clear();
      Geometry geometry;
      if (derive_geometry(problem_, subgraph, resident_, false, geometry)) continue;
      if (geometry.tiles() > most_tiles_ && tries < 6) continue;
      for (int shrink = 0; shrink < 8; ++shrink) {
        if (working_set(problem_, geometry).total() <= problem_.capacity) break;
        int64_t& side = chance(3) ? subgraph.k : chance(2) ? subgraph.w : subgraph.h;
        side = (side + 1) / 2;
        if (derive_geometry(problem_, subgraph, resident_, false, geometry)) break;
      }
      if (derive_geometry(problem_, subgraph, resident_, false, geometry)) continue;
      if (working_set(problem_, geometry).total() > problem_.capacity || geometry.tiles() > most_tiles_) continue;
      if (!std::all_of(geometry.inputs.begin(), geometry.inputs.end(), [&](uint32_t t) { return there(t); })) continue;
      commit(std::move(subgraph), geometry);
      return true;
    }
    return false;
  }

  void commit(Subgraph subgraph, const Geometry& geometry) {
    if (chance(3)) {
      subgraph.order.resize(static_cast<size_t>(geometry.tiles()));
      std::iota(subgraph.order.begin(), subgraph.order.end(), 0U);
      if (chance(2)) {
        std::shuffle(subgraph.order.begin(), subgraph.order.end(), random_);
      } else {  // a snake
        for (int64_t row = 1; row < geometry.tile_rows; row += 2)
          std::reverse(subgraph.order.begin() + row * geometry.tile_columns,
                       subgraph.order.begin() + (row + 1) * geometry.tile_columns);
      }
    }
    for (uint32_t t : geometry.outputs)
      if (!geometry.retains(t)) stored_[t] = true;
    for (uint32_t op : subgraph.operators) done_[op] = true;
    resident_ = subgraph.retained;
    solution_.subgraphs.push_back(std::move(subgraph));
  }

  // Makes the tensor lie in slow memory, with everything it needs, one operator a
  // subgraph on tiles that always fit.
  void store(uint32_t tensor) {
    if (stored_[tensor]) return;
    store_output(static_cast<uint32_t>(problem_.producer[tensor]));
  }
  void store_output(uint32_t op) {
    for (uint32_t t : problem_.operators[op].inputs) store(t);
    if (!resident_.empty()) {  // its capacity is needed; any operator that can run is a breath
      resident_.clear();
      if (!solution_.subgraphs.empty()) solution_.subgraphs.back().retained.clear();
      rebuild();
    }
    Subgraph single{{op}, 1, 1, 1, {}, {}};
    Geometry geometry;
    for (int64_t side = problem_.native; side >= 1; side /= 2) {
      single.w = single.h = side;
      single.k = problem_.is_matmul(op) ? std::min(side, problem_.depth(op)) : 1;
      if (!derive_geometry(problem_, single, resident_, false, geometry) &&
          working_set(problem_, geometry).total() <= problem_.capacity)
        break;
    }
    stored_[problem_.operators[op].output] = true;
    done_[op] = true;
    solution_.subgraphs.push_back(single);
  }
  // Without the retention of the last subgraph its outputs are evicted.
  void rebuild() {
    if (solution_.subgraphs.empty()) return;
    const Subgraph& last = solution_.subgraphs.back();
    for (uint32_t op : last.operators) {
      const uint32_t out = problem_.operators[op].output;
      const std::vector<uint32_t>& readers = problem_.consumers[out];
      const bool inside = std::any_of(readers.begin(), readers.end(), [&](uint32_t reader) {
        return std::find(last.operators.begin(), last.operators.end(), reader) != last.operators.end();
      });
      if (!inside) stored_[out] = true;
    }
  }

  const Problem& problem_;
  std::mt19937_64& random_;
  int64_t most_tiles_;
  uint64_t greed_ = 1;
  std::vector<bool> stored_;
  std::vector<bool> done_;
  std::vector<uint32_t> resident_;
  Solution solution_;
};

}  // namespace

Solution random_solution(const Problem& problem, std::mt19937_64& random, int64_t most_tiles) {
  return RandomSolver(problem, random, most_tiles).run();
}

void plant_fault(const Problem& problem, std::mt19937_64& random, Solution& solution) {
  const auto below = [&](uint64_t limit) { return random() % limit; };
  if (solution.subgraphs.empty()) return;
  const size_t at = below(solution.subgraphs.size());
  Subgraph& subgraph = solution.subgraphs[at];
  if (subgraph.operators.empty()) return;
  const auto some_operator = [&] { return static_cast<uint32_t>(below(problem.operators.size() + 1)); };
  const auto some_side = [&] { return static_cast<int64_t>(below(static_cast<uint64_t>(problem.native) * 5 / 4 + 2)); };
  switch (below(16)) {
    case 0:
      subgraph.w = some_side();
      break;
    case 1:
      subgraph.h = some_side();
      break;
    case 2:
    case 3:
      subgraph.k = some_side();
      break;
    case 4:
    case 5:
      subgraph.operators.insert(
          subgraph.operators.begin() + static_cast<std::ptrdiff_t>(below(subgraph.operators.size() + 1)),
          some_operator());
      break;
    case 6:
      subgraph.operators.erase(subgraph.operators.begin() +
                               static_cast<std::ptrdiff_t>(below(subgraph.operators.size())));
      break;
    case 7:
      std::shuffle(subgraph.operators.begin(), subgraph.operators.end(), random);
      break;
    case 8:
      subgraph.retained.push_back(static_cast<uint32_t>(below(problem.tensors.size() + 1)));
      break;
    case 9:
      subgraph.retained.push_back(problem.operators[subgraph.operators[below(subgraph.operators.size())]].output);
      break;
    case 10:
      subgraph.retained.clear();
      break;
    case 11:
      if (subgraph.order.empty()) {
        subgraph.order = {0};
      } else {
        subgraph.order[below(subgraph.order.size())] = static_cast<uint32_t>(below(subgraph.order.size() + 1));
      }
      break;
    case 12:
      solution.subgraphs.erase(solution.subgraphs.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 13:
      std::swap(subgraph, solution.subgraphs[below(solution.subgraphs.size())]);
      break;
    case 14: {  // two subgraphs become one
      const Subgraph other = solution.subgraphs[(at + 1) % solution.subgraphs.size()];
      subgraph.operators.insert(subgraph.operators.end(), other.operators.begin(), other.operators.end());
      subgraph.order.clear();
      break;
    }
    default:
      solution.subgraphs.insert(solution.subgraphs.begin() + static_cast<std::ptrdiff_t>(below(at + 1)),
                                solution.subgraphs[at]);
      break;
  }
}

}  // namespace rondo::fusion
