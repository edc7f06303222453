#include "planner/phase/anneal.h"

#include <algorithm>
#include <cmath>

namespace rondo::phase {
namespace {

constexpr size_t kMostShifts = 64;  // not measured beyond the published graphs

// A move that touches many values counts as several, so that a budget of moves is one of time.
constexpr size_t kValuesOfAMove = 64;

constexpr double excess(int64_t amount, int64_t limit) {
  const double over = static_cast<double>(amount - limit);
  return over > 0 ? over * over : 0;
}

}  // namespace

Annealer::Annealer(const IntervalProblem& problem, std::vector<uint32_t> times, uint64_t seed)
    : problem_(problem), state_(seed * 0x9E3779B97F4A7C15 + 1) {
  value_stamp_.assign(problem.values.size(), 0);
  task_stamp_.assign(problem.tasks.size(), 0);
  shift_of_task_.assign(problem.tasks.size(), 0);
  for (uint32_t task = 0; task < problem.tasks.size(); ++task)
    if (problem.tasks[task].high > problem.tasks[task].low) movable_.push_back(task);
  restart(std::move(times));
}

void Annealer::set_limits(const AnnealLimits& limits) { limits_ = limits; }

void Annealer::restart(std::vector<uint32_t> times) {
  times_ = std::move(times);
  count_all();
}

// splitmix64 (Steele, Lea, Flood 2014).
uint64_t Annealer::random() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void Annealer::count_all() {
  for (std::vector<int32_t>* counts : {&at_rest_, &alone_, &born_, &dying_, &passed_, &both_, &heads_, &neurons_})
    counts->assign(problem_.times + 1, 0);
  for (uint32_t value = 0; value < problem_.values.size(); ++value) count_value(value, 1);
  for (uint32_t task = 0; task < problem_.tasks.size(); ++task) {
    heads_[times_[task]] += 2 * static_cast<int32_t>(problem_.tasks[task].heads);
    neurons_[times_[task]] += problem_.tasks[task].neuron ? 1 : 0;
  }
}

void Annealer::count_value(uint32_t id, int32_t sign) {
  const IntervalProblem::Value& value = problem_.values[id];
  const bool strict = problem_.mode == Mode::kStrict;
  if (strict && value.task < 0) return;
  const int32_t birth = value.task < 0 ? -1 : static_cast<int32_t>(times_[static_cast<size_t>(value.task)]);
  const auto end = static_cast<int32_t>(problem_.times);
  int32_t death = birth;
  passes_.clear();
  for (uint32_t reader : problem_.readers[id]) {
    const uint32_t time = times_[reader];
    death = std::max(death, static_cast<int32_t>(time));
    if (problem_.tasks[reader].persist && static_cast<int32_t>(time) > birth &&
        std::find(passes_.begin(), passes_.end(), time) == passes_.end())
      passes_.push_back(time);
  }
  if (value.forever) death = end;
  if (strict) {
    for (int32_t time = birth; time <= death && time < end; ++time) at_rest_[static_cast<size_t>(time)] += sign;
    return;
  }
  const bool rests = value.task < 0 || death > birth;
  if (!rests) return;
  // The half-layers after which it is at rest, or its slot is not yet free.
  const bool alone = value.average && problem_.mode == Mode::kMixed;
  const int32_t last = death - (problem_.mode == Mode::kDelayed || alone ? 0 : 1);
  std::vector<int32_t>& counts = alone ? alone_ : at_rest_;
  for (int32_t time = std::max(0, birth); time <= last && time < end; ++time) counts[static_cast<size_t>(time)] += sign;
  for (uint32_t time : passes_) passed_[time] += sign;
  if (birth >= 0) born_[static_cast<size_t>(birth)] += sign;
  if (death == end) return;
  const auto died = static_cast<uint32_t>(std::max(death, 0));
  dying_[died] += sign;
  if (std::find(passes_.begin(), passes_.end(), died) != passes_.end()) both_[died] += sign;
}

bool Annealer::push(uint32_t task, uint32_t time) {
  shifts_.clear();
  ++stamp_;
  const bool up = time > times_[task];
  shifts_.push_back({task, time});
  task_stamp_[task] = stamp_;
  shift_of_task_[task] = 0;
  // Times only grow (or only shrink) and stay within windows, so this ends.
  for (size_t i = 0; i < shifts_.size(); ++i) {
    const Shift shift = shifts_[i];
    if (shift_of_task_[shift.task] != i) continue;  // a later entry moves it further
    const auto& edges = up ? problem_.after[shift.task] : problem_.before[shift.task];
    for (const IntervalProblem::Edge& edge : edges) {
      const bool shifted = task_stamp_[edge.other] == stamp_;
      const uint32_t now = shifted ? shifts_[shift_of_task_[edge.other]].time : times_[edge.other];
      const IntervalProblem::Task& other = problem_.tasks[edge.other];
      uint32_t wanted;
      if (up) {
        const int64_t least = int64_t{shift.time} + edge.weight;
        if (now >= least) continue;
        wanted = other.low + static_cast<uint32_t>((least - other.low + other.step - 1) / other.step) * other.step;
        if (wanted > other.high) return false;
      } else {
        const int64_t most = int64_t{shift.time} - edge.weight;
        if (now <= most) continue;
        if (most < other.low) return false;
        wanted = other.low + static_cast<uint32_t>((most - other.low) / other.step) * other.step;
      }
      if (shifts_.size() == kMostShifts) return false;
      task_stamp_[edge.other] = stamp_;
      shift_of_task_[edge.other] = static_cast<uint32_t>(shifts_.size());
      shifts_.push_back({edge.other, wanted});
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < shifts_.size(); ++i)
    if (shift_of_task_[shifts_[i].task] == i) shifts_[kept++] = shifts_[i];
  shifts_.resize(kept);
  return true;
}

// Makes the shifts and leaves in shifts_ those that undo them.
void Annealer::apply() {
  ++stamp_;
  touched_.clear();
  for (const Shift& shift : shifts_)
    for (const auto* list : {&problem_.reads[shift.task], &problem_.makes[shift.task]})
      for (uint32_t value : *list) {
        if (value_stamp_[value] == stamp_) continue;
        value_stamp_[value] = stamp_;
        // What lives for ever and passes through no persist counts the same wherever it is read.
        if (problem_.values[value].forever && problem_.values[value].task != static_cast<int32_t>(shift.task) &&
            !problem_.tasks[shift.task].persist) {
          value_stamp_[value] = stamp_ - 1;
          continue;
        }
        touched_.push_back(value);
      }
  moves_ += touched_.size() / kValuesOfAMove;
  for (uint32_t value : touched_) count_value(value, -1);
  for (Shift& shift : shifts_) {
    const IntervalProblem::Task& task = problem_.tasks[shift.task];
    uint32_t& time = times_[shift.task];
    const auto heads = 2 * static_cast<int32_t>(task.heads);
    heads_[time] -= heads;
    heads_[shift.time] += heads;
    neurons_[time] -= task.neuron ? 1 : 0;
    neurons_[shift.time] += task.neuron ? 1 : 0;
    std::swap(time, shift.time);
  }
  for (uint32_t value : touched_) count_value(value, 1);
}

double Annealer::cost() const {
  if (limits_.lazy) return lazy_cost();
  double sum = 0;
  if (problem_.mode == Mode::kMixed) {
    // An average has its slot just before each of its half-layers as well as just after it.
    auto before = static_cast<int32_t>(problem_.floor);
    for (uint32_t time = 0; time < problem_.times; before = at_rest_[time++])
      sum += excess(alone_[time] + std::max(before, at_rest_[time]), limits_.columns);
  } else {
    for (uint32_t time = 0; time < problem_.times; ++time) sum += excess(at_rest_[time], limits_.columns);
  }
  if (problem_.mode == Mode::kStrict) return sum;
  for (uint32_t time = 0; time < problem_.times; ++time) {
    const int32_t slots = passed_[time] + dying_[time] - both_[time];
    sum +=
        time % 2 == 0 ? excess(heads_[time] + slots, limits_.columns) : excess(neurons_[time] + slots, limits_.neurons);
  }
  return sum;
}

// Counts alone decide whether a plan of erasures exists: stale values are alike.
double Annealer::lazy_cost() const {
  double sum = 0;
  int64_t clean = int64_t{limits_.columns} - problem_.floor;
  if (clean < 0) return excess(0, clean);
  int64_t stale = 0;
  for (uint32_t time = 0; time < problem_.times; ++time) {
    const int64_t limit = time % 2 == 0 ? limits_.columns : limits_.neurons;
    const int64_t spare = limit - (time % 2 == 0 ? heads_[time] : neurons_[time]) - passed_[time];
    if (spare < 0) sum += excess(0, spare);
    stale += dying_[time] - both_[time];
    const int64_t erased = std::clamp<int64_t>(spare, 0, stale);
    stale -= erased;
    const int64_t freed = erased + both_[time];
    const int64_t available = clean + (problem_.mode == Mode::kDelayed ? 0 : freed);
    if (born_[time] > available) sum += excess(born_[time], available);
    // What is short is borrowed, so that one crowded half-layer is counted once.
    clean = std::max<int64_t>(0, available - born_[time]) + (problem_.mode == Mode::kDelayed ? freed : 0);
    if (problem_.mode != Mode::kDelayed && born_[time] > available) clean = 0;
  }
  return sum;
}

bool Annealer::walk(uint64_t moves, double hot, double cold, const std::function<bool()>& stop) {
  double now = cost();
  if (now == 0 || movable_.empty()) return now == 0;
  constexpr uint64_t kBetweenQuestions = 1024;
  const double cooling =
      std::pow(cold / hot, static_cast<double>(kBetweenQuestions) / static_cast<double>(std::max<uint64_t>(moves, 1)));
  double heat = hot;
  const uint64_t last = moves_ + moves;
  for (uint64_t i = 1; moves_ < last; ++i) {
    if (i % kBetweenQuestions == 0) {
      heat *= cooling;
      if (stop()) return false;
    }
    ++moves_;
    const uint32_t task = movable_[below(static_cast<uint32_t>(movable_.size()))];
    const IntervalProblem::Task& each = problem_.tasks[task];
    const uint32_t places = (each.high - each.low) / each.step;
    // Any place of the window but the one it has.
    uint32_t time = each.low + below(places) * each.step;
    if (time >= times_[task]) time += each.step;
    if (!push(task, time)) continue;
    apply();
    const double then = cost();
    if (then <= now || static_cast<double>(random() >> 11) * 0x1p-53 < std::exp((now - then) / heat)) {
      now = then;
      if (now == 0) return true;
    } else {
      apply();
    }
  }
  return false;
}

}  // namespace rondo::phase
