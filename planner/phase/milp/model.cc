#include "planner/phase/milp/model.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace rondo::milp {
namespace {

bool is_name(const std::string& name) {
  if (name.empty() || name.size() > 60) return false;
  return std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '.';
  });
}

Error refuse(std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); }

}  // namespace

uint32_t Model::add_column(Column column) {
  columns.push_back(std::move(column));
  return static_cast<uint32_t>(columns.size() - 1);
}

uint32_t Model::add_row(Row row, std::vector<Entry> terms) {
  std::sort(terms.begin(), terms.end(), [](const Entry& a, const Entry& b) { return a.column < b.column; });
  for (size_t i = 0; i < terms.size();) {
    Entry sum = terms[i];
    for (++i; i < terms.size() && terms[i].column == sum.column; ++i) sum.coefficient += terms[i].coefficient;
    if (sum.coefficient != 0) entries.push_back(sum);
  }
  begins.push_back(static_cast<uint32_t>(entries.size()));
  rows.push_back(std::move(row));
  return static_cast<uint32_t>(rows.size() - 1);
}

Status check_model(const Model& model) {
  if (model.begins.size() != model.rows.size() + 1 || model.begins.front() != 0 ||
      model.begins.back() != model.entries.size()) {
    return refuse("the rows of the model do not cover its entries");
  }
  if (model.entries.size() > kMostEntries) return refuse("the model has more than 2^28 entries");
  if (!is_name(model.name)) return refuse("the model needs a name of letters, digits, '_' and '.'");
  std::unordered_set<std::string> names;
  for (const Column& column : model.columns) {
    if (!is_name(column.name)) return refuse("'" + column.name + "' is no name for a column");
    if (!names.insert(column.name).second) return refuse("two columns are called " + column.name);
    if (column.lower > column.upper) return refuse("the bounds of column " + column.name + " cross");
    if (column.lower < -kLargestBound || column.upper > kLargestBound) {
      return refuse("the bounds of column " + column.name + " are beyond 2^31");
    }
    if (std::abs(column.cost) > kLargestCoefficient)
      return refuse("the cost of column " + column.name + " is beyond 2^20");
  }
  names.clear();
  for (uint32_t i = 0; i < model.rows.size(); ++i) {
    const Row& row = model.rows[i];
    if (!is_name(row.name)) return refuse("'" + row.name + "' is no name for a row");
    if (!names.insert(row.name).second) return refuse("two rows are called " + row.name);
    if (row.lower > row.upper) return refuse("the bounds of row " + row.name + " cross");
    for (const int64_t bound : {row.lower, row.upper}) {
      if (std::abs(bound) != kUnbounded && std::abs(bound) > kLargestBound) {
        return refuse("the bounds of row " + row.name + " are beyond 2^31");
      }
    }
    if (row.lower == kUnbounded || row.upper == -kUnbounded) return refuse("row " + row.name + " cannot be met");
    if (model.begins[i] > model.begins[i + 1]) return refuse("the rows of the model overlap");
    int64_t last = -1;
    for (const Entry& entry : model.entries_of(i)) {
      if (entry.column >= model.columns.size()) return refuse("row " + row.name + " names a column that is not there");
      if (static_cast<int64_t>(entry.column) <= last) return refuse("the entries of row " + row.name + " are unsorted");
      if (entry.coefficient == 0 || std::abs(entry.coefficient) > kLargestCoefficient) {
        return refuse("a coefficient of row " + row.name + " is zero or beyond 2^20");
      }
      last = entry.column;
    }
  }
  return {};
}

double objective_at(const Model& model, std::span<const double> point) {
  double sum = 0;
  for (size_t j = 0; j < model.columns.size(); ++j) sum += static_cast<double>(model.columns[j].cost) * point[j];
  return sum;
}

double violation_at(const Model& model, std::span<const double> point) {
  double worst = 0;
  for (size_t j = 0; j < model.columns.size(); ++j) {
    const Column& column = model.columns[j];
    if (!std::isfinite(point[j])) return HUGE_VAL;
    worst =
        std::max({worst, static_cast<double>(column.lower) - point[j], point[j] - static_cast<double>(column.upper)});
    if (column.integer) worst = std::max(worst, std::abs(point[j] - std::nearbyint(point[j])));
  }
  for (uint32_t i = 0; i < model.rows.size(); ++i) {
    double activity = 0;
    for (const Entry& entry : model.entries_of(i))
      activity += static_cast<double>(entry.coefficient) * point[entry.column];
    const Row& row = model.rows[i];
    if (row.lower != -kUnbounded) worst = std::max(worst, static_cast<double>(row.lower) - activity);
    if (row.upper != kUnbounded) worst = std::max(worst, activity - static_cast<double>(row.upper));
  }
  return worst;
}

std::string print_mps(const Model& model) {
  std::string text = "NAME " + model.name + " FREE\nROWS\n N objective\n";
  for (const Row& row : model.rows) {
    const bool below = row.lower != -kUnbounded, above = row.upper != kUnbounded;
    text += below && above && row.lower == row.upper ? " E " : below ? " G " : above ? " L " : " N ";
    text += row.name + "\n";
  }
  // By column, as the format wants it.
  std::vector<uint32_t> begins(model.columns.size() + 1, 0);
  for (const Entry& entry : model.entries) ++begins[entry.column + 1];
  for (size_t j = 0; j < model.columns.size(); ++j) begins[j + 1] += begins[j];
  std::vector<std::pair<uint32_t, int64_t>> by_column(model.entries.size());
  std::vector<uint32_t> next(begins.begin(), begins.end() - 1);
  for (uint32_t i = 0; i < model.rows.size(); ++i) {
    for (const Entry& entry : model.entries_of(i)) by_column[next[entry.column]++] = {i, entry.coefficient};
  }
  text += "COLUMNS\n";
  bool integer = false;
  int marker = 0;
  const auto mark = [&](bool begin) {
    text += " MARKER" + std::to_string(marker++) + " 'MARKER' " + (begin ? "'INTORG'" : "'INTEND'") + "\n";
  };
  for (size_t j = 0; j < model.columns.size(); ++j) {
    const Column& column = model.columns[j];
    if (column.integer != integer) mark(integer = column.integer);
    if (column.cost != 0 || begins[j] == begins[j + 1]) {
      text += " " + column.name + " objective " + std::to_string(column.cost) + "\n";
    }
    for (uint32_t at = begins[j]; at < begins[j + 1]; ++at) {
      text += " " + column.name + " " + model.rows[by_column[at].first].name + " " +
              std::to_string(by_column[at].second) + "\n";
    }
  }
  if (integer) mark(false);
  text += "RHS\n";
  for (const Row& row : model.rows) {
    const int64_t side = row.lower != -kUnbounded ? row.lower : row.upper != kUnbounded ? row.upper : 0;
    if (side != 0) text += " RHS " + row.name + " " + std::to_string(side) + "\n";
  }
  text += "RANGES\n";
  for (const Row& row : model.rows) {
    if (row.lower != -kUnbounded && row.upper != kUnbounded && row.lower != row.upper) {
      text += " RANGE " + row.name + " " + std::to_string(row.upper - row.lower) + "\n";
    }
  }
  text += "BOUNDS\n";
  for (const Column& column : model.columns) {
    if (column.lower == column.upper) {
      text += " FX BOUND " + column.name + " " + std::to_string(column.lower) + "\n";
      continue;
    }
    text += " LO BOUND " + column.name + " " + std::to_string(column.lower) + "\n";
    text += " UP BOUND " + column.name + " " + std::to_string(column.upper) + "\n";
  }
  return text + "ENDATA\n";
}

}  // namespace rondo::milp
