#include "tests/verify/oracle/random_schedule.h"

#include <algorithm>
#include <string>
#include <vector>
#include "schedules/builder/builder.h"

namespace rondo::oracle {
namespace {

using Elements = uint64_t;  // one bit an element of memory that can change

// What a scalar does to a box; offsets in elements.
struct Moves {
  uint32_t scalar = kNone;
  int axis = -1;  // whose extent is bounded
  int64_t scale = 0, bias = 0;
  int64_t step = 0, offset_scale = 0, offset_bias = 0, modulus = 0;

  bool operator==(const Moves&) const = default;
};

struct Box {
  std::vector<uint32_t> extent;
  std::vector<int64_t> stride;  // in elements
  uint16_t base = 0;
  uint64_t offset = 0;   // in elements
  Elements touched = 0;  // for some value of the scalar
  Elements always = 0;   // for every one
  Access access = Access::kRead;
  Moves moves = {};

  bool same_place(const Box& other) const {
    return base == other.base && offset == other.offset && extent == other.extent && stride == other.stride &&
           moves == other.moves;
  }
};

struct Base {
  uint32_t elements = 0;
  int first_bit = -1;  // -1: constant
  bool writable = false;
  uint32_t first_lane = 0, last_lane = UINT32_MAX;  // that may use it
};

struct PlannedOp {
  const char* kernel = "";  // "": sync
  uint16_t flags = 0;
  std::vector<Box> boxes;
  Elements reads = 0, writes = 0, defines = 0;
  uint32_t stream = 0;
  uint64_t before = 0;  // ops known to be completed when this one begins
  std::vector<Wait> waits;
  std::vector<SignalSpec> signals;
};

struct Edge {
  uint32_t from = 0, to = 0;
  bool reads_only = false;  // `from` only has to have read
};

class Maker {
 public:
  Maker(std::mt19937_64& random, Leaning leaning, Features features)
      : random_(random), leaning_(leaning), features_(features) {}

  Schedule make() {
    make_scalars_and_groups();
    make_bases();
    if (prepared_ >= 0) {
      part_ = Part::kPrepare;
      make_part(1 + below(2), 1 + below(3));
    }
    part_ = Part::kReplay;
    make_part(2 + below(3), 2 + below(9));
    return builder_.finish();
  }

 private:
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool chance(double probability) { return static_cast<double>(random_() >> 11) * 0x1p-53 < probability; }

  void make_scalars_and_groups() {
    Schedule& schedule = builder_.schedule();
    if (features_.scalars) {
      for (uint32_t i = 0; i < 1 + below(2); ++i) {
        const int64_t min = below(2);
        schedule.scalars.push_back({builder_.name("n" + std::to_string(i)), 0, min, min + below(4)});
      }
    }
    if (features_.groups) {
      schedule.lane_count = kLanes;
      for (uint32_t first = 0; first < 2; ++first)
        schedule.groups.push_back({builder_.name("g" + std::to_string(first)), first, 2, 0});
    }
  }

  void make_bases() {
    bytewise_ = chance(0.2);
    dtype_ = bytewise_ ? DType::kU8 : DType::kF32;
    element_ = static_cast<uint32_t>(size_of(dtype_));
    builder_.phase("p");
    uint16_t space = builder_.space("scratch", SpaceKind::kScratch, 4096);
    auto arena = [&](const char* name, uint32_t elements, bool prepared) {
      Base base{elements, static_cast<int>(bits_), true};
      OwnerKind kind = OwnerKind::kEveryone;
      uint32_t owner = 0;
      if (features_.groups && chance(0.7)) {
        kind = chance(0.6) ? OwnerKind::kGroup : OwnerKind::kLane;
        owner = below(kind == OwnerKind::kGroup ? 2 : kLanes);
        base.first_lane = owner;
        base.last_lane = kind == OwnerKind::kGroup ? owner + 1 : owner;
      }
      builder_.arena(name, space, uint64_t{elements} * element_, kind, owner, prepared);
      bases_.push_back(base);
      bits_ += elements;
    };
    arena("a", 3 + below(6), false);
    if (chance(0.4)) arena("b", 2 + below(4), false);
    if (chance(0.15)) {
      prepared_ = static_cast<int>(bases_.size());
      arena("packed", 2 + below(3), true);
    }
    auto binding = [&](const char* name, Role role, uint32_t elements) {
      builder_.binding(name, role, dtype_, {elements});
      bool constant = role == Role::kInput || role == Role::kConstant;
      bases_.push_back({elements, constant ? -1 : static_cast<int>(bits_), !constant});
      if (!constant) bits_ += elements;
      Elements bits = bits_of(bases_.back());
      if (role == Role::kOutput) outputs_ |= bits;
      if (role == Role::kState) defined_ |= fill_by_scalar(bits);
    };
    // Only constants are there when `prepare` runs.
    binding("x", prepared_ < 0 && chance(0.5) ? Role::kInput : Role::kConstant, 8);
    constant_base_ = static_cast<uint16_t>(bases_.size() - 1);
    if (chance(0.75)) {
      output_base_ = static_cast<int>(bases_.size());
      binding("y", Role::kOutput, 1 + below(4));
    }
    if (chance(0.2)) binding("s", Role::kState, 1 + below(3));
  }

  // Lets a scalar say how much of the state that was declared last is there; returns what
  // always is.
  Elements fill_by_scalar(Elements bits) {
    if (!features_.scalars || !chance(0.5)) return bits;
    Schedule& schedule = builder_.schedule();
    Binding& state = schedule.bindings.back();
    state.filled_scalar = below(static_cast<uint32_t>(schedule.scalars.size()));
    state.filled_scale = 1;
    state.filled_bias = static_cast<int64_t>(below(3)) - 1;
    const int64_t least = schedule.scalars[state.filled_scalar].min + state.filled_bias;
    const int64_t elements = bases_.back().elements;
    const auto filled = static_cast<uint64_t>(std::clamp<int64_t>(least, 0, elements));
    return ((Elements{1} << filled) - 1) << bases_.back().first_bit;
  }

  static Elements bits_of(const Base& base) {
    return base.first_bit < 0 ? 0 : ((Elements{1} << base.elements) - 1) << base.first_bit;
  }

  // Whether ops of the current part may use a base, and write it.
  bool usable(uint16_t base, bool to_write) const {
    if (!trespasses_ && (lane_ < bases_[base].first_lane || lane_ > bases_[base].last_lane)) return false;
    if (!to_write) return part_ == Part::kReplay || base == constant_base_ || base == prepared_;
    if (part_ == Part::kPrepare) return base == prepared_;
    return base != prepared_ && bases_[base].writable;
  }

  // Least and most that a scalar makes of the bounded extent and of the offset, each by itself.
  struct Range {
    uint32_t least_extent = 0, most_extent = 0;
    uint64_t least_shift = 0, most_shift = 0;
  };
  Range range_of(const Box& box) const {
    Range range;
    const Moves& moves = box.moves;
    if (moves.scalar == kNone) return range;
    const Scalar& scalar = builder_.schedule().scalars[moves.scalar];
    const auto ends = [&](int64_t scale, int64_t bias) {
      return std::minmax({scale * scalar.min + bias, scale * scalar.max + bias});
    };
    if (moves.axis >= 0) {
      const int64_t extent = box.extent[static_cast<size_t>(moves.axis)];
      const auto [low, high] = ends(moves.scale, moves.bias);
      range.least_extent = static_cast<uint32_t>(std::clamp<int64_t>(low, 0, extent));
      range.most_extent = static_cast<uint32_t>(std::clamp<int64_t>(high, 0, extent));
    }
    if (moves.step != 0) {
      const auto [low, high] = ends(moves.offset_scale, moves.offset_bias);
      const bool wraps = low / moves.modulus != high / moves.modulus;
      range.least_shift = static_cast<uint64_t>((wraps ? 0 : low % moves.modulus) * moves.step);
      range.most_shift = static_cast<uint64_t>((wraps ? moves.modulus - 1 : high % moves.modulus) * moves.step);
    }
    return range;
  }

  void touch(Box& box) const {
    const Base& base = bases_[box.base];
    box.touched = box.always = 0;
    if (base.first_bit < 0) return;
    const Range range = range_of(box);
    const uint64_t step = box.moves.step == 0 ? 1 : static_cast<uint64_t>(box.moves.step);
    box.always = ~Elements{0};
    for (uint64_t shift = range.least_shift; shift <= range.most_shift; shift += step) {
      box.touched |= elements_of(box, base, shift, range.most_extent);
      box.always &= elements_of(box, base, shift, range.least_extent);
    }
    if (range.least_shift != range.most_shift) box.always = 0;
  }

  static Elements elements_of(const Box& box, const Base& base, uint64_t shift, uint32_t bounded) {
    Elements touched = 0;
    std::vector<uint32_t> extent = box.extent;
    if (box.moves.axis >= 0) extent[static_cast<size_t>(box.moves.axis)] = bounded;
    uint32_t rows = extent.size() == 2 ? extent[0] : 1;
    int64_t row_stride = extent.size() == 2 ? box.stride[0] : 0;
    uint32_t columns = extent.empty() ? 1 : extent.back();
    int64_t column_stride = box.stride.empty() ? 0 : box.stride.back();
    for (uint32_t i = 0; i < rows; ++i)
      for (uint32_t j = 0; j < columns; ++j)
        touched |= Elements{1} << (static_cast<uint64_t>(base.first_bit) + box.offset + shift +
                                   i * static_cast<uint64_t>(row_stride) + j * static_cast<uint64_t>(column_stride));
    return touched;
  }

  // What a scalar does to the results and sources of the op that is made next.
  void choose_bound(const std::vector<uint32_t>& extent) {
    if (!moves_ || !chance(0.5)) return;
    bound_.scalar = some_scalar();
    bound_.axis = static_cast<int>(below(static_cast<uint32_t>(extent.size())));
    bound_.scale = chance(0.8) ? 1 : chance(0.5) ? 2 : -1;
    bound_.bias = static_cast<int64_t>(below(5)) - 1;
  }
  uint32_t some_scalar() { return below(static_cast<uint32_t>(builder_.schedule().scalars.size())); }

  void choose_shift(Moves& moves) {
    if (!moves_ || !chance(0.35)) return;
    if (moves.scalar == kNone) moves.scalar = some_scalar();
    moves.step = 1 + below(2);
    moves.offset_scale = 1;
    moves.offset_bias = below(3);
    moves.modulus = 1 + below(4);
  }

  // A random place for a box of `extent`; false if the base is too small for it.
  bool place(Box& box, uint16_t base, bool to_write, bool unit_inner) {
    box.base = base;
    box.stride.assign(box.extent.size(), 1);
    uint64_t span = 1;
    for (size_t axis = box.extent.size(); axis-- > 0;) {
      bool inner = axis + 1 == box.extent.size();
      int64_t stride = static_cast<int64_t>(span);
      if (!(inner && unit_inner) && chance(0.3)) stride += 1 + below(2);
      if (!to_write && !(inner && unit_inner) && chance(0.1)) stride = 0;
      if (!to_write && !unit_inner && !inner && chance(0.1)) stride = 1;  // overlapping rows may be read
      box.stride[axis] = stride;
      if (box.extent[axis] > 0) span += (box.extent[axis] - 1) * static_cast<uint64_t>(stride);
    }
    if (std::count(box.extent.begin(), box.extent.end(), 0u) > 0) span = 0;
    box.moves = bound_;
    choose_shift(box.moves);
    if (box.moves.scalar != kNone) span += range_of(box).most_shift;
    if (span > bases_[base].elements) return false;
    box.offset = below(static_cast<uint32_t>(bases_[base].elements - span + 1));
    touch(box);
    return true;
  }

  Box source(std::vector<uint32_t> extent, bool unit_inner = false) {
    double only_defined = leaning_ == Leaning::kUndefined ? 0.7 : 0.98;
    bool must_be_defined = chance(only_defined);
    Box box;
    box.extent = std::move(extent);
    for (int attempt = 0; attempt < 12; ++attempt) {
      auto base = static_cast<uint16_t>(below(static_cast<uint32_t>(bases_.size())));
      if (base == constant_base_ && chance(0.6)) continue;
      if (!usable(base, false) || !place(box, base, false, unit_inner)) continue;
      if (must_be_defined && (box.touched & ~defined_) != 0) continue;
      return box;
    }
    while (!place(box, constant_base_, false, unit_inner)) {
    }
    return box;
  }

  // A place to write that meets no source but, where allowed, lies exactly on source 0.
  bool result(PlannedOp& op, std::vector<uint32_t> extent, bool may_equal_source, bool unit_inner, bool update) {
    Box box;
    box.extent = std::move(extent);
    box.access = update ? Access::kUpdate : Access::kWrite;
    for (int attempt = 0; attempt < 16; ++attempt) {
      if (may_equal_source && chance(0.15) && usable(op.boxes[0].base, true) && distinct_strides(op.boxes[0])) {
        box.base = op.boxes[0].base;
        box.offset = op.boxes[0].offset;
        box.stride = op.boxes[0].stride;
        box.touched = op.boxes[0].touched;
        box.always = op.boxes[0].always;
        box.moves = op.boxes[0].moves;
      } else {
        auto base = static_cast<uint16_t>(below(static_cast<uint32_t>(bases_.size())));
        if (output_base_ >= 0 && part_ == Part::kReplay && chance(0.25)) base = static_cast<uint16_t>(output_base_);
        if (!usable(base, true) || !place(box, base, true, unit_inner)) continue;
      }
      if (update && leaning_ != Leaning::kUndefined && (box.touched & ~defined_) != 0) continue;
      bool legal = true;
      for (size_t i = 0; i < op.boxes.size(); ++i)
        if ((op.boxes[i].touched & box.touched) != 0 && !(i == 0 && may_equal_source && op.boxes[i].same_place(box)))
          legal = false;
      if (!legal) continue;
      op.boxes.push_back(box);
      return true;
    }
    return false;
  }

  static bool distinct_strides(const Box& box) {  // fit to be written
    int64_t span = 1;
    for (size_t axis = box.extent.size(); axis-- > 0;) {
      if (box.stride[axis] < span) return false;
      if (box.extent[axis] > 0) span += (box.extent[axis] - 1) * box.stride[axis];
    }
    return true;
  }

  std::vector<uint32_t> some_extent() {
    if (chance(0.02)) return {0};
    if (chance(0.55)) return {1 + below(4)};
    return {1 + below(2), 1 + below(3)};
  }

  // Sometimes the very box that an earlier op wrote, however a scalar bounds it: for each
  // value of that scalar it is defined as far as it is read.
  bool read_what_was_written(PlannedOp& op, std::vector<uint32_t>& extent) {
    if (!moves_ || ops_.empty() || !chance(0.4)) return false;
    const PlannedOp& earlier = ops_[below(static_cast<uint32_t>(ops_.size()))];
    if (earlier.boxes.empty() || earlier.kernel[0] == 'm' || !usable(earlier.boxes.back().base, false)) return false;
    Box box = earlier.boxes.back();
    box.access = Access::kRead;
    extent = box.extent;
    bound_ = {};
    if (box.moves.axis >= 0) {
      bound_ = box.moves;
      bound_.step = bound_.offset_scale = bound_.offset_bias = bound_.modulus = 0;
    }
    op.boxes.push_back(std::move(box));
    return true;
  }

  bool make_op(PlannedOp& op) {
    op = PlannedOp();
    bound_ = {};
    moves_ = features_.scalars && part_ == Part::kReplay;
    if (features_.groups) {
      op.stream = first_stream_ + below(static_cast<uint32_t>(in_flight_.size()) - first_stream_);
      lane_ = lanes_[op.stream];
      trespasses_ = chance(0.01);
    }
    uint32_t kind = bytewise_ ? (chance(0.12) ? 9 : 1) : below(10);
    if (kind >= 9) return true;  // sync
    if (kind == 0) {
      op.kernel = "fill";
      std::vector<uint32_t> extent = some_extent();
      choose_bound(extent);
      return result(op, extent, false, false, false);
    }
    if (kind <= 4) {
      op.kernel = kind <= 2 || bytewise_ ? "copy" : "relu";
      std::vector<uint32_t> extent = some_extent();
      choose_bound(extent);
      if (!read_what_was_written(op, extent)) op.boxes.push_back(source(extent));
      return result(op, extent, op.kernel[0] == 'r', false, false);
    }
    if (kind <= 6) {
      op.kernel = "add";
      std::vector<uint32_t> extent = some_extent();
      choose_bound(extent);
      if (!read_what_was_written(op, extent)) op.boxes.push_back(source(extent));
      op.boxes.push_back(source(extent));
      return result(op, extent, true, false, false);
    }
    op.kernel = "matmul";
    uint32_t m = 1 + below(2), k = 1 + below(2), n = 1 + below(2);
    bool accumulate = chance(0.5);
    op.flags = accumulate ? kOpAccumulate : kOpInit;
    if (chance(0.4)) op.flags |= kOpFinal;
    op.boxes.push_back(source({m, k}));
    op.boxes.push_back(source({k, n}));
    return result(op, {m, n}, false, true, accumulate);
  }

  void make_part(uint32_t stream_count, uint32_t op_count) {
    ops_.clear();
    edges_.clear();
    first_stream_ = static_cast<uint32_t>(in_flight_.size());
    for (uint32_t i = 0; i < stream_count; ++i) {
      uint16_t in_flight = chance(0.25) ? 2 : 1;
      std::string name = "s" + std::to_string(in_flight_.size());
      in_flight_.push_back(in_flight);
      lanes_.push_back(features_.groups ? below(kLanes) : 0);
      builder_.stream(name, lanes_.back(), Engine::kCompute, part_, in_flight);
    }
    for (uint32_t i = 0; i < op_count; ++i) {
      PlannedOp op;
      if (make_op(op)) add(op);
    }
    Elements missing = outputs_ & ~defined_;
    if (part_ == Part::kReplay && output_base_ >= 0 && missing != 0 &&
        chance(leaning_ == Leaning::kUndefined ? 0.5 : 0.97)) {
      PlannedOp op;
      op.kernel = "copy";
      bound_ = {};
      moves_ = false;
      Box from, to;
      from.extent = to.extent = {bases_[static_cast<size_t>(output_base_)].elements};
      while (!place(from, constant_base_, false, false)) {
      }
      to.base = static_cast<uint16_t>(output_base_);
      to.stride = {1};
      to.access = Access::kWrite;
      touch(to);
      op.boxes = {from, to};
      add(op);
    }
    order_conflicts();
    give_tokens();
    wait_at_random();
    emit();
  }

  void add(PlannedOp& op) {
    for (const Box& box : op.boxes) {
      if (box.access != Access::kWrite) op.reads |= box.touched;
      if (box.access != Access::kRead) op.writes |= box.touched, op.defines |= box.always;
    }
    if (!features_.groups || op.boxes.empty() || op.stream < first_stream_)
      op.stream = first_stream_ + below(static_cast<uint32_t>(in_flight_.size()) - first_stream_);
    defined_ |= op.defines;
    ops_.push_back(std::move(op));
  }

  // Edges that order every conflict, but for those left out on purpose.
  void order_conflicts() {
    double leave_out = leaning_ == Leaning::kRace ? 0.3 : 0.01;
    double leave_out_implied = 0.8;
    for (uint32_t to = 0; to < ops_.size(); ++to) {
      PlannedOp& op = ops_[to];
      for (uint32_t previous = to; previous-- > 0;) {
        if (ops_[previous].stream != op.stream) continue;
        op.before |= ops_[previous].before;
        if (in_flight_[op.stream] == 1) op.before |= uint64_t{1} << previous;
        break;
      }
      for (uint32_t from = to; from-- > 0;) {
        const PlannedOp& earlier = ops_[from];
        bool writes_first = (earlier.writes & (op.reads | op.writes)) != 0;
        bool conflict = writes_first || (earlier.reads & op.writes) != 0;
        bool at_random = op.kernel[0] == 0 ? chance(0.25) : chance(0.03);
        if (!conflict && !at_random) continue;
        if ((op.before >> from & 1) != 0 && chance(leave_out_implied)) continue;
        if (chance(leave_out)) continue;
        bool reads_only = !writes_first && chance(0.5);
        if (leaning_ == Leaning::kRace && chance(0.05)) reads_only = true;
        edges_.push_back({from, to, reads_only});
        if (!reads_only) op.before |= earlier.before | uint64_t{1} << from;
      }
    }
  }

  bool signal(uint32_t op, uint32_t token, SignalKind kind) {
    if (ops_[op].signals.size() == 2) return false;
    ops_[op].signals.push_back({token, kind});
    return true;
  }

  void wait(uint32_t op, uint32_t token, uint32_t count) {
    for (Wait& known : ops_[op].waits) {
      if (known.token != token) continue;
      known.count = std::max(known.count, count);
      return;
    }
    ops_[op].waits.push_back({token, count});
  }

  uint32_t new_token(bool join) {
    tokens_.push_back(join);
    return builder_.token(join, part_, features_.groups ? TokenScope::kDevice : TokenScope::kLane);
  }

  void give_tokens() {
    tokens_base_ = static_cast<uint32_t>(builder_.schedule().tokens.size());
    tokens_.clear();
    join_some();
    for (uint32_t stream = first_stream_; stream < in_flight_.size(); ++stream) {
      std::vector<Edge> mine;
      for (const Edge& edge : edges_)
        if (ops_[edge.from].stream == stream) mine.push_back(edge);
      std::stable_sort(mine.begin(), mine.end(), [](const Edge& a, const Edge& b) { return a.from < b.from; });
      // A counted token for the stream; with in_flight 2 that may break T01.
      bool counted = in_flight_[stream] == 1 ? chance(0.6) : chance(0.12);
      uint32_t token = kNone, given = 0, last = kNone;
      for (size_t i = 0; i < mine.size(); ++i) {
        if (mine[i].from != last) {
          last = mine[i].from;
          bool all_read = true;
          for (size_t j = i; j < mine.size() && mine[j].from == last; ++j) all_read &= mine[j].reads_only;
          bool free_slot = ops_[last].signals.size() < 2;
          if (!counted || token == kNone) {
            token = free_slot ? new_token(false) : kNone;
            given = 0;
          }
          if (token == kNone) continue;
          if (signal(last, token, all_read ? SignalKind::kRead : SignalKind::kDone)) ++given;
        }
        if (token != kNone && given > 0) wait(mine[i].to, token, given);
      }
    }
  }

  // Some ops that wait for several ask for all signals of one join token.
  void join_some() {
    for (uint32_t to = 0; to < ops_.size(); ++to) {
      if (!chance(0.25)) continue;
      std::vector<Edge> mine;
      for (const Edge& edge : edges_)
        if (edge.to == to && ops_[edge.from].signals.size() < 2) mine.push_back(edge);
      if (mine.size() < 2) continue;
      uint32_t token = new_token(true);
      for (const Edge& edge : mine) signal(edge.from, token, edge.reads_only ? SignalKind::kRead : SignalKind::kDone);
      wait(to, token, static_cast<uint32_t>(mine.size()));
      std::erase_if(edges_, [&](const Edge& edge) {
        for (const Edge& done : mine)
          if (done.from == edge.from && done.to == edge.to) return true;
        return false;
      });
    }
  }

  void wait_at_random() {
    uint32_t extra = leaning_ == Leaning::kHang ? 1 + below(2) : chance(0.1) ? 1 : 0;
    if (tokens_.empty() && leaning_ == Leaning::kHang && ops_.size() >= 2) {
      uint32_t token = new_token(false);
      signal(below(static_cast<uint32_t>(ops_.size())), token, SignalKind::kDone);
    }
    for (uint32_t i = 0; i < extra && !tokens_.empty() && !ops_.empty(); ++i) {
      uint32_t which = below(static_cast<uint32_t>(tokens_.size()));
      uint32_t token = tokens_base_ + which, total = 0;
      for (const PlannedOp& op : ops_)
        for (const SignalSpec& given : op.signals) total += given.token == token;
      if (total == 0) continue;
      uint32_t to = below(static_cast<uint32_t>(ops_.size()));
      uint32_t count = tokens_[which] ? total : 1 + below(total);
      if (!tokens_[which] && chance(0.02)) count = total + 1;
      wait(to, token, count);
    }
  }

  View moving_view(const Box& box, const std::vector<int64_t>& stride_bytes) const {
    View view;
    view.rank = static_cast<uint8_t>(box.extent.size());
    view.dtype = static_cast<uint8_t>(dtype_);
    std::copy(box.extent.begin(), box.extent.end(), view.extent);
    std::copy(stride_bytes.begin(), stride_bytes.end(), view.stride_bytes);
    view.scalar = box.moves.scalar;
    if (box.moves.axis >= 0) {
      view.extent_axis = static_cast<uint8_t>(box.moves.axis);
      view.extent_scale = box.moves.scale;
      view.extent_bias = box.moves.bias;
    }
    if (box.moves.step != 0) {
      view.offset_step_bytes = box.moves.step * static_cast<int64_t>(element_);
      view.offset_scale = box.moves.offset_scale;
      view.offset_bias = box.moves.offset_bias;
      view.offset_modulus = box.moves.modulus;
    }
    return view;
  }

  void emit() {
    for (PlannedOp& op : ops_) {
      OpSpec spec;
      spec.kernel = op.kernel;
      spec.flags = op.flags;
      spec.waits = op.waits;
      spec.signals = op.signals;
      for (const Box& box : op.boxes) {
        std::vector<int64_t> stride_bytes;
        for (int64_t stride : box.stride) stride_bytes.push_back(stride * static_cast<int64_t>(element_));
        OperandSpec operand;
        operand.base = box.base;
        operand.offset_bytes = box.offset * element_;
        operand.view = box.moves.scalar == kNone ? builder_.view(dtype_, box.extent, stride_bytes)
                                                 : builder_.view(moving_view(box, stride_bytes));
        operand.access = box.access;
        spec.operands.push_back(operand);
      }
      builder_.add(op.stream, spec);
    }
  }

  std::mt19937_64& random_;
  Leaning leaning_;
  Features features_;
  static constexpr uint32_t kLanes = 3;
  std::vector<uint32_t> lanes_;  // of all streams so far
  uint32_t lane_ = 0;            // of the op that is made
  bool trespasses_ = false;      // it may use arenas of others
  bool moves_ = false;           // its boxes may move with a scalar
  Moves bound_;                  // and all be bounded by one
  ScheduleBuilder builder_;
  Part part_ = Part::kReplay;
  bool bytewise_ = false;
  DType dtype_ = DType::kF32;
  uint32_t element_ = 4;
  std::vector<Base> bases_;
  uint32_t bits_ = 0;
  int prepared_ = -1, output_base_ = -1;
  uint16_t constant_base_ = 0;
  Elements outputs_ = 0, defined_ = 0;
  std::vector<uint16_t> in_flight_;  // of all streams so far
  uint32_t first_stream_ = 0;
  std::vector<PlannedOp> ops_;  // of the part being made, in one serial order
  std::vector<Edge> edges_;
  uint32_t tokens_base_ = 0;
  std::vector<bool> tokens_;  // of the part: is it a join
};

}  // namespace

Schedule random_schedule(std::mt19937_64& random, Leaning leaning, Features features) {
  return Maker(random, leaning, features).make();
}

}  // namespace rondo::oracle
