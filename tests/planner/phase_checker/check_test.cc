// The checker against schedules that are right, and against every way to break one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <functional>
#include "tests/planner/phase_checker/random_phase_case.h"
#include "tests/sweep.h"

namespace rondo::phase_checker {
namespace {

using ::testing::HasSubstr;

std::string listed(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings)
    text += std::string(text_of(finding.obligation).id) + ": " + finding.message + "\n";
  return text;
}

bool has(const Report& report, std::string_view id) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const Finding& finding) { return text_of(finding.obligation).id == id; });
}

CheckOptions quick() {
  CheckOptions options;
  options.seeds = 4;
  return options;
}

constexpr Mode kLayeredModes[] = {Mode::kDelayed, Mode::kFused, Mode::kMixed};

TEST(PhaseChecker, AcceptsRandomLayeredSchedules) {
  for (uint64_t seed = 0; seed < testing::swept(600); ++seed) {
    const Mode mode = kLayeredModes[seed % 3];
    const PhaseCase made = random_layered_case(seed, 1 + seed % 50, mode, seed % 2 == 0);
    const Report report = check(made.graph, made.certificate, quick());
    ASSERT_TRUE(report.good()) << "seed " << seed << ' ' << name_of(mode) << '\n' << listed(report);
    EXPECT_EQ(report.intervals, Verdict::kAccepts);
    EXPECT_EQ(report.simulation, Verdict::kAccepts);
    EXPECT_EQ(report.values, Verdict::kAccepts);
    EXPECT_LE(report.measures.overlap, report.measures.width) << seed;
    EXPECT_EQ(report.measures.overlapping.size(), report.measures.overlap) << seed;
  }
}

TEST(PhaseChecker, AcceptsRandomStrictSchedules) {
  for (uint64_t seed = 0; seed < testing::swept(400); ++seed) {
    const PhaseCase made = random_strict_case(seed, 4 + static_cast<uint32_t>(seed % 60));
    const Report report = check(made.graph, made.certificate, quick());
    ASSERT_TRUE(report.good()) << "seed " << seed << '\n' << listed(report);
    EXPECT_EQ(report.simulation, Verdict::kAccepts);
    EXPECT_EQ(report.values, Verdict::kAccepts);
  }
}

TEST(PhaseChecker, AcceptsTheEmptyGraph) {
  const Result<Graph> graph = parse_graph(R"({"format": "alm-graph/1", "outputs": [], "gates": []})", "empty.json");
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  const Result<Certificate> certificate = parse_certificate(
      R"({"mode": "strict", "layers": 0, "width": 0, "phase_of_op": [], "slot_of_dim": {}, "erases_by_phase": [[]]})",
      "empty-schedule.json");
  ASSERT_TRUE(certificate.ok()) << certificate.error().to_string();
  EXPECT_TRUE(check(*graph, *certificate).good());
}

// A certificate that is right, with something changed at random: a phase, a slot, an
// erase or the mode. Most changes break it, some do not.
void change(Certificate& certificate, const Graph& graph, Dice& dice) {
  const auto some_erase = [&](auto act) {
    for (int tries = 0; tries < 20; ++tries) {
      std::vector<Erase>& list = certificate.erases[dice.roll(certificate.erases.size())];
      if (list.empty()) continue;
      const size_t index = dice.roll(list.size());
      return act(list, index);
    }
  };
  const auto dim = static_cast<uint32_t>(dice.roll(graph.dims.size()));
  switch (dice.roll(9)) {
    case 0:
      return some_erase([](auto& list, size_t i) { list.erase(list.begin() + static_cast<ptrdiff_t>(i)); });
    case 1:
      return some_erase([](auto& list, size_t i) { list.push_back(Erase(list[i])); });
    case 2:  // to another time
      return some_erase([&](auto& list, size_t i) {
        const Erase erase = list[i];
        list.erase(list.begin() + static_cast<ptrdiff_t>(i));
        certificate.erases[dice.roll(certificate.erases.size())].push_back(erase);
      });
    case 3:  // of another dim
      return some_erase([&](auto& list, size_t i) { list[i].dim = dim; });
    case 4:
      certificate.slot_of_dim[dim] = dice.roll(static_cast<uint64_t>(certificate.width) + 1);
      return;
    case 5:
      certificate.slot_of_dim.erase(dim);
      return;
    case 6: {
      const uint32_t other = dice.roll(graph.dims.size());
      if (certificate.slot_of_dim.count(dim) && certificate.slot_of_dim.count(other))
        std::swap(certificate.slot_of_dim[dim], certificate.slot_of_dim[other]);
      return;
    }
    case 7: {
      if (graph.ops.empty()) return;
      int64_t& phase = certificate.phase_of_op[dice.roll(graph.ops.size())];
      phase += dice.roll(2) == 0 ? 4 : -4;
      return;
    }
    default:
      if (certificate.mode != Mode::kStrict) certificate.mode = kLayeredModes[dice.roll(3)];
  }
}

// The obligations argue with intervals, the simulation with formal sums. Where they
// differ one of them has a bug; where both accept, the values must agree too.
TEST(PhaseChecker, ComesToTheSameVerdictThreeTimesOverRandomChanges) {
  uint64_t refuted = 0, accepted = 0;
  for (uint64_t seed = 0; seed < testing::swept(3000); ++seed) {
    Dice dice(seed + 77);
    const auto size = static_cast<uint32_t>(2 + seed % 25);
    PhaseCase made = seed % 4 == 3 ? random_strict_case(seed, size + 3)
                                   : random_layered_case(seed, size, kLayeredModes[seed % 3], seed % 2 == 0);
    for (uint32_t changes = 1 + dice.roll(2); changes > 0; --changes) change(made.certificate, made.graph, dice);
    const Report report = check(made.graph, made.certificate, quick());
    ASSERT_FALSE(has(report, "X3")) << "seed " << seed << '\n'
                                    << listed(report) << made.graph_text << print_certificate(made.certificate);
    if (report.simulation == Verdict::kAccepts) {
      ASSERT_EQ(report.values, Verdict::kAccepts) << "seed " << seed << '\n' << listed(report);
    }
    refuted += report.simulation == Verdict::kRefutes;
    accepted += report.simulation == Verdict::kAccepts;
  }
  EXPECT_GT(refuted, testing::swept(1000));
  EXPECT_GT(accepted, testing::swept(300));
}

// One way to break a certificate; false where this certificate has no place for it.
struct Break {
  const char* what;
  const char* id;       // the obligation that must say so
  const char* message;  // and in which words
  std::function<bool(Graph&, Certificate&)> apply;
};

struct Found {
  int64_t half;
  size_t index;
  Erase erase;
};
// The first erase that a predicate likes.
bool find_erase(const Certificate& certificate, Found& found, const std::function<bool(const Found&)>& likes) {
  for (size_t half = 0; half < certificate.erases.size(); ++half)
    for (size_t i = 0; i < certificate.erases[half].size(); ++i) {
      found = {static_cast<int64_t>(half), i, certificate.erases[half][i]};
      if (likes(found)) return true;
    }
  return false;
}
void move_erase(Certificate& certificate, const Found& found, int64_t half) {
  auto& list = certificate.erases[static_cast<size_t>(found.half)];
  list.erase(list.begin() + static_cast<ptrdiff_t>(found.index));
  certificate.erases[static_cast<size_t>(half)].push_back(found.erase);
}
int64_t half_of(const Certificate& certificate, uint32_t op) { return certificate.phase_of_op[op] / 2; }
int64_t birth_of(const Graph& graph, const Certificate& certificate, uint32_t dim) {
  return graph.dims[dim].maker == kInputDim ? -1 : half_of(certificate, static_cast<uint32_t>(graph.dims[dim].maker));
}
// The dim that comes into the slot after an erase; -1: none.
int64_t next_in_slot(const Graph& graph, const Certificate& certificate, const Found& found) {
  int64_t next = -1;
  for (const auto& [dim, slot] : certificate.slot_of_dim)
    if (slot == found.erase.slot && dim != found.erase.dim &&
        birth_of(graph, certificate, dim) > birth_of(graph, certificate, found.erase.dim) &&
        (next < 0 || birth_of(graph, certificate, dim) < birth_of(graph, certificate, static_cast<uint32_t>(next))))
      next = dim;
  return next;
}
bool is_internal(const Graph& graph, const Certificate& certificate, uint32_t dim) {
  return graph.dims[dim].maker != kInputDim && !graph.dims[dim].readers.empty() &&
         certificate.slot_of_dim.count(dim) == 0;
}
bool place(Graph& graph, Certificate& certificate, OpKind kind, int64_t by) {
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    const int64_t phase = certificate.phase_of_op[op] + by;
    if (graph.ops[op].kind != kind || phase < 0 || phase >= 4 * int64_t{certificate.layers}) continue;
    certificate.phase_of_op[op] = phase;
    return true;
  }
  return false;
}

std::vector<Break> layered_breaks() {
  return {
      {"an erase is dropped", "E1", "is never subtracted",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found, [&](const Found& f) { return next_in_slot(graph, certificate, f) >= 0; }))
           return false;
         auto& list = certificate.erases[static_cast<size_t>(found.half)];
         list.erase(list.begin() + static_cast<ptrdiff_t>(found.index));
         return true;
       }},
      {"an erase is made twice", "E3", "again: it was subtracted in",
       [](Graph&, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found, [](const Found&) { return true; })) return false;
         certificate.erases[static_cast<size_t>(found.half)].push_back(found.erase);
         return true;
       }},
      {"an erase is half a layer early", "E2", "but it is read in half-layer",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         const auto likes = [&](const Found& f) {
           const auto reads_now = [&](uint32_t op) { return half_of(certificate, op) == f.half; };
           const std::vector<uint32_t>& readers = graph.dims[f.erase.dim].readers;
           return f.half > 0 && birth_of(graph, certificate, f.erase.dim) < f.half - 1 &&
                  std::any_of(readers.begin(), readers.end(), reads_now);
         };
         if (!find_erase(certificate, found, likes)) return false;
         move_erase(certificate, found, found.half - 1);
         return true;
       }},
      {"an erase comes before the dim is there", "E3", "where it is not before",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found,
                         [&](const Found& f) { return birth_of(graph, certificate, f.erase.dim) >= 0; }))
           return false;
         move_erase(certificate, found, birth_of(graph, certificate, found.erase.dim));
         return true;
       }},
      {"an erase comes after the next dim", "E5", "only",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         const auto birth = [&](const Found& f) {
           const int64_t next = next_in_slot(graph, certificate, f);
           return next < 0 ? int64_t{-1} : birth_of(graph, certificate, static_cast<uint32_t>(next));
         };
         const auto last = static_cast<int64_t>(certificate.erases.size());
         if (!find_erase(certificate, found, [&](const Found& f) { return birth(f) >= 0 && birth(f) + 1 < last; }))
           return false;
         move_erase(certificate, found, birth(found) + 1);
         return true;
       }},
      {"an erase names another slot", "E3", "where it never is",
       [](Graph&, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found, [](const Found&) { return true; })) return false;
         certificate.erases[static_cast<size_t>(found.half)][found.index].slot += 1;
         return true;
       }},
      {"two dims change slots", "E5", "comes into slot",
       [](Graph& graph, Certificate& certificate) {
         for (auto& [a, slot_a] : certificate.slot_of_dim)
           for (auto& [b, slot_b] : certificate.slot_of_dim) {
             // b, into the slot of one that is kept for ever.
             if (slot_a == slot_b || !graph.is_output[a] || graph.is_protected[a] || graph.is_output[b] ||
                 graph.is_protected[b] || birth_of(graph, certificate, b) <= birth_of(graph, certificate, a))
               continue;
             for (auto& [c, slot_c] : certificate.slot_of_dim)
               if (c != b && slot_c == slot_b && birth_of(graph, certificate, c) > birth_of(graph, certificate, a)) {
                 std::swap(slot_a, slot_b);
                 return true;
               }
           }
         return false;
       }},
      {"an op moves one phase", "S2", "cannot run in phase",
       [](Graph& graph, Certificate& certificate) { return place(graph, certificate, OpKind::kReglu, 1); }},
      {"a persist is placed among lookups or ReGLU", "S2", "is of type persist and cannot run in phase",
       [](Graph& graph, Certificate& certificate) { return place(graph, certificate, OpKind::kPersist, -1); }},
      {"an op moves a layer ahead of what it reads", "S3", "which is made in phase",
       [](Graph& graph, Certificate& certificate) {
         for (uint32_t op = 0; op < graph.ops.size(); ++op)
           for (uint32_t dim : graph.ops[op].reads) {
             const int32_t maker = graph.dims[dim].maker;
             if (maker == kInputDim || certificate.phase_of_op[op] < 4) continue;
             if (certificate.phase_of_op[op] - 4 > certificate.phase_of_op[static_cast<size_t>(maker)]) continue;
             certificate.phase_of_op[op] -= 4;
             return true;
           }
         return false;
       }},
      {"a reader of an average moves to the next layer", "S4", "the average of",
       [](Graph& graph, Certificate& certificate) {
         for (const auto& [op, lookup] : graph.same_layer)
           if (certificate.phase_of_op[op] + 4 < 4 * int64_t{certificate.layers}) {
             certificate.phase_of_op[op] += 4;
             return true;
           }
         return false;
       }},
      {"an internal dim gets a slot", "L2", "only persists of its own half-layer",
       [](Graph& graph, Certificate& certificate) {
         for (uint32_t dim = 0; dim < graph.dims.size(); ++dim)
           if (is_internal(graph, certificate, dim)) {
             certificate.slot_of_dim[dim] = static_cast<uint32_t>(certificate.width);
             return true;
           }
         return false;
       }},
      {"a dead dim gets a slot", "L3", "but nothing reads it",
       [](Graph& graph, Certificate& certificate) {
         for (uint32_t dim = 0; dim < graph.dims.size(); ++dim)
           if (graph.dims[dim].maker != kInputDim && graph.dims[dim].readers.empty() && !graph.is_output[dim]) {
             certificate.slot_of_dim[dim] = static_cast<uint32_t>(certificate.width);
             return true;
           }
         return false;
       }},
      {"a live dim loses its slot", "L1", "has no slot; it is made in",
       [](Graph& graph, Certificate& certificate) {
         for (const auto& [dim, slot] : certificate.slot_of_dim)
           if (birth_of(graph, certificate, dim) >= 0) return certificate.slot_of_dim.erase(dim) == 1;
         return false;
       }},
      {"an input loses its slot", "L1", "has no slot; it is made in the embedding",
       [](Graph& graph, Certificate& certificate) {
         for (const auto& [dim, slot] : certificate.slot_of_dim)
           if (birth_of(graph, certificate, dim) < 0 && !graph.is_protected[dim])
             return certificate.slot_of_dim.erase(dim) == 1;
         return false;
       }},
      {"a fused schedule is called delayed", "E5", "delayed, the slot is free one half-layer later",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         const auto likes = [&](const Found& f) {
           const int64_t next = next_in_slot(graph, certificate, f);
           return next >= 0 && birth_of(graph, certificate, static_cast<uint32_t>(next)) == f.half;
         };
         if (certificate.mode != Mode::kFused || !find_erase(certificate, found, likes)) return false;
         certificate.mode = Mode::kDelayed;
         return true;
       }},
      {"a protected dim leaves its slot", "F1", "is protected and belongs in slot 0",
       [](Graph& graph, Certificate& certificate) {
         certificate.slot_of_dim[graph.protected_dims[0]] = static_cast<uint32_t>(certificate.width);
         return true;
       }},
      {"a protected dim is subtracted", "E4", "but it is protected",
       [](Graph& graph, Certificate& certificate) {
         certificate.erases.back().push_back({1, graph.protected_dims[1]});
         return true;
       }},
      {"an output is subtracted", "E2", "but it is kept to the end",
       [](Graph& graph, Certificate& certificate) {
         for (const auto& [dim, slot] : certificate.slot_of_dim)
           if (graph.is_output[dim] &&
               birth_of(graph, certificate, dim) + 1 < static_cast<int64_t>(certificate.erases.size())) {
             certificate.erases.back().push_back({slot, dim});
             return true;
           }
         return false;
       }},
      {"`one` is no output and goes when its last reader ran", "F2", "needs dim 0",
       [](Graph& graph, Certificate& certificate) {
         graph.is_output[graph.one] = false;
         int64_t death = 0;
         for (uint32_t op : graph.dims[graph.one].readers) death = std::max(death, half_of(certificate, op));
         bool later = false;
         for (size_t half = static_cast<size_t>(death) + 1; half < certificate.erases.size(); ++half)
           later = later || !certificate.erases[half].empty();
         certificate.erases[static_cast<size_t>(death)].push_back({certificate.slot_of_dim.at(graph.one), graph.one});
         return later;
       }},
      {"width is understated", "R3", "width is claimed to be",
       [](Graph&, Certificate& certificate) {
         --certificate.width;
         return true;
       }},
      {"width is overstated", "R3", "width is claimed to be",
       [](Graph&, Certificate& certificate) {
         ++certificate.width;
         return true;
       }},
      {"heads are understated", "R1", "heads is claimed to be",
       [](Graph&, Certificate& certificate) {
         --certificate.heads;
         return true;
       }},
      {"d_ffn is understated", "R2", "d_ffn is claimed to be",
       [](Graph&, Certificate& certificate) {
         --certificate.d_ffn;
         return true;
       }},
      {"d_model is odd", "R4", "d_model is claimed to be",
       [](Graph&, Certificate& certificate) {
         certificate.d_model = 2 * certificate.width + 99;
         return true;
       }},
      {"the placement stops short", "S1", "phase_of_op has",
       [](Graph&, Certificate& certificate) {
         certificate.phase_of_op.pop_back();
         return true;
       }},
      {"a half-layer is missing", "S1", "there are lists of erases for",
       [](Graph&, Certificate& certificate) {
         certificate.erases.pop_back();
         return true;
       }},
      {"an op is beyond the layers", "S1", "layers have the phases 0 to",
       [](Graph&, Certificate& certificate) {
         certificate.phase_of_op[0] = 4 * int64_t{certificate.layers};
         return true;
       }},
      {"an op is nowhere", "S1", "is in phase -1",
       [](Graph&, Certificate& certificate) {
         certificate.phase_of_op[0] = -1;
         return true;
       }},
      {"a dim that does not exist has a slot", "S1", "slot_of_dim names dim 1000000",
       [](Graph&, Certificate& certificate) {
         certificate.slot_of_dim[1000000] = 0;
         return true;
       }},
      {"the schedule is another graph's", "S1", "is of the graph 'other'",
       [](Graph&, Certificate& certificate) {
         certificate.graph = "other";
         return true;
       }},
      {"the mode is the other machine's", "S1", "is not one of the layered machine",
       [](Graph&, Certificate& certificate) {
         certificate.mode = Mode::kStrict;
         return true;
       }},
  };
}

// Applies every break to a case; counts those that had a place for it.
void expect_every_break_is_named(const PhaseCase& made, const std::vector<Break>& breaks, std::vector<int>& applied) {
  for (size_t i = 0; i < breaks.size(); ++i) {
    PhaseCase broken = made;
    if (!breaks[i].apply(broken.graph, broken.certificate)) continue;
    ++applied[i];
    const Report report = check(broken.graph, broken.certificate, quick());
    const bool said = std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
      return text_of(finding.obligation).id == breaks[i].id &&
             finding.message.find(breaks[i].message) != std::string::npos;
    });
    EXPECT_TRUE(said) << breaks[i].what << ": no '" << breaks[i].id << ": ..." << breaks[i].message << "...' in\n"
                      << listed(report) << made.graph_text << print_certificate(broken.certificate);
    EXPECT_FALSE(has(report, "X3")) << breaks[i].what << '\n' << listed(report);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(PhaseChecker, NamesEveryWayToBreakALayeredSchedule) {
  const std::vector<Break> breaks = layered_breaks();
  std::vector<int> applied(breaks.size(), 0);
  for (uint64_t seed = 0; seed < testing::swept(120, 3) && !HasFailure(); ++seed)
    expect_every_break_is_named(random_layered_case(seed, 25, kLayeredModes[seed % 3], seed % 4 == 3), breaks, applied);
  for (size_t i = 0; i < breaks.size(); ++i) EXPECT_GE(applied[i], 3) << breaks[i].what;
}

std::vector<Break> strict_breaks() {
  const auto first = [](Graph& graph, OpKind kind, size_t nth = 0) {
    for (uint32_t op = 0; op < graph.ops.size(); ++op)
      if (graph.ops[op].kind == kind && nth-- == 0) return static_cast<int64_t>(op);
    return int64_t{-1};
  };
  return {
      {"a subtraction is dropped", "E1", "is never subtracted",
       [](Graph&, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found, [](const Found&) { return true; })) return false;
         certificate.erases[static_cast<size_t>(found.half)].clear();
         return true;
       }},
      {"a subtraction is made twice", "E3", "again: it was subtracted in",
       [](Graph&, Certificate& certificate) {
         Found found;
         if (!find_erase(certificate, found, [](const Found&) { return true; })) return false;
         certificate.erases[static_cast<size_t>(found.half)].push_back(found.erase);
         return true;
       }},
      {"a subtraction is in the phase of the last reader", "E2", "but it is read in phase",
       [](Graph& graph, Certificate& certificate) {
         Found found;
         int64_t death = 0;
         const auto likes = [&](const Found& f) {
           death = 0;
           for (uint32_t reader : graph.dims[f.erase.dim].readers)
             death = std::max(death, certificate.phase_of_op[reader]);
           return death > certificate.phase_of_op[f.erase.dim];
         };
         if (!find_erase(certificate, found, likes)) return false;
         move_erase(certificate, found, death);
         return true;
       }},
      {"a subtraction comes after the next gate", "E5", "only",
       [](Graph&, Certificate& certificate) {
         Found found;
         const auto last = static_cast<int64_t>(certificate.erases.size()) - 1;
         if (!find_erase(certificate, found, [&](const Found& f) { return f.half < last; })) return false;
         move_erase(certificate, found, last);
         return true;
       }},
      {"a linear runs among reads", "S2", "is of type linear and cannot run in phase",
       [first](Graph& graph, Certificate& certificate) {
         const int64_t gate = first(graph, OpKind::kLinear);
         if (gate < 0) return false;
         certificate.phase_of_op[static_cast<size_t>(gate)] = 1;
         return true;
       }},
      {"an input comes late", "S2", "is of type input",
       [first](Graph& graph, Certificate& certificate) {
         certificate.phase_of_op[static_cast<size_t>(first(graph, OpKind::kInput))] = 1;
         return certificate.layers > 0;
       }},
      {"two sums of a channel share a phase", "S3", "adds to channel 1 in phase",
       [first](Graph& graph, Certificate& certificate) {
         const int64_t a = first(graph, OpKind::kCumsum), b = first(graph, OpKind::kCumsum, 1);
         if (b < 0) return false;
         certificate.phase_of_op[static_cast<size_t>(b)] = certificate.phase_of_op[static_cast<size_t>(a)];
         return true;
       }},
      {"a gate has no slot", "L1", "has no slot; it is made in phase",
       [first](Graph& graph, Certificate& certificate) {
         const int64_t gate = first(graph, OpKind::kReglu);
         return gate >= 0 && certificate.slot_of_dim.erase(static_cast<uint32_t>(gate)) == 1;
       }},
      {"a write has a slot of its own", "L4", "is a write and has slot",
       [first](Graph& graph, Certificate& certificate) {
         const int64_t gate = first(graph, OpKind::kWrite);
         if (gate < 0) return false;
         certificate.slot_of_dim[static_cast<uint32_t>(gate)] = static_cast<uint32_t>(certificate.width);
         return true;
       }},
      {"the value of a write is subtracted", "E2", "but it is kept to the end",
       [first](Graph& graph, Certificate& certificate) {
         const int64_t gate = first(graph, OpKind::kWrite);
         if (gate < 0) return false;
         const uint32_t value = graph.ops[static_cast<size_t>(gate)].operands[1];
         if (certificate.phase_of_op[value] >= 4 * int64_t{certificate.layers}) return false;
         certificate.erases.back().push_back({certificate.slot_of_dim.at(value), value});
         return true;
       }},
      {"width is understated", "R3", "width is claimed to be",
       [](Graph&, Certificate& certificate) {
         --certificate.width;
         return true;
       }},
      {"the placement stops short", "S1", "phase_of_op has",
       [](Graph&, Certificate& certificate) {
         certificate.phase_of_op.pop_back();
         return true;
       }},
  };
}

TEST(PhaseChecker, NamesEveryWayToBreakAStrictSchedule) {
  const std::vector<Break> breaks = strict_breaks();
  std::vector<int> applied(breaks.size(), 0);
  for (uint64_t seed = 0; seed < testing::swept(80, 3) && !HasFailure(); ++seed)
    expect_every_break_is_named(random_strict_case(seed, 60), breaks, applied);
  for (size_t i = 0; i < breaks.size(); ++i) EXPECT_GE(applied[i], 3) << breaks[i].what;
}

TEST(PhaseChecker, KeepsToTheLimitsAskedFor) {
  const PhaseCase made = random_layered_case(5, 40, Mode::kFused, false);
  CheckOptions options = quick();
  options.max_layers = made.certificate.layers;
  options.max_reglu = 1000;
  EXPECT_TRUE(check(made.graph, made.certificate, options).good());
  options.max_layers = made.certificate.layers - 1;
  options.max_reglu = 1;
  const Report report = check(made.graph, made.certificate, options);
  EXPECT_TRUE(has(report, "S5"));
  EXPECT_THAT(listed(report), HasSubstr("layers, at most"));
  EXPECT_THAT(listed(report), HasSubstr("ReGLU, at most 1 were asked for"));
}

TEST(PhaseChecker, CountsFindingsBeyondTheListedOnes) {
  PhaseCase made = random_layered_case(5, 40, Mode::kFused, false);
  for (std::vector<Erase>& erases : made.certificate.erases) erases.clear();
  CheckOptions options = quick();
  const Report all = check(made.graph, made.certificate, options);
  options.findings_per_obligation = 1;
  const Report few = check(made.graph, made.certificate, options);
  EXPECT_GT(all.findings.size(), few.findings.size());
  EXPECT_EQ(all.findings.size(), few.findings.size() + few.findings_dropped);
  EXPECT_FALSE(few.good());
}

TEST(PhaseChecker, EveryObligationOfACertificateIsBrokenByATest) {
  std::vector<std::string> broken = {"S5", "W1", "W2", "W3", "W4"};
  for (const Break& way : layered_breaks()) broken.emplace_back(way.id);
  for (const Break& way : strict_breaks()) broken.emplace_back(way.id);
  for (const ObligationText& obligation : kObligations)
    if (obligation.id[0] != 'X' && obligation.id[0] != 'C') {
      EXPECT_THAT(broken, ::testing::Contains(std::string(obligation.id)));
    }
}

const std::string kShared = RONDO_SOURCE_DIR "/../shared/data/phase_graphs/";

struct Golden {
  const char *graph, *certificate;
  int64_t width, d_model, heads, d_ffn;
};
constexpr Golden kGolden[] = {
    {"tvm_universal.json", "sched_tvm_universal_N7_delayed.json", 37, 38, 13, 46},
    {"tvm_universal.json", "sched_tvm_universal_N7_fused.json", 28, 28, 11, 40},
};

TEST(PhaseChecker, AcceptsThePublishedSchedules) {
  if (!std::filesystem::exists(kShared)) GTEST_SKIP() << "no " << kShared << ": its two certificates are not checked";
  for (const Golden& golden : kGolden) {
    const Result<Graph> graph = load_graph(kShared + golden.graph);
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    const Result<Certificate> certificate = load_certificate(kShared + golden.certificate);
    ASSERT_TRUE(certificate.ok()) << certificate.error().to_string();
    const Report report = check(*graph, *certificate);
    EXPECT_TRUE(report.good()) << golden.certificate << '\n' << listed(report);
    EXPECT_EQ(report.measures.width, golden.width);
    EXPECT_EQ(report.measures.d_model, golden.d_model);
    EXPECT_EQ(report.measures.heads, golden.heads);
    EXPECT_EQ(report.measures.d_ffn, golden.d_ffn);
    EXPECT_EQ(report.measures.overlap, golden.width) << "a schedule that first-fit made uses no slot too many";
    EXPECT_FALSE(report.measures.lazy);
  }
}

TEST(PhaseChecker, NamesEveryWayToBreakThePublishedSchedules) {
  if (!std::filesystem::exists(kShared)) GTEST_SKIP() << "no " << kShared << ": its two certificates are not broken";
  const std::vector<Break> breaks = layered_breaks();
  std::vector<int> applied(breaks.size(), 0);
  for (const Golden& golden : kGolden) {
    PhaseCase made;
    made.graph = *load_graph(kShared + golden.graph);
    made.certificate = *load_certificate(kShared + golden.certificate);
    expect_every_break_is_named(made, breaks, applied);
  }
  // In these two `one` is read to the very end.
  for (size_t i = 0; i < breaks.size(); ++i)
    EXPECT_GE(applied[i], std::string_view(breaks[i].id) == "F2" ? 0 : 1) << breaks[i].what;
}

TEST(PhaseChecker, ReadsEveryGraphOfTheSharedFolder) {
  if (!std::filesystem::exists(kShared)) GTEST_SKIP() << "no " << kShared << ": its graphs are not read";
  for (const auto& entry : std::filesystem::directory_iterator(kShared)) {
    const std::string name = entry.path().filename();
    if (name.rfind("sched_", 0) == 0) continue;
    const Result<Graph> graph = load_graph(entry.path());
    EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  }
}

}  // namespace
}  // namespace rondo::phase_checker
