// Text tables and the spelling of quantities: what every verb prints with.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::cli {

// Columns aligned over all rows; numbers (cells of a column marked right) end at
// the same place. Two spaces between columns, two before the first, none after
// the last. Widths count UTF-8 characters.
class Table {
 public:
  enum class Align : uint8_t { kLeft, kRight };

  // No header line when every title is empty.
  Table(std::vector<std::string> titles, std::vector<Align> aligns)
      : titles_(std::move(titles)), aligns_(std::move(aligns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> rows_;
};

// "1,234,567"
std::string with_commas(uint64_t number);
// "53,248 B", and "(52 KiB)" after it where that is exact or the number is above a MiB.
std::string bytes_text(uint64_t bytes);
// Four significant digits, from 10,000 on all before the point; no exponent from 1e-4 to 1e15:
// "1.725", "0.0031", "148", "34,820".
std::string number_text(double number);
// "12.3 us": nanoseconds in the unit that reads best.
std::string time_text(double ns);
// "[128, 64]"
std::string shape_text(std::span<const uint32_t> shape);
// "1 op", "2 ops"
std::string counted(uint64_t number, std::string_view noun);

}  // namespace rondo::cli
