// Published and best known widths of the reference graphs, each proven by a certificate.
#include <gtest/gtest.h>

#include "planner/phase/load_graph.h"
#include "planner/phase/milp/least_schedule.h"
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
  LeastOptions options{.layers = it.layers, .mode = it.mode, .time_limit_s = 900};
  if (it.neurons > 0) options.columns = it.width;
  const Result<LeastSchedule> least =
      gates != nullptr ? least_schedule(*gates, options) : least_schedule(*slots, options);
  ASSERT_TRUE(least.ok()) << least.error().to_string();
  EXPECT_EQ(least->schedule.proof, Proof::kOptimal);
  EXPECT_EQ(gates != nullptr ? d_model_of(least->schedule) : least->schedule.width, it.width);
  if (it.neurons > 0) {
    EXPECT_EQ(least->schedule.d_ffn, it.neurons);
  }
  // The text of the proof, read again and checked against a programme built again.
  const std::string& proof = it.neurons > 0 ? least->neurons_certificate : least->certificate;
  const Result<ProvenBound> bound =
      gates != nullptr ? check_bound(*gates, proof, "proof") : check_bound(*slots, proof, "proof");
  ASSERT_TRUE(bound.ok()) << bound.error().to_string();
  EXPECT_EQ(bound->bound, it.neurons > 0 ? it.neurons : it.width);
  EXPECT_EQ(bound->layers, it.layers);
  EXPECT_EQ(bound->mode, it.mode);
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

// Half a minute of processor time together; cmake/long_checks.sh runs them.
INSTANTIATE_TEST_SUITE_P(
    DISABLED_LongWidths, Reference,
    ::testing::Values(Case{"tvm_universal", 9, Mode::kDelayed, 32}, Case{"tvm_universal", 9, Mode::kFused, 26},
                      Case{"tvm_universal", 10, Mode::kDelayed, 30}, Case{"tvm_universal", 10, Mode::kFused, 26},
                      Case{"tvm_universal", 7, Mode::kFused, 28, 35}, Case{"tvm_universal", 7, Mode::kFused, 30, 31},
                      Case{"tvm_universal", 7, Mode::kFused, 32, 28},
                      Case{"tvm_universal_bitops", 10, Mode::kDelayed, 340},
                      Case{"psi_window_interpreter", 6, Mode::kStrict, 38},
                      Case{"psi_window_interpreter", 7, Mode::kStrict, 34},
                      Case{"psi_window_interpreter", 8, Mode::kStrict, 32}));

}  // namespace
}  // namespace rondo::phase
