#include "planner/fusion/lower/place_slices.h"

#include <algorithm>
#include <set>

#include "rondo/view.h"

namespace rondo::fusion {
namespace {

using TensorSet = std::set<uint32_t>;

bool has(const std::vector<uint32_t>& list, uint32_t tensor) {
  return std::find(list.begin(), list.end(), tensor) != list.end();
}

// What a subgraph finds in fast memory and reads there.
bool reads_what_it_was_left(const Problem& problem, const Subgraph& subgraph, uint32_t tensor) {
  bool reads = false;
  for (uint32_t op : subgraph.operators) {
    if (problem.operators[op].output == tensor) return false;  // it makes its own
    reads |= has(problem.operators[op].inputs, tensor);
  }
  return reads;
}

class Placing {
 public:
  Placing(const Problem& problem, const Solution& solution, const Meaning& meaning, bool second_slots)
      : problem_(problem), solution_(solution), meaning_(meaning), second_slots_(second_slots) {}

  Places run() {
    for (uint32_t i = 0; i < solution_.subgraphs.size(); ++i) place(i);
    find_unread();
    return std::move(places_);
  }

 private:
  const Tensor& shape(uint32_t tensor) const { return problem_.tensors[tensor]; }
  uint32_t output_of(const Execution& execution) const { return problem_.operators[execution.op].output; }

  Spot spot(const SubgraphSteps& steps, uint32_t tensor, const Slice& slice, Memory memory, int64_t offset) const {
    return {tensor, slice, memory, offset, steps.columns(shape(tensor), slice) * steps.rows(shape(tensor), slice)};
  }

  // Whole tensors, packed from an end of fast memory.
  std::vector<Spot> pack(const SubgraphSteps& steps, const TensorSet& tensors, bool at_low_end) const {
    std::vector<Spot> packed;
    int64_t next = at_low_end ? 0 : problem_.capacity;
    for (uint32_t tensor : tensors) {
      const int64_t size = shape(tensor).size();
      if (!at_low_end) next -= size;
      packed.push_back(spot(steps, tensor, kWholeTensor, Memory::kFast, next));
      if (at_low_end) next += size;
    }
    return packed;
  }
  static int64_t size_of(const std::vector<Spot>& spots) {
    int64_t size = 0;
    for (const Spot& spot : spots) size += spot.size;
    return size;
  }

  void place(uint32_t index) {
    const Subgraph& subgraph = solution_.subgraphs[index];
    const TensorSet left = index == 0 ? TensorSet() : set_of(solution_.subgraphs[index - 1].retained);
    const TensorSet retained = set_of(subgraph.retained);
    SubgraphPlaces it;
    it.steps = steps_of(problem_, subgraph, {left.begin(), left.end()});
    const SubgraphSteps& steps = it.steps;

    // A result that stays here unread would be work for nobody.
    TensorSet kept, unread;
    for (uint32_t tensor : retained) {
      const bool next_reads = index + 1 < solution_.subgraphs.size() &&
                              reads_what_it_was_left(problem_, solution_.subgraphs[index + 1], tensor);
      (next_reads || steps.inner.count(tensor) != 0 ? kept : unread).insert(tensor);
    }
    const bool even = index % 2 == 0;
    it.entering = pack(steps, kept_before_, !even);
    const std::vector<Spot> leaving = pack(steps, kept, even);
    constexpr int64_t kUnplaced = -1;
    const auto local = [&](uint32_t tensor, const Slice& slice) {
      return spot(steps, tensor, slice, Memory::kFast, kUnplaced);
    };

    for (const Load& load : steps.loads) it.loads.push_back(local(load.tensor, load.slice));
    std::vector<uint32_t> granules;  // executions
    for (uint32_t i = 0; i < steps.executions.size(); ++i) {
      const Execution& execution = steps.executions[i];
      const uint32_t tensor = output_of(execution);
      const bool inner = steps.inner.count(tensor) != 0;
      Spot made;
      if (unread.count(tensor) != 0)
        made = spot(steps, tensor, kWholeTensor, Memory::kSlow, 0), note_unread_in_slow(tensor);
      else if (kept.count(tensor) != 0 && execution.slice == kept_slice(steps, tensor))
        made = *std::find_if(leaving.begin(), leaving.end(), [&](const Spot& each) { return each.tensor == tensor; });
      else if (!inner || (execution.sums_over_steps && steps.k_steps > 1))
        made = local(tensor, execution.slice);
      else
        made = spot(steps, tensor, execution.slice, Memory::kGranules, 0), granules.push_back(i);
      it.results.push_back(made);
    }
    std::vector<Spot*> locals;
    for (std::vector<Spot>* spots : {&it.loads, &it.results})
      for (Spot& each : *spots)
        if (each.offset == kUnplaced) locals.push_back(&each);
    const int64_t high_end = size_of(even ? it.entering : leaving);
    const std::vector<Spot*> wishes = second_slot_wishes(it);
    const int64_t next =
        place_locals(locals, wishes, size_of(even ? leaving : it.entering), problem_.capacity - high_end);
    place_granules(it, granules);
    place_asides(it);
    for (uint32_t tensor : steps.outputs)
      if (retained.count(tensor) == 0) it.sent_out.push_back(tensor);
    places_.fast_extent = std::max(places_.fast_extent, high_end != 0 ? problem_.capacity : next);
    kept_before_ = kept;
    places_.subgraphs.push_back(std::move(it));
  }

  // Between the ends, the largest first, at multiples of as many elements as there is room
  // for. Each address at which some slice begins or ends cuts what lies across it in the
  // other subgraphs, and the proof pays for every cut.
  int64_t place_locals(std::vector<Spot*>& locals, const std::vector<Spot*>& wishes, int64_t low, int64_t high) const {
    std::stable_sort(locals.begin(), locals.end(), [](const Spot* a, const Spot* b) { return a->size > b->size; });
    int64_t align = 1;
    while (align < problem_.native * problem_.native / 4) align *= 2;
    const auto up = [&](int64_t offset) { return (offset + align - 1) / align * align; };
    const auto end = [&] {
      int64_t next = low;
      for (const Spot* spot : locals) next = up(next) + spot->size;
      for (const Spot* spot : wishes) next = up(next) + spot->size;
      return next;
    };
    while (align > 1 && end() > high) align /= 2;
    for (Spot* spot : locals) {
      spot->offset = up(low);
      low = spot->offset + spot->size;
    }
    for (Spot* spot : wishes) {
      if (up(low) + spot->size > high) continue;
      spot->second = up(low);
      low = spot->second + spot->size;
    }
    return low;
  }

  // What is brought in or sent out again and again, in the order in which a second slot helps.
  std::vector<Spot*> second_slot_wishes(SubgraphPlaces& it) const {
    std::vector<Spot*> wishes;
    if (!second_slots_) return wishes;
    const SubgraphSteps& steps = it.steps;
    for (const bool with_k : {true, false})
      for (size_t load = 0; load < it.loads.size(); ++load)
        if (steps.loads[load].slice.moves_with_k() == with_k && steps.loads[load].slice != kWholeTensor)
          wishes.push_back(&it.loads[load]);
    for (Spot& spot : it.results)
      if (spot.slice == kTileSlice && spot.memory == Memory::kFast && steps.inner.count(spot.tensor) == 0 &&
          steps.tiles() > 1)
        wishes.push_back(&spot);
    return wishes;
  }

  static TensorSet set_of(const std::vector<uint32_t>& list) { return {list.begin(), list.end()}; }

  // Of the slices in which a tensor is made, the one that fills its whole place: a tile
  // where there is one, because sums over steps are of tiles.
  Slice kept_slice(const SubgraphSteps& steps, uint32_t tensor) const {
    std::set<Slice> slices;
    for (const Execution& execution : steps.executions)
      if (output_of(execution) == tensor) slices.insert(execution.slice);
    return slices.count(kTileSlice) != 0 ? kTileSlice : *slices.begin();
  }

  // Behind the granules of the subgraph, each for as long as it runs.
  void place_asides(SubgraphPlaces& it) {
    constexpr int64_t kAlign = 16;
    int64_t next = 0;
    for (const Spot& spot : it.results)
      if (spot.memory == Memory::kGranules) next = std::max(next, spot.offset + spot.size);
    for (const Execution& execution : it.steps.executions)
      for (const KernelCall& call : meaning_.calls[execution.op])
        for (const Source& source : call.sources) {
          if (source.of != Source::Of::kAside) continue;
          const Slice slice = aside_slice(meaning_.homes[source.index], execution.slice);
          if (std::any_of(it.asides.begin(), it.asides.end(),
                          [&](const AsideSpot& spot) { return spot.home == source.index && spot.slice == slice; }))
            continue;
          next = (next + kAlign - 1) / kAlign * kAlign;
          it.asides.push_back({source.index, slice, next});
          const Tensor shape = aside_shape(meaning_.homes[source.index]);
          next += it.steps.rows(shape, slice) * it.steps.columns(shape, slice);
        }
    places_.granule_extent = std::max(places_.granule_extent, next);
  }

  // First fit, in the order in which they are made. A granule is taken from the kernel that
  // fills it to the last one that reads it; what is made once a tile is kept over its steps.
  void place_granules(SubgraphPlaces& it, const std::vector<uint32_t>& granules) {
    const int64_t align = std::max<int64_t>(16, problem_.native * problem_.native / 4);
    struct Life {
      uint32_t from, to;  // executions
      int64_t low, high;
    };
    std::vector<Life> lives;
    for (uint32_t made : granules) {
      const Execution& execution = it.steps.executions[made];
      Spot& spot = it.results[made];
      Life life{made, made, 0, 0};
      if (execution.turn == Turn::kFirstStep && it.steps.k_steps > 1)
        life.from = 0, life.to = static_cast<uint32_t>(it.steps.executions.size());
      else
        life.to = last_reader(it, made);
      std::vector<std::pair<int64_t, int64_t>> taken;
      for (const Life& other : lives)
        if (other.from <= life.to && life.from <= other.to) taken.emplace_back(other.low, other.high);
      std::sort(taken.begin(), taken.end());
      for (const auto& [low, high] : taken) {
        if (life.low + spot.size <= low) break;
        life.low = std::max(life.low, (high + align - 1) / align * align);
      }
      life.high = life.low + spot.size;
      spot.offset = life.low;
      places_.granule_extent = std::max(places_.granule_extent, life.high);
      lives.push_back(life);
    }
  }
  uint32_t last_reader(const SubgraphPlaces& it, uint32_t made) const {
    const Execution& maker = it.steps.executions[made];
    uint32_t last = made;
    for (uint32_t i = made + 1; i < it.steps.executions.size(); ++i) {
      const Execution& reader = it.steps.executions[i];
      const std::vector<uint32_t>& inputs = problem_.operators[reader.op].inputs;
      for (uint32_t input = 0; input < inputs.size(); ++input)
        if (inputs[input] == output_of(maker) && reader.operand_slice(input) == maker.slice) last = i;
    }
    return last;
  }

  void note_unread_in_slow(uint32_t tensor) {
    places_.in_slow.resize(problem_.tensors.size());
    places_.unread.resize(problem_.tensors.size());
    places_.in_slow[tensor] = places_.unread[tensor] = 1;
  }

  // From the end: a tile sent out is read if a later subgraph brings the tensor in before
  // it is sent out again.
  void find_unread() {
    places_.in_slow.resize(problem_.tensors.size());
    places_.unread.resize(problem_.tensors.size());
    std::vector<uint8_t> wanted(problem_.tensors.size());
    for (size_t i = places_.subgraphs.size(); i-- > 0;) {
      for (uint32_t tensor : places_.subgraphs[i].sent_out) {
        places_.in_slow[tensor] = 1;
        if (wanted[tensor] == 0) places_.unread[tensor] = 1;
        wanted[tensor] = 0;
      }
      for (const Load& load : places_.subgraphs[i].steps.loads) wanted[load.tensor] = 1;
    }
  }

  const Problem& problem_;
  const Solution& solution_;
  const Meaning& meaning_;
  const bool second_slots_;
  Places places_;
  TensorSet kept_before_;
};

}  // namespace

Tensor aside_shape(const Home& home) {
  const size_t rank = home.shape.size();
  return {rank >= 1 ? home.shape[rank - 1] : 1, rank >= 2 ? home.shape[rank - 2] : 1};
}

Slice aside_slice(const Home& home, Slice slice) {
  const Tensor shape = aside_shape(home);
  if (shape.height == 1) slice.rows = Cut::kAll;
  if (shape.width == 1) slice.columns = Cut::kAll;
  return slice;
}

const Spot& SubgraphPlaces::find(const Problem& problem, uint32_t tensor, const Slice& slice) const {
  for (size_t i = 0; i < results.size(); ++i)
    if (results[i].tensor == tensor && steps.executions[i].slice == slice) return results[i];
  for (const Spot& spot : entering)
    if (spot.tensor == tensor) return spot;
  return loads[steps.load_of(problem.tensors[tensor], tensor, slice)];
}

Places place_slices(const Problem& problem, const Solution& solution, const Meaning& meaning, bool second_slots) {
  return Placing(problem, solution, meaning, second_slots).run();
}

}  // namespace rondo::fusion
