#include "planner/phase/milp/certificate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

namespace rondo::milp {
namespace {

using Wide = __int128;

Error refuse(size_t node, const std::string& what) {
  return make_error(ErrorCode::kInvalidArgument, "node " + std::to_string(node) + " of the proof: " + what);
}

struct Box {
  std::vector<int64_t> lower, upper;
};

// Ok, or why the leaf proves nothing.
const char* fault_of_leaf(const Model& model, const Certificate::Node& leaf, int64_t bound, const Box& box,
                          std::vector<Wide>& costs) {
  if (leaf.scale < 1 || leaf.scale > Certificate::kLargestMultiplier) return "its scale is not in 1 .. 2^40";
  for (size_t j = 0; j < costs.size(); ++j) costs[j] = Wide{leaf.scale} * model.columns[j].cost;
  Wide sum = 0;
  int64_t last = -1;
  for (const Certificate::Multiplier& multiplier : leaf.multipliers) {
    if (multiplier.row >= model.rows.size()) return "it names a row that is not there";
    if (static_cast<int64_t>(multiplier.row) <= last) return "its rows are not in ascending order";
    last = multiplier.row;
    if (multiplier.value == 0 || std::abs(multiplier.value) > Certificate::kLargestMultiplier) {
      return "a multiplier is 0 or beyond 2^40";
    }
    const Row& row = model.rows[multiplier.row];
    const int64_t side = multiplier.value > 0 ? row.lower : row.upper;
    if (std::abs(side) == kUnbounded) return "a multiplier has the sign of a side that its row does not have";
    sum += Wide{multiplier.value} * side;
    for (const Entry& entry : model.entries_of(multiplier.row)) {
      costs[entry.column] -= Wide{multiplier.value} * entry.coefficient;
    }
  }
  for (size_t j = 0; j < costs.size(); ++j) sum += costs[j] * (costs[j] > 0 ? box.lower[j] : box.upper[j]);
  if (sum <= Wide{leaf.scale} * (Wide{bound} - 1)) return "its multipliers do not reach the bound";
  return nullptr;
}

Box box_of(const Model& model) {
  Box box;
  for (const Column& column : model.columns) {
    box.lower.push_back(column.lower);
    box.upper.push_back(column.upper);
  }
  return box;
}

}  // namespace

Status check_certificate(const Model& model, const Certificate& certificate) {
  if (certificate.bound < -kLargestBound || certificate.bound > kLargestBound) {
    return make_error(ErrorCode::kInvalidArgument, "the bound is beyond 2^31");
  }
  for (const Column& column : model.columns) {
    if (column.cost != 0 && !column.integer) {
      return make_error(ErrorCode::kInvalidArgument, "column " + column.name + " has a cost and is not integer");
    }
  }
  Box box = box_of(model);
  std::vector<Wide> costs(model.columns.size());
  // The splits above the node at hand whose second half is still to come, or being walked.
  struct Open {
    size_t node;
    int64_t lower, upper;  // of its column before the split
    bool second;
  };
  std::vector<Open> path;
  for (size_t at = 0; at < certificate.nodes.size(); ++at) {
    const Certificate::Node& node = certificate.nodes[at];
    if (node.column >= 0) {
      const auto column = static_cast<size_t>(node.column);
      if (column >= model.columns.size()) return refuse(at, "it splits a column that is not there");
      if (!model.columns[column].integer)
        return refuse(at, "it splits column " + model.columns[column].name + ", which is not integer");
      if (node.value < box.lower[column] || node.value >= box.upper[column]) {
        return refuse(at, "it splits column " + model.columns[column].name + " at " + std::to_string(node.value) +
                              ", outside its box " + std::to_string(box.lower[column]) + " .. " +
                              std::to_string(box.upper[column]));
      }
      path.push_back({at, box.lower[column], box.upper[column], false});
      box.upper[column] = node.value;
      continue;
    }
    if (const char* fault = fault_of_leaf(model, node, certificate.bound, box, costs)) return refuse(at, fault);
    while (!path.empty() && path.back().second) {
      const auto column = static_cast<size_t>(certificate.nodes[path.back().node].column);
      box.lower[column] = path.back().lower;
      box.upper[column] = path.back().upper;
      path.pop_back();
    }
    if (path.empty()) {
      if (at + 1 != certificate.nodes.size()) return refuse(at + 1, "it stands after the end of the tree");
      return {};
    }
    Open& open = path.back();
    const Certificate::Node& split = certificate.nodes[open.node];
    box.lower[static_cast<size_t>(split.column)] = split.value + 1;
    box.upper[static_cast<size_t>(split.column)] = open.upper;
    open.second = true;
  }
  return make_error(ErrorCode::kInvalidArgument, "the tree of the proof ends before all its halves are refuted");
}

bool round_to_leaf(const Model& model, const std::vector<double>& multipliers, const std::vector<int64_t>& lower,
                   const std::vector<int64_t>& upper, int64_t bound, Certificate::Node& leaf) {
  std::vector<Wide> costs(model.columns.size());
  const Box box{lower, upper};
  for (const int bits : {20, 26, 32}) {
    leaf = {};
    leaf.scale = int64_t{1} << bits;
    for (uint32_t i = 0; i < model.rows.size(); ++i) {
      const double scaled = std::nearbyint(multipliers[i] * static_cast<double>(leaf.scale));
      if (!(std::abs(scaled) <= static_cast<double>(Certificate::kLargestMultiplier))) return false;
      const auto value = static_cast<int64_t>(scaled);
      if (value == 0) continue;
      if (std::abs(value > 0 ? model.rows[i].lower : model.rows[i].upper) == kUnbounded) continue;
      leaf.multipliers.push_back({i, value});
    }
    if (fault_of_leaf(model, leaf, bound, box, costs) == nullptr) return true;
  }
  return false;
}

std::string print_certificate(const Model& model, const Certificate& certificate) {
  std::string text = "rondo-bound 1\n";
  for (const auto& [word, value] : certificate.about) text += "about " + word + " " + value + "\n";
  text += "bound " + std::to_string(certificate.bound) + "\n";
  for (const Certificate::Node& node : certificate.nodes) {
    if (node.column >= 0) {
      text += "split " + model.columns[static_cast<size_t>(node.column)].name + " " + std::to_string(node.value) + "\n";
      continue;
    }
    text += "leaf " + std::to_string(node.scale);
    for (const Certificate::Multiplier& multiplier : node.multipliers) {
      text += " " + model.rows[multiplier.row].name + " " + std::to_string(multiplier.value);
    }
    text += "\n";
  }
  return text;
}

namespace {

// The lines of a proof, one call of next() each.
class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Error refuse(const std::string& what) const {
    return make_error(ErrorCode::kInvalidArgument, what, {.file = file_, .line = line_});
  }
  // The next line as words; an error where blanks do not separate them one by one.
  Result<bool> next() {
    words_.clear();
    if (text_.empty()) return false;
    ++line_;
    const size_t end = text_.find('\n');
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    whole_ = line;
    while (!line.empty()) {
      const size_t space = line.find(' ');
      if (space == 0) return refuse("words are separated by one space");
      words_.push_back(line.substr(0, space));
      line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    }
    return true;
  }
  const std::vector<std::string_view>& words() const { return words_; }
  std::string_view whole() const { return whole_; }

  Result<Certificate> head() {
    Certificate certificate;
    for (uint32_t line = 1;; ++line) {
      const Result<bool> more = next();
      if (!more.ok()) return more.error();
      if (!*more) return refuse("the proof ends before its bound");
      if (line == 1) {
        if (whole_ != "rondo-bound 1") return refuse("a proof begins with 'rondo-bound 1'");
      } else if (words_.size() >= 3 && words_[0] == "about") {
        certificate.about.emplace_back(words_[1], whole_.substr(static_cast<size_t>(words_[2].data() - whole_.data())));
      } else if (words_.size() == 2 && words_[0] == "bound" && number(words_[1], certificate.bound)) {
        return certificate;
      } else {
        return refuse("'about WORD VALUE' or 'bound INTEGER' is wanted");
      }
    }
  }

  static bool number(std::string_view word, int64_t& value) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size();
  }

 private:
  std::string_view text_, whole_;
  const std::string& file_;
  uint32_t line_ = 0;
  std::vector<std::string_view> words_;
};

}  // namespace

Result<Certificate> parse_certificate_head(std::string_view text, const std::string& file) {
  return Reader(text, file).head();
}

Result<Certificate> parse_certificate(const Model& model, std::string_view text, const std::string& file) {
  std::unordered_map<std::string_view, uint32_t> rows, columns;
  for (uint32_t i = 0; i < model.rows.size(); ++i) rows.emplace(model.rows[i].name, i);
  for (uint32_t j = 0; j < model.columns.size(); ++j) columns.emplace(model.columns[j].name, j);
  Reader reader(text, file);
  Result<Certificate> certificate = reader.head();
  if (!certificate.ok()) return certificate;
  const auto no_integer = [&](std::string_view word) {
    return reader.refuse("'" + std::string(word) + "' is no integer");
  };
  for (;;) {
    const Result<bool> more = reader.next();
    if (!more.ok()) return more.error();
    if (!*more) return certificate;
    const std::vector<std::string_view>& words = reader.words();
    Certificate::Node node;
    if (words.size() == 3 && words[0] == "split") {
      const auto at = columns.find(words[1]);
      if (at == columns.end()) return reader.refuse("no column is called " + std::string(words[1]));
      node.column = static_cast<int32_t>(at->second);
      if (!Reader::number(words[2], node.value)) return no_integer(words[2]);
    } else if (words.size() >= 2 && words.size() % 2 == 0 && words[0] == "leaf") {
      if (!Reader::number(words[1], node.scale)) return no_integer(words[1]);
      for (size_t k = 2; k < words.size(); k += 2) {
        const auto at = rows.find(words[k]);
        if (at == rows.end()) return reader.refuse("no row is called " + std::string(words[k]));
        Certificate::Multiplier multiplier{at->second, 0};
        if (!Reader::number(words[k + 1], multiplier.value)) return no_integer(words[k + 1]);
        node.multipliers.push_back(multiplier);
      }
    } else {
      return reader.refuse("'split COLUMN VALUE' or 'leaf SCALE [ROW MULTIPLIER]...' is wanted");
    }
    certificate->nodes.push_back(std::move(node));
  }
}

}  // namespace rondo::milp
