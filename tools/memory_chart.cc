#include "tools/memory_chart.h"
#include <algorithm>
#include "tools/table.h"

namespace rondo::cli {

std::string memory_text(const std::vector<uint64_t>& live, uint32_t columns, uint32_t rows) {
  const uint64_t peak = live.empty() ? 0 : *std::max_element(live.begin(), live.end());
  if (peak == 0 || rows == 0) return {};
  std::vector<std::string> scale(rows);
  size_t scale_width = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    scale[row] = with_commas(static_cast<uint64_t>(static_cast<double>(peak) * (rows - row) / rows));
    scale_width = std::max(scale_width, scale[row].size());
  }
  const size_t width =
      std::min<size_t>(live.size(), std::max<size_t>(20, columns - std::min<size_t>(columns, scale_width + 5)));
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    // A column is filled up to the most that was live in its stretch of operations.
    const double threshold = static_cast<double>(peak) * (rows - row - 0.5) / rows;
    std::string line = "  " + std::string(scale_width - scale[row].size(), ' ') + scale[row] + " |";
    for (size_t column = 0; column < width; ++column) {
      const size_t begin = column * live.size() / width, end = std::max(begin + 1, (column + 1) * live.size() / width);
      const uint64_t most =
          *std::max_element(live.begin() + static_cast<ptrdiff_t>(begin), live.begin() + static_cast<ptrdiff_t>(end));
      line += static_cast<double>(most) >= threshold ? '#' : ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const std::string axis(width, '-');
  const std::string last = "op " + with_commas(live.size());
  std::string labels = "op 1";
  if (labels.size() + last.size() + 2 <= width) labels += std::string(width - labels.size() - last.size(), ' ') + last;
  return text + "  " + std::string(scale_width, ' ') + " +" + axis + "\n  " + std::string(scale_width, ' ') + "  " +
         labels + "\n";
}

}  // namespace rondo::cli
