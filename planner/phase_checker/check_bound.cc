#include "planner/phase_checker/check_bound.h"
#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>
#include "planner/phase_checker/windows.h"
#include "rondo/load.h"

namespace rondo::phase_checker {
namespace {

__extension__ using Wide = __int128;

constexpr int64_t kLargestMultiplier = int64_t{1} << 40;  // scale and multipliers

// constant + sum of coefficient * column; as a row, what is at least 0.
struct Linear {
  int64_t constant = 0;
  std::map<uint32_t, int64_t> terms;
};

struct Column {
  int64_t lower = 0, upper = 1;
  bool integer = true;
};

// A name as its words and numbers: "prec3_7_4" is "prec" 3 7 4, "v5_2_1b" is "v" 5 2 1 "b".
struct Name {
  std::string_view word, tail;
  std::vector<int64_t> numbers;
};
Name split_name(std::string_view text) {
  Name name;
  size_t at = std::min(text.find_first_of("0123456789"), text.size());
  name.word = text.substr(0, at);
  while (at < text.size()) {
    int64_t number = 0;
    const auto end = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (end.ec != std::errc() || number > int64_t{1} << 31) break;
    name.numbers.push_back(number);
    at = static_cast<size_t>(end.ptr - text.data());
    if (at >= text.size() || text[at] != '_') break;
    ++at;
  }
  name.tail = text.substr(at);
  return name;
}

// The inequalities of docs/phase-bounds.md, made when a proof names them.
class Programme {
 public:
  Programme(const Graph& graph, uint32_t layers, Mode mode)
      : graph_(graph),
        mode_(mode),
        strict_(graph.machine == Machine::kStrict),
        span_(strict_ ? 4 * int64_t{layers} + 1 : 2 * int64_t{layers}),
        windows_(derive_windows(graph, layers)),
        previous_(previous_sums(graph)) {
    for (const auto& [op, lookup] : graph.same_layer)
      if (graph.ops[op].kind == OpKind::kReglu) lookup_of_.emplace(op, lookup);
    for (const Dim& dim : graph.dims) inputs_ += dim.maker == kInputDim;
    const auto dims = static_cast<int64_t>(graph.dims.size()), ops = static_cast<int64_t>(graph.ops.size());
    columns_.push_back(strict_ ? Column{0, ops, true} : Column{(inputs_ + 1) / 2, dims + 2 * ops, true});
  }

  bool possible() const { return windows_.possible; }
  std::vector<Column>& columns() { return columns_; }

  // The objective, or a y that is a column; kNoColumn otherwise.
  static constexpr uint32_t kNoColumn = ~uint32_t{0};
  uint32_t find_column(std::string_view text) {
    if (text == (strict_ ? "width" : "half_width")) return 0;
    const Name name = split_name(text);
    if (name.word != "y" || name.numbers.size() != 2 || !name.tail.empty() || !is_op(name.numbers[0]) ||
        name.numbers[1] >= span_)
      return kNoColumn;
    const Linear y = done(name.numbers[0], name.numbers[1]);
    if (y.terms.size() != 1 || !can_run(graph_, static_cast<uint32_t>(name.numbers[0]), name.numbers[1]))
      return kNoColumn;
    return y.terms.begin()->first;
  }

  // The row of that name; false if there is none.
  bool find_row(std::string_view text, Linear& row) {
    const Name name = split_name(text);
    const std::vector<int64_t>& n = name.numbers;
    if (name.word == "v" && n.size() == 3) return slot_row(n[0], n[1], n[2], name.tail, row);
    if (name.word == "v" && n.size() == 2 && name.tail == "own") return own_row(n[0], n[1], row);
    if (!name.tail.empty()) return false;
    if (name.word == "mono" && n.size() == 2) return order_row(n[0], n[1] + 1, n[0], n[1], row);
    if (name.word == "prec" && n.size() == 3) return precedence_row(n[0], n[1], n[2], row);
    if ((name.word == "with" || name.word == "within") && n.size() == 3)
      return tie_row(n[0], n[1], n[2], name.word == "with", row);
    if (name.word == "width" && n.size() == 1) return width_row(n[0], row);
    if (name.word == "before" && n.size() == 1) return before_row(n[0], row);
    return name.word == "width" && n.empty() && !strict_ && embedding_row(row);
  }

 private:
  bool is_op(int64_t op) const {
    return op < static_cast<int64_t>(graph_.ops.size()) && graph_.ops[static_cast<size_t>(op)].kind != OpKind::kWrite;
  }
  bool is_dim(int64_t dim) const { return dim < static_cast<int64_t>(graph_.dims.size()) && is_stored(dim); }

  static Linear constant(int64_t value) {
    Linear sum;
    sum.constant = value;
    return sum;
  }
  static void add(Linear& sum, int64_t times, const Linear& other) {
    sum.constant += times * other.constant;
    for (const auto& [column, coefficient] : other.terms)
      if ((sum.terms[column] += times * coefficient) == 0) sum.terms.erase(column);
  }

  // y(op, time): 1 once the op has run.
  Linear done(int64_t op, int64_t time) {
    if (op == kInputDim) return constant(time >= -1 ? 1 : 0);
    const auto index = static_cast<uint32_t>(op);
    time = std::min(time, span_ - 1);
    for (;; --time) {
      if (const auto tied = lookup_of_.find(index); tied != lookup_of_.end()) return done(tied->second, time - 1);
      if (time < windows_.low[index]) return constant(0);
      if (time >= windows_.high[index]) return constant(1);
      if (can_run(graph_, index, time)) break;
    }
    Linear y;
    y.terms[column(0, index, time, true)] = 1;
    return y;
  }

  uint32_t column(uint32_t kind, uint64_t index, int64_t time, bool integer) {
    const uint64_t key = (index << 40) | (static_cast<uint64_t>(time) << 2) | kind;
    const auto [at, fresh] = ids_.emplace(key, static_cast<uint32_t>(columns_.size()));
    if (fresh) columns_.push_back({0, 1, integer});
    return at->second;
  }

  // ---- dims ----
  const Dim& dim_at(int64_t dim) const { return graph_.dims[static_cast<size_t>(dim)]; }
  bool lives_for_ever(int64_t dim) const {
    const auto index = static_cast<size_t>(dim);
    if (!strict_) return graph_.is_output[index] || graph_.is_protected[index];
    const std::vector<uint32_t>& readers = graph_.dims[index].readers;
    return graph_.is_output[index] || std::any_of(readers.begin(), readers.end(), [&](uint32_t reader) {
             return graph_.ops[reader].kind == OpKind::kWrite;
           });
  }
  bool is_stored(int64_t dim) const {
    if (strict_) return graph_.ops[static_cast<size_t>(dim)].kind != OpKind::kWrite;
    return lives_for_ever(dim) || !dim_at(dim).readers.empty() || dim_at(dim).maker == kInputDim;
  }
  bool reads(int64_t op, int64_t dim) const {
    const std::vector<uint32_t>& readers = dim_at(dim).readers;
    return is_op(op) && std::binary_search(readers.begin(), readers.end(), static_cast<uint32_t>(op));
  }
  // Made by a head or a neuron and read by persists alone: they may all run beside it.
  bool may_be_internal(int64_t dim) const {
    const Dim& it = dim_at(dim);
    if (strict_ || it.maker == kInputDim || graph_.ops[static_cast<size_t>(it.maker)].kind == OpKind::kPersist)
      return false;
    return std::all_of(it.readers.begin(), it.readers.end(),
                       [&](uint32_t reader) { return graph_.ops[reader].kind == OpKind::kPersist; });
  }
  // Mixed: in a slot of its own from before the half-layer that makes it to after the one that clears it.
  bool is_alone(int64_t dim) const { return mode_ == Mode::kMixed && dim_at(dim).average; }
  // The time at which y of the maker and y of the reader are taken, in the row of that tail.
  bool span_of(int64_t dim, int64_t time, std::string_view tail, int64_t& born, int64_t& read) const {
    const bool alone = mode_ == Mode::kDelayed || is_alone(dim);
    if (strict_ || (alone && !may_be_internal(dim))) {
      born = time, read = time - 1;
      return tail.empty();
    }
    born = read = time - (tail == "b" ? 1 : 0);
    return tail.empty() || (alone && tail == "b");
  }

  // v(dim, time): 1 where a slot is taken.
  Linear slot(int64_t dim, int64_t time) {
    if (lives_for_ever(dim)) return done(dim_at(dim).maker, time);
    const uint32_t v = column(1, static_cast<uint64_t>(dim), time, false);
    if (columns_[v].lower == 0 && is_always_taken(dim, time)) columns_[v].lower = 1;
    Linear sum;
    sum.terms[v] = 1;
    return sum;
  }
  bool is_always_taken(int64_t dim, int64_t time) {
    if (mode_ == Mode::kDelayed && dim_at(dim).maker == kInputDim && time == 0) return true;
    for (uint32_t reader : dim_at(dim).readers)
      for (const char* tail : {"", "b"}) {
        int64_t born = 0, read = 0;
        if (!span_of(dim, time, tail, born, read)) continue;
        if (least_of(difference(dim_at(dim).maker, born, reader, read)) >= 1) return true;
      }
    return false;
  }
  Linear difference(int64_t a, int64_t a_time, int64_t b, int64_t b_time) {
    Linear sum = done(a, a_time);
    add(sum, -1, done(b, b_time));
    return sum;
  }
  static int64_t least_of(const Linear& sum) {
    int64_t least = sum.constant;
    for (const auto& [column, coefficient] : sum.terms) least += std::min<int64_t>(coefficient, 0);
    return least;
  }

  // ---- rows ----
  bool order_row(int64_t a, int64_t a_time, int64_t b, int64_t b_time, Linear& row) {
    if (!is_op(a) || !is_op(b) || a_time >= span_ || b_time >= span_) return false;
    row = difference(a, a_time, b, b_time);
    return true;
  }
  bool precedence_row(int64_t maker, int64_t op, int64_t time, Linear& row) {
    if (!is_op(maker) || !is_op(op) || !can_run(graph_, static_cast<uint32_t>(op), time)) return false;
    const std::vector<uint32_t>& dims = graph_.ops[static_cast<size_t>(maker)].makes;
    const bool follows = std::any_of(dims.begin(), dims.end(), [&](uint32_t dim) { return reads(op, dim); }) ||
                         previous_[static_cast<size_t>(op)] == maker;
    const int64_t lag = lag_between(graph_, static_cast<uint32_t>(maker), static_cast<uint32_t>(op));
    return follows && order_row(maker, time - lag, op, time, row);
  }
  bool tie_row(int64_t lookup, int64_t op, int64_t time, bool forward, Linear& row) {
    if (!is_op(op) || !is_op(lookup) || time % 2 == 0) return false;
    const std::pair<uint32_t, uint32_t> pair(static_cast<uint32_t>(op), static_cast<uint32_t>(lookup));
    if (!std::binary_search(graph_.same_layer.begin(), graph_.same_layer.end(), pair)) return false;
    return forward ? order_row(op, time, lookup, time, row) : order_row(lookup, time, op, time, row);
  }
  bool slot_row(int64_t dim, int64_t time, int64_t reader, std::string_view tail, Linear& row) {
    int64_t born = 0, read = 0;
    if (!is_dim(dim) || time >= span_ || lives_for_ever(dim) || !reads(reader, dim) ||
        !span_of(dim, time, tail, born, read))
      return false;
    row = slot(dim, time);
    add(row, -1, difference(dim_at(dim).maker, born, reader, read));
    return true;
  }
  bool own_row(int64_t gate, int64_t time, Linear& row) {
    if (!strict_ || !is_dim(gate) || time >= span_ || lives_for_ever(gate) || !dim_at(gate).readers.empty())
      return false;
    row = slot(gate, time);
    add(row, -1, difference(gate, time, gate, time - 1));
    return true;
  }
  bool width_row(int64_t time, Linear& row) {
    if (time >= span_) return false;
    row = constant(0);
    row.terms[0] = strict_ ? 1 : 2;
    for (int64_t dim = 0; dim < static_cast<int64_t>(graph_.dims.size()); ++dim)
      if (is_stored(dim)) add(row, -1, slot(dim, time));
    return true;
  }
  // Just before half-layer `time`: what rests after the one before, and averages.
  bool before_row(int64_t time, Linear& row) {
    if (mode_ != Mode::kMixed || time < 1 || time >= span_) return false;
    row = constant(0);
    row.terms[0] = 2;
    for (int64_t dim = 0; dim < static_cast<int64_t>(graph_.dims.size()); ++dim)
      if (is_stored(dim)) add(row, -1, slot(dim, is_alone(dim) ? time : time - 1));
    return true;
  }
  // The same before half-layer 0: every input is there.
  bool embedding_row(Linear& row) {
    row = constant(-inputs_);
    row.terms[0] = 2;
    for (int64_t dim = 0; dim < static_cast<int64_t>(graph_.dims.size()); ++dim)
      if (is_alone(dim) && is_stored(dim)) add(row, -1, slot(dim, 0));
    return true;
  }

  const Graph& graph_;
  const Mode mode_;
  const bool strict_;
  const int64_t span_;
  const Windows windows_;
  const std::vector<int64_t> previous_;
  std::map<uint32_t, uint32_t> lookup_of_;
  int64_t inputs_ = 0;
  std::vector<Column> columns_;  // 0 is the objective, of cost 1; all others cost nothing
  std::unordered_map<uint64_t, uint32_t> ids_;
};

class BoundReader {
 public:
  BoundReader(const Graph& graph, std::string_view text, const std::string& file)
      : graph_(graph), text_(text), file_(file) {}

  Result<ProvenBound> run() {
    if (!read_head()) return error_;
    Programme programme(graph_, proven_.layers, proven_.mode);
    if (!programme.possible()) {
      refuse("no schedule of the graph has " + std::to_string(proven_.layers) + " layers");
      return error_;
    }
    if (!read_tree(programme)) return error_;
    return proven_;
  }

 private:
  bool refuse(std::string message, ErrorCode code = ErrorCode::kInvalidSchedule) {
    Place place;
    place.file = file_;
    place.line = line_;
    error_ = make_error(code, std::move(message), std::move(place));
    return false;
  }

  // The words of the next line; false at the end.
  bool next() {
    words_.clear();
    while (words_.empty() && !text_.empty()) {
      ++line_;
      const size_t end = std::min(text_.find('\n'), text_.size());
      std::string_view rest = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      while (!rest.empty()) {
        const size_t space = std::min(rest.find(' '), rest.size());
        if (space > 0) words_.push_back(rest.substr(0, space));
        rest.remove_prefix(std::min(space + 1, rest.size()));
      }
    }
    return !words_.empty();
  }
  static bool number(std::string_view word, int64_t& value) {
    const auto end = std::from_chars(word.data(), word.data() + word.size(), value);
    return end.ec == std::errc() && end.ptr == word.data() + word.size();
  }

  bool read_head() {
    if (!next() || words_ != std::vector<std::string_view>{"rondo-bound", "1"})
      return refuse("a proof begins with the line 'rondo-bound 1'");
    bool has_layers = false, has_mode = false, has_rows = false;
    while (next()) {
      if (words_[0] == "bound" && words_.size() == 2) {
        if (!number(words_[1], bound_) || bound_ < 0 || bound_ > (int64_t{1} << 31))
          return refuse("the bound must be a whole number from 0 to 2147483648");
        if (!has_layers || !has_mode || !has_rows) return refuse("the proof does not say its layers, mode and rows");
        proven_.columns = graph_.machine == Machine::kStrict ? bound_ : 2 * bound_;
        return true;
      }
      if (words_[0] != "about" || words_.size() < 3) return refuse("'about WHAT ...' or 'bound N' is wanted");
      if (words_[1] == "graph" && words_[2] != graph_.name)
        return refuse("the proof is about the graph '" + std::string(words_[2]) + "', this one is '" + graph_.name +
                      "'");
      if (words_[1] == "layers") {
        int64_t layers = 0;
        if (!number(words_[2], layers) || layers < 0 || layers > kMaxLayers)
          return refuse("layers are no whole number");
        proven_.layers = static_cast<uint32_t>(layers);
        has_layers = true;
      }
      if (words_[1] == "mode" && !(has_mode = read_mode(words_[2]))) return false;
      if (words_[1] == "rows" && !(has_rows = words_[2] == "width"))
        return refuse("the rows '" + std::string(words_[2]) + "' are not known here, only 'width'",
                      ErrorCode::kUnavailable);
    }
    return refuse("the proof ends before it says its bound");
  }

  bool read_mode(std::string_view word) {
    for (Mode mode : {Mode::kDelayed, Mode::kFused, Mode::kMixed, Mode::kStrict})
      if (word == name_of(mode)) proven_.mode = mode;
    if (word != name_of(proven_.mode) || (proven_.mode == Mode::kStrict) != (graph_.machine == Machine::kStrict))
      return refuse("the mode '" + std::string(word) + "' is not one of the " + name_of(graph_.machine) + " machine");
    return true;
  }

  // A split that is being walked: its column, and the box it had before.
  struct Open {
    uint32_t column;
    int64_t value, lower, upper;
    bool second;
  };

  bool read_tree(Programme& programme) {
    std::vector<Open> path;
    for (bool done = false; next();) {
      if (done) return refuse("something stands after the end of the tree");
      if (words_[0] == "split" && words_.size() == 3) {
        int64_t value = 0;
        const uint32_t column = programme.find_column(words_[1]);
        if (column == Programme::kNoColumn || !programme.columns()[column].integer)
          return refuse("no column that can be split is called " + std::string(words_[1]));
        Column& box = programme.columns()[column];
        if (!number(words_[2], value) || value < box.lower || value >= box.upper)
          return refuse("the split of " + std::string(words_[1]) + " is not inside its box " +
                        std::to_string(box.lower) + " .. " + std::to_string(box.upper));
        path.push_back({column, value, box.lower, box.upper, false});
        box.upper = value;
        continue;
      }
      if (words_[0] != "leaf" || words_.size() < 2 || words_.size() % 2 != 0)
        return refuse("'split COLUMN VALUE' or 'leaf SCALE [ROW MULTIPLIER]...' is wanted");
      if (!read_leaf(programme)) return false;
      ++proven_.leaves;
      while (!path.empty() && path.back().second) {
        programme.columns()[path.back().column].lower = path.back().lower;
        programme.columns()[path.back().column].upper = path.back().upper;
        path.pop_back();
      }
      done = path.empty();
      if (done) continue;
      Open& open = path.back();
      open.second = true;
      programme.columns()[open.column].lower = open.value + 1;
      programme.columns()[open.column].upper = open.upper;
    }
    if (proven_.leaves == 0 || !path.empty())
      return refuse("the tree of the proof ends before all its halves are refuted");
    return true;
  }

  bool read_leaf(Programme& programme) {
    int64_t scale = 0;
    if (!number(words_[1], scale) || scale < 1 || scale > kLargestMultiplier)
      return refuse("a scale must be from 1 to 2^40");
    Wide sum = 0;
    std::unordered_map<uint32_t, Wide> costs{{0, scale}};
    for (size_t i = 2; i < words_.size(); i += 2) {
      int64_t multiplier = 0;
      if (!number(words_[i + 1], multiplier) || multiplier < 1 || multiplier > kLargestMultiplier)
        return refuse("the multiplier of row " + std::string(words_[i]) + " must be from 1 to 2^40");
      Linear row;
      if (!programme.find_row(words_[i], row))
        return refuse("no row of the graph's programme is called " + std::string(words_[i]));
      sum -= Wide{multiplier} * row.constant;
      for (const auto& [column, coefficient] : row.terms) costs[column] -= Wide{multiplier} * coefficient;
    }
    for (const auto& [column, cost] : costs) {
      const Column& box = programme.columns()[column];
      sum += cost * (cost > 0 ? box.lower : box.upper);
    }
    if (sum > Wide{scale} * (bound_ - 1)) return true;
    return refuse("the multipliers of this leaf do not reach the bound " + std::to_string(bound_));
  }

  const Graph& graph_;
  std::string_view text_;
  const std::string& file_;
  uint32_t line_ = 0;
  std::vector<std::string_view> words_;
  int64_t bound_ = 0;
  ProvenBound proven_;
  Error error_;
};

}  // namespace

Result<ProvenBound> check_bound(const Graph& graph, std::string_view text, const std::string& file) {
  return BoundReader(graph, text, file).run();
}

Result<ProvenBound> load_bound(const Graph& graph, const std::string& path) {
  const Result<std::vector<std::byte>> bytes = read_file(path, uint64_t{64} << 20);
  if (!bytes.ok()) return bytes.error();
  return check_bound(graph, {reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo::phase_checker
