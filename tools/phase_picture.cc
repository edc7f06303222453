#include "tools/phase_picture.h"

#include <algorithm>
#include <cstdio>

#include "planner/phase/lifetimes.h"
#include "tools/svg_text.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using phase::AnyGraph;
using phase::GateGraph;
using phase::Lifetime;
using phase::Mode;
using phase::PhasePlan;
using phase::PhaseSchedule;
using phase::SlotGraph;

// Pixels.
constexpr double kMargin = 24, kHead = 100, kFoot = 96, kSlotLabel = 30, kBetween = 36;

struct Kind {
  const char* name;
  const char* colour;
};
// Okabe and Ito's colours, which people with any colour vision can tell apart.
constexpr Kind kInputKind = {"input", "#999999"}, kLookupKind = {"lookup", "#56B4E9"},
               kRegluKind = {"ReGLU", "#E69F00"}, kPersistKind = {"persist", "#009E73"},
               kConstKind = {"const", "#999999"}, kLinearKind = {"linear", "#009E73"}, kSumKind = {"cumsum", "#0072B2"},
               kReadKind = {"read", "#56B4E9"};

// Names lie on bars of any colour, faded ones too: light letters need an edge there.
constexpr const char* kStyle =
    "<style>\n"
    "text{font-family:Helvetica,Arial,sans-serif;fill:#1c1f23}.title{font-size:14px;font-weight:bold}"
    ".figures{font-size:11px}.axis{font-size:9px;fill:#444}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".strong{font-weight:bold}\n"
    ".paper{fill:#fff}.band{fill:#f4f4f4}.count{fill:#777}.alarm{fill:#B22234}.line{stroke:#444}\n"
    "@media (prefers-color-scheme: dark){\n"
    "text{fill:#e6e8ea}.axis{fill:#98a1ab}.paper{fill:#14171a}.band{fill:#1f2429}.count{fill:#98a1ab}"
    ".alarm{fill:#ff6b78}.line{stroke:#98a1ab}\n"
    ".name{stroke:#14171a;stroke-width:2;paint-order:stroke}}\n"
    "</style>\n";

// In time steps (half-layers, phases): a value is in its slot in columns [begin, end),
// wanted until `wanted`.
struct Bar {
  uint32_t slot = 0;
  double begin = 0, wanted = 0, end = 0;
  bool erased = false;
  Kind kind;
  std::string name;
};

std::string at(double pixels) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", pixels);
  return text;
}

class Panel {
 public:
  Panel(const AnyGraph& graph, const PhasePlan& plan) : plan_(plan), schedule_(plan.schedule) {
    if (const auto* gates = std::get_if<GateGraph>(&graph)) {
      times_ = 2 * schedule_.layers;
      collect(*gates);
    } else {
      times_ = 4 * schedule_.layers + 1;
      collect(std::get<SlotGraph>(graph));
    }
    wanted_.assign(times_, 0);
    for (const Bar& bar : bars_)
      for (auto time = static_cast<uint32_t>(bar.begin); time < std::min(bar.wanted, bar.end) && time < times_; ++time)
        ++wanted_[time];
  }

  uint32_t times() const { return times_; }
  uint32_t slots() const { return schedule_.width; }

  std::string draw(double left, double column, double row) const {
    const bool strict = schedule_.mode == Mode::kStrict;
    std::string out = "<g transform=\"translate(" + at(left) + "," + at(kHead) + ")\">\n";
    const double width = column * times_, height = row * slots();
    out += text(0, -50, plan_.method + (plan_.method == "no-reuse" ? "" : std::string(", ") + name_of(schedule_.mode)),
                "title");
    std::string figures = counted(slots(), "slot") + ", " + counted(schedule_.layers, "layer");
    if (!strict)
      figures += ", d_model " + std::to_string(d_model_of(schedule_)) + ", d_ffn " + std::to_string(schedule_.d_ffn);
    out += text(0, -34, figures + (status_of(plan_) == "-" ? "" : ", " + status_of(plan_)), "figures");
    // Layers, and within them attention and feed-forward halves.
    for (uint32_t layer = 0; layer < schedule_.layers; ++layer) {
      const double x = column * (strict ? 4 * layer + 1 : 2 * layer), w = column * (strict ? 4 : 2);
      out += "<rect x=\"" + at(x) + "\" y=\"0\" width=\"" + at(w) + "\" height=\"" + at(height) + "\" class=\"" +
             (layer % 2 == 0 ? "band" : "paper") + "\"/>\n";
      out += text(x + w / 2, -8, std::to_string(layer), "axis middle");
    }
    for (const Bar& bar : bars_) out += draw_bar(bar, column, row);
    out += draw_counts(column, height, width);
    return out + "</g>\n";
  }

 private:
  static std::string text(double x, double y, const std::string& words, const char* style) {
    return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" class=\"" + style + "\">" + escaped(words) + "</text>\n";
  }

  std::string draw_bar(const Bar& bar, double column, double row) const {
    const double end = std::min<double>(bar.end, times_), x = column * bar.begin, y = row * bar.slot;
    const double wanted = std::min(bar.wanted, end), gap = row > 6 ? 1 : 0.2;
    std::string out =
        "<g><title>" + escaped(bar.name) + " (" + bar.kind.name + "), slot " + std::to_string(bar.slot) + "</title>";
    const auto box = [&](double from, double to, const char* extra) {
      return "<rect x=\"" + at(column * from) + "\" y=\"" + at(y + gap / 2) + "\" width=\"" + at(column * (to - from)) +
             "\" height=\"" + at(row - gap) + "\" fill=\"" + bar.kind.colour + "\"" + extra + "/>";
    };
    if (wanted > bar.begin) out += box(bar.begin, wanted, "");
    if (end > wanted) out += box(wanted, end, " fill-opacity=\"0.3\"");
    if (bar.erased && bar.end <= times_)
      out += "<rect x=\"" + at(column * end - 2) + "\" y=\"" + at(y + gap / 2) + "\" width=\"2\" height=\"" +
             at(row - gap) + "\" class=\"alarm\"/>";
    // A name where it fits, in a size that the row allows.
    const double size = std::min(9.0, row - 1.5);
    const auto letters = static_cast<size_t>(std::max(0.0, column * (end - bar.begin) - 5) / (0.58 * size + 0.01));
    if (size >= 6 && letters >= 3 && !bar.name.empty()) {
      // A name that was cut says so: persist15 is not persist152.
      const std::string name =
          bar.name.size() <= letters ? escaped(bar.name) : escaped(bar.name.substr(0, letters - 1)) + "&#8230;";
      out += "<text x=\"" + at(x + 2) + "\" y=\"" + at(y + row / 2 + size * 0.35) + "\" font-size=\"" + at(size) +
             "\" class=\"name\">" + name + "</text>";
    }
    return out + "</g>\n";
  }

  // How full the residual is, and where it is fullest.
  std::string draw_counts(double column, double height, double width) const {
    std::string out;
    const uint32_t most = *std::max_element(wanted_.begin(), wanted_.end());
    constexpr double kBars = 40;
    for (uint32_t time = 0; time < times_; ++time) {
      const double tall = most == 0 ? 0 : kBars * wanted_[time] / most, x = column * time;
      const bool peak = wanted_[time] == most;
      out += "<rect x=\"" + at(x + 0.5) + "\" y=\"" + at(height + 14 + kBars - tall) + "\" width=\"" + at(column - 1) +
             "\" height=\"" + at(tall) + "\" class=\"" + (peak ? "alarm" : "count") + "\"/>\n";
      if (column >= 16 || peak)
        out += text(x + column / 2, height + 14 + kBars + 12, std::to_string(wanted_[time]),
                    peak ? "axis middle strong" : "axis middle");
    }
    out += "<line x1=\"0\" x2=\"" + at(width) + "\" y1=\"" + at(height + 14 + kBars) + "\" y2=\"" +
           at(height + 14 + kBars) + "\" class=\"line\"/>\n";
    return out;
  }

  void add(uint32_t dim, double begin, double wanted, double end, bool erased, Kind kind, const std::string& name) {
    bars_.push_back({static_cast<uint32_t>(schedule_.slot_of_dim[dim]), begin, wanted, end, erased, kind, name});
  }

  void collect(const GateGraph& graph) {
    std::vector<int32_t> erased(graph.dims.size(), -1);
    for (size_t half = 0; half < schedule_.erases.size(); ++half)
      for (const phase::Erase& erase : schedule_.erases[half]) erased[erase.dim] = static_cast<int32_t>(half);
    const std::vector<Lifetime> lives = phase::lifetimes(graph, schedule_.phase_of_op);
    for (uint32_t dim = 0; dim < graph.dims.size(); ++dim) {
      if (schedule_.slot_of_dim[dim] < 0) continue;
      const int32_t op = graph.dims[dim].op;
      Kind kind = kInputKind;
      if (op != phase::Dim::kInput) switch (graph.ops[static_cast<size_t>(op)].type) {
          case phase::OpType::kLookup:
            kind = kLookupKind;
            break;
          case phase::OpType::kReglu:
            kind = kRegluKind;
            break;
          case phase::OpType::kPersist:
            kind = kPersistKind;
            break;
        }
      // Written when its half-layer ends, read until the end of the last one that does.
      const double begin = lives[dim].birth + 1, never = times_ + 1;
      const double wanted = lives[dim].death == Lifetime::kForever ? never : lives[dim].death + 1;
      add(dim, begin, wanted, erased[dim] < 0 ? never : erased[dim] + 1, erased[dim] >= 0, kind, graph.dims[dim].name);
    }
  }

  void collect(const SlotGraph& graph) {
    std::vector<int32_t> erased(graph.gates.size(), -1);
    for (size_t phase = 0; phase < schedule_.erases.size(); ++phase)
      for (const phase::Erase& erase : schedule_.erases[phase]) erased[erase.dim] = static_cast<int32_t>(phase);
    const std::vector<Lifetime> lives = phase::lifetimes(graph, schedule_.phase_of_op, times_);
    for (uint32_t gate = 0; gate < graph.gates.size(); ++gate) {
      if (!lives[gate].rests) continue;
      Kind kind = kInputKind;
      switch (graph.gates[gate].type) {
        case phase::GateType::kConst:
          kind = kConstKind;
          break;
        case phase::GateType::kLinear:
          kind = kLinearKind;
          break;
        case phase::GateType::kReglu:
          kind = kRegluKind;
          break;
        case phase::GateType::kRead:
          kind = kReadKind;
          break;
        case phase::GateType::kCumsum:
          kind = kSumKind;
          break;
        default:
          break;
      }
      add(gate, lives[gate].birth, lives[gate].death + 1, erased[gate] < 0 ? times_ + 1 : erased[gate],
          erased[gate] >= 0, kind, graph.gates[gate].name);
    }
  }

  const PhasePlan& plan_;
  const PhaseSchedule& schedule_;
  uint32_t times_ = 0;
  std::vector<Bar> bars_;
  std::vector<uint32_t> wanted_;
};

std::string legend(bool strict, double y) {
  std::vector<Kind> kinds = {kInputKind, kLookupKind, kRegluKind, kPersistKind};
  if (strict) kinds = {kConstKind, kReadKind, kSumKind, kRegluKind, kLinearKind};
  std::string out;
  double x = kMargin + kSlotLabel;
  const auto entry = [&](const std::string& look, double width, const std::string& words) {
    out += "<rect x=\"" + at(x) + "\" y=\"" + at(y - 9) + "\" width=\"" + at(width) + "\" height=\"10\" " + look +
           "/><text x=\"" + at(x + width + 5) + "\" y=\"" + at(y) + "\" class=\"axis\">" + words + "</text>\n";
    x += width + 17 + 6.2 * static_cast<double>(words.size());
  };
  for (const Kind& kind : kinds) entry("fill=\"" + std::string(kind.colour) + "\"", 14, kind.name);
  entry("class=\"count\" fill-opacity=\"0.3\"", 14, "no longer wanted");
  entry("class=\"alarm\"", 3, "subtracted here");
  return out;
}

}  // namespace

std::string phase_picture(const AnyGraph& graph, const std::vector<const PhasePlan*>& plans) {
  std::vector<Panel> panels;
  uint32_t slots = 1, times = 1;
  for (const PhasePlan* plan : plans) {
    panels.emplace_back(graph, *plan);
    slots = std::max(slots, panels.back().slots());
    times = std::max(times, panels.back().times());
  }
  const bool strict = std::holds_alternative<SlotGraph>(graph);
  const double row = std::clamp(760.0 / slots, 1.0, 12.0);
  const double column = std::clamp(640.0 / times, 3.0, 46.0);
  double x = kMargin + kSlotLabel;
  std::string body;
  for (const Panel& panel : panels) {
    const uint32_t every = row >= 9 ? 1 : row >= 4 ? 5 : 25;
    for (uint32_t slot = 0; slot < panel.slots(); slot += every)
      body += "<text x=\"" + at(x - 5) + "\" y=\"" + at(kHead + row * slot + std::max(row, 6.0) * 0.75) +
              "\" class=\"axis end\">" + std::to_string(slot) + "</text>\n";
    body += panel.draw(x, column, row);
    x += column * panel.times() + kBetween + kSlotLabel;
  }
  const double width = x - kSlotLabel - kBetween + kMargin, height = kHead + row * slots + kFoot + 10;
  const std::string size = "width=\"" + at(width) + "\" height=\"" + at(height) + "\"";
  const std::string& name = plans.front()->schedule.graph;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + at(width) + " " +
                    at(height) + "\">\n" + kStyle + "<rect " + size + " class=\"paper\"/>\n";
  out += "<text x=\"" + at(kMargin) + "\" y=\"20\" class=\"figures\">" + escaped(name) + ": slots over " +
         (strict ? "phases" : "half-layers") + "; above: layers, below: values still wanted</text>\n";
  return out + body + legend(strict, height - 12) + "</svg>\n";
}

}  // namespace rondo::cli
