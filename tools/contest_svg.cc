#include "tools/contest_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "planner/fusion/explain.h"
#include "tools/contest_report.h"
#include "tools/svg_text.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using fusion::Evaluation;
using fusion::LowerBounds;
using fusion::Problem;
using fusion::Solution;
using fusion::StepTime;
using fusion::SubgraphCost;

// Pixels.
constexpr double kWidth = 1200, kLeft = 120, kRight = 1172, kTop = 96;
constexpr double kBlocks = 22, kLane = 58, kLaneGap = 14, kZoomLane = 44, kTableRow = 20;
constexpr double kLeastStep = 2;  // narrower ones are drawn as their share
constexpr size_t kTableRows = 18;
constexpr int64_t kZoomSteps = 48;

// Okabe and Ito's colours.
constexpr const char* kCompute = "#0072B2";
constexpr const char* kMemory = "#D55E00";
constexpr const char* kFast = "#009E73";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// 1, 2 or 5 times a power of ten, so that about `wanted` of them fill `whole`.
double round_step(double whole, double wanted) {
  const double least = whole / wanted;
  const double decade = std::pow(10, std::floor(std::log10(least)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * decade >= least) return factor * decade;
  return 10 * decade;
}

class Picture {
 public:
  Picture(const Problem& problem, const Solution& solution, const Evaluation& evaluation, const LowerBounds& bounds,
          const std::string& title)
      : problem_(problem), solution_(solution), evaluation_(evaluation), bounds_(bounds), title_(title) {}

  std::string draw() {
    const size_t count = solution_.subgraphs.size();
    by_latency_.resize(count);
    std::iota(by_latency_.begin(), by_latency_.end(), size_t{0});
    std::stable_sort(by_latency_.begin(), by_latency_.end(), [&](size_t a, size_t b) {
      return evaluation_.subgraphs[a].latency > evaluation_.subgraphs[b].latency;
    });
    const double lanes_end = kTop + kBlocks + 3 * (kLane + kLaneGap);
    const double zoom_top = lanes_end + 78;
    const double table_top = zoom_top + 2 * kZoomLane + 88;
    const size_t rows = std::min(count, kTableRows) + (count > kTableRows ? 1 : 0);
    height_ = count == 0 ? 120 : table_top + kTableRow * static_cast<double>(rows + 1) + 16;
    open();
    if (count != 0 && evaluation_.latency > 0) {
      draw_axis(lanes_end);
      draw_subgraphs();
      draw_bound(lanes_end);
      draw_zoom(zoom_top);
      draw_table(table_top);
    }
    return out_ + "</svg>\n";
  }

 private:
  double x_of(double time) const { return kLeft + (kRight - kLeft) * time / evaluation_.latency; }
  double lane_top(int lane) const { return kTop + kBlocks + kLaneGap + lane * (kLane + kLaneGap); }

  void rect(double x, double y, double w, double h, const std::string& attributes, const std::string& tooltip = {}) {
    out_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(std::max(w, 0.0)) +
            "\" height=\"" + number(std::max(h, 0.0)) + "\" " + attributes;
    out_ += tooltip.empty() ? "/>\n" : "><title>" + escaped(tooltip) + "</title></rect>\n";
  }
  void text(double x, double y, const std::string& words, const char* style, const char* anchor = "start") {
    out_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + style + "\" text-anchor=\"" + anchor +
            "\">" + escaped(words) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const char* style) {
    out_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
            "\" class=\"" + style + "\"/>\n";
  }

  void open() {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) + "\" height=\"" + number(height_) +
           "\" viewBox=\"0 0 " + number(kWidth) + " " + number(height_) +
           "\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n";
    out_ += kStyle;
    rect(0, 0, kWidth, height_, "class=\"paper\"");
    text(24, 34, shortened(title_, 90), "ink head");
    double compute = 0;
    double memory = 0;
    for (const SubgraphCost& cost : evaluation_.subgraphs) {
      compute += cost.compute;
      memory += cost.memory;
    }
    const double whole = std::max(evaluation_.latency, 1e-300);
    text(24, 56,
         "latency " + latency_text(evaluation_.latency) + " in " + counted(solution_.subgraphs.size(), "subgraph") +
             " of " + counted(problem_.operators.size(), "operator") + "; compute busy " +
             percent_text(compute / whole) + ", memory busy " + percent_text(memory / whole) +
             "; no schedule has less than " + latency_text(bounds_.best()) + " (" + bounds_.best_name() + ")",
         "soft");
  }

  void draw_axis(double bottom) {
    const double step = round_step(evaluation_.latency, 10);
    if (!(step > 0)) return;  // nothing takes time
    const auto steps = static_cast<uint32_t>(evaluation_.latency * (1 + 1e-9) / step);
    for (uint32_t index = 0; index <= steps; ++index) {
      const double time = index * step;
      line(x_of(time), kTop - 4, x_of(time), bottom, "grid");
      text(x_of(time), kTop - 10, with_commas(static_cast<uint64_t>(time)), "soft", "middle");
    }
    if (step < 1) text(kLeft - 10, kTop - 10, "time", "soft", "end");
    const char* names[] = {"compute", "slow memory", "fast memory"};
    const std::string under[] = {"busy", with_commas(static_cast<uint64_t>(problem_.bandwidth)) + " a unit",
                                 with_commas(static_cast<uint64_t>(problem_.capacity))};
    text(kLeft - 12, kTop + 15, "subgraphs", "ink", "end");
    for (int lane = 0; lane < 3; ++lane) {
      text(kLeft - 12, lane_top(lane) + kLane / 2 - 2, names[lane], "ink", "end");
      text(kLeft - 12, lane_top(lane) + kLane / 2 + 14, under[lane], "soft", "end");
      rect(kLeft, lane_top(lane), kRight - kLeft, kLane, "class=\"trough\"");
    }
  }

  // A bar from the floor of a lane up to its share.
  void bar(int lane, double x, double width, double share, const char* colour, const std::string& tooltip) {
    const double high = kLane * std::clamp(share, 0.0, 1.0);
    rect(x, lane_top(lane) + kLane - high, width, high, std::string("fill=\"") + colour + "\"", tooltip);
  }

  void draw_subgraphs() {
    double begin = 0;
    for (size_t at = 0; at < solution_.subgraphs.size(); ++at) {
      const fusion::Subgraph& subgraph = solution_.subgraphs[at];
      const SubgraphCost& cost = evaluation_.subgraphs[at];
      const double x = x_of(begin);
      const double width = x_of(begin + cost.latency) - x;
      const std::string about = "subgraph " + std::to_string(at) + ": operators " + list_text(subgraph.operators) +
                                " at " + granularity_text(subgraph) + "\nlatency " + latency_text(cost.latency) +
                                ", compute " + latency_text(cost.compute) + ", memory " + latency_text(cost.memory);
      rect(x, kTop, width, kBlocks, at % 2 == 0 ? "class=\"even\"" : "class=\"odd\"", about);
      const std::string name = std::to_string(at);
      if (width > 8 * static_cast<double>(name.size()) + 4) text(x + width / 2, kTop + 15, name, "ink", "middle");
      draw_busy(subgraph, cost, x, width, at, about);
      const double full = static_cast<double>(cost.working_set) / static_cast<double>(problem_.capacity);
      bar(2, x, width, full, kFast,
          about + "\nworking set " + with_commas(static_cast<uint64_t>(cost.working_set)) + " (" + percent_text(full) +
              ")");
      begin += cost.latency;
      if (at != 0 && width > 3) line(x, kTop, x, lane_top(2) + kLane, "cut");
    }
  }

  // Steps where they can be seen, otherwise the share of the subgraph's time.
  void draw_busy(const fusion::Subgraph& subgraph, const SubgraphCost& cost, double x, double width, size_t at,
                 const std::string& about) {
    if (cost.latency <= 0) return;
    const double steps = static_cast<double>(cost.tiles) * static_cast<double>(cost.k_steps);
    if (steps * kLeastStep > width) {
      bar(0, x, width, cost.compute / cost.latency, kCompute, about);
      bar(1, x, width, cost.memory / cost.latency, kMemory, about);
      return;
    }
    double time = 0;
    const auto limit = static_cast<int64_t>(steps);
    for (const StepTime& step : first_steps(problem_, subgraph, geometry_of(at), limit)) {
      const double from = x + width * time / cost.latency;
      const double scale = width / cost.latency;
      bar(0, from, scale * step.compute, 1, kCompute, about);
      bar(1, from, scale * step.memory, 1, kMemory, about);
      time += std::max(step.compute, step.memory);
      if (scale * step.compute > 3 || scale * step.memory > 3)
        line(x + scale * time, lane_top(0), x + scale * time, lane_top(1) + kLane, "cut");
    }
  }

  fusion::Geometry geometry_of(size_t at) const {
    fusion::Geometry geometry;
    const std::vector<uint32_t> none;
    const std::vector<uint32_t>& resident = at == 0 ? none : solution_.subgraphs[at - 1].retained;
    (void)derive_geometry(problem_, solution_.subgraphs[at], resident, false, geometry);
    return geometry;
  }

  void draw_bound(double bottom) {
    const double x = x_of(bounds_.best());
    line(x, kTop - 4, x, bottom + 8, "least");
    const bool left = x > kRight - 260;
    text(left ? x + 4 : x, bottom + 22,
         "no schedule ends before " + latency_text(bounds_.best()) + ", gap " +
             percent_text(gap_of(bounds_.best(), evaluation_.latency)),
         "soft", left ? "end" : "middle");
  }

  void draw_zoom(double top) {
    const size_t longest = by_latency_.front();
    const SubgraphCost& cost = evaluation_.subgraphs[longest];
    const std::vector<StepTime> steps =
        first_steps(problem_, solution_.subgraphs[longest], geometry_of(longest), kZoomSteps);
    double whole = 0;
    for (const StepTime& step : steps) whole += std::max(step.compute, step.memory);
    if (whole <= 0) return;
    const auto all = static_cast<uint64_t>(cost.tiles) * static_cast<uint64_t>(cost.k_steps);
    text(24, top - 14,
         "Subgraph " + std::to_string(longest) + " takes longest: its first " + std::to_string(steps.size()) + " of " +
             counted(all, "step") + " (" + counted(static_cast<uint64_t>(cost.tiles), "tile") + " of " +
             counted(static_cast<uint64_t>(cost.k_steps), "k-step") + ")",
         "ink");
    text(kLeft - 12, top + kZoomLane / 2 + 4, "compute", "ink", "end");
    text(kLeft - 12, top + kZoomLane * 1.5 + 10, "slow memory", "ink", "end");
    const double scale = (kRight - kLeft) / whole;
    rect(kLeft, top, kRight - kLeft, kZoomLane, "class=\"trough\"");
    rect(kLeft, top + kZoomLane + 6, kRight - kLeft, kZoomLane, "class=\"trough\"");
    double time = 0;
    for (const StepTime& step : steps) {
      const double x = kLeft + scale * time;
      const std::string about = "compute " + latency_text(step.compute) + ", memory " + latency_text(step.memory);
      rect(x, top, scale * step.compute, kZoomLane, std::string("fill=\"") + kCompute + "\"", about);
      rect(x, top + kZoomLane + 6, scale * step.memory, kZoomLane, std::string("fill=\"") + kMemory + "\"", about);
      time += std::max(step.compute, step.memory);
      line(kLeft + scale * time, top, kLeft + scale * time, top + 2 * kZoomLane + 6, "cut");
    }
    text(kLeft, top + 2 * kZoomLane + 24, "0", "soft", "middle");
    text(kRight, top + 2 * kZoomLane + 24, latency_text(whole), "soft", "end");
  }

  void draw_table(double top) {
    struct Column {
      double x;
      const char* title;
      const char* anchor;
    };
    constexpr Column kColumns[] = {{52, "subgraph", "middle"}, {96, "operators", "start"}, {440, "[w,h,k]", "start"},
                                   {590, "tiles", "end"},      {670, "k-steps", "end"},    {770, "fast memory", "end"},
                                   {880, "compute", "end"},    {990, "memory", "end"},     {1100, "latency", "end"},
                                   {1172, "share", "end"}};
    for (const Column& column : kColumns) text(column.x, top, column.title, "soft", column.anchor);
    line(24, top + 6, kRight, top + 6, "grid");
    double y = top + kTableRow + 2;
    const size_t shown = std::min(by_latency_.size(), kTableRows);
    for (size_t i = 0; i < shown; ++i, y += kTableRow) {
      const size_t at = by_latency_[i];
      const fusion::Subgraph& subgraph = solution_.subgraphs[at];
      const SubgraphCost& cost = evaluation_.subgraphs[at];
      const bool compute_binds = cost.compute >= cost.memory;
      const std::string cells[] = {
          std::to_string(at),
          shortened(list_text(subgraph.operators), 52),
          granularity_text(subgraph),
          with_commas(static_cast<uint64_t>(cost.tiles)),
          with_commas(static_cast<uint64_t>(cost.k_steps)),
          percent_text(static_cast<double>(cost.working_set) / static_cast<double>(problem_.capacity)),
          latency_text(cost.compute),
          latency_text(cost.memory),
          latency_text(cost.latency),
          percent_text(cost.latency / evaluation_.latency)};
      for (size_t column = 0; column < std::size(kColumns); ++column) {
        const bool binds = column == (compute_binds ? 6U : 7U);
        text(kColumns[column].x, y, cells[column], binds ? "ink bold" : "ink", kColumns[column].anchor);
      }
    }
    if (shown < by_latency_.size())
      text(96, y, "and " + counted(by_latency_.size() - shown, "shorter subgraph"), "soft");
  }

  static constexpr const char* kStyle =
      "<style>\n"
      ".paper{fill:#fff}.ink{fill:#1c1f23}.soft{fill:#626a73}.head{font-size:18px;font-weight:600}"
      ".bold{font-weight:700}\n"
      ".grid{stroke:#d4d8dd}.cut{stroke:#fff;stroke-width:.6}.trough{fill:#eef0f2}.even{fill:#d4d8dd}.odd{fill:#b9c0c8}"
      "\n"
      ".least{stroke:#CC79A7;stroke-width:2;stroke-dasharray:5 4}\n"
      "@media (prefers-color-scheme: dark){\n"
      ".paper{fill:#14171a}.ink{fill:#e6e8ea}.soft{fill:#98a1ab}.grid{stroke:#343a41}.cut{stroke:#14171a}"
      ".trough{fill:#22272c}.even{fill:#343a41}.odd{fill:#4a525b}}\n"
      "</style>\n";

  const Problem& problem_;
  const Solution& solution_;
  const Evaluation& evaluation_;
  const LowerBounds& bounds_;
  const std::string& title_;
  std::vector<size_t> by_latency_;
  double height_ = 0;
  std::string out_;
};

}  // namespace

std::string contest_svg(const Problem& problem, const Solution& solution, const Evaluation& evaluation,
                        const LowerBounds& bounds, const std::string& title) {
  return Picture(problem, solution, evaluation, bounds, title).draw();
}

}  // namespace rondo::cli
