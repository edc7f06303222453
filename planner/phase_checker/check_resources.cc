#include "planner/phase_checker/check_resources.h"
#include <algorithm>

namespace rondo::phase_checker {
namespace {

// When a dim must be in a slot whatever the slots: first and last instant, both included.
// Instants 2h and 2h + 1 are the end of half-layer h: a dim that needs a slot of its own
// until it is cleared (delayed, and in mixed mode an average) holds it through
// 2 * death, and needs one that is clean from 2 * birth - 1 on; so a slot cleared in h
// takes the next such dim in h + 1. Other dims leave at the end of death - 1. Two dims can
// share a slot exactly where these intervals are disjoint, so that the most that overlap
// are the least slots (interval graphs are perfect).
std::pair<int64_t, int64_t> rest_of(const Graph& graph, const Certificate& certificate, const Lifetimes& lives,
                                    uint32_t d) {
  const int64_t end = 2 * lives.times - 1;
  if (graph.machine == Machine::kStrict)
    return {2 * lives.birth[d], lives.death[d] == kForever ? end : 2 * lives.death[d] + 1};
  const bool alone = certificate.mode == Mode::kDelayed || (certificate.mode == Mode::kMixed && graph.dims[d].average);
  // A dead input is in its slot until half-layer 0 can subtract it.
  const int64_t death = std::max<int64_t>(lives.death[d], 0);
  const int64_t to = lives.death[d] == kForever ? end : alone ? 2 * death : 2 * death - 1;
  return {std::max<int64_t>(alone ? 2 * lives.birth[d] - 1 : 2 * lives.birth[d], 0), to};
}

void measure_overlap(const Graph& graph, const Certificate& certificate, const Lifetimes& lives, Measures& measures) {
  const auto instants = static_cast<size_t>(2 * lives.times);
  std::vector<int64_t> change(instants + 1, 0);
  std::vector<std::pair<int64_t, int64_t>> rests(graph.dims.size(), {0, -1});
  for (uint32_t d = 0; d < graph.dims.size(); ++d) {
    if (lives.needs_slot[d]) rests[d] = rest_of(graph, certificate, lives, d);
    if (rests[d].first > rests[d].second) continue;
    ++change[static_cast<size_t>(rests[d].first)];
    --change[static_cast<size_t>(rests[d].second) + 1];
  }
  int64_t now = 0, when = 0;
  for (size_t instant = 0; instant < instants; ++instant) {
    now += change[instant];
    if (now <= measures.overlap) continue;
    measures.overlap = static_cast<uint32_t>(now);
    when = static_cast<int64_t>(instant);
  }
  measures.overlap_at = static_cast<uint32_t>(when / 2);
  for (uint32_t d = 0; d < graph.dims.size() && measures.overlap != 0; ++d)
    if (rests[d].first <= when && rests[d].second >= when) measures.overlapping.push_back(d);
  // Before half-layer 0 the inputs are all there, the dead ones too.
  if (graph.machine == Machine::kStrict) return;
  const auto is_input = [](const Dim& dim) { return dim.maker == kInputDim; };
  const auto inputs = static_cast<uint32_t>(std::count_if(graph.dims.begin(), graph.dims.end(), is_input));
  if (inputs <= measures.overlap) return;
  measures.overlap = inputs;
  measures.overlap_at = 0;
  measures.overlapping.clear();
  for (uint32_t d = 0; d < graph.dims.size(); ++d)
    if (is_input(graph.dims[d])) measures.overlapping.push_back(d);
}

// Slots passed through in each half-layer: read by persists or subtracted, each once.
void measure_heads(const Graph& graph, const Certificate& certificate, Measures& measures) {
  std::vector<std::vector<uint32_t>> through = persist_reads(graph, certificate);
  for (size_t half = 0; half < through.size(); ++half) {
    for (const Erase& erase : certificate.erases[half]) through[half].push_back(erase.slot);
    std::sort(through[half].begin(), through[half].end());
    through[half].erase(std::unique(through[half].begin(), through[half].end()), through[half].end());
  }
  std::vector<uint32_t> core(through.size(), 0);  // heads of lookups, or ReGLU
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    const auto half = static_cast<size_t>(certificate.phase_of_op[op] / 2);
    if (graph.ops[op].kind == OpKind::kLookup)
      core[half] += static_cast<uint32_t>((graph.ops[op].makes.size() + 1) / 2);
    if (graph.ops[op].kind == OpKind::kReglu) ++core[half];
  }
  for (uint32_t half = 0; half < through.size(); ++half) {
    const auto slots = static_cast<uint32_t>(through[half].size());
    const uint32_t taken = core[half] + (half % 2 == 0 ? (slots + 1) / 2 : slots);
    uint32_t& most = half % 2 == 0 ? measures.heads : measures.d_ffn;
    if (taken <= most) continue;
    most = taken;
    (half % 2 == 0 ? measures.heads_at : measures.d_ffn_at) = half;
  }
}

bool is_lazy(const Certificate& certificate, const Lifetimes& lives) {
  std::vector<int64_t> gone(lives.birth.size(), kForever);
  for (size_t time = 0; time < certificate.erases.size(); ++time)
    for (const Erase& erase : certificate.erases[time])
      gone[erase.dim] = std::min(gone[erase.dim], static_cast<int64_t>(time));
  return std::any_of(certificate.slot_of_dim.begin(), certificate.slot_of_dim.end(), [&](const auto& entry) {
    return lives.death[entry.first] != kForever && gone[entry.first] > std::max<int64_t>(lives.death[entry.first], 0);
  });
}

void compare(const char* name, int64_t claimed, int64_t is, const std::string& why, Obligation obligation,
             Findings& findings) {
  if (claimed == is) return;
  findings.add(obligation, std::string(name) + " is claimed to be " + std::to_string(claimed) + " and is " +
                               std::to_string(is) + why);
}

}  // namespace

Measures check_resources(const Graph& graph, const Certificate& certificate, const Lifetimes& lives,
                         Findings& findings) {
  Measures measures;
  uint32_t highest = 0;
  for (const auto& [d, slot] : certificate.slot_of_dim)
    if (measures.width <= slot) {
      measures.width = slot + 1;
      highest = d;
    }
  for (const std::vector<Erase>& erases : certificate.erases) measures.erases += erases.size();
  measure_overlap(graph, certificate, lives, measures);
  compare("width", certificate.width, measures.width,
          measures.width == 0 ? std::string()
                              : ": " + dim_title(graph, highest) + " is in slot " + std::to_string(measures.width - 1),
          Obligation::kWidthIsTrue, findings);
  if (graph.machine == Machine::kStrict) return measures;

  measure_heads(graph, certificate, measures);
  measures.lazy = is_lazy(certificate, lives);
  measures.d_model = std::max(measures.width, 2 * measures.heads);
  measures.d_model += measures.d_model % 2;
  compare("heads", certificate.heads, measures.heads, ", in half-layer " + std::to_string(measures.heads_at),
          Obligation::kHeadsAreTrue, findings);
  compare("d_ffn", certificate.d_ffn, measures.d_ffn, ", in half-layer " + std::to_string(measures.d_ffn_at),
          Obligation::kNeuronsAreTrue, findings);
  if (certificate.d_model)
    compare("d_model", *certificate.d_model, measures.d_model,
            ": width " + std::to_string(measures.width) + ", twice " + std::to_string(measures.heads) + " heads, even",
            Obligation::kModelWidthIsTrue, findings);
  return measures;
}

}  // namespace rondo::phase_checker
