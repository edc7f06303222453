#include "planner/phase_checker/lifetimes.h"
#include <algorithm>

namespace rondo::phase_checker {
namespace {

void derive_layered(const Graph& graph, const Certificate& certificate, Lifetimes& lives) {
  const auto half_of = [&](uint32_t op) { return certificate.phase_of_op[op] / 2; };
  for (uint32_t d = 0; d < graph.dims.size(); ++d) {
    const Dim& dim = graph.dims[d];
    lives.birth[d] = dim.maker == kInputDim ? kBeforeAll : half_of(static_cast<uint32_t>(dim.maker));
    lives.death[d] = lives.birth[d];
    if (!dim.readers.empty()) lives.death[d] = half_of(dim.readers[0]);
    for (uint32_t reader : dim.readers) lives.death[d] = std::max(lives.death[d], half_of(reader));
    const bool kept = graph.is_output[d] || graph.is_protected[d];
    if (kept) lives.death[d] = kForever;
    lives.has_readers[d] = kept || !dim.readers.empty();
    lives.needs_slot[d] = dim.maker == kInputDim || lives.death[d] > lives.birth[d];
  }
}

void derive_strict(const Graph& graph, const Certificate& certificate, Lifetimes& lives) {
  for (uint32_t d = 0; d < graph.dims.size(); ++d) {
    lives.birth[d] = lives.death[d] = certificate.phase_of_op[d];
    lives.needs_slot[d] = graph.ops[d].kind != OpKind::kWrite;
    lives.has_readers[d] = graph.is_output[d] || !graph.dims[d].readers.empty();
    for (uint32_t reader : graph.dims[d].readers)
      lives.death[d] = graph.ops[reader].kind == OpKind::kWrite
                           ? kForever
                           : std::max(lives.death[d], certificate.phase_of_op[reader]);
    if (graph.is_output[d]) lives.death[d] = kForever;
  }
}

}  // namespace

Lifetimes derive_lifetimes(const Graph& graph, const Certificate& certificate) {
  Lifetimes lives;
  lives.birth.resize(graph.dims.size());
  lives.death.resize(graph.dims.size());
  lives.needs_slot.resize(graph.dims.size());
  lives.has_readers.resize(graph.dims.size());
  if (graph.machine == Machine::kLayered) {
    lives.times = 2 * int64_t{certificate.layers};
    derive_layered(graph, certificate, lives);
  } else {
    lives.times = 4 * int64_t{certificate.layers} + 1;
    derive_strict(graph, certificate, lives);
  }
  return lives;
}

std::vector<std::vector<uint32_t>> persist_reads(const Graph& graph, const Certificate& certificate) {
  std::vector<std::vector<uint32_t>> slots(2 * size_t{certificate.layers});
  for (uint32_t index = 0; index < graph.ops.size(); ++index) {
    if (graph.ops[index].kind != OpKind::kPersist) continue;
    const int64_t half = certificate.phase_of_op[index] / 2;
    for (uint32_t dim : graph.ops[index].reads) {
      const int32_t maker = graph.dims[dim].maker;
      const bool latent = maker != kInputDim && graph.ops[static_cast<size_t>(maker)].kind != OpKind::kPersist &&
                          certificate.phase_of_op[static_cast<size_t>(maker)] / 2 == half;
      const auto slot = certificate.slot_of_dim.find(dim);
      if (!latent && slot != certificate.slot_of_dim.end()) slots[static_cast<size_t>(half)].push_back(slot->second);
    }
  }
  for (std::vector<uint32_t>& list : slots) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return slots;
}

}  // namespace rondo::phase_checker
