// How fast a gate graph runs by the schedule it was given: width, depth and d_ffn as steps
// a second.
//
//   step_rate [--steps N] [--solve SECONDS] [GRAPH [CERTIFICATE...]]
//
// Every schedule is lowered, proven and replayed on its own; all of them run the same steps
// in turn, round by round, and each line says the fastest round. Schedules are the rules
// earliest and greedy with delayed reuse, the least width that a solver finds in the time
// given (delayed, fused), and the certificates named. Without a graph: universal-1.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "perf/kernels/abba.h"
#include "planner/phase/generate_graph.h"
#include "planner/phase/lower/lower.h"
#include "planner/phase/milp/gate_model.h"
#include "planner/phase/milp/solver.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"
#include "rondo/load.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"

namespace {

using namespace rondo;
using phase::GateGraph;
using phase::Mode;
using phase::PhaseSchedule;

template <class T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "step_rate: %s\n", result.error().to_string().c_str());
  std::exit(1);
}
void must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "step_rate: %s\n", status.error().to_string().c_str());
  std::exit(1);
}

class Contender {
 public:
  Contender(std::string name, const GateGraph& graph, const PhaseSchedule& schedule, uint32_t steps)
      : name_(std::move(name)),
        schedule_(schedule),
        lowered_(must(phase::lower_phases(graph, schedule, {.steps = steps}))) {
    Verification verification = verify(lowered_.schedule);
    if (!verification.schedule) {
      std::fprintf(stderr, "step_rate: %s: %s\n", name_.c_str(), verification.report.summary().c_str());
      std::exit(1);
    }
    std::vector<Constant> constants;
    for (const phase::Weights& weights : lowered_.constants) constants.push_back({weights.name, weights.values});
    program_ = std::make_unique<Program>(must(runtime_.prepare(*verification.schedule, constants)));
    session_ = std::make_unique<Session>(must(program_->session()));
    inputs_.resize(lowered_.inputs.size());
    outputs_.resize(lowered_.outputs.size());
    must(session_->bind("inputs", inputs_));
    must(session_->bind("outputs", outputs_));
    position_ = must(program_->scalar("position"));
    one_ = place_of(graph.special.one), at_ = place_of(graph.special.position);
    inverse_ = place_of(graph.special.inv_log_pos), square_ = place_of(graph.special.position_sq);
  }

  // Seconds of this thread for all steps from an empty history on.
  double round(uint32_t steps) {
    const double before = perf::thread_seconds();
    uint32_t bits = 1;
    for (uint32_t step = 0; step < steps; ++step) {
      const double position = step;
      for (double& input : inputs_) {
        bits ^= bits << 13, bits ^= bits >> 17, bits ^= bits << 5;  // xorshift32, Marsaglia 2003
        input = bits & 1;
      }
      inputs_[one_] = 1, inputs_[at_] = position, inputs_[square_] = position * position;
      inputs_[inverse_] = 1 / std::log(position + 2);
      must(session_->set_scalar(position_, step));
      must(session_->replay());
    }
    return perf::thread_seconds() - before;
  }
  void keep(double seconds) { best_ = std::min(best_, seconds); }

  void print(uint32_t steps, double first) const {
    std::printf("%-34s %6u %5u %6u %6u %8u %12llu %12.0f %8.2f x\n", name_.c_str(), schedule_.width,
                phase::d_model_of(schedule_), schedule_.layers, schedule_.heads, schedule_.d_ffn,
                static_cast<unsigned long long>(lowered_.flops_per_step), steps / best_, first / best_);
  }
  double best() const { return best_; }

 private:
  size_t place_of(uint32_t dim) const {
    return static_cast<size_t>(std::find(lowered_.inputs.begin(), lowered_.inputs.end(), dim) -
                               lowered_.inputs.begin());
  }

  std::string name_;
  PhaseSchedule schedule_;
  phase::LoweredPhases lowered_;
  Runtime runtime_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Session> session_;
  ScalarHandle position_;
  std::vector<double> inputs_, outputs_;
  size_t one_ = 0, at_ = 0, inverse_ = 0, square_ = 0;
  double best_ = 1e30;
};

// The least width a solver finds, as phases; empty where it finds none.
std::vector<uint32_t> solved(const GateGraph& graph, uint32_t layers, Mode mode, double seconds) {
  const phase::ScheduleModel model = must(phase::build_gate_model(graph, {.layers = layers, .mode = mode}));
  milp::SolveOptions options;
  options.time_limit_s = seconds;
  options.round = [&](std::span<const double> point) { return model.round(point); };
  const milp::SolveResult result = must(milp::solve(model.model(), milp::SolverKind::kAuto, options));
  std::fprintf(stderr, "%s: %s after %.1f s\n", phase::name_of(mode), milp::name_of(result.status), result.seconds);
  if (result.point.empty()) return {};
  std::vector<uint32_t> phases = model.times_of(result.point);
  for (uint32_t op = 0; op < phases.size(); ++op)
    phases[op] = 2 * phases[op] + (graph.ops[op].type == phase::OpType::kPersist ? 1 : 0);
  return phases;
}

}  // namespace

int main(int argc, char** argv) {
  uint32_t steps = 1000;
  double seconds = 60;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--steps" && i + 1 < argc)
      steps = static_cast<uint32_t>(std::max(1, std::atoi(argv[++i])));
    else if (word == "--solve" && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else
      files.emplace_back(word);
  }
  const phase::AnyGraph any =
      files.empty() ? must(phase::generate_graph("universal-1", 0, 1)) : must(phase::load_graph(files[0]));
  const auto* graph = std::get_if<GateGraph>(&any);
  if (graph == nullptr) return std::fprintf(stderr, "step_rate: the graph is of the strict machine\n"), 2;
  const uint32_t layers = must(phase::least_layers(*graph));
  const phase::Windows windows = must(phase::windows(*graph, layers));

  std::vector<std::unique_ptr<Contender>> contenders;
  const auto add = [&](const std::string& name, const PhaseSchedule& schedule) {
    contenders.push_back(std::make_unique<Contender>(name, *graph, schedule, steps));
  };
  const auto realised = [&](const std::vector<uint32_t>& phases, Mode mode, bool lazy) {
    return must(phase::realise(*graph, layers, phases, {.mode = mode, .lazy = lazy}));
  };
  add("earliest, delayed", realised(phase::place_earliest(*graph, windows), Mode::kDelayed, false));
  add("greedy, delayed", realised(phase::place_greedy(*graph, windows), Mode::kDelayed, false));
  add("greedy, fused", realised(phase::place_greedy(*graph, windows), Mode::kFused, false));
  for (Mode mode : {Mode::kDelayed, Mode::kFused}) {
    if (seconds <= 0) continue;
    const std::vector<uint32_t> phases = solved(*graph, layers, mode, seconds);
    if (phases.empty()) continue;
    add(std::string("least width, ") + phase::name_of(mode), realised(phases, mode, false));
    add(std::string("least width, ") + phase::name_of(mode) + " lazy", realised(phases, mode, true));
  }
  for (size_t i = 1; i < files.size(); ++i) {
    const std::vector<std::byte> bytes = must(read_file(files[i]));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    add(files[i].substr(files[i].rfind('/') + 1),
        must(phase::parse_certificate(text, files[i], static_cast<uint32_t>(graph->dims.size()))));
  }
  for (int round = 0; round < 9; ++round)
    for (const auto& contender : contenders) contender->keep(contender->round(steps));
  std::printf("%s, %u steps from an empty history, fastest of 9 rounds\n", graph->name.c_str(), steps);
  std::printf("%-34s %6s %5s %6s %6s %8s %12s %12s %10s\n", "schedule", "slots", "d", "layers", "heads", "d_ffn",
              "flops/step*", "steps/s", "rate");
  for (const auto& contender : contenders) contender->print(steps, contenders[0]->best());
  std::printf("* with a full history\n");
  return 0;
}
