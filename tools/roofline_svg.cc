#include "tools/roofline_svg.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include "rondo/contracts.h"
#include "tools/svg_text.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using runtime::MemoryRoof;
using runtime::RooflineRow;
using runtime::Roofs;

// Pixels.
constexpr double kWidth = 1100, kLeft = 72, kRight = 866, kTop = 92, kBottom = 560, kMargin = 28;
constexpr double kTableTop = kBottom + 150, kTableRow = 22;
constexpr size_t kTableRows = 14;

// Okabe and Ito's colours, which people with any colour vision can tell apart; in the
// order of Family.
constexpr const char* kColours[] = {"#999999", "#CC79A7", "#0072B2", "#009E73", "#D55E00",
                                    "#F0A30A", "#56B4E9", "#8C6BB1", "#B22234", "#7A5C00"};
constexpr const char* kFamilies[] = {"copies",     "packing", "matrix products", "pointwise", "rows",
                                     "reductions", "gather",  "rotary",          "attention", "gates"};

std::string text_of(const char* format, double number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}
std::string at(double pixels) { return text_of("%.1f", pixels); }
// Three significant digits, as people say numbers.
std::string spoken(double number) {
  if (number >= 1000) return with_commas(static_cast<uint64_t>(std::round(number)));
  std::string text = text_of(number >= 100 ? "%.0f" : number >= 10 ? "%.1f" : number >= 1 ? "%.2f" : "%.3g", number);
  return text;
}
std::string percent(double part) { return text_of(part >= 9.95 ? "%.0f %%" : "%.1f %%", part); }

size_t family_of(const RooflineRow& row) {
  const Contract* contract = find_contract(row.op);
  const size_t family = contract != nullptr ? static_cast<size_t>(contract->family) : 0;
  return std::min(family, std::size(kColours) - 1);
}

std::string colour_of_bound(const std::string& bound) {
  static const std::map<std::string, std::string> kBounds = {
      {"compute", "#0072B2"}, {"l1", "#56B4E9"},      {"l2", "#009E73"},      {"l3", "#F0A30A"},
      {"dram", "#D55E00"},    {"latency", "#CC79A7"}, {"overhead", "#999999"}};
  const auto found = kBounds.find(bound);
  return found == kBounds.end() ? "#bbbbbb" : found->second;
}
std::string bound_text(const std::string& bound) {
  if (bound.empty()) return "not known";
  return bound == "compute" || bound == "latency" || bound == "overhead" ? bound
         : bound == "dram"                                               ? "DRAM"
         : bound[0] == 'l'                                               ? "L" + bound.substr(1)
                                                                         : bound;
}

class Chart {
 public:
  Chart(const std::vector<RooflineRow>& rows, const Roofs& roofs, const RooflineTitle& title)
      : rows_(rows), roofs_(roofs), title_(title) {
    for (const RooflineRow& row : rows_) total_ns_ += row.median_ns;
  }

  std::string draw() {
    set_scales();
    const size_t shown = std::min(rows_.size(), kTableRows);
    height_ = kTableTop + 26 + kTableRow * static_cast<double>(shown + (rows_.size() > shown ? 1 : 0)) + kMargin;
    open();
    draw_grid();
    draw_roofs();
    draw_rows();
    draw_legend();
    draw_time_bar();
    draw_table(shown);
    return out_ + "</svg>\n";
  }

 private:
  // ---- Scales: whole decades around everything that is drawn ---------------------

  void set_scales() {
    double low_x = 1e-1, high_x = 1e2, low_y = INFINITY, high_y = 0;
    for (const RooflineRow& row : rows_) {
      if (!row.intensity() || !row.gflops()) continue;
      low_x = std::min(low_x, *row.intensity());
      high_x = std::max(high_x, 1.5 * *row.intensity());
      low_y = std::min(low_y, *row.gflops());
      high_y = std::max(high_y, *row.gflops());
    }
    for (const MemoryRoof& roof : roofs_.memory) low_y = std::min(low_y, roof.gbytes_per_s * low_x * 4);
    for (const double peak : peaks()) {
      high_y = std::max(high_y, peak);
      for (const MemoryRoof& roof : roofs_.memory) high_x = std::max(high_x, 3 * peak / roof.gbytes_per_s);
    }
    if (high_y <= 0) high_y = 100;
    low_y = std::min(low_y, high_y / 100);
    low_x_ = std::floor(std::log10(low_x) * 2) / 2;
    high_x_ = std::ceil(std::log10(high_x) * 2) / 2;
    low_y_ = std::floor(std::log10(low_y));
    high_y_ = std::ceil(std::log10(high_y * 1.6) * 2) / 2;
  }
  double x_of(double intensity) const {
    return kLeft + (kRight - kLeft) * (std::log10(intensity) - low_x_) / (high_x_ - low_x_);
  }
  double y_of(double gflops) const {
    return kBottom - (kBottom - kTop) * (std::log10(gflops) - low_y_) / (high_y_ - low_y_);
  }
  // Those of the element types that rows compute in; all where none does.
  std::vector<const runtime::ComputeRoof*> shown_peaks() const {
    std::set<std::string> types;
    for (const RooflineRow& row : rows_)
      if (row.peak_gflops && row.dtype) types.insert(std::string(info(*row.dtype).name) + "_");
    std::vector<const runtime::ComputeRoof*> list;
    for (const runtime::ComputeRoof& roof : roofs_.compute)
      if (types.empty() || types.count(roof.name.substr(0, roof.name.find('_') + 1)) != 0) list.push_back(&roof);
    std::stable_sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->gflops > b->gflops; });
    return list;
  }
  std::vector<double> peaks() const {
    std::vector<double> list;
    for (const runtime::ComputeRoof* roof : shown_peaks()) list.push_back(roof->gflops);
    return list;
  }
  double highest_peak() const {
    const std::vector<double> list = peaks();
    return list.empty() ? std::pow(10, high_y_) : list.front();
  }

  // ---- Elements -------------------------------------------------------------------

  void open() {
    const std::string size = at(kWidth) + " " + at(height_);
    out_ += "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" + at(kWidth) +
            "\" height=\"" + at(height_) + "\" role=\"img\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" " +
            "font-size=\"12\">\n<title>" + escaped("Roofline of " + title_.title) + "</title>\n" + kStyle;
    out_ += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
    text(kMargin, 38, "Roofline of " + title_.title, "class=\"ink\" font-size=\"20\" font-weight=\"600\"");
    text(kMargin, 60, title_.subtitle, "class=\"soft\" font-size=\"13\"");
  }

  void text(double x, double y, const std::string& words, const std::string& style) {
    out_ += "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" " + style + ">" + escaped(words) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& style) {
    out_ += "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) + "\" " + style +
            "/>\n";
  }

  // "10", "1", "0.1".
  static std::string decade(int power) {
    if (power >= 4) return "10^" + std::to_string(power);
    return text_of(power >= 0 ? "%.0f" : power == -1 ? "%.1f" : power == -2 ? "%.2f" : "%.3f", std::pow(10, power));
  }

  void draw_grid() {
    for (const bool major : {false, true}) {
      for (int power = static_cast<int>(std::floor(low_x_)); power <= high_x_; ++power)
        for (int digit = 1; digit <= (major ? 1 : 9); ++digit) {
          const double value = digit * std::pow(10, power), x = x_of(value);
          if (x < kLeft - 0.1 || x > kRight + 0.1) continue;
          line(x, kTop, x, kBottom, major ? "class=\"grid\"" : "class=\"fine\"");
          if (major) text(x, kBottom + 18, decade(power), "class=\"soft\" text-anchor=\"middle\"");
        }
      for (int power = static_cast<int>(low_y_); power <= high_y_; ++power)
        for (int digit = 1; digit <= (major ? 1 : 9); ++digit) {
          const double value = digit * std::pow(10, power), y = y_of(value);
          if (y < kTop - 0.1 || y > kBottom + 0.1) continue;
          line(kLeft, y, kRight, y, major ? "class=\"grid\"" : "class=\"fine\"");
          if (major) text(kLeft - 8, y + 4, decade(power), "class=\"soft\" text-anchor=\"end\"");
        }
    }
    text((kLeft + kRight) / 2, kBottom + 38, "flops a byte of operands", "class=\"ink\" text-anchor=\"middle\"");
    out_ += "<text transform=\"translate(22 " + at((kTop + kBottom) / 2) +
            ") rotate(-90)\" class=\"ink\" text-anchor=\"middle\">GFLOP/s of a worker</text>\n";
  }

  void draw_roofs() {
    out_ += "<clipPath id=\"plot\"><rect x=\"" + at(kLeft) + "\" y=\"" + at(kTop) + "\" width=\"" + at(kRight - kLeft) +
            "\" height=\"" + at(kBottom - kTop) + "\"/></clipPath>\n";
    const double top = highest_peak(), left = std::pow(10, low_x_), right = std::pow(10, high_x_);
    const double steep = (kBottom - kTop) / (high_y_ - low_y_) / ((kRight - kLeft) / (high_x_ - low_x_));
    const double angle = -std::atan(steep) * 180 / M_PI;
    // Slopes end at the highest peak; their names lie along them, where no neighbour's name is.
    double last_x = -1e9;
    bool second = false;
    std::vector<const MemoryRoof*> slopes;
    for (const MemoryRoof& roof : roofs_.memory) slopes.push_back(&roof);
    std::sort(slopes.begin(), slopes.end(),
              [](const MemoryRoof* a, const MemoryRoof* b) { return a->gbytes_per_s > b->gbytes_per_s; });
    for (const MemoryRoof* roof : slopes) {
      const double bandwidth = roof->gbytes_per_s, ridge = top / bandwidth;
      const double from = std::max(left, std::pow(10, low_y_) / bandwidth);
      line(x_of(from), y_of(bandwidth * from), x_of(ridge), y_of(top), "class=\"roof\" clip-path=\"url(#plot)\"");
      const std::string words = bound_text(roof->name) + " " + spoken(bandwidth) + " GB/s";
      // Of two lines that lie close the lower one has its name below it.
      second = std::fabs(x_of(ridge) - last_x) * std::sin(-angle * M_PI / 180) < 16 ? !second : false;
      last_x = x_of(ridge);
      double x = 0, y = 0;
      for (const double along : {34.0, 120.0, 210.0, 290.0, 370.0, 34.0}) {
        const double back = along * std::cos(angle * M_PI / 180);
        x = x_of(ridge) - back, y = y_of(top) + back * steep;
        if (!meets_disc(x, y, angle, 6.8 * static_cast<double>(words.size()))) break;
      }
      slope_names_ += "<text transform=\"translate(" + at(x) + " " + at(y) + ") rotate(" + at(angle) + ")\" dy=\"" +
                      (second ? "14" : "-5") + "\" class=\"roofname halo\" text-anchor=\"end\">" + escaped(words) +
                      "</text>\n";
    }
    double fastest = 0, slowest = INFINITY;
    for (const MemoryRoof& roof : roofs_.memory) {
      fastest = std::max(fastest, roof.gbytes_per_s);
      slowest = std::min(slowest, roof.gbytes_per_s);
    }
    // Roofs that the eye cannot tell apart share a name: "f32 avx2, avx512 118 GFLOP/s".
    const std::vector<const runtime::ComputeRoof*> list = shown_peaks();
    double label_y = -1e9;
    for (size_t i = 0; i < list.size();) {
      const double y = y_of(list[i]->gflops), from = fastest > 0 ? list[i]->gflops / fastest : left;
      line(x_of(std::max(from, left)), y, x_of(right), y, "class=\"roof\"");
      std::set<std::string> names;
      size_t same = i;
      for (; same < list.size() && list[same]->gflops > 0.98 * list[i]->gflops; ++same) names.insert(list[same]->name);
      std::string words, type;
      for (const std::string& name : names) {
        const size_t end = name.find('_');
        const std::string of = name.substr(0, end), width = end == std::string::npos ? "" : name.substr(end + 1);
        words += (words.empty() ? "" : ", ") + (of == type ? "" : of + " ") + width;
        type = of;
      }
      label_y = std::max(y + 4, label_y + 16);
      text(kRight + 8, label_y, words + " " + spoken(list[i]->gflops) + " GFLOP/s", "class=\"roofname\"");
      label_ys_.push_back(label_y);
      i = same;
    }
    if (roofs_.known() && slowest < INFINITY) {
      const double ridge = top / slowest;
      line(x_of(ridge), y_of(top), x_of(ridge), kBottom, "class=\"ridge\"");
      text(x_of(ridge) + 5, kBottom - 7, "ridge " + spoken(ridge), "class=\"soft\" font-size=\"11\"");
    }
  }

  // Whether a name that ends at (x, y) and is `length` long would lie on a disc or its number.
  bool meets_disc(double x, double y, double angle, double length) const {
    for (const RooflineRow& row : rows_) {
      if (!row.intensity() || !row.gflops()) continue;
      const double radius = radius_of(row) + 16;
      for (int step = 0; 8 * step <= length; ++step) {
        const double part = 8 * step;
        const double dx = x - part * std::cos(angle * M_PI / 180) - x_of(*row.intensity());
        const double dy = y - part * std::sin(angle * M_PI / 180) - 8 - y_of(*row.gflops());
        if (dx * dx + dy * dy < radius * radius) return true;
      }
    }
    return false;
  }
  double radius_of(const RooflineRow& row) const { return 4 + 22 * std::sqrt(share(row) / 100); }

  std::string tooltip(const RooflineRow& row) const {
    std::string words = (row.kernel.empty() ? row.op : row.kernel) + (row.phase.empty() ? "" : ", phase " + row.phase);
    words += "\n" + counted(row.calls, "op") + (row.shape.empty() ? "" : " of " + row.shape);
    words += "\n" + time_text(row.median_ns) + ", " + percent(share(row)) + " of the time";
    if (row.gflops()) words += "\n" + spoken(*row.gflops()) + " GFLOP/s";
    if (row.gbytes_per_s()) words += "\n" + spoken(*row.gbytes_per_s()) + " GB/s of operands";
    if (row.intensity()) words += "\n" + spoken(*row.intensity()) + " flops a byte";
    if (row.roof_percent)
      words += "\n" + percent(*row.roof_percent) + " of its roof, bound by " + bound_text(row.bound);
    return words;
  }
  double share(const RooflineRow& row) const { return total_ns_ > 0 ? 100 * row.median_ns / total_ns_ : 0; }

  // Largest first, so that small discs lie on large ones; numbers on top of all.
  void draw_rows() {
    struct Box {
      double x, y;
    };
    std::vector<Box> labels;
    std::string numbers;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const RooflineRow& row = rows_[i];
      if (!row.intensity() || !row.gflops()) continue;
      const double x = x_of(*row.intensity()), y = std::min(y_of(*row.gflops()), kBottom);
      const double radius = radius_of(row);
      out_ += "<circle cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"" + at(radius) + "\" fill=\"" +
              kColours[family_of(row)] + "\" class=\"disc\"><title>" + escaped(tooltip(row)) + "</title></circle>\n";
      if (i >= kTableRows) continue;
      // To the right of its disc, or where no other number is: right, left, above, below, further out.
      Box best = {x + radius + 3, y + 4};
      for (int turn = 0; turn < 16; ++turn) {
        const int ring = turn / 4;
        const double out = radius + 5 + 9 * ring;
        const Box tried[] = {{x + out, y + 4}, {x - out - 7, y + 4}, {x - 3, y - out}, {x - 3, y + out + 9}};
        const Box box = tried[turn % 4];
        const bool free = std::none_of(labels.begin(), labels.end(), [&](const Box& other) {
          return std::fabs(other.x - box.x) < 15 && std::fabs(other.y - box.y) < 12;
        });
        if (!free || box.y > kBottom) continue;
        best = box;
        break;
      }
      labels.push_back(best);
      numbers += "<text x=\"" + at(best.x) + "\" y=\"" + at(best.y) +
                 "\" class=\"number\" font-size=\"11\" font-weight=\"600\">" + std::to_string(i + 1) + "</text>\n";
    }
    out_ += slope_names_ + numbers;
  }

  // In the first gap between the names of roofs that is large enough, from below.
  void draw_legend() {
    std::set<size_t> used;
    for (const RooflineRow& row : rows_)
      if (row.gflops()) used.insert(family_of(row));
    if (used.empty()) return;
    const double height = 20 * static_cast<double>(used.size()) + 72;
    std::vector<double> ends = {kTop - 10};
    ends.insert(ends.end(), label_ys_.begin(), label_ys_.end());
    ends.push_back(kBottom + 6);
    double y = kTop + 40;
    for (size_t i = 0; i + 1 < ends.size(); ++i)
      if (ends[i + 1] - ends[i] > height + 40) y = ends[i] + 34;
    for (const size_t family : used) {
      out_ += "<circle cx=\"" + at(kRight + 17) + "\" cy=\"" + at(y - 4) + "\" r=\"6\" fill=\"" + kColours[family] +
              "\" class=\"disc\"/>\n";
      text(kRight + 32, y, kFamilies[family], "class=\"ink\"");
      y += 20;
    }
    y += 22;
    double x = kRight + 10;
    for (const double part : {1.0, 10.0, 50.0}) {
      const double radius = 4 + 22 * std::sqrt(part / 100);
      out_ += "<circle cx=\"" + at(x + radius) + "\" cy=\"" + at(y - 4) + "\" r=\"" + at(radius) +
              "\" fill=\"none\" class=\"ring\"/>\n";
      text(x + radius, y + 31, text_of("%.0f %%", part), "class=\"soft\" text-anchor=\"middle\" font-size=\"11\"");
      x += 2 * radius + 18;
    }
    text(x + 2, y, "of the time", "class=\"soft\"");
  }

  // "62 % of the time is bound by DRAM, at 91 % of its roof".
  void draw_time_bar() {
    struct Part {
      double ns = 0, roof_ns = 0;
    };
    std::map<std::string, Part> parts;
    for (const RooflineRow& row : rows_) {
      parts[row.bound].ns += row.median_ns;
      parts[row.bound].roof_ns += row.median_ns * row.roof_percent.value_or(0) / 100;
    }
    std::vector<std::pair<std::string, Part>> list(parts.begin(), parts.end());
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second.ns > b.second.ns; });
    const double top = kBottom + 62, width = kWidth - 2 * kMargin;
    if (total_ns_ <= 0) return;
    text(kMargin, top, "Where the time goes: " + time_text(total_ns_) + " of work a replay",
         "class=\"ink\" font-weight=\"600\"");
    double x = kMargin, words_x = kMargin;
    for (const auto& [bound, part] : list) {
      const double length = width * part.ns / total_ns_;
      std::string words = percent(100 * part.ns / total_ns_) + " " +
                          (bound.empty() ? "bound not known" : "bound by " + bound_text(bound));
      if (part.roof_ns > 0) words += ", at " + percent(100 * part.roof_ns / part.ns) + " of the roof";
      out_ += "<rect x=\"" + at(x) + "\" y=\"" + at(top + 9) + "\" width=\"" + at(length) + "\" height=\"16\" fill=\"" +
              colour_of_bound(bound) + "\"><title>" + escaped(words) + "</title></rect>\n";
      x += length;
      const double words_width = 7.0 * static_cast<double>(words.size()) + 34;
      if (words_x + words_width > kWidth - kMargin + 20 || 100 * part.ns / total_ns_ < 0.5) continue;
      out_ += "<rect x=\"" + at(words_x) + "\" y=\"" + at(top + 34) + "\" width=\"10\" height=\"10\" fill=\"" +
              colour_of_bound(bound) + "\"/>\n";
      text(words_x + 15, top + 43, words, "class=\"ink\"");
      words_x += words_width;
    }
  }

  void draw_table(size_t shown) {
    struct Column {
      double x;
      const char* title;
      bool right;
    };
    constexpr Column kColumns[] = {{kMargin + 20, "", true}, {kMargin + 46, "kernel", false},
                                   {232, "phase", false},    {372, "shape", false},
                                   {584, "ops", true},       {664, "time", true},
                                   {722, "share", true},     {800, "GFLOP/s", true},
                                   {872, "GB/s", true},      {892, "of its roof", false},
                                   {1000, "bound", false}};
    const auto put = [&](size_t column, double y, const std::string& words, const char* style) {
      text(kColumns[column].x, y, words,
           std::string("class=\"") + style + "\"" + (kColumns[column].right ? " text-anchor=\"end\"" : ""));
    };
    for (size_t column = 0; column < std::size(kColumns); ++column)
      put(column, kTableTop, kColumns[column].title, "soft");
    line(kMargin, kTableTop + 8, kWidth - kMargin, kTableTop + 8, "class=\"grid\"");
    double y = kTableTop + 26, rest_ns = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const RooflineRow& row = rows_[i];
      if (i >= shown) {
        rest_ns += row.median_ns;
        continue;
      }
      out_ += "<circle cx=\"" + at(kMargin + 32) + "\" cy=\"" + at(y - 4) + "\" r=\"5\" fill=\"" +
              kColours[family_of(row)] + "\" class=\"disc\"/>\n";
      put(0, y, std::to_string(i + 1), "soft");
      put(1, y, shortened(row.kernel.empty() ? row.op : row.kernel, 24), "ink");
      put(2, y, shortened(row.phase, 18), "ink");
      put(3, y, shortened(row.shape.empty() ? "several" : row.shape, 24), "soft");
      put(4, y, with_commas(row.calls), "ink");
      put(5, y, time_text(row.median_ns), "ink");
      put(6, y, percent(share(row)), "ink");
      put(7, y, row.gflops() ? spoken(*row.gflops()) : "", "ink");
      put(8, y, row.gbytes_per_s() ? spoken(*row.gbytes_per_s()) : "", "ink");
      if (row.roof_percent) {
        const double part = std::clamp(*row.roof_percent, 0.0, 100.0);
        out_ += "<rect x=\"892\" y=\"" + at(y - 10) +
                "\" width=\"56\" height=\"12\" class=\"trough\"/><rect x=\"892\" y=\"" + at(y - 10) + "\" width=\"" +
                at(0.56 * part) + "\" height=\"12\" fill=\"" + colour_of_bound(row.bound) + "\"/>\n";
        text(953, y, percent(*row.roof_percent), "class=\"ink\"");
      }
      put(10, y, row.bound.empty() ? "" : bound_text(row.bound), "ink");
      y += kTableRow;
    }
    if (rows_.size() > shown) {
      put(1, y, "and " + counted(rows_.size() - shown, "row") + " more", "soft");
      put(5, y, time_text(rest_ns), "soft");
      put(6, y, percent(total_ns_ > 0 ? 100 * rest_ns / total_ns_ : 0), "soft");
    }
  }

  static constexpr const char* kStyle =
      "<style>\n"
      ".paper{fill:#fff}.ink{fill:#1c1f23}.soft{fill:#626a73}.grid{stroke:#d4d8dd}.fine{stroke:#eef0f2}\n"
      ".roof{stroke:#30363d;stroke-width:1.6}.roofname{fill:#30363d;font-size:12px}"
      ".halo{stroke:#fff;stroke-width:3;paint-order:stroke}\n"
      ".ridge{stroke:#626a73;stroke-dasharray:2 4}.disc{fill-opacity:.72;stroke:#fff;stroke-width:.8}\n"
      ".ring{stroke:#626a73}.number{fill:#1c1f23;stroke:#fff;stroke-width:2.5;paint-order:stroke}.trough{fill:#e8ebee}"
      "\n"
      "@media (prefers-color-scheme: dark){\n"
      ".paper{fill:#14171a}.ink{fill:#e6e8ea}.soft{fill:#98a1ab}.grid{stroke:#343a41}.fine{stroke:#1f2429}\n"
      ".roof{stroke:#c9d0d6}.roofname{fill:#c9d0d6}.halo{stroke:#14171a}.ridge{stroke:#98a1ab}.disc{stroke:#14171a}."
      "ring{stroke:#98a1ab}\n"
      ".number{fill:#e6e8ea;stroke:#14171a}.trough{fill:#2a3036}}\n"
      "</style>\n";

  const std::vector<RooflineRow>& rows_;
  const Roofs& roofs_;
  const RooflineTitle& title_;
  double total_ns_ = 0, height_ = 0;
  double low_x_ = 0, high_x_ = 0, low_y_ = 0, high_y_ = 0;  // decimal logarithms
  std::string slope_names_;                                 // drawn over the discs
  std::vector<double> label_ys_;                            // of the roofs named at the right
  std::string out_;
};

}  // namespace

std::string roofline_svg(const std::vector<RooflineRow>& rows, const Roofs& roofs, const RooflineTitle& title) {
  return Chart(rows, roofs, title).draw();
}

}  // namespace rondo::cli
