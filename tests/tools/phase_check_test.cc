// rondo phase check: verdicts, exit codes, findings with their place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// y = 3 max(x, 0): one ReGLU, one persist of the same half-layer.
const std::string kGates = R"({"format": "phase-graph/1", "name": "triple",
"special": {"one": 0, "position": 1, "inv_log_pos": 2, "position_sq": 3},
"protected": [1, 2, 3], "outputs": [0, 6],
"dims": [
{"id": 0, "name": "one", "kind": "input", "op": -1}, {"id": 1, "name": "position", "kind": "input", "op": -1},
{"id": 2, "name": "inv_log_pos", "kind": "input", "op": -1}, {"id": 3, "name": "position_sq", "kind": "input", "op": -1},
{"id": 4, "name": "x", "kind": "input", "op": -1}, {"id": 5, "name": "positive", "kind": "reglu", "op": 0},
{"id": 6, "name": "y", "kind": "persist", "op": 1}],
"ops": [
{"id": 0, "type": "reglu", "name": "relu", "inputs": [0, 4], "outputs": [5], "exprs": {"a": [[0, 1]], "b": [[4, 1]]}},
{"id": 1, "type": "persist", "inputs": [5], "outputs": [6], "exprs": {"sum": [[5, 3]]}}]})";

const std::string kSchedule = R"({"graph": "triple", "mode": "fused", "layers": 1,
"width": 5, "heads": 0, "d_ffn": 2, "status": "optimal",
"phase_of_op": [2, 3],
"slot_of_dim": {"0": 3, "1": 0, "2": 1, "3": 2, "4": 4, "6": 4},
"erases_by_half_layer": [[],
[[4, 4]]]})";

struct PhaseFolder : ScratchFolder {
  PhaseFolder() {
    write_bytes("graph.json", kGates);
    write_bytes("schedule.json", kSchedule);
  }
};

TEST(PhaseCheckVerb, AcceptsAScheduleThatIsRight) {
  const PhaseFolder folder;
  const Ran ran = rondo({"phase", "check", "graph.json", "schedule.json"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(ran.out,
            "  graph        triple (layered): 7 dims, 2 ops: 1 reglu, 1 persist\n"
            "  schedule     fused, 1 layer, 1 erase; says of itself: optimal\n"
            "  takes        5 slots, d_model 6, 0 heads (half-layer 0), d_ffn 2 (half-layer 1)\n"
            "  overlap      5 values rest at once in half-layer 0: with these phases no fewer slots do\n"
            "  obligations  23 of 23 kept\n"
            "  simulation   accepts\n"
            "  values       accepts, 64 seeds\n"
            "good\n");
  const Ran more = rondo({"phase", "check", "graph.json", "schedule.json", "-v", "--seeds", "3"});
  EXPECT_THAT(more.out, AllOf(HasSubstr("    dim 4 (x) in slot 4\n"), HasSubstr("3 seeds")));
}

TEST(PhaseCheckVerb, NamesFileLineAndObligationOfAFinding) {
  const PhaseFolder folder;
  write_bytes("bad.json", with(kSchedule, "fused", "delayed"));
  const Ran ran = rondo({"phase", "check", "graph.json", "bad.json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("bad.json:6:2: E5: dim 6 (y) comes into slot 4 in half-layer 1, but dim 4 (x) is "
                              "subtracted in half-layer 1 only; delayed, the slot is free one half-layer later\n"),
                    HasSubstr("bad.json: X1: "), HasSubstr("simulation   refutes"), HasSubstr("\nbad\n")));
  const Ran json = rondo({"phase", "check", "graph.json", "bad.json", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"good\": false"), HasSubstr("\"obligation\": \"E5\""),
                              HasSubstr("\"line\": 6"), HasSubstr("\"simulation\": \"refutes\"")));
}

// Five inputs need three pairs of columns: the box of the objective alone says so.
TEST(PhaseCheckVerb, ChecksAProofOfTheLeastWidth) {
  const PhaseFolder folder;
  const std::string proof =
      "rondo-bound 1\nabout graph triple\nabout layers 1\nabout mode fused\nabout rows width\nbound 3\nleaf 1\n";
  write_bytes("proof.txt", proof);
  const Ran good = rondo({"phase", "check", "graph.json", "schedule.json", "--proof", "proof.txt"});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_THAT(good.out,
              HasSubstr("  bound        no schedule has fewer than 6 columns in 1 layer, fused: proven by 1 leaf; "
                        "this one is optimal\n"));
  EXPECT_THAT(rondo({"phase", "check", "graph.json", "schedule.json", "--proof", "proof.txt", "--json"}).out,
              HasSubstr("\"reached\": true"));
  write_bytes("false.txt", with(proof, "bound 3", "bound 4"));
  const Ran bad = rondo({"phase", "check", "graph.json", "schedule.json", "--proof", "false.txt"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("false.txt:7: the multipliers of this leaf do not reach the bound 4"));
  write_bytes("lower.txt", with(proof, "bound 3", "bound 2"));
  const Ran lower = rondo({"phase", "check", "graph.json", "schedule.json", "--proof", "lower.txt"});
  EXPECT_EQ(lower.code, 1);
  EXPECT_THAT(lower.out, HasSubstr("C1: status says optimal, but the proof reaches 4 and this has 6 columns"));
}

TEST(PhaseCheckVerb, HasAnExitCodeForEveryKindOfTrouble) {
  const PhaseFolder folder;
  const Ran missing = rondo({"phase", "check", "graph.json", "none.json"});
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("none.json: cannot open"));
  const Ran swapped = rondo({"phase", "check", "schedule.json", "graph.json"});
  EXPECT_EQ(swapped.code, 1);
  EXPECT_THAT(swapped.err, HasSubstr("schedule.json:1:1: the graph has no \"format\""));
  write_bytes("cycle.json", with(with(kGates, R"("inputs": [0, 4])", R"("inputs": [0, 6])"), "[[4, 1]]", "[[6, 1]]"));
  const Ran cycle = rondo({"phase", "check", "cycle.json", "schedule.json"});
  EXPECT_EQ(cycle.code, 1);
  EXPECT_THAT(cycle.err, HasSubstr("W1: the graph has a cycle: reglu 0 (relu) needs persist 1 needs reglu 0 (relu)"));
  EXPECT_EQ(rondo({"phase", "check", "graph.json"}).code, 2);
  const Ran limited = rondo({"phase", "check", "graph.json", "schedule.json", "--max-reglu", "1", "--max-layers", "1"});
  EXPECT_EQ(limited.code, 0) << limited.out;
}

TEST(PhaseCheckVerb, IsFoundThroughItsGroup) {
  const Ran none = rondo({"phase"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("rondo: a verb is missing\nrondo: `rondo phase --help` shows"));
  const Ran typo = rondo({"phase", "chek"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_THAT(typo.err, AllOf(HasSubstr("'chek' is not a verb of rondo phase: "), HasSubstr("did you mean 'check'?")));
  EXPECT_THAT(rondo({"phas"}).err, HasSubstr("did you mean 'phase'?"));
  EXPECT_THAT(rondo({"phase", "--help"}).out, HasSubstr("\n  check"));
  EXPECT_THAT(rondo({"phase", "check", "--max-leyers", "3"}).err,
              HasSubstr("'--max-leyers' is not an option of rondo phase check (did you mean '--max-layers'?)"));
}

}  // namespace
}  // namespace rondo::cli
