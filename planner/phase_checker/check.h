// Judges a phase schedule: every obligation of obligations.h, and two more proofs of
// the same thing that share nothing with them but the parsed input.
//
// The obligations argue with intervals: who is in a slot from when to when. The
// simulation runs the schedule on formal sums (simulate_residual.h). The values run
// graph and schedule on random integers (compare_values.h). Work is linear in the files
// but for sorting, times the number of seeds. Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "planner/phase_checker/certificate.h"
#include "planner/phase_checker/check_bound.h"
#include "planner/phase_checker/graph.h"
#include "planner/phase_checker/obligations.h"

namespace rondo::phase_checker {

struct CheckOptions {
  uint32_t max_layers = 0;                 // 0: no limit
  uint32_t max_reglu = 0;                  // of one layer; 0: no limit
  uint32_t seeds = 64;                     // of the comparison of values
  uint32_t findings_per_obligation = 100;  // beyond, they are counted
  std::optional<ProvenBound> bound;        // of check_bound(): C1 compares the schedule with it
};

struct Finding {
  Obligation obligation = Obligation::kPlacementIsTotal;
  std::string message;
  uint32_t line = 0, column = 0;  // in the certificate; 0: about the whole of it
};

// What the schedule takes, recomputed. Times are half-layers, or phases when strict.
struct Measures {
  uint32_t width = 0, heads = 0, heads_at = 0, d_ffn = 0, d_ffn_at = 0, d_model = 0;
  uint64_t erases = 0;
  bool lazy = false;  // something is subtracted later than it could be, or never
  // The most dims that must be in slots at once with these phases, whatever the slots:
  // no assignment is narrower. And where, and which.
  uint32_t overlap = 0, overlap_at = 0;
  std::vector<uint32_t> overlapping;
};

enum class Verdict : uint8_t { kNotReached, kAccepts, kRefutes };

struct Report {
  std::vector<Finding> findings;  // by obligation
  uint64_t findings_dropped = 0;
  bool measured = false;  // every op is placed, so that `measures` means something
  Measures measures;
  Verdict intervals = Verdict::kNotReached;  // S3, L1, E1 to E5 and F2
  Verdict simulation = Verdict::kNotReached;
  Verdict values = Verdict::kNotReached;
  // A bound was given, holds for schedules like this one, and this one reaches it.
  bool proven_optimal = false;
  bool good() const { return findings.empty() && findings_dropped == 0; }
};

Report check(const Graph& graph, const Certificate& certificate, const CheckOptions& options = {});

}  // namespace rondo::phase_checker
