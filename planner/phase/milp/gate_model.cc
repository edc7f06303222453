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
    for (uint32_t op = 0; op < ops_; ++op) readers_.push_back(readers_of(op));
    find_descendants(graph_.order, readers_);
    add_objective();
    add_ops();
    add_order();
    if (is_too_large()) return too_large();
    collect_values();
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

  std::vector<uint32_t> readers_of(uint32_t op) const {
    std::vector<uint32_t> readers;
    for_each_reader(graph_, op, [&](uint32_t reader) { readers.push_back(reader); });
    std::sort(readers.begin(), readers.end());
    readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
    return readers;
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
    std::map<uint32_t, uint32_t> lookup_of;  // ReGLUs by the first averaging lookup they are tied to
    for (const Colocation& pair : graph_.colocations) {
      if (graph_.ops[pair.op].type == OpType::kReglu) lookup_of.emplace(pair.op, pair.lookup);
    }
    for (uint32_t op = 0; op < ops_; ++op) {
      if (lookup_of.contains(op)) continue;
      const auto low = static_cast<int64_t>(windows_.low[op]), high = static_cast<int64_t>(windows_.high[op]);
      for (int64_t half = low; half < span_; ++half) {
        if (half >= high) {
          slot(op, half) = kOne;
        } else if (fits(graph_.ops[op].type, half)) {
          add_y(op, half);
        } else {
          slot(op, half) = done(op, half - 1);
        }
      }
    }
    for (const auto& [op, lookup] : lookup_of) {  // in the half-layer after it
      for (int64_t half = 0; half < span_; ++half) slot(op, half) = done(lookup, half - 1);
    }
  }

  void add_order() {
    for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
      const OpType type = graph_.ops[op].type;
      for (int64_t half = 0; half + 1 < span_; ++half) {
        Sum sum;
        add(sum, 1, done(op, half + 1));
        add(sum, -1, done(op, half));
        demand(place_name("mono", op, half), std::move(sum));
      }
      std::vector<uint32_t> producers;
      for_each_producer(graph_, op, [&](uint32_t producer) { producers.push_back(producer); });
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
          add(sum, 1, done(producer, half - lag(graph_.ops[producer].type, type)));
          add(sum, -1, done(op, half));
          demand("prec" + std::to_string(producer) + "_" + std::to_string(op) + "_" + std::to_string(half),
                 std::move(sum));
        }
      }
    }
    for (const Colocation& pair : graph_.colocations) {
      for (int64_t half = 1; half < span_; half += 2) {
        for (const int64_t sign : {1, -1}) {
          Sum sum;
          add(sum, sign, done(pair.op, half));
          add(sum, -sign, done(pair.lookup, half));
          demand((sign > 0 ? "with" : "within") + std::to_string(pair.lookup) + "_" + std::to_string(pair.op) + "_" +
                     std::to_string(half),
                 std::move(sum));
        }
      }
    }
  }

  // ---- dims ----------------------------------------------------------------------------

  // A dim that can need a slot.
  struct Value {
    uint32_t dim = 0;
    int32_t producer = Dim::kInput;
    bool immortal = false;
    bool average = false;
    bool may_be_internal = false;  // all its readers are persists, which may run where it is made
    std::vector<uint32_t> last;    // readers after which it dies
  };

  void collect_values() {
    for (uint32_t id = 0; id < graph_.dims.size(); ++id) {
      const Dim& dim = graph_.dims[id];
      Value value;
      value.dim = id;
      value.producer = dim.op;
      value.immortal = graph_.is_output[id] || graph_.is_protected[id];
      if (!value.immortal && dim.consumers.empty() && dim.op != Dim::kInput) continue;  // never stored
      if (!value.immortal) value.last = last_of(dim.consumers);
      if (dim.op != Dim::kInput) {
        const Op& producer = graph_.ops[static_cast<size_t>(dim.op)];
        value.average = producer.type == OpType::kLookup && producer.tie_break == TieBreak::kAverage;
        value.may_be_internal = !value.immortal && producer.type != OpType::kPersist &&
                                std::all_of(dim.consumers.begin(), dim.consumers.end(), [&](uint32_t reader) {
                                  return graph_.ops[reader].type == OpType::kPersist;
                                });
      }
      values_.push_back(std::move(value));
    }
  }

  // y[producer][from] - y[reader][until]
  Sum span(const Value& value, int64_t from, uint32_t reader, int64_t until) {
    Sum sum;
    add(sum, 1, done(value.producer, from));
    add(sum, -1, done(reader, until));
    return sum;
  }

  // Alive after `half`: a slot holds it.
  void raise_alive(Least& least, const Value& value, int64_t half) {
    if (value.immortal) {
      least.column = done(value.producer, half);
      return;
    }
    for (const uint32_t reader : value.last) raise(least, std::to_string(reader), span(value, half, reader, half));
  }

  bool is_alone(const Value& value) const { return options_.mode == Mode::kMixed && value.average; }

  // A slot is taken, by the rule of the mode, when values are erased as they die: after `half`;
  // for an average of mode mixed just before `half` as well as just after it.
  void raise_taken(Least& least, const Value& value, int64_t half) {
    const bool busy_after = options_.mode == Mode::kDelayed || is_alone(value);
    if (value.immortal) {
      least.column = done(value.producer, half);
      return;
    }
    if (!busy_after) {
      raise_alive(least, value, half);
      return;
    }
    if (value.producer == Dim::kInput && half == 0) {  // the embedding wrote it, read or not
      least.column = kOne;
      return;
    }
    for (const uint32_t reader : value.last) {
      const std::string why = std::to_string(reader);
      if (value.may_be_internal) {
        raise(least, why, span(value, half, reader, half));
        raise(least, why + "b", span(value, half - 1, reader, half - 1));
      } else {
        raise(least, why, span(value, half, reader, half - 1));
      }
    }
  }

  // Before half-layer 0 every input has its slot. Mixed, an average has one from just before
  // the half-layer that makes it to just after the one that clears it: between two half-layers
  // the integers of both sides are there, first with what the one before still holds, which
  // its own row counts, then with what the one after needs clean.
  void add_width_before(int64_t half, const std::vector<int32_t>& after_last, const std::vector<int32_t>& taken) {
    Sum total;
    if (half == 0) total.constant = static_cast<int64_t>(graph_.inputs);
    bool wanted = half == 0;
    for (size_t v = 0; v < values_.size(); ++v) {
      if (is_alone(values_[v])) {
        wanted |= done(values_[v].producer, half) != done(values_[v].producer, half - 1);  // it may be made here
        add(total, 1, taken[v]);
      } else if (half > 0) {
        add(total, 1, after_last[v]);
      }
    }
    if (wanted) limit(half == 0 ? "width" : "before" + std::to_string(half), std::move(total));
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
    kept_.resize(values_.size());
    std::vector<int32_t> after_last;
    for (int64_t half = 0; half < span_; ++half) {
      Sum total;
      std::vector<int32_t> columns;
      for (size_t v = 0; v < values_.size(); ++v) {
        const Value& value = values_[v];
        Least taken{place_name(lazy_erase ? "t" : "v", value.dim, half)};
        if (lazy_erase) {
          Least kept{place_name("k", value.dim, half)};
          raise_kept(kept, value, half, kept_[v].empty() ? kZero : kept_[v].back());
          kept_[v].push_back(kept.column);
          if (options_.mode == Mode::kDelayed || is_alone(value)) {
            for (const int64_t at : {half, half - 1}) {
              Sum sum;
              add(sum, 1, at < 0 ? (value.producer == Dim::kInput ? kOne : kZero) : kept_[v][static_cast<size_t>(at)]);
              raise(taken, at == half ? "kept" : "left", std::move(sum));
            }
          } else {
            taken = kept;
          }
        } else {
          raise_taken(taken, value, half);
        }
        close(taken);
        add(total, 1, taken.column);
        columns.push_back(taken.column);
      }
      add_width_before(half, after_last, columns);
      limit("width" + std::to_string(half), std::move(total));
      after_last = std::move(columns);
    }
  }

  // A value stays from its birth on as long as wanted, at least while it is alive.
  void raise_kept(Least& kept, const Value& value, int64_t half, int32_t before) {
    raise_alive(kept, value, half);
    close(kept);
    if (value.immortal || kept.column == kOne) return;
    if (!kept.is_own) {
      if (before == kZero && (half > 0 || value.producer != Dim::kInput)) return;
      open(kept);
    }
    Sum sum;  // before + born >= kept
    add(sum, 1, half == 0 && value.producer == Dim::kInput ? kOne : before);
    add(sum, 1, done(value.producer, half));
    add(sum, -1, done(value.producer, half - 1));
    add(sum, -1, kept.column);
    if (half == 0 && value.producer == Dim::kInput) sum.constant = 1;
    demand(kept.name + ".keep", std::move(sum));
  }

  // Slots that a half-layer reads for itself: those it erases and those its persists take.
  Sum passthroughs(int64_t half) {
    const bool attention = half % 2 == 0;
    const bool lazy_erase = options_.given_columns.has_value() && options_.lazy;
    const OpType core = attention ? OpType::kLookup : OpType::kReglu;
    Sum total;
    for (size_t v = 0; v < values_.size(); ++v) {
      const Value& value = values_[v];
      const bool born_here =
          value.producer != Dim::kInput && graph_.ops[static_cast<size_t>(value.producer)].type == core;
      Least read{place_name("x", value.dim, half)};
      if (!value.immortal) {
        if (lazy_erase) {
          const std::vector<int32_t>& kept = kept_[v];
          Sum sum;
          add(sum, 1, half > 0 ? kept[static_cast<size_t>(half - 1)] : value.producer == Dim::kInput ? kOne : kZero);
          add(sum, -1, kept[static_cast<size_t>(half)]);
          raise(read, "erased", std::move(sum));
        } else if (value.last.empty()) {
          if (half == 0) read.column = kOne;
        } else {
          for (const uint32_t reader : value.last) {  // it dies here, and with this reader
            Sum sum;
            add(sum, 1, done(reader, half));
            add(sum, -1, done(reader, half - 1));
            for (const uint32_t other : value.last) {
              if (other == reader) continue;
              sum.constant -= 1;
              add(sum, 1, done(other, half));
            }
            if (born_here) {
              add(sum, -1, done(value.producer, half));
              add(sum, 1, done(value.producer, half - 1));
            }
            raise(read, "d" + std::to_string(reader), std::move(sum));
          }
        }
      }
      for (const uint32_t reader : graph_.dims[value.dim].consumers) {
        if (graph_.ops[reader].type != OpType::kPersist) continue;
        Sum sum;
        add(sum, 1, done(reader, half));
        add(sum, -1, done(reader, half - 1));
        if (born_here) {
          add(sum, -1, done(value.producer, half));
          add(sum, 1, done(value.producer, half - 1));
        }
        raise(read, "r" + std::to_string(reader), std::move(sum));
      }
      close(read);
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
        add(total, 2 * heads, done(op, half));
        add(total, -2 * heads, done(op, half - 1));
      }
      limit("heads" + std::to_string(half), std::move(total));
    }
  }

  void add_neurons() {
    for (int64_t half = 1; half < span_; half += 2) {
      Sum total = passthroughs(half);
      for (uint32_t op = 0; op < graph_.ops.size(); ++op) {
        if (graph_.ops[op].type != OpType::kReglu) continue;
        add(total, 1, done(op, half));
        add(total, -1, done(op, half - 1));
      }
      cover("neurons" + std::to_string(half), std::move(total), 1);
    }
  }

  const GateGraph& graph_;
  const GateModelOptions& options_;
  Windows windows_;
  std::vector<std::vector<uint32_t>> readers_;
  std::vector<Value> values_;
  std::vector<std::vector<int32_t>> kept_;
};

}  // namespace

Result<ScheduleModel> build_gate_model(const GateGraph& graph, const GateModelOptions& options) {
  if (options.mode == Mode::kStrict) {
    return make_error(ErrorCode::kInvalidArgument, "a gate graph has no schedule in mode strict");
  }
  Result<Windows> known = windows(graph, options.layers);
  if (!known.ok()) return known.error();
  if ((graph.ops.size() + graph.dims.size() + 1) * uint64_t{2} * options.layers > (uint64_t{1} << 24)) {
    return make_error(ErrorCode::kTooComplex, "ops and dims times half-layers pass 2^24");
  }
  return GateModelBuilder(graph, options, std::move(*known)).build();
}

}  // namespace rondo::phase
