#include "tools/table.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace rondo::cli {
namespace {

size_t width_of(std::string_view text) {
  size_t width = 0;
  for (char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

std::string formatted(const char* format, double number) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, number);
  return buffer;
}

}  // namespace

std::string Table::text() const {
  const bool header =
      std::any_of(titles_.begin(), titles_.end(), [](const std::string& title) { return !title.empty(); });
  std::vector<size_t> widths(titles_.size(), 0);
  for (size_t column = 0; column < titles_.size(); ++column) {
    widths[column] = width_of(titles_[column]);
    for (const auto& row : rows_)
      if (column < row.size()) widths[column] = std::max(widths[column], width_of(row[column]));
  }
  std::string text;
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t column = 0; column < titles_.size(); ++column) {
      const std::string cell = column < row.size() ? row[column] : std::string();
      const std::string padding(widths[column] - std::min(widths[column], width_of(cell)), ' ');
      line += "  ";
      line += aligns_[column] == Align::kRight ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (header) print(titles_);
  for (const auto& row : rows_) print(row);
  return text;
}

std::string with_commas(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string bytes_text(uint64_t bytes) {
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  std::string text = with_commas(bytes) + " B";
  if (bytes < 1024) return text;
  double scaled = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (scaled >= 1024 && unit + 1 < std::size(kUnits)) scaled /= 1024, ++unit;
  const bool exact = bytes % (uint64_t{1} << (10 * (unit + 1))) == 0;
  if (unit == 0 && !exact) return text;
  return text + " (" + formatted(exact ? "%.0f" : "%.1f", scaled) + " " + kUnits[unit] + ")";
}

std::string number_text(double number) {
  if (!std::isfinite(number)) return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
  if (number == std::floor(number) && std::fabs(number) < 1e15) {
    const std::string digits = with_commas(static_cast<uint64_t>(std::fabs(number)));
    return number < 0 ? "-" + digits : digits;
  }
  if (std::fabs(number) >= 1e4 && std::fabs(number) < 1e15) return number_text(std::round(number));
  return formatted("%.4g", number);
}

std::string time_text(double ns) {
  if (ns < 1e3) return formatted("%.0f ns", ns);
  if (ns < 1e6) return formatted("%.2f us", ns / 1e3);
  if (ns < 1e9) return formatted("%.2f ms", ns / 1e6);
  return formatted("%.2f s", ns / 1e9);
}

std::string shape_text(std::span<const uint32_t> shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

std::string counted(uint64_t number, std::string_view noun) {
  return with_commas(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace rondo::cli
