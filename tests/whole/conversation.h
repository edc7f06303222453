// A program with random weights, and conversations with it: what tests of whole
// transformers share.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "planner/evaluate/evaluate.h"
#include "planner/evaluate/random_data.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"
#include "tests/planner/graph_text.h"
#include "tests/whole/graph_run.h"

namespace rondo::testing {

inline std::string library_text(const std::string& name) {
  std::ifstream file(RONDO_SOURCE_DIR "/schedules/library/" + name + ".yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// On a device, replayed by the emulated one: device-board.yaml, whose kernels work in its
// memory, and emulated.yaml, whose kernels work in scratch.
enum class Where { kHost, kDevice, kScratch };
constexpr Where kEverywhere[] = {Where::kHost, Where::kDevice, Where::kScratch};

inline Machine machine_at(Where where, uint32_t lanes) {
  Machine machine = default_machine();
  if (where != Where::kHost) {
    const std::string name = where == Where::kDevice ? "device-board.yaml" : "emulated.yaml";
    Result<Machine> board = load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/" + name);
    EXPECT_TRUE(board.ok());
    machine = *std::move(board);
  }
  if (lanes > 1) machine.token_ns = 1e-3;  // whatever can be cut is cut
  machine.lanes = lanes;
  return machine;
}

inline Schedule faithful_plan(const std::vector<Graph>& graphs, uint32_t lanes = 1, Where where = Where::kHost) {
  const Machine machine = machine_at(where, lanes);
  Result<SetPlan> plan = plan_set(graphs, machine);
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().to_string());
  if (!plan.ok()) return {};
  const Verification verification = verify(plan->schedule);
  EXPECT_TRUE(verification.report.faithful()) << verification.report.summary();
  for (const Finding& finding : verification.report.findings) ADD_FAILURE() << finding.rule << ": " << finding.message;
  return std::move(plan->schedule);
}

// A program of a plan for these graphs, with random weights.
class World {
 public:
  explicit World(const std::vector<std::string>& texts, uint64_t seed = 5, uint32_t lanes = 1,
                 Where where = Where::kHost, uint32_t workers = 1)
      : runtime_(options(where, workers)) {
    std::vector<Graph> graphs;
    for (const std::string& text : texts) graphs.push_back(graph_of(text));
    schedule_ = faithful_plan(graphs, lanes, where);
    graph = graphs.back();
    weights = random_inputs(graph, seed);
    const Verification verification = verify(schedule_);
    std::vector<Constant> constants;
    for (const Binding& binding : schedule_.bindings)
      if (binding.role == static_cast<uint8_t>(Role::kConstant))
        constants.push_back({schedule_.name(binding.name), Buffer(weights.find(schedule_.name(binding.name))->second)});
    Result<Program> made = runtime_.prepare(*verification.schedule, constants);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().to_string());
    program = std::make_unique<Program>(*std::move(made));
  }

  GraphData given() const {
    GraphData data;
    for (const auto& [name, values] : weights) data.floats[name] = values;
    return data;
  }
  uint64_t count(const std::string& name) const {
    for (const GraphTensor& tensor : graph.tensors)
      if (tensor.name == name) {
        uint64_t elements = 1;
        for (uint32_t extent : tensor.shape) elements *= extent;
        return elements;
      }
    return 0;
  }

  Graph graph;
  Data weights;
  std::unique_ptr<Program> program;

 private:
  static RuntimeOptions options(Where where, uint32_t workers) {
    RuntimeOptions options;
    options.workers = workers;
    if (where != Where::kHost) options.device.backend = "emulated";
    return options;
  }

  Schedule schedule_;
  Runtime runtime_;
};

// One session with the named output bound.
class Conversation {
 public:
  Conversation(const World& world, const std::string& output)
      : world_(world), session_(*world.program->session()), result(world.count(output), 12345.0f) {
    EXPECT_TRUE(session_.bind(output, result).ok());
  }
  void set_table(const char* name, const std::vector<int32_t>& rows) {
    const Status set = session_.set_table(*world_.program->binding(name), Buffer(rows));
    EXPECT_TRUE(set.ok()) << set.error().to_string();
  }
  void bind(const char* name, std::vector<float>& data) { EXPECT_TRUE(session_.bind(name, Buffer(data)).ok()); }
  void replay(int64_t position) {
    const Status set = session_.set_scalar("position", position);
    EXPECT_TRUE(set.ok()) << set.error().to_string();
    replay();
  }
  void replay() {
    const Status replayed = session_.replay();
    EXPECT_TRUE(replayed.ok()) << (replayed.ok() ? "" : replayed.error().to_string());
  }
  Session& session() { return session_; }

 private:
  const World& world_;
  Session session_;

 public:
  std::vector<float> result;
};

// The largest difference; NaN if there is one.
inline double worst_error(std::span<const float> got, const double* expected) {
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - expected[i]);
    worst = error > worst || std::isnan(error) ? error : worst;
  }
  return worst;
}

}  // namespace rondo::testing
