#include "planner/phase/milp/gate_model.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "planner/phase/milp/schedule_model_builder.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

using milp::Entry;

bool fits(OpType type, int64_t half) {
  return type == OpType::kPersist || (half & 1) == (type == OpType::kReglu ? 1 : 0);
}

std::string place_name(const char* what, uint32_t index, int64_t half) {
  return what + std::to_string(index) + "_" + std::to_string(half);
}

class GateModelBuilder : ScheduleModelBuilder {
 public:
  GateModelBuilder(const GateGraph& graph, const GateModelOptions& options, Windows windows)
      : ScheduleModelBuilder(graph.ops.size(), 2 * static_cast<int64_t>(options.layers)),
        graph_(graph),
        options_(options),
        windows_(std::move(windows)) {}

  Result<ScheduleModel> build() {
    tie_ops();
    for (uint32_t op = 0; op < ops_; ++op) readers_.push_back(readers_of(op));
    find_descendants(graph_.order, readers_);
    find_twins();
    add_objective();
    add_ops();
    add_order();
    if (is_too_large()) return too_large();
    group_dims();
    add_width();
    if (is_too_large()) return too_large();
    if (options_.heads) add_heads();
    if (options_.given_columns.has_value()) add_neurons();
    if (is_too_large()) return too_large();
    return std::move(result_);
  }

 private:
  static Error too_large() {
    return make_error(ErrorCode::kTooComplex, "the programme of this graph and layer budget passes 2^20 columns");
  }

  // ---- what is known of ops before any column exists ---------------------------------

  void tie_ops() {
    tied_.assign(graph_.ops.size(), false);
    for (const Colocation& pair : graph_.colocations) tied_[pair.op] = tied_[pair.lookup] = true;
  }

  std::vector<uint32_t> readers_of(uint32_t op) const {
    std::vector<uint32_t> readers;
    for_each_reader(graph_, op, [&](uint32_t reader) { readers.push_back(reader); });
    std::sort(readers.begin(), readers.end());
    readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
    return readers;
  }

  // Twins: ReGLUs or persists that read the same dims for the same readers.
  void find_twins() {
    twin_.resize(ops_);
    members_.resize(ops_);
    std::map<std::pair<std::vector<uint32_t>, std::vector<uint32_t>>, uint32_t> first[2];
    for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
      twin_[op] = op;
      const Op& it = graph_.ops[op];
      if (options_.dominance && it.type != OpType::kLookup && !tied_[op]) {
        const auto [at, fresh] = first[it.type == OpType::kReglu ? 0 : 1].try_emplace({it.inputs, readers_[op]}, op);
        if (!fresh) twin_[op] = at->second;
      }
      members_[twin_[op]].push_back(op);
    }
  }

  // Whether the twins of `op` may be put off to the last half-layer that `reader` leaves them.
  bool may_wait(uint32_t op, const std::optional<uint32_t>& reader) const {
    const OpType type = graph_.ops[op].type;
    if (type == OpType::kLookup || tied_[op] || !has_descendants()) return false;
    // A later persist may need passthroughs in another attention half.
    if (type == OpType::kPersist && options_.heads) return false;
    const std::vector<uint32_t>& twins = members_[op];
    size_t freed = 0, extended = 0;
    for (const uint32_t twin : twins) {
      for (const uint32_t dim : graph_.ops[twin].outputs) {
        freed += graph_.is_output[dim] || !graph_.dims[dim].consumers.empty() ? 1 : 0;
      }
    }
    for (const uint32_t dim : graph_.ops[op].inputs) {
      bool held = graph_.is_output[dim] || graph_.is_protected[dim];
      for (const uint32_t other : graph_.dims[dim].consumers) {
        if (held) break;
        if (twin_[other] == op) continue;
        held = (reader.has_value() && (other == *reader || descends(other, *reader))) ||
               windows_.low[other] >= windows_.high[op];
      }
      extended += held ? 0 : 1;
    }
    // Fused, a value that is read later costs what one that is made later saves. (What is put off
    // neither is nor reads an average, so mixed is like fused here.)
    return extended == 0 || (options_.mode != Mode::kDelayed && extended <= freed);
  }

  // ---- columns and rows ----------------------------------------------------------------

  void add_objective() {
    const auto dims = static_cast<int64_t>(graph_.dims.size()), ops = static_cast<int64_t>(ops_);
    if (options_.given_columns.has_value()) {
      model().add_column({0, ops + dims, 1, true, "neurons"});
    } else {
      model().add_column({(static_cast<int64_t>(graph_.inputs) + 1) / 2, dims + 2 * ops, 1, true, "half_width"});
    }
  }

  void add_ops() {
    const size_t count = ops_;
    std::map<uint32_t, uint32_t> lookup_of;  // ReGLUs and persists by their averaging lookup
    for (const Colocation& pair : graph_.colocations) lookup_of.emplace(pair.op, pair.lookup);
    // Lookups that others are tied to come first, then readers before what they read.
    std::vector<uint32_t> order;
    for (const Colocation& pair : graph_.colocations) order.push_back(pair.lookup);
    for (size_t i = count; i-- > 0;) order.push_back(graph_.order[i]);
    std::vector<bool> made(count, false);
    for (const uint32_t op : order) {
      if (made[op] || twin_[op] != op) continue;
      made[op] = true;
      const OpType type = graph_.ops[op].type;
      const auto low = static_cast<int64_t>(windows_.low[op]), high = static_cast<int64_t>(windows_.high[op]);
      if (type == OpType::kReglu && lookup_of.contains(op)) {  // the half-layer after its lookup
        for (int64_t half = 0; half < span_; ++half)
          slot(op, half) = done(static_cast<int32_t>(lookup_of[op]), half - 1);
        continue;
      }
      const std::optional<uint32_t> first = first_of(readers_[op]);
      if (options_.dominance && (first.has_value() || readers_[op].empty()) && may_wait(op, first)) {
        const int64_t step = type == OpType::kPersist ? 1 : 2;
        for (int64_t half = 0; half < span_; ++half) {
          if (half < low) continue;
          const int64_t legal = fits(type, half) ? half : half - 1;
          if (half >= high) {
            slot(op, half) = kOne;
          } else if (first.has_value() && legal >= 0) {
            slot(op, half) = done(static_cast<int32_t>(*first), legal + step + lag(type, graph_.ops[*first].type) - 1);
          }
        }
        continue;
      }
      for (int64_t half = low; half < span_; ++half) {
        if (half >= high) {
          slot(op, half) = kOne;
        } else if (fits(type, half)) {
          add_y(op, half);
        } else {
          slot(op, half) = done(static_cast<int32_t>(op), half - 1);
        }
      }
    }
    share_columns();
  }

  void add_order() {
    for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
      if (twin_[op] != op) continue;
      const OpType type = graph_.ops[op].type;
      for (int64_t half = 0; half + 1 < span_; ++half) {
        Sum sum;
        add(sum, 1, done(static_cast<int32_t>(op), half + 1));
        add(sum, -1, done(static_cast<int32_t>(op), half));
        demand(place_name("mono", op, half), std::move(sum));
      }
      std::vector<uint32_t> producers;
      for_each_producer(graph_, op, [&](uint32_t producer) { producers.push_back(twin_[producer]); });
      std::sort(producers.begin(), producers.end());
      producers.erase(std::unique(producers.begin(), producers.end()), producers.end());
      for (const uint32_t producer : producers) {
        // Implied by the way through another producer: an edge takes no half-layer only into a
        // persist, and leaves a persist with one, so two edges take as long as the one.
        const bool implied = std::any_of(producers.begin(), producers.end(), [&](uint32_t other) {
          return other != producer && descends(other, producer);
        });
        if (implied) continue;
        for (int64_t half = 0; half < span_; ++half) {
          if (!fits(type, half)) continue;
          Sum sum;
          add(sum, 1, done(static_cast<int32_t>(producer), half - lag(graph_.ops[producer].type, type)));
          add(sum, -1, done(static_cast<int32_t>(op), half));
          demand("prec" + std::to_string(producer) + "_" + std::to_string(op) + "_" + std::to_string(half),
                 std::move(sum));
        }
      }
    }
    for (const Colocation& pair : graph_.colocations) {
      for (int64_t half = 1; half < span_; half += 2) {
        for (const int64_t sign : {1, -1}) {
          Sum sum;
          add(sum, sign, done(static_cast<int32_t>(pair.op), half));
          add(sum, -sign, done(static_cast<int32_t>(pair.lookup), half));
          demand((sign > 0 ? "with" : "within") + std::to_string(pair.lookup) + "_" + std::to_string(pair.op) + "_" +
                     std::to_string(half),
                 std::move(sum));
        }
      }
    }
  }

  // ---- dims ----------------------------------------------------------------------------

  // Dims that live and die together share columns.
  struct DimGroup {
    uint32_t dim = 0;  // the first of them
    int64_t weight = 0;
    int32_t producer = Dim::kInput;
    bool immortal = false;
    bool average = false;
    bool may_be_internal = false;
    std::vector<uint32_t> last;  // readers after which it dies
  };

  void group_dims() {
    std::map<std::tuple<int32_t, bool, bool, std::vector<uint32_t>>, size_t> known;
    for (uint32_t id = 0; id < graph_.dims.size(); ++id) {
      const Dim& dim = graph_.dims[id];
      DimGroup group;
      group.dim = id;
      group.weight = 1;
      group.immortal = graph_.is_output[id] || graph_.is_protected[id];
      if (!group.immortal && dim.consumers.empty() && dim.op != Dim::kInput) continue;  // never stored
      group.producer = dim.op == Dim::kInput ? dim.op : static_cast<int32_t>(twin_[static_cast<size_t>(dim.op)]);
      const std::vector<uint32_t> readers = group.immortal ? std::vector<uint32_t>{} : last_of(dim.consumers);
      group.last = readers;
      if (dim.op != Dim::kInput) {
        const Op& producer = graph_.ops[static_cast<size_t>(dim.op)];
        group.average = producer.type == OpType::kLookup && producer.tie_break == TieBreak::kAverage;
        group.may_be_internal = !group.immortal && producer.type != OpType::kPersist &&
                                std::all_of(dim.consumers.begin(), dim.consumers.end(), [&](uint32_t reader) {
                                  return graph_.ops[reader].type == OpType::kPersist;
                                });
      }
      const auto [at, fresh] =
          known.try_emplace({group.producer, group.immortal, group.may_be_internal, readers}, groups_.size());
      if (fresh) {
        groups_.push_back(std::move(group));
      } else {
        ++groups_[at->second].weight;
      }
      group_of_[id] = at->second;
    }
  }

  // y[producer][from] - y[reader][until]
  Sum span(const DimGroup& group, int64_t from, uint32_t reader, int64_t until) {
    Sum sum;
    add(sum, 1, done(group.producer, from));
    add(sum, -1, done(static_cast<int32_t>(reader), until));
    return sum;
  }

  // Alive after `half`: a slot holds it.
  void raise_alive(Least& least, const DimGroup& group, int64_t half) {
    if (group.immortal) {
      Sum sum;
      add(sum, 1, done(group.producer, half));
      raise(least, std::move(sum));
      return;
    }
    for (const uint32_t reader : group.last) raise(least, span(group, half, reader, half));
  }

  // A slot is taken in `half`, by the rule of the mode, when values are erased as they die.
  void raise_taken(Least& least, const DimGroup& group, int64_t half) {
    const bool clean_before = options_.mode == Mode::kMixed && group.average;
    const bool busy_after = options_.mode == Mode::kDelayed || clean_before;
    if (!busy_after || group.immortal) {
      raise_alive(least, group, half);
      if (clean_before) {
        Sum sum;
        add(sum, 1, done(group.producer, half + 1));
        raise(least, std::move(sum));
      }
      return;
    }
    if (group.producer == Dim::kInput && half == 0) {  // the embedding wrote it, read or not
      raise(least, Sum{1, {}});
      return;
    }
    for (const uint32_t reader : group.last) {
      if (group.may_be_internal) {
        raise(least, span(group, half, reader, half));
        raise(least, span(group, half - 1, reader, half - 1));
        if (clean_before) raise(least, span(group, half + 1, reader, half + 1));
      } else {
        raise(least, span(group, half + (clean_before ? 1 : 0), reader, half - 1));
      }
    }
  }

  // Before half-layer 0 every input has its slot, and an average made there (mixed) a clean one.
  void add_width_of_embedding() {
    Sum total;
    total.constant = static_cast<int64_t>(graph_.inputs);
    for (const DimGroup& group : groups_) {
      if (options_.mode != Mode::kMixed || !group.average) continue;
      Least taken{"w" + std::to_string(group.dim)};
      if (group.immortal) {
        Sum sum;
        add(sum, 1, done(group.producer, 0));
        raise(taken, std::move(sum));
      }
      for (const uint32_t reader : group.last) raise(taken, span(group, 0, reader, group.may_be_internal ? 0 : -1));
      add(total, group.weight, taken.column);
    }
    limit("width", std::move(total));
  }

  // So many columns are wanted of the residual.
  void limit(std::string name, Sum total) {
    if (!options_.given_columns.has_value()) {
      cover(std::move(name), std::move(total), 2);
      return;
    }
    Sum row{static_cast<int64_t>(*options_.given_columns / 2 * 2) - total.constant, std::move(total.terms)};
    for (Entry& entry : row.terms) entry.coefficient = -entry.coefficient;
    demand(std::move(name), std::move(row));
  }

  void add_width() {
    const bool lazy_erase = options_.given_columns.has_value() && options_.lazy;
    kept_.resize(groups_.size());
    add_width_of_embedding();
    for (int64_t half = 0; half < span_; ++half) {
      Sum total;
      for (size_t g = 0; g < groups_.size(); ++g) {
        const DimGroup& group = groups_[g];
        Least taken{place_name(lazy_erase ? "t" : "v", group.dim, half)};
        if (lazy_erase) {
          Least kept{place_name("k", group.dim, half)};
          raise_kept(kept, group, half, kept_[g].empty() ? kZero : kept_[g].back());
          kept_[g].push_back(kept.column);
          if (options_.mode == Mode::kDelayed || (options_.mode == Mode::kMixed && group.average)) {
            for (const int64_t at : {half, half - 1}) {
              Sum sum;
              add(sum, 1, at < 0 ? (group.producer == Dim::kInput ? kOne : kZero) : kept_[g][static_cast<size_t>(at)]);
              raise(taken, std::move(sum));
            }
            if (options_.mode == Mode::kMixed) {
              if (group.immortal) {
                Sum sum;
                add(sum, 1, done(group.producer, half + 1));
                raise(taken, std::move(sum));
              }
              for (const uint32_t reader : group.last) raise(taken, span(group, half + 1, reader, half + 1));
            }
          } else {
            taken = kept;
          }
        } else {
          raise_taken(taken, group, half);
        }
        add(total, group.weight, taken.column);
      }
      limit("width" + std::to_string(half), std::move(total));
    }
  }

  // A value stays from its birth on as long as wanted, at least while it is alive.
  void raise_kept(Least& kept, const DimGroup& group, int64_t half, int32_t before) {
    raise_alive(kept, group, half);
    if (group.immortal || kept.column == kOne) return;
    if (kept.column == kZero) {
      if (before == kZero && (half > 0 || group.producer != Dim::kInput)) return;
      open(kept);
    } else if (kept.borrowed) {
      open(kept);
    }
    Sum sum;  // before + born >= kept
    add(sum, 1, half == 0 && group.producer == Dim::kInput ? kOne : before);
    add(sum, 1, done(group.producer, half));
    add(sum, -1, done(group.producer, half - 1));
    add(sum, -1, kept.column);
    if (half == 0 && group.producer == Dim::kInput) sum.constant = 1;
    demand(kept.name + ".keep", std::move(sum));
  }

  // Slots that a half-layer reads for itself: those it erases and those its persists take.
  Sum passthroughs(int64_t half) {
    const bool attention = half % 2 == 0;
    const bool lazy_erase = options_.given_columns.has_value() && options_.lazy;
    const OpType core = attention ? OpType::kLookup : OpType::kReglu;
    Sum total;
    for (uint32_t id = 0; id < graph_.dims.size(); ++id) {
      const auto known = group_of_.find(id);
      if (known == group_of_.end()) continue;
      const DimGroup& group = groups_[known->second];
      const bool born_here =
          group.producer != Dim::kInput && graph_.ops[static_cast<size_t>(group.producer)].type == core;
      Least read{place_name("x", id, half)};
      if (!group.immortal) {
        if (lazy_erase) {
          const std::vector<int32_t>& kept = kept_[known->second];
          Sum sum;
          add(sum, 1, half > 0 ? kept[static_cast<size_t>(half - 1)] : group.producer == Dim::kInput ? kOne : kZero);
          add(sum, -1, kept[static_cast<size_t>(half)]);
          raise(read, std::move(sum));
        } else if (group.last.empty()) {
          if (half == 0) raise(read, Sum{1, {}});
        } else {
          for (const uint32_t reader : group.last) {  // it dies here, and with this reader
            Sum sum;
            add(sum, 1, done(static_cast<int32_t>(reader), half));
            add(sum, -1, done(static_cast<int32_t>(reader), half - 1));
            for (const uint32_t other : group.last) {
              if (other == reader) continue;
              sum.constant -= 1;
              add(sum, 1, done(static_cast<int32_t>(other), half));
            }
            if (born_here) {
              add(sum, -1, done(group.producer, half));
              add(sum, 1, done(group.producer, half - 1));
            }
            raise(read, std::move(sum));
          }
        }
      }
      std::vector<uint32_t> readers;
      for (const uint32_t reader : graph_.dims[id].consumers) {
        if (graph_.ops[reader].type == OpType::kPersist) readers.push_back(twin_[reader]);
      }
      std::sort(readers.begin(), readers.end());
      readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
      for (const uint32_t reader : readers) {
        Sum sum;
        add(sum, 1, done(static_cast<int32_t>(reader), half));
        add(sum, -1, done(static_cast<int32_t>(reader), half - 1));
        if (born_here) {
          add(sum, -1, done(group.producer, half));
          add(sum, 1, done(group.producer, half - 1));
        }
        raise(read, std::move(sum));
      }
      add(total, 1, read.column);
    }
    return total;
  }

  void add_heads() {
    for (int64_t half = 0; half < span_; half += 2) {
      Sum total = passthroughs(half);
      for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
        if (graph_.ops[op].type != OpType::kLookup) continue;
        const int64_t heads = heads_of(graph_.ops[op]);
        add(total, 2 * heads, done(static_cast<int32_t>(op), half));
        add(total, -2 * heads, done(static_cast<int32_t>(op), half - 1));
      }
      limit("heads" + std::to_string(half), std::move(total));
    }
  }

  void add_neurons() {
    for (int64_t half = 1; half < span_; half += 2) {
      Sum total = passthroughs(half);
      for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
        if (graph_.ops[op].type != OpType::kReglu) continue;
        add(total, 1, done(static_cast<int32_t>(op), half));
        add(total, -1, done(static_cast<int32_t>(op), half - 1));
      }
      cover("neurons" + std::to_string(half), std::move(total), 1);
    }
  }

  const GateGraph& graph_;
  const GateModelOptions& options_;
  Windows windows_;
  std::vector<bool> tied_;
  std::vector<std::vector<uint32_t>> readers_;
  std::vector<std::vector<uint32_t>> members_;
  std::vector<DimGroup> groups_;
  std::map<uint32_t, size_t> group_of_;
  std::vector<std::vector<int32_t>> kept_;
};

}  // namespace

Result<ScheduleModel> build_gate_model(const GateGraph& graph, const GateModelOptions& options) {
  if (options.mode == Mode::kStrict) {
    return make_error(ErrorCode::kInvalidArgument, "a gate graph has no schedule in mode strict");
  }
  Result<Windows> known = windows(graph, options.layers);
  if (!known.ok()) return known.error();
  if (graph.ops.size() * uint64_t{2} * options.layers > (uint64_t{1} << 24)) {
    return make_error(ErrorCode::kTooComplex, "ops times half-layers pass 2^24");
  }
  GateModelOptions wanted = options;
  if (wanted.given_columns.has_value()) wanted.dominance = false;
  return GateModelBuilder(graph, wanted, std::move(*known)).build();
}

}  // namespace rondo::phase
