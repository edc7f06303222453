#include "tests/verify/mutators/reference_run.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace rondo {
namespace {

uint64_t scramble(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

// Offsets in bytes of the elements of an operand, row-major in its dims (panels: k n).
std::vector<uint64_t> elements_of(const Schedule& schedule, const Operand& operand, uint64_t columns) {
  const View& view = schedule.views[operand.view];
  std::vector<uint64_t> offsets;
  if (view.layout == static_cast<uint8_t>(Layout::kPanels)) {
    if (columns == 0) columns = uint64_t{view.extent[0]} * view.block_columns;
    for (uint64_t k = 0; k < view.extent[1]; ++k)
      for (uint64_t n = 0; n < columns; ++n)
        offsets.push_back(operand.offset_bytes + n / view.block_columns * static_cast<uint64_t>(view.stride_bytes[0]) +
                          k * static_cast<uint64_t>(view.stride_bytes[1]) + n % view.block_columns * 4);
    return offsets;
  }
  uint32_t extent[kMaxRank] = {1, 1, 1, 1};
  int64_t stride[kMaxRank] = {};
  for (uint32_t axis = 0; axis < view.rank; ++axis) {
    extent[axis] = view.extent[axis];
    stride[axis] = view.stride_bytes[axis];
  }
  for (uint32_t i = 0; i < extent[0]; ++i)
    for (uint32_t j = 0; j < extent[1]; ++j)
      for (uint32_t k = 0; k < extent[2]; ++k)
        for (uint32_t l = 0; l < extent[3]; ++l)
          offsets.push_back(operand.offset_bytes +
                            static_cast<uint64_t>(i * stride[0] + j * stride[1] + k * stride[2] + l * stride[3]));
  return offsets;
}

bool reads(const Operand& operand) {
  return operand.access == static_cast<uint8_t>(Access::kRead) ||
         operand.access == static_cast<uint8_t>(Access::kUpdate);
}
bool writes(const Operand& operand) {
  return operand.access == static_cast<uint8_t>(Access::kWrite) ||
         operand.access == static_cast<uint8_t>(Access::kUpdate);
}

// Runs of bytes, with the base in the upper bits, sorted.
using Runs = std::vector<std::pair<uint64_t, uint64_t>>;

void add_runs(const Schedule& schedule, const Operand& operand, Runs& runs) {
  uint64_t base = uint64_t{operand.base} << 48;
  for (uint64_t offset : elements_of(schedule, operand, 0)) {
    if (!runs.empty() && runs.back().second == base + offset)
      runs.back().second += 4;
    else
      runs.push_back({base + offset, base + offset + 4});
  }
}

bool meet(const Runs& a, const Runs& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].first < b[j].second && b[j].first < a[i].second) return true;
    if (a[i].second <= b[j].second)
      ++i;
    else
      ++j;
  }
  return false;
}

class Runner {
 public:
  explicit Runner(const Schedule& schedule) : schedule_(schedule) {}

  ReferenceRun run() {
    give_inputs();
    for (Part part : {Part::kPrepare, Part::kReplay}) {
      part_ = part;
      std::vector<uint32_t> order = greedy(kNone, false);
      size_t ops = 0;
      for (const Stream& stream : schedule_.streams)
        if (stream.part == static_cast<uint8_t>(part)) ops += stream.op_count;
      if (order.size() != ops) {
        result_.hang = true;
        return result_;
      }
      if (part == Part::kReplay) forget_arenas();
      for (uint32_t op : order) execute(schedule_.ops[op]);
      look_for_races(order);
    }
    for (uint32_t base = static_cast<uint32_t>(schedule_.arenas.size()); base < schedule_.base_count(); ++base) {
      if (schedule_.binding_of(base).role != static_cast<uint8_t>(Role::kOutput)) continue;
      std::vector<uint64_t> values;
      for (const std::optional<uint64_t>& value : memory_[base]) {
        if (!value) result_.undefined = true;
        values.push_back(value.value_or(0));
      }
      result_.outputs.push_back(std::move(values));
    }
    return result_;
  }

 private:
  void give_inputs() {
    for (const Arena& arena : schedule_.arenas) memory_.emplace_back(arena.bytes / 4);
    for (const Binding& binding : schedule_.bindings) {
      auto& cells = memory_.emplace_back(bytes_of(binding) / 4);
      if (binding.role == static_cast<uint8_t>(Role::kOutput)) continue;
      for (size_t i = 0; i < cells.size(); ++i) cells[i] = scramble(memory_.size() * 0x10001 + i);
    }
  }

  void forget_arenas() {
    for (size_t arena = 0; arena < schedule_.arenas.size(); ++arena)
      if (schedule_.arenas[arena].prepared == 0) std::fill(memory_[arena].begin(), memory_[arena].end(), std::nullopt);
  }

  // Issues whatever can be issued; `cut` begins but never completes (its `read`
  // signals are given if `has_read`). Ops in the order of their beginning.
  std::vector<uint32_t> greedy(uint32_t cut, bool has_read) const {
    std::vector<uint32_t> next(schedule_.streams.size(), 0), unfinished(schedule_.streams.size(), 0);
    std::vector<uint32_t> counts(schedule_.tokens.size(), 0);
    std::vector<uint32_t> order;
    for (bool progress = true; progress;) {
      progress = false;
      for (size_t index = 0; index < schedule_.streams.size(); ++index) {
        const Stream& stream = schedule_.streams[index];
        if (stream.part != static_cast<uint8_t>(part_)) continue;
        while (next[index] < stream.op_count && unfinished[index] < stream.in_flight) {
          uint32_t id = stream.first_op + next[index];
          const Op& op = schedule_.ops[id];
          bool met = true;
          for (const Wait& wait : op.waits) met &= wait.token == kNone || counts[wait.token] >= wait.count;
          if (!met) break;
          for (int slot = 0; slot < 2; ++slot) {
            if (op.signals[slot] == kNone) continue;
            bool read = op.signal_kinds[slot] == static_cast<uint8_t>(SignalKind::kRead);
            if (id != cut || (read && has_read)) ++counts[op.signals[slot]];
          }
          unfinished[index] += id == cut;
          order.push_back(id);
          ++next[index];
          progress = true;
        }
      }
    }
    return order;
  }

  void look_for_races(const std::vector<uint32_t>& order) {
    size_t count = schedule_.ops.size();
    std::vector<Runs> reading(count), writing(count);
    for (uint32_t id : order) {
      const Op& op = schedule_.ops[id];
      for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
        if (reads(schedule_.operands[i])) add_runs(schedule_, schedule_.operands[i], reading[id]);
        if (writes(schedule_.operands[i])) add_runs(schedule_, schedule_.operands[i], writing[id]);
      }
      std::sort(reading[id].begin(), reading[id].end());
      std::sort(writing[id].begin(), writing[id].end());
    }
    // begins_before[a][b]: b can begin while a has not read; has not written.
    std::vector<std::vector<uint8_t>> unread(count), unwritten(count);
    for (uint32_t id : order) {
      unread[id].assign(count, 0);
      unwritten[id].assign(count, 0);
      for (uint32_t other : greedy(id, false)) unread[id][other] = 1;
      for (uint32_t other : greedy(id, true)) unwritten[id][other] = 1;
    }
    for (uint32_t a : order) {
      for (uint32_t b : order) {
        if (a == b) continue;
        // a writes what b touches, and neither waits for the other.
        bool race = unwritten[a][b] != 0 && ((unwritten[b][a] != 0 && meet(writing[a], writing[b])) ||
                                             (unread[b][a] != 0 && meet(writing[a], reading[b])));
        if (race) result_.race = true;
      }
    }
  }

  std::vector<uint64_t> load(const Operand& operand, uint64_t columns = 0) {
    std::vector<uint64_t> values;
    for (uint64_t offset : elements_of(schedule_, operand, columns)) {
      const std::optional<uint64_t>& value = memory_[operand.base][offset / 4];
      if (!value) result_.undefined = true;
      values.push_back(value.value_or(0));
    }
    return values;
  }

  void store(const Operand& operand, const std::vector<uint64_t>& values, uint64_t columns = 0) {
    std::vector<uint64_t> offsets = elements_of(schedule_, operand, columns);
    for (size_t i = 0; i < offsets.size() && i < values.size(); ++i) memory_[operand.base][offsets[i] / 4] = values[i];
  }

  void execute(const Op& op) {
    if (op.kernel == kNoKernel) return;
    std::string_view kernel = schedule_.name(schedule_.kernels[op.kernel].name);
    const Operand* operand = &schedule_.operands[op.first_operand];
    if (kernel == "copy") {
      store(operand[1], load(operand[0]));
    } else if (kernel == "fill") {
      store(operand[0], std::vector<uint64_t>(elements_of(schedule_, operand[0], 0).size(), scramble(op.params[0])));
    } else if (kernel == "relu") {
      std::vector<uint64_t> values = load(operand[0]);
      for (uint64_t& value : values) value = scramble(value ^ 1);
      store(operand[1], values);
    } else if (kernel == "add") {
      std::vector<uint64_t> values = load(operand[0]), more = load(operand[1]);
      for (size_t i = 0; i < values.size(); ++i) values[i] += more[i];
      store(operand[2], values);
    } else if (kernel == "pack") {
      uint64_t columns = schedule_.views[operand[0].view].extent[1];
      uint64_t padded =
          uint64_t{schedule_.views[operand[1].view].extent[0]} * schedule_.views[operand[1].view].block_columns;
      store(operand[1], std::vector<uint64_t>(padded * schedule_.views[operand[0].view].extent[0], 0), padded);
      store(operand[1], load(operand[0]), columns);
    } else if (kernel == "matmul") {
      multiply(op, operand);
    }
  }

  void multiply(const Op& op, const Operand* operand) {
    const View& c_view = schedule_.views[operand[2].view];
    uint64_t m = c_view.extent[0], n = c_view.extent[1];
    std::vector<uint64_t> a = load(operand[0]), b = load(operand[1], n);
    uint64_t k_count = m == 0 ? 0 : a.size() / m;
    std::vector<uint64_t> c(m * n, 0);
    if ((op.flags & kOpAccumulate) != 0) c = load(operand[2]);
    for (uint64_t i = 0; i < m; ++i)
      for (uint64_t k = 0; k < k_count; ++k)
        for (uint64_t j = 0; j < n; ++j) c[i * n + j] += a[i * k_count + k] * b[k * n + j];
    if ((op.flags & kOpFinal) != 0) {
      if (op.operand_count > 3) {
        std::vector<uint64_t> bias = load(operand[3]);
        for (uint64_t i = 0; i < m * n; ++i) c[i] += bias[i % n];
      }
      if (op.params[0] != 0)
        for (uint64_t& value : c) value = scramble(value ^ op.params[0]);
    }
    store(operand[2], c);
  }

  const Schedule& schedule_;
  Part part_ = Part::kPrepare;
  std::vector<std::vector<std::optional<uint64_t>>> memory_;  // per base, per element
  ReferenceRun result_;
};

}  // namespace

ReferenceRun reference_run(const Schedule& schedule) { return Runner(schedule).run(); }

}  // namespace rondo
