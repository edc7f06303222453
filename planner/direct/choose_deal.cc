#include "planner/direct/choose_deal.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "planner/claims/derive_claims.h"
#include "planner/direct/emit/emit_group.h"
#include "planner/direct/tuning.h"

namespace rondo::direct {
namespace {

// The smallest box that holds both.
void grow(Box& box, const Box& more, size_t rank) {
  if (is_empty(more, rank)) return;
  if (is_empty(box, rank)) {
    box = more;
    return;
  }
  for (size_t axis = 0; axis < rank; ++axis) {
    const uint32_t low = std::min(box.low[axis], more.low[axis]);
    const uint32_t end = std::max(box.low[axis] + box.extent[axis], more.low[axis] + more.extent[axis]);
    box.low[axis] = low;
    box.extent[axis] = end - low;
  }
}

uint64_t shared_elements(const Box& a, const Box& b, size_t rank) {
  uint64_t elements = 1;
  for (size_t axis = 0; axis < rank; ++axis) {
    const uint32_t low = std::max(a.low[axis], b.low[axis]);
    const uint32_t end = std::min(a.low[axis] + a.extent[axis], b.low[axis] + b.extent[axis]);
    if (end <= low) return 0;
    elements *= end - low;
  }
  return elements;
}

// What one lane does of one group, cut one way.
struct Load {
  double ns = 0;
  std::map<uint32_t, Box> reads, writes;  // by tensor of the graph: a box around all of it
};

struct Option {
  std::vector<Share> shares;
  std::vector<Load> loads;          // by lane
  std::map<uint32_t, Box> written;  // by all lanes
  double ns = 0;                    // of the slowest lane
};

// Finds out what a cut means by emitting it into tables that nobody else sees.
class Prober {
 public:
  Prober(const DirectLayout& layout, const Machine& machine, uint32_t lanes)
      : layout_(layout), machine_(machine), lanes_(lanes), tables_(declare_tables(layout, machine)) {
    for (uint32_t label = 0; label < tables_.label_id.size(); ++label)
      if (tables_.label_id[label] != kNone) label_of_[tables_.label_id[label]] = label;
  }

  Option probe(uint32_t group, std::vector<Share> shares) {
    Option option;
    option.loads.resize(lanes_);
    for (const Share& share : shares) {
      list_.clear();
      LaneEmitter emitter(layout_, tables_, 0, list_);
      emit_group(emitter, group, share.box);
      for (const lanes::StreamedOp& op : list_) add(op.op, option.loads[share.lane]);
    }
    for (const Load& load : option.loads) {
      option.ns = std::max(option.ns, load.ns);
      for (const auto& [tensor, box] : load.writes) grow(option.written[tensor], box, rank(tensor));
    }
    option.shares = std::move(shares);
    return option;
  }

  size_t rank(uint32_t tensor) const { return layout_.graph.shape(tensor).size(); }

 private:
  void add(const OpSpec& spec, Load& load) {
    Schedule& schedule = tables_.builder.schedule();
    Op op;
    op.kernel = tables_.builder.kernel(spec.kernel);
    op.flags = spec.flags;
    op.operand_count = static_cast<uint8_t>(spec.operands.size());
    std::copy_n(spec.params, 4, op.params);
    schedule.operands.clear();
    for (const OperandSpec& operand : spec.operands) {
      schedule.operands.push_back(
          {operand.view, operand.base, static_cast<uint8_t>(operand.access), operand.aux, operand.offset_bytes});
      if (operand.label.value == kNone) continue;
      const Value& value = schedule.values[operand.label.value];
      const auto label = label_of_.find(value.tensor);
      if (label == label_of_.end()) continue;
      const uint32_t tensor = layout_.graph.views.labels[label->second].root;
      Box box;
      std::copy_n(value.low, kMaxRank, box.low);
      std::copy_n(value.extent, kMaxRank, box.extent);
      // Under another shape, or where a scalar moves it, it may be anywhere in the tensor.
      if (label->second != tensor || value.moves_along != 0) box = whole_box(layout_.graph.shape(tensor));
      const bool written = operand.access == Access::kWrite || operand.access == Access::kUpdate ||
                           operand.access == Access::kIndexedWrite;
      // What is packed for this very group passes through no other lane.
      if (!(written && spec.kernel == "pack")) {
        if (written) grow(load.writes[tensor], box, rank(tensor));
        if (!written || operand.access == Access::kUpdate) grow(load.reads[tensor], box, rank(tensor));
      }
    }
    const auto flops = static_cast<double>(flops_of(schedule, op)), bytes = static_cast<double>(bytes_of(schedule, op));
    const KernelCost* cost = machine_.cost(spec.kernel);
    load.ns += cost != nullptr ? cost->fixed_ns + cost->ns_per_flop * flops + cost->ns_per_byte * bytes
                               : kNsPerOp + std::max(kNsPerFlop * flops, kNsPerByte * bytes);
    schedule.operands.clear();
  }

  const DirectLayout& layout_;
  const Machine& machine_;
  uint32_t lanes_;
  Tables tables_;
  std::map<uint32_t, uint32_t> label_of_;  // by tensor of the schedule
  std::vector<lanes::StreamedOp> list_;
};

class Dealer {
 public:
  Dealer(const DirectLayout& layout, const Machine& machine, uint32_t lanes)
      : layout_(layout),
        graph_(layout.graph),
        lanes_(lanes),
        token_ns_(machine.token_ns > 0 ? machine.token_ns : kTokenNs),
        prober_(layout, machine, lanes),
        writers_(layout.graph.source.tensors.size()),
        options_(layout.graph.groups.size()),
        before_(layout.graph.groups.size()),
        after_(layout.graph.groups.size()) {
    for (uint32_t group = 0; group < options_.size(); ++group)
      for (const uint32_t step : cut_steps(layout, group).step)
        if (step > kLaneColumns) column_steps_.insert(step);
    for (uint32_t group = 0; group < options_.size(); ++group) find_options(group);
    for (uint32_t group = 0; group < options_.size(); ++group) {
      std::set<uint32_t> found;
      for (const Load& load : options_[group].front().loads)
        for (const auto& [tensor, box] : load.reads)
          for (const uint32_t writer : writers_[tensor])
            if (writer < group) found.insert(writer);
      before_[group].assign(found.begin(), found.end());
      for (const uint32_t writer : found) after_[writer].push_back(group);
    }
  }

  Deal run() {
    std::vector<uint32_t> best(options_.size(), 0);
    double least = total(best);
    std::vector<uint32_t> fastest(options_.size(), 0);
    for (uint32_t group = 0; group < options_.size(); ++group)
      for (uint32_t option = 1; option < options_[group].size(); ++option)
        if (options_[group][option].ns < options_[group][fastest[group]].ns) fastest[group] = option;
    for (std::vector<uint32_t> chosen : {best, fastest}) {
      for (int turn = 0; turn < 3; ++turn) walk(chosen);
      for (int turn = 0; turn < 8 && refine(chosen); ++turn) continue;
      // Other lanes have to hear that the replay begins, and be heard when it ends.
      if (const double cost = total(chosen) + 2 * token_ns_; cost < least) best = chosen, least = cost;
    }
    return deal_of(best);
  }

 private:
  std::vector<Share> cut(const std::vector<uint32_t>& shape, size_t axis, uint32_t unit, uint32_t parts) const {
    const uint64_t units = shape[axis] / unit;
    std::vector<Share> shares;
    for (uint32_t part = 0; part < parts; ++part) {
      Share share{part, whole_box(shape)};
      const auto low = static_cast<uint32_t>(units * part / parts * unit);
      // What is left over joins the last part: a column alone may take another way through a kernel.
      const auto end = part + 1 == parts ? shape[axis] : static_cast<uint32_t>(units * (part + 1) / parts * unit);
      share.box.low[axis] = low;
      share.box.extent[axis] = end - low;
      shares.push_back(share);
    }
    return shares;
  }

  // Where boxes of equal extents are cut alike, chains of groups can stay on their lanes.
  std::vector<uint32_t> units_of(const std::vector<uint32_t>& shape, size_t axis, uint32_t step, uint32_t parts) const {
    if (axis + 1 < shape.size()) {
      const uint32_t rows = shape[axis] / parts >= kFewRows ? kLaneRows : 1;
      return {std::lcm(step, rows)};
    }
    std::vector<uint32_t> units{std::lcm(step, kLaneColumns)};
    if (step > 1 && shape[axis] / units.front() < parts) units.front() = step;  // narrow heads, narrow panels
    for (const uint32_t other : column_steps_) units.push_back(std::lcm(step, other));
    std::sort(units.begin(), units.end());
    units.erase(std::unique(units.begin(), units.end()), units.end());
    return units;
  }

  void find_options(uint32_t group) {
    const std::vector<uint32_t>& shape = graph_.written_shape(graph_.groups[group]);
    const CutSteps steps = cut_steps(layout_, group);
    std::vector<std::vector<Share>> ways;
    const Segment& segment = graph_.segment_of_group(group);
    if (segment.blocked()) {
      // All groups of the segment walk the same blocks, so they are cut alike.
      const uint32_t parts = std::min(lanes_, shape[0]);
      ways.push_back(parts > 1 ? cut(shape, 0, units_of(shape, 0, 1, parts)[0], parts)
                               : std::vector<Share>{{0, whole_box(shape)}});
    } else {
      ways.push_back({{0, whole_box(shape)}});
      for (size_t axis = 0; axis < shape.size(); ++axis) {
        if (steps.step[axis] == kWhole) continue;
        for (uint32_t parts = lanes_; parts > 1; parts = parts / 2)
          for (const uint32_t unit : units_of(shape, axis, steps.step[axis], parts))
            if (shape[axis] / unit >= parts) ways.push_back(cut(shape, axis, unit, parts));
      }
    }
    for (std::vector<Share>& way : ways) options_[group].push_back(prober_.probe(group, std::move(way)));
    for (const auto& [tensor, box] : options_[group].front().written) writers_[tensor].push_back(group);
  }

  // What it costs that lanes read what others wrote.
  double crossing(uint32_t from, uint32_t from_option, uint32_t to, uint32_t to_option) {
    const auto [found, added] = crossings_.try_emplace({from, from_option, to, to_option}, 0.0);
    if (!added) return found->second;
    const Option &source = options_[from][from_option], &target = options_[to][to_option];
    double slowest = 0;
    for (uint32_t lane = 0; lane < lanes_; ++lane) {
      double bytes = 0;
      for (const auto& [tensor, needed] : target.loads[lane].reads) {
        const auto written = source.written.find(tensor);
        if (written == source.written.end()) continue;
        const size_t rank = prober_.rank(tensor);
        uint64_t elements = shared_elements(needed, written->second, rank);
        if (const auto own = source.loads[lane].writes.find(tensor); own != source.loads[lane].writes.end())
          elements -= std::min(elements, shared_elements(needed, own->second, rank));
        bytes += static_cast<double>(elements * size_of(graph_.source.tensors[tensor].dtype));
      }
      if (bytes > 0) slowest = std::max(slowest, token_ns_ + kNsPerCrossedByte * bytes);
    }
    return found->second = slowest;
  }

  double total(const std::vector<uint32_t>& chosen) {
    double ns = 0;
    for (uint32_t group = 0; group < chosen.size(); ++group) {
      ns += options_[group][chosen[group]].ns;
      for (const uint32_t earlier : before_[group]) ns += crossing(earlier, chosen[earlier], group, chosen[group]);
    }
    return ns;
  }

  // The best choices along the groups, where what is not next to each other stays as it is.
  void walk(std::vector<uint32_t>& chosen) {
    const size_t count = options_.size();
    std::vector<std::vector<uint32_t>> came(count);
    std::vector<double> cost;
    for (uint32_t group = 0; group < count; ++group) {
      const size_t ways = options_[group].size();
      std::vector<double> next(ways);
      came[group].assign(ways, 0);
      const bool reads_last = group > 0 && std::binary_search(before_[group].begin(), before_[group].end(), group - 1);
      for (uint32_t way = 0; way < ways; ++way) {
        double least = 0;
        for (uint32_t last = 0; last < cost.size(); ++last) {
          const double here = cost[last] + (reads_last ? crossing(group - 1, last, group, way) : 0);
          if (last == 0 || here < least) least = here, came[group][way] = last;
        }
        for (const uint32_t earlier : before_[group])
          if (earlier + 1 != group) least += crossing(earlier, chosen[earlier], group, way);
        for (const uint32_t later : after_[group])
          if (later != group + 1) least += crossing(group, way, later, chosen[later]);
        next[way] = least + options_[group][way].ns;
      }
      cost = std::move(next);
    }
    auto way = static_cast<uint32_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
    for (size_t group = count; group-- > 0;) {
      chosen[group] = way;
      way = came[group][way];
    }
  }

  bool refine(std::vector<uint32_t>& chosen) {
    bool changed = false;
    for (uint32_t group = 0; group < chosen.size(); ++group) {
      const auto cost = [&](uint32_t way) {
        double ns = options_[group][way].ns;
        for (const uint32_t earlier : before_[group]) ns += crossing(earlier, chosen[earlier], group, way);
        for (const uint32_t later : after_[group]) ns += crossing(group, way, later, chosen[later]);
        return ns;
      };
      uint32_t best = chosen[group];
      double least = cost(best);
      for (uint32_t way = 0; way < options_[group].size(); ++way)
        if (const double ns = cost(way); ns < least) best = way, least = ns;
      changed |= best != chosen[group];
      chosen[group] = best;
    }
    return changed;
  }

  Deal deal_of(const std::vector<uint32_t>& chosen) {
    Deal deal;
    for (uint32_t group = 0; group < chosen.size(); ++group) {
      deal.shares.push_back(options_[group][chosen[group]].shares);
      for (const Share& share : deal.shares.back()) deal.lanes = std::max(deal.lanes, share.lane + 1);
    }
    if (deal.lanes == 1) return deal;
    deal.held.resize(graph_.source.tensors.size());
    for (uint32_t tensor = 0; tensor < deal.held.size(); ++tensor) {
      if (graph_.is_bound(tensor) || graph_.is_blocked(tensor) || writers_[tensor].size() != 1) continue;
      if (graph_.views.has_other_labels(tensor)) continue;
      const uint32_t writer = writers_[tensor].front();
      const std::vector<Load>& writes = options_[writer][chosen[writer]].loads;
      std::vector<Box> held(deal.lanes);
      for (uint32_t lane = 0; lane < deal.lanes; ++lane)
        if (const auto own = writes[lane].writes.find(tensor); own != writes[lane].writes.end())
          held[lane] = own->second;
      bool apart = true;
      for (const uint32_t reader : after_[writer])
        for (uint32_t lane = 0; lane < deal.lanes; ++lane) {
          const auto& reads = options_[reader][chosen[reader]].loads[lane].reads;
          if (const auto read = reads.find(tensor); read != reads.end())
            apart &= contains(held[lane], read->second, prober_.rank(tensor));
        }
      if (apart) deal.held[tensor] = std::move(held);
    }
    return deal;
  }

  const DirectLayout& layout_;
  const SegmentedGraph& graph_;
  uint32_t lanes_;
  double token_ns_;
  Prober prober_;
  std::set<uint32_t> column_steps_;
  std::vector<std::vector<uint32_t>> writers_;         // by tensor: groups
  std::vector<std::vector<Option>> options_;           // by group; the first is the group whole, on lane 0
  std::vector<std::vector<uint32_t>> before_, after_;  // by group: those it reads from, and those that read from it
  std::map<std::array<uint32_t, 4>, double> crossings_;
};

uint64_t ops_of(const SegmentedGraph& graph) {
  uint64_t ops = 0;
  for (const FusedGroup& group : graph.groups) ops += group.kind == OperatorKind::kMatmul ? graph.products(group) : 1;
  return ops;
}

}  // namespace

Deal deal_to_one(const SegmentedGraph& graph) {
  Deal deal;
  for (const FusedGroup& group : graph.groups) deal.shares.push_back({{0, whole_box(graph.written_shape(group))}});
  return deal;
}

Deal choose_deal(const DirectLayout& layout, const Machine& machine, uint32_t lanes) {
  if (lanes < 2 || ops_of(layout.graph) > kMostDealtOps) return deal_to_one(layout.graph);
  return Dealer(layout, machine, lanes).run();
}

}  // namespace rondo::direct
