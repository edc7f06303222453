// Published and best known widths of the reference graphs, each proven by a certificate.
#include <gtest/gtest.h>

#include "planner/phase/lifetimes.h"
#include "planner/phase/load_graph.h"
#include "planner/phase/milp/gate_model.h"
#include "planner/phase/milp/slot_model.h"
#include "planner/phase/milp/solver.h"
#include "planner/phase/realise.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

struct Case {
  const char* graph;
  uint32_t layers;
  Mode mode;
  uint32_t width;        // d_model; slots on the strict machine
  uint32_t neurons = 0;  // with a value: d_ffn, lazily, at that d_model
};

void PrintTo(const Case& it, std::ostream* out) { *out << it.graph << " at " << it.layers << " " << name_of(it.mode); }

class Reference : public ::testing::TestWithParam<Case> {};

TEST_P(Reference, IsProvenAndRealised) {
  const Case& it = GetParam();
  const std::optional<std::string> text = reference_file(std::string(it.graph) + ".json");
  if (!text.has_value()) GTEST_SKIP() << it.graph << ".json is not beside the checkout";
  const Result<AnyGraph> graph = parse_graph(*text, it.graph);
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  const auto* gates = std::get_if<GateGraph>(&*graph);
  const auto* slots = std::get_if<SlotGraph>(&*graph);
  GateModelOptions options{.layers = it.layers, .mode = it.mode, .heads = it.neurons > 0};
  if (it.neurons > 0) {
    options.given_columns = it.width;
    options.lazy = true;
  }
  const Result<ScheduleModel> model =
      gates != nullptr ? build_gate_model(*gates, options) : build_slot_model(*slots, {.layers = it.layers});
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  const Result<milp::SolveResult> result =
      milp::solve(model->model(), milp::SolverKind::kOwn,
                  {.time_limit_s = 120, .round = [&](std::span<const double> point) { return model->round(point); }});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, milp::SolveStatus::kOptimal);
  ASSERT_TRUE(result->certificate.has_value());
  EXPECT_TRUE(milp::check_certificate(model->model(), *result->certificate).ok());
  const std::vector<uint32_t> times = model->times_of(result->point);
  if (gates == nullptr) {
    EXPECT_EQ(result->certificate->bound, it.width);
    const Result<PhaseSchedule> schedule = realise(*slots, it.layers, times);
    ASSERT_TRUE(schedule.ok());
    EXPECT_EQ(schedule->width, it.width);
    return;
  }
  std::vector<uint32_t> phases;
  for (size_t op = 0; op < times.size(); ++op) phases.push_back(phase_of(gates->ops[op].type, times[op]));
  const Result<PhaseSchedule> schedule = realise(
      *gates, it.layers, phases, {.mode = it.mode, .lazy = it.neurons > 0, .columns = it.neurons > 0 ? it.width : 0});
  ASSERT_TRUE(schedule.ok()) << schedule.error().message;
  EXPECT_EQ(d_model_of(*schedule), it.width);
  if (it.neurons > 0) {
    EXPECT_EQ(result->certificate->bound, it.neurons);
    EXPECT_EQ(schedule->d_ffn, it.neurons);
  } else {
    EXPECT_EQ(2 * result->certificate->bound, it.width);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Widths, Reference,
    ::testing::Values(Case{"tvm_universal", 7, Mode::kDelayed, 38}, Case{"tvm_universal", 7, Mode::kFused, 28},
                      Case{"tvm_universal", 7, Mode::kMixed, 28}, Case{"tvm_universal", 7, Mode::kDelayed, 38, 30},
                      Case{"tvm_universal", 8, Mode::kDelayed, 34}, Case{"tvm_universal", 8, Mode::kFused, 28},
                      Case{"tvm_universal_bitops", 10, Mode::kFused, 210},
                      Case{"tvm_spec_hello", 8, Mode::kDelayed, 40}, Case{"tvm_spec_hello", 8, Mode::kFused, 32},
                      Case{"tvm_spec_addition", 8, Mode::kDelayed, 40}, Case{"tvm_spec_addition", 8, Mode::kFused, 32},
                      Case{"psi_running_sum", 1, Mode::kStrict, 2}, Case{"psi_verb_parity", 2, Mode::kStrict, 5},
                      Case{"psi_stack_micro", 5, Mode::kStrict, 14}, Case{"psi_stack_micro", 6, Mode::kStrict, 10},
                      Case{"psi_stack_micro", 7, Mode::kStrict, 9}));

}  // namespace
}  // namespace rondo::phase
