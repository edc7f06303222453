// What the checker's readers accept, refuse, and say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/planner/phase_checker/random_phase_case.h"

namespace rondo::phase_checker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// One lookup, the ReGLU that restores its average, a persist.
const std::string kGraph = R"({"format": "phase-graph/1", "name": "small",
"special": {"one": 0, "position": 1, "inv_log_pos": 2, "position_sq": 3},
"protected": [1, 2, 3], "outputs": [0, 7], "colocate_same_layer": [[1, 0]],
"dims": [
{"id": 0, "name": "one", "kind": "input", "op": -1},
{"id": 1, "name": "position", "kind": "input", "op": -1},
{"id": 2, "name": "inv_log_pos", "kind": "input", "op": -1},
{"id": 3, "name": "position_sq", "kind": "input", "op": -1},
{"id": 4, "name": "x", "kind": "input", "op": -1},
{"id": 5, "name": "mean", "kind": "lookup", "op": 0},
{"id": 6, "name": "sum", "kind": "reglu", "op": 1},
{"id": 7, "name": "kept", "kind": "persist", "op": 2}],
"ops": [
{"id": 0, "type": "lookup", "tie_break": "average", "inputs": [0, 2, 4], "outputs": [5],
 "exprs": {"query": [[], [[0, 1]]], "key": [[], [[0, 1]]], "value": [[[4, 1]]]}},
{"id": 1, "type": "reglu", "inputs": [1, 5], "outputs": [6], "exprs": {"a": [[5, 1]], "b": [[1, 1]]}},
{"id": 2, "type": "persist", "inputs": [0, 6], "outputs": [7], "exprs": {"sum": [[0, 2], [6, 3]]}}]})";

const std::string kGates = R"({"format": "alm-graph/1", "name": "gates", "outputs": [3], "gates": [
{"id": 0, "type": "input", "inputs": []},
{"id": 1, "type": "const", "inputs": [], "value": 3},
{"id": 2, "type": "cumsum", "inputs": [0], "channel": 1},
{"id": 3, "type": "linear", "inputs": [1, 2], "coef": [2, -1], "bias": 5},
{"id": 4, "type": "read", "inputs": [3], "channel": 0},
{"id": 5, "type": "write", "inputs": [3, 4], "channel": 0}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(PhaseGraphReading, ReadsBothMachines) {
  const Result<Graph> layered = parse_graph(kGraph, "small.json");
  ASSERT_TRUE(layered.ok()) << layered.error().to_string();
  EXPECT_EQ(layered->machine, Machine::kLayered);
  EXPECT_EQ(layered->dims[4].readers, std::vector<uint32_t>{0});
  EXPECT_EQ(layered->ops[0].sums.size(), 5u);
  const Result<Graph> strict = parse_graph(kGates, "gates.json");
  ASSERT_TRUE(strict.ok()) << strict.error().to_string();
  EXPECT_EQ(strict->machine, Machine::kStrict);
  EXPECT_EQ(strict->ops[5].operands, (std::vector<uint32_t>{3, 4}));
}

TEST(PhaseGraphReading, KnowsAverages) {
  const Graph graph = *parse_graph(kGraph, "small.json");
  for (uint32_t dim = 0; dim < graph.dims.size(); ++dim) EXPECT_EQ(graph.dims[dim].average, dim == 5) << dim;
}

TEST(PhaseGraphReading, DerivesWhatSharesALayerWhateverTheFileLists) {
  const Graph silent = *parse_graph(with(kGraph, R"("colocate_same_layer": [[1, 0]],)", ""), "small.json");
  const std::vector<std::pair<uint32_t, uint32_t>> expected = {{1, 0}};
  EXPECT_EQ(silent.same_layer, expected);
}

struct Refusal {
  const char *from, *to, *message;
};

void expect_refused(const std::string& text, const Refusal& refusal) {
  const Result<Graph> graph = parse_graph(with(text, refusal.from, refusal.to), "bad.json");
  ASSERT_FALSE(graph.ok()) << refusal.message;
  EXPECT_EQ(graph.error().code, ErrorCode::kInvalidGraph);
  EXPECT_THAT(graph.error().to_string(), AllOf(HasSubstr("bad.json:"), HasSubstr(refusal.message)));
}

TEST(PhaseGraphReading, RefusesABadLayeredGraphWithItsPlace) {
  const Refusal kRefusals[] = {
      {R"("type": "persist")", R"("type": "matmul")", "W1: op 2 has the unknown type 'matmul'"},
      {R"({"id": 1, "type")", R"({"id": 0, "type")", "W1: entry 1 of \"ops\" must have id 1"},
      {R"({"id": 4, "name": "x")", R"({"id": 5, "name": "x")", "W1: entry 4 of \"dims\" must have id 4"},
      {R"("outputs": [7], "exprs")", R"("outputs": [6], "exprs")", "W1: dim 6 has two producers, op 1 and op 2"},
      {R"("inputs": [0, 6])", R"("inputs": [0, 8])", "W1: the inputs of op 2"},
      {R"("inputs": [0, 6])", R"("inputs": [0])", "W1: the inputs of op 2 are not what its expressions read"},
      {R"("inputs": [0, 2, 4])", R"("inputs": [0, 4])", "they differ in dim 2"},
      {R"("kind": "reglu")", R"("kind": "persist")", "W1: dim 6 is called 'persist' and is 'reglu'"},
      {R"("kind": "lookup", "op": 0)", R"("kind": "lookup", "op": 1)", "W1: dim 5 names another op"},
      {R"("one": 0)", R"("one": 7)", "W2: one is dim 7, which an op makes"},
      {R"("one": 0)", R"("one": 70)", "W2: one must be a whole number from 0 to 7, this is 70"},
      {R"("protected": [1, 2, 3])", R"("protected": [1, 2, 7])", "W2: protected dim 7 is made by an op"},
      {R"("protected": [1, 2, 3])", R"("protected": [1, 2, 2])", "W2: protected dim 2 is listed twice"},
      {R"("outputs": [0, 7])", R"("outputs": [0, 9])", "W3: \"outputs\" must be"},
      {R"("tie_break": "average", )", "", "op 0 has no \"tie_break\""},
      {R"("tie_break": "average")", R"("tie_break": "first")", "must be latest or average, this is 'first'"},
      {R"([[1, 0]])", R"([[0, 1]])", "must be [op, lookup]"},
      {R"("outputs": [5])", R"("outputs": [])", "op 0 makes 0 dims"},
      {R"("value": [[[4, 1]]])", R"("value": [[[4, 1]], []])", "value of op 0 must be 1 sums, there are 2"},
      {R"("sum": [[0, 2])", R"("sum": [[0, "2"])", "a coefficient in sum of op 2 must be a number"},
      {"phase-graph/1", "phase-graph/2", "the format 'phase-graph/2' is unknown"},
      {R"("special")", R"("specials")", "the graph has no \"special\""},
  };
  for (const Refusal& refusal : kRefusals) expect_refused(kGraph, refusal);
}

TEST(PhaseGraphReading, SpellsACycle) {
  std::string text = with(kGraph, R"("inputs": [1, 5], "outputs": [6], "exprs": {"a": [[5, 1]])",
                          R"("inputs": [1, 5, 7], "outputs": [6], "exprs": {"a": [[5, 1], [7, 1]])");
  const Result<Graph> graph = parse_graph(text, "bad.json");
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(graph.error().to_string(), HasSubstr("W1: the graph has a cycle: reglu 1 needs persist 2 needs reglu 1"));
  text = with(kGraph, R"("inputs": [0, 6])", R"("inputs": [0, 7])");
  const Result<Graph> itself = parse_graph(with(text, "[6, 3]", "[7, 3]"), "bad.json");
  ASSERT_FALSE(itself.ok());
  EXPECT_THAT(itself.error().to_string(), HasSubstr("persist 2 needs persist 2"));
}

TEST(PhaseGraphReading, RefusesABadStrictGraphWithItsPlace) {
  const Refusal kRefusals[] = {
      {R"("type": "read")", R"("type": "load")", "W1: gate 4 has the unknown type 'load'"},
      {R"({"id": 4)", R"({"id": 6)", "W1: gate 4 must have id 4"},
      {R"("inputs": [1, 2])", R"("inputs": [1, 4])", "W4: an earlier gate among the inputs of gate 3"},
      {R"("inputs": [1, 2])", R"("inputs": [1, 3])", "W4: an earlier gate among the inputs of gate 3"},
      {R"("coef": [2, -1])", R"("coef": [2])", "gate 3 has 2 inputs and 1 coefficients"},
      {R"("inputs": [3, 4])", R"("inputs": [3])", "gate 5 is a write and has 1 inputs, not 2"},
      {R"("inputs": [3], "channel": 0)", R"("inputs": [3], "channel": 1)",
       "W4: channel 1 is used for sums and for reads or writes"},
      {R"(, "channel": 1)", "", "gate 2 has no \"channel\""},
      {R"(, "value": 3)", "", "gate 1 has no \"value\""},
      {R"("outputs": [3])", R"("outputs": [5])", "W3: output gate 5 is a write"},
  };
  for (const Refusal& refusal : kRefusals) expect_refused(kGates, refusal);
  expect_refused(kGates, {R"({"id": 5, "type": "write", "inputs": [3, 4], "channel": 0})",
                          R"({"id": 5, "type": "write", "inputs": [3, 4], "channel": 0},
                             {"id": 6, "type": "read", "inputs": [5], "channel": 0})",
                          "W4: gate 6 reads gate 5, a write, which has no value"});
}

TEST(PhaseGraphReading, SurvivesEveryCutOfAFile) {
  for (const std::string& text : {kGraph, kGates})
    for (size_t length = 0; length < text.size(); length += 3)
      EXPECT_FALSE(parse_graph(std::string_view(text).substr(0, length), "cut.json").ok());
}

const std::string kCertificate = R"({"graph": "small", "mode": "delayed", "layers": 1,
"width": 6, "heads": 1, "d_ffn": 2, "status": "feasible",
"phase_of_op": [0, 2, 3],
"slot_of_dim": {"0": 3, "1": 0, "2": 1, "3": 2, "4": 4, "5": -1},
"erases_by_half_layer": [[[4, 4]], []]})";

TEST(CertificateReading, ReadsWhatIsStated) {
  const Result<Certificate> certificate = parse_certificate(kCertificate, "c.json");
  ASSERT_TRUE(certificate.ok()) << certificate.error().to_string();
  EXPECT_EQ(certificate->slot_of_dim.size(), 5u);
  EXPECT_EQ(certificate->erases[0][0].dim, 4u);
  EXPECT_EQ(certificate->erases[0][0].line, 5u);
  EXPECT_EQ(certificate->status, "feasible");
}

TEST(CertificateReading, RefusesABadFileWithItsPlace) {
  const Refusal kRefusals[] = {
      {R"("mode": "delayed")", R"("mode": "later")", "the mode 'later' is not one of delayed, fused, mixed, strict"},
      {R"("layers": 1)", R"("layers": -1)", "layers must be a whole number from 0 to"},
      {R"("layers": 1)", R"("layers": 1e12)", "layers must be a whole number from 0 to"},
      {R"("layers": 1)", R"("layers": 1.5)", "layers must be a whole number from 0 to"},
      {R"("layers": 1,)", "", "the certificate has no \"layers\""},
      {R"("heads": 1,)", "", "the certificate has no \"heads\""},
      {R"("heads": 1)", R"("heads": "1")", "must be a number"},
      {R"([0, 2, 3])", R"([0, 2, "3"])", "a phase must be a number"},
      {R"("4": 4)", R"("4": 4000000000)", "the slot of dim 4 must be a whole number from -1 to"},
      {R"("4": 4)", R"("04": 4)", "the key '04' of slot_of_dim is not the number of a dim"},
      {R"("4": 4)", R"("x": 4)", "the key 'x' of slot_of_dim"},
      {R"([[4, 4]], [])", R"([[4]], [])", "an erase must be [slot, dim]"},
      {R"([[4, 4]], [])", R"([4], [])", "an erase must be [slot, dim]"},
      {"erases_by_half_layer", "erases_by_phase", "has no \"erases_by_half_layer\""},
  };
  for (const Refusal& refusal : kRefusals) {
    const Result<Certificate> read = parse_certificate(with(kCertificate, refusal.from, refusal.to), "bad.json");
    ASSERT_FALSE(read.ok()) << refusal.message;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidSchedule);
    EXPECT_THAT(read.error().to_string(), AllOf(HasSubstr("bad.json:"), HasSubstr(refusal.message)));
  }
}

TEST(CertificateReading, SurvivesEveryCutOfAFile) {
  for (size_t length = 0; length < kCertificate.size(); ++length)
    EXPECT_FALSE(parse_certificate(std::string_view(kCertificate).substr(0, length), "cut.json").ok());
}

TEST(CertificateReading, ReadsWhatWasPrinted) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const PhaseCase made =
        seed % 2 == 0 ? random_layered_case(seed, 20, Mode::kMixed, true) : random_strict_case(seed, 20);
    const Result<Certificate> read = parse_certificate(print_certificate(made.certificate), "printed.json");
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_EQ(read->phase_of_op, made.certificate.phase_of_op);
    EXPECT_EQ(read->slot_of_dim, made.certificate.slot_of_dim);
    EXPECT_TRUE(check(made.graph, *read).good()) << seed;
  }
}

}  // namespace
}  // namespace rondo::phase_checker
