// Phase schedules run: lowered, proven safe, replayed, and compared step by step with
// the gate graph evaluated op by op. Outputs are equal, not close.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "planner/phase/generate_graph.h"
#include "planner/phase/load_graph.h"
#include "planner/phase/lower/evaluate_graph.h"
#include "planner/phase/lower/lower.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"
#include "tests/planner/phase_checker/random_phase_case.h"

namespace rondo {
namespace {

using phase::GateGraph;
using phase::LoweredPhases;
using phase::Mode;
using phase::PhaseSchedule;

// The inputs of a step: the position encoding, and bits. Sums of integers do not depend on
// their order; where ops read 1 / log anywhere, and not in keys alone, it is a bit too.
enum class Encoding { kAsPublished, kWhole };
std::vector<double> inputs_of(const GateGraph& graph, uint32_t step, phase_checker::Dice& dice, Encoding encoding) {
  std::vector<double> inputs;
  for (uint32_t dim = 0; dim < graph.dims.size(); ++dim) {
    if (graph.dims[dim].op != phase::Dim::kInput) continue;
    const double position = step;
    double value = dice.roll(2);
    if (dim == graph.special.one) value = 1;
    if (dim == graph.special.position) value = position;
    if (dim == graph.special.position_sq) value = position * position;
    if (dim == graph.special.inv_log_pos && encoding == Encoding::kAsPublished) value = 1 / std::log(position + 2);
    inputs.push_back(value);
  }
  return inputs;
}

// A lowered schedule, prepared and with buffers bound.
class Replay {
 public:
  explicit Replay(LoweredPhases lowered) : lowered_(std::move(lowered)) {
    const Verification verification = verify(lowered_.schedule);
    EXPECT_TRUE(verification.report.safe) << verification.report.summary();
    EXPECT_EQ(verification.report.claims_false, 0u) << verification.report.summary();
    for (const Finding& finding : verification.report.findings)
      ADD_FAILURE() << finding.rule << ": " << finding.message;
    if (!verification.schedule) return;
    std::vector<Constant> constants;
    for (const phase::Weights& weights : lowered_.constants) constants.push_back({weights.name, weights.values});
    Result<Program> program = runtime_.prepare(*verification.schedule, constants);
    EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().to_string());
    if (!program.ok()) return;
    Result<Session> session = program->session();
    EXPECT_TRUE(session.ok()) << (session.ok() ? "" : session.error().to_string());
    if (!session.ok()) return;
    session_.emplace(std::move(*session));
    inputs_.resize(lowered_.inputs.size());
    outputs_.resize(lowered_.outputs.size());
    EXPECT_TRUE(session_->bind("inputs", inputs_).ok());
    EXPECT_TRUE(session_->bind("outputs", outputs_).ok());
  }

  // The outputs; empty where a replay fails.
  const std::vector<double>& step(uint32_t position, const std::vector<double>& inputs) {
    std::copy(inputs.begin(), inputs.end(), inputs_.begin());
    bool done = session_.has_value() && session_->set_scalar("position", position).ok();
    if (done) {
      const Status status = session_->replay();
      EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().to_string());
      done = status.ok();
    }
    if (!done) outputs_.clear();
    return outputs_;
  }

 private:
  LoweredPhases lowered_;
  Runtime runtime_;
  std::optional<Session> session_;
  std::vector<double> inputs_, outputs_;
};

// Whether sums of these values are the same in any order: integers that f64 counts up to
// without gaps. Averages are read one at a time; published graphs read 1 / log in keys of
// two terms alone.
bool is_exact(const GateGraph& graph, std::span<const double> values, Encoding encoding) {
  for (uint32_t dim = 0; dim < graph.dims.size(); ++dim) {
    if (std::fabs(values[dim]) >= 0x1p53) return false;
    if (encoding == Encoding::kWhole && !graph.is_average[dim] && std::trunc(values[dim]) != values[dim]) return false;
  }
  return true;
}

// Steps that were compared; fewer than asked for where values cease to be exact.
uint32_t expect_same_outputs(const GateGraph& graph, const PhaseSchedule& schedule, uint32_t steps, uint64_t seed,
                             const std::string& what, Encoding encoding = Encoding::kAsPublished) {
  Result<LoweredPhases> lowered = phase::lower_phases(graph, schedule, {.steps = steps});
  EXPECT_TRUE(lowered.ok()) << what << ": " << (lowered.ok() ? "" : lowered.error().to_string());
  if (!lowered.ok()) return 0;
  EXPECT_EQ(lowered->heads, schedule.heads) << what;
  EXPECT_EQ(lowered->d_ffn, schedule.d_ffn) << what;
  const std::vector<uint32_t> outputs = lowered->outputs;
  Replay replay(*std::move(lowered));
  phase::GraphEvaluation evaluation(graph);
  phase_checker::Dice dice(seed);
  for (uint32_t step = 0; step < steps; ++step) {
    const std::vector<double> inputs = inputs_of(graph, step, dice, encoding);
    evaluation.step(inputs);
    if (!is_exact(graph, evaluation.values(), encoding)) return step;
    const std::vector<double>& got = replay.step(step, inputs);
    if (got.empty()) return 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (got[i] == evaluation.values()[outputs[i]]) continue;
      ADD_FAILURE() << what << ", step " << step << ": output dim " << outputs[i] << " is " << got[i] << ", not "
                    << evaluation.values()[outputs[i]];
      return 0;
    }
  }
  return steps;
}

TEST(PhaseReplay, EqualsRandomGraphsInEveryMode) {
  uint64_t compared = 0;
  for (uint64_t seed = 0; seed < 40 && !::testing::Test::HasFailure(); ++seed) {
    const phase_checker::PhaseCase made =
        phase_checker::random_layered_case(seed, 12 + static_cast<uint32_t>(seed), phase_checker::Mode::kFused, false);
    const GateGraph graph = *phase::parse_gate_graph(made.graph_text, "random.json");
    const uint32_t layers = *phase::least_layers(graph) + static_cast<uint32_t>(seed % 2);
    const phase::Windows windows = *phase::windows(graph, layers);
    for (Mode mode : {Mode::kDelayed, Mode::kFused, Mode::kMixed})
      for (bool lazy : {false, true}) {
        const std::vector<uint32_t> phases =
            lazy ? phase::place_latest(graph, windows) : phase::place_greedy(graph, windows);
        const PhaseSchedule schedule = *phase::realise(graph, layers, phases, {.mode = mode, .lazy = lazy});
        compared += expect_same_outputs(graph, schedule, 12, seed,
                                        "seed " + std::to_string(seed) + " " + phase::name_of(mode), Encoding::kWhole);
      }
  }
  EXPECT_GT(compared, 1000u);
}

TEST(PhaseReplay, EqualsAnInterpreterOverAThousandSteps) {
  const phase::AnyGraph any = *phase::generate_graph("universal-1", 0, 1);
  const auto& graph = std::get<GateGraph>(any);
  const uint32_t layers = *phase::least_layers(graph);
  const phase::Windows windows = *phase::windows(graph, layers);
  for (Mode mode : {Mode::kDelayed, Mode::kFused}) {
    const std::vector<uint32_t> phases =
        mode == Mode::kDelayed ? phase::place_earliest(graph, windows) : phase::place_greedy(graph, windows);
    const PhaseSchedule schedule = *phase::realise(graph, layers, phases, {.mode = mode, .lazy = mode == Mode::kFused});
    EXPECT_EQ(expect_same_outputs(graph, schedule, 1000, 3, phase::name_of(mode)), 1000u);
  }
}

TEST(PhaseReplay, RunsThePublishedSchedulesOverAThousandSteps) {
  const std::string folder = RONDO_SOURCE_DIR "/../shared/data/phase_graphs/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << ": the published schedules are not run";
  const phase::AnyGraph any = *phase::load_graph(folder + "tvm_universal.json");
  const auto& graph = std::get<GateGraph>(any);
  for (const char* name : {"sched_tvm_universal_N7_delayed.json", "sched_tvm_universal_N7_fused.json"}) {
    std::ifstream file(folder + name);
    std::stringstream text;
    text << file.rdbuf();
    const Result<PhaseSchedule> schedule =
        phase::parse_certificate(text.str(), name, static_cast<uint32_t>(graph.dims.size()));
    ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
    EXPECT_EQ(expect_same_outputs(graph, *schedule, 1000, 3, name), 1000u);
  }
}

// A schedule that the checker refutes computes something else: the comparison can fail.
TEST(PhaseReplay, DiffersWhereASubtractionIsMissing) {
  const phase::AnyGraph any = *phase::generate_graph("universal-1", 0, 1);
  const auto& graph = std::get<GateGraph>(any);
  const uint32_t layers = *phase::least_layers(graph);
  PhaseSchedule schedule = *phase::realise(graph, layers, phase::place_earliest(graph, *phase::windows(graph, layers)),
                                           {.mode = Mode::kFused});
  for (std::vector<phase::Erase>& erases : schedule.erases) erases.clear();
  const LoweredPhases lowered = *phase::lower_phases(graph, schedule, {.steps = 50});
  const std::vector<uint32_t> outputs = lowered.outputs;
  Replay replay(lowered);
  phase::GraphEvaluation evaluation(graph);
  phase_checker::Dice dice(3);
  uint32_t differing = 0;
  for (uint32_t step = 0; step < 50; ++step) {
    const std::vector<double> inputs = inputs_of(graph, step, dice, Encoding::kAsPublished);
    evaluation.step(inputs);
    const std::vector<double>& got = replay.step(step, inputs);
    for (size_t i = 0; i < got.size(); ++i) differing += got[i] != evaluation.values()[outputs[i]];
  }
  EXPECT_GT(differing, 0u);
}

TEST(PhaseReplay, RefusesWhatHasNoAddress) {
  const phase::AnyGraph any = *phase::generate_graph("universal-1", 0, 1);
  const auto& graph = std::get<GateGraph>(any);
  const uint32_t layers = *phase::least_layers(graph);
  const PhaseSchedule good = *phase::realise(
      graph, layers, phase::place_earliest(graph, *phase::windows(graph, layers)), {.mode = Mode::kFused});
  const auto refusal = [&](auto change, uint32_t steps) {
    PhaseSchedule schedule = good;
    change(schedule);
    const Result<LoweredPhases> lowered = phase::lower_phases(graph, schedule, {.steps = steps});
    return lowered.ok() ? std::string("lowered") : lowered.error().message;
  };
  const auto nothing = [](PhaseSchedule&) {};
  EXPECT_EQ(refusal(nothing, 8), "lowered");
  EXPECT_EQ(refusal(nothing, 0), "steps must be from 1 to 16777216, not 0");
  EXPECT_EQ(refusal([](PhaseSchedule& s) { s.mode = Mode::kStrict; }, 8),
            "a schedule of the strict machine has no layers to lower");
  EXPECT_EQ(refusal([](PhaseSchedule& s) { s.phase_of_op.pop_back(); }, 8),
            "the schedule is not one of the graph: other numbers of ops, dims or half-layers");
  EXPECT_EQ(refusal([&](PhaseSchedule& s) { s.phase_of_op[0] = 4 * layers; }, 8),
            "op 0 is beyond the " + std::to_string(layers) + " layers");
  EXPECT_EQ(refusal([](PhaseSchedule& s) { s.slot_of_dim[0] = -1; }, 8).substr(0, 3), "op ");
  EXPECT_EQ(refusal(
                [](PhaseSchedule& s) {
                  s.erases[1].push_back({s.width, 0});
                },
                8),
            "dim 0 is subtracted from a slot that is not its own");
}

}  // namespace
}  // namespace rondo
