#include "tools/calibrate/calibrate.h"
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "tools/aligned_bytes.h"
#include "tools/calibrate/bandwidth.h"
#include "tools/calibrate/caches.h"
#include "tools/calibrate/handover.h"
#include "tools/calibrate/kernel_rates.h"
#include "tools/calibrate/peaks.h"
#include "tools/calibrate/sampling.h"
#include "tools/table.h"
#include "tools/utc_time.h"

namespace rondo::calibrate {
namespace {

// Four significant digits: more is noise, and a file a person reads.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * scale) / scale;
}

KernelCost rounded(KernelCost cost) {
  for (double* field :
       {&cost.fixed_ns, &cost.ns_per_flop, &cost.ns_per_byte, &cost.ns_per_row, &cost.low, &cost.high, &cost.residual})
    *field = rounded(*field);
  return cost;
}

Figure figure_of(FigureKind kind, std::string name, const Rate& rate, double unit, std::string method, uint32_t threads,
                 double clock_mhz) {
  Figure figure;
  figure.kind = kind;
  figure.name = std::move(name);
  figure.value = rounded(rate.value * unit);
  figure.low = std::min(figure.value, rounded(rate.low * unit));
  figure.high = std::max(figure.value, rounded(rate.high * unit));
  figure.source = FigureSource::kMeasured;
  figure.method = std::move(method);
  figure.threads = threads;
  figure.clock_mhz = std::round(clock_mhz);
  return figure;
}

// "AMD EPYC 9B14" -> "amd-epyc-9b14".
std::string name_from(const std::string& cpu) {
  std::string name;
  for (const char c : cpu) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) name += lower;
    if (!kept && !name.empty() && name.back() != '-') name += '-';
  }
  name = name.substr(0, 60);
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() || !(name[0] >= 'a' && name[0] <= 'z') ? "cpu-" + name : name;
}

uint64_t physical_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : uint64_t{1} << 30;
}

// 1, 2, 4, ... and all.
std::vector<uint32_t> thread_counts(uint32_t cpus) {
  std::vector<uint32_t> counts;
  for (uint32_t count = 1; count < cpus; count *= 2) counts.push_back(count);
  counts.push_back(cpus);
  return counts;
}

class Calibrator {
 public:
  explicit Calibrator(const Options& options)
      : options_(options),
        cpus_(usable_cpus()),
        isa_(kernels::detect_isa()),
        limit_seconds_(options.seconds > 0 ? options.seconds
                       : options.quick     ? 4
                                           : 60) {}

  Result<Calibration> run() {
    describe();
    // Shares of the time; what a step does not use is left over.
    const bool on = step(0, "clock") && measure_peaks() && measure_memory() && measure_handover() && measure_kernels();
    if (!on && cancelled_) return make_error(ErrorCode::kCancelled, "the calibration was stopped");
    if (!failure_.empty()) return make_error(ErrorCode::kDoesNotFit, failure_);
    return std::move(result_);
  }

 private:
  Machine& machine() { return result_.machine; }

  double passed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count(); }
  // False when the user stopped it.
  bool step(double fraction, const char* what) {
    if (options_.progress && !options_.progress(fraction, what)) cancelled_ = true;
    return !cancelled_;
  }
  bool out_of_time(const std::string& what) {
    // Without a limit that was asked for, a busy machine takes longer and leaves nothing out.
    if (options_.seconds <= 0 || passed() <= 1.2 * limit_seconds_) return false;
    result_.left_out.push_back(what + ": the time was over");
    return true;
  }

  void describe() {
    Machine& m = machine();
    m.measured.cpu = cpu_model();
    m.measured.isa = kernels::name_of(isa_);
    m.measured.when = cli::now_utc();
    m.measured.tool = std::string("rondo calibrate") + (options_.quick ? " --quick" : "");
    m.name = options_.name.empty() ? name_from(m.measured.cpu) : options_.name;
    m.lanes = static_cast<uint32_t>(cpus_.size());
    m.caches = find_caches();
    uint64_t scratch = uint64_t{1} << 20;  // of the default machine
    for (const MachineCache& cache : m.caches)
      if (cache.name == "l2") scratch = cache.bytes / cache.cores;
    m.spaces = {{"host", SpaceKind::kHost, physical_bytes(), 64, 0}, {"scratch", SpaceKind::kScratch, scratch, 64, 0}};
  }

  bool measure_peaks() {
    const std::vector<PeakLoop> loops = peak_loops(isa_);
    const std::vector<uint32_t> counts = thread_counts(static_cast<uint32_t>(cpus_.size()));
    const double seconds =
        0.12 * limit_seconds_ / static_cast<double>(std::max<size_t>(1, loops.size() * counts.size()));
    for (size_t i = 0; i < loops.size(); ++i)
      for (const uint32_t threads : counts) {
        if (!step(0.12 * static_cast<double>(i) / static_cast<double>(loops.size()), "measuring arithmetic"))
          return false;
        const PeakLoop& loop = loops[i];
        double clock = 0;
        const Rate rate = sample_rate_on(cpus_, threads, loop.flops_per_round, seconds, [&](uint32_t thread) -> Work {
          if (thread == 0) clock = core_clock_mhz();
          return [&loop](uint64_t rounds) { loop.run(rounds); };
        });
        machine().figures.push_back(
            figure_of(FigureKind::kCompute, loop.name, rate, 1e-9, loop.method, threads, clock));
      }
    return true;
  }

  struct Level {
    std::string name;
    uint64_t bytes = 0;  // working set of a thread
  };
  // Half of each cache that threads do not share: larger than what the one before holds,
  // and with room for what else is in it. Behind them four times the last.
  std::vector<Level> levels(uint32_t threads) const {
    std::vector<Level> list;
    uint64_t last = uint64_t{8} << 20;
    for (const MachineCache& cache : machine_caches()) {
      const uint64_t sharing = std::min<uint64_t>(cache.cores, threads);
      list.push_back({cache.name, std::max<uint64_t>(4096, cache.bytes / 2 / sharing / 4096 * 4096)});
      last = cache.bytes;
    }
    const uint64_t all = std::clamp<uint64_t>(4 * last, uint64_t{64} << 20, uint64_t{1} << 30);
    list.push_back({"dram", std::min(all, physical_bytes() / 8) / threads / 4096 * 4096});
    return list;
  }
  const std::vector<MachineCache>& machine_caches() const { return result_.machine.caches; }

  bool measure_memory() {
    const std::vector<uint32_t> counts = thread_counts(static_cast<uint32_t>(cpus_.size()));
    const size_t level_count = machine_caches().size() + 1;
    const double seconds = 0.24 * limit_seconds_ / static_cast<double>(counts.size() * level_count * 3);
    size_t done = 0;
    for (const uint32_t threads : counts)
      for (const Level& level : levels(threads)) {
        // Every thread touches its own first, so that it lies near it.
        std::vector<cli::AlignedBytes> memory(threads);
        for (cli::AlignedBytes& each : memory) {
          each = working_set(level.bytes);
          if (each.data() == nullptr) {
            failure_ = "no memory for a working set of " + cli::bytes_text(level.bytes);
            return false;
          }
        }
        struct Kind {
          Traffic traffic;
          const char *suffix, *method;
        };
        for (const Kind& kind : {Kind{Traffic::kRead, "", "reads"}, Kind{Traffic::kWrite, "_write", "writes"},
                                 Kind{Traffic::kCopy, "_copy", "copies one half to the other of"}}) {
          if (!step(0.12 + 0.24 * static_cast<double>(done++) / static_cast<double>(counts.size() * level_count * 3),
                    "measuring memory"))
            return false;
          if (out_of_time("bandwidth of " + level.name + kind.suffix + " by " + cli::counted(threads, "thread")))
            continue;
          double clock = 0;
          const Rate rate =
              sample_rate_on(cpus_, threads, static_cast<double>(level.bytes), seconds, [&](uint32_t thread) -> Work {
                std::byte* data = memory[thread].data();
                if (thread == 0) clock = core_clock_mhz();
                std::memset(data, 0, level.bytes);
                return [this, &kind, data, &level](uint64_t rounds) {
                  for (; rounds > 0; --rounds) walk_memory(kind.traffic, isa_, data, level.bytes);
                };
              });
          machine().figures.push_back(figure_of(
              FigureKind::kBandwidth, level.name + kind.suffix, rate, 1e-9,
              std::string(kind.method) + " " + cli::bytes_text(level.bytes) + (threads > 1 ? " a thread" : "") +
                  (kind.traffic == Traffic::kCopy ? "; bytes read and bytes written are counted" : ""),
              threads, clock));
        }
      }
    Machine& m = machine();
    if (const Figure* dram = m.figure(FigureKind::kBandwidth, "dram", 1)) m.spaces[0].bandwidth_gb_s = dram->value;
    if (const Figure* l2 = m.figure(FigureKind::kBandwidth, "l2", 1)) m.spaces[1].bandwidth_gb_s = l2->value;
    return true;
  }

  bool measure_handover() {
    if (!step(0.36, "measuring tokens")) return false;
    const double seconds = std::min(1.0, 0.04 * limit_seconds_);
    const auto add = [&](const char* name, const Delay& delay, const char* method) {
      Figure figure;
      figure.kind = FigureKind::kLatency;
      figure.name = name;
      figure.value = rounded(delay.value), figure.low = rounded(delay.low), figure.high = rounded(delay.high);
      figure.source = FigureSource::kMeasured;
      figure.method = method;
      figure.threads = static_cast<uint32_t>(std::min<size_t>(2, cpus_.size()));
      machine().figures.push_back(figure);
    };
    if (const auto token = measure_token(cpus_, seconds)) {
      add("token", *token, "one way of a ping-pong of 256 round trips between two pinned threads, both spinning");
      machine().token_ns = rounded(token->value);
    } else {
      result_.left_out.push_back("token_ns: there is one CPU");
    }
    const Delay wake = measure_wake(cpus_, seconds);
    add("wake", wake, "from a futex wake until the parked thread runs");
    machine().wake_ns = rounded(wake.value);
    return true;
  }

  // The width of panels whose product is fastest.
  void choose_panel_width() {
    const Contract* matmul = find_contract("matmul");
    const kernels::KernelEntry* kernel = matmul != nullptr ? kernels::find_kernel(*matmul, isa_) : nullptr;
    if (kernel == nullptr) return;
    double least = INFINITY;
    for (const uint16_t width : kPanelWidths) {
      ShapeLimits limits;
      limits.panel_width = width;
      if (auto op = make_op(*matmul, {96, 256, 256}, limits))
        if (const double ns = time_op(*kernel, *op, 0.01).ns; ns < 0.98 * least)
          least = ns, machine().panel_width = width;
    }
  }

  bool measure_kernels() {
    if (!options_.kernels) return true;
    kernel_seconds_ = std::max(0.4 * limit_seconds_, limit_seconds_ - passed());
    // On the thread that is pinned: the caller's stays where it is.
    bool good = true;
    std::thread pinned([&] {
      pin_to(cpus_[0]);
      choose_panel_width();
      size_t number = 0;
      for (const Contract& contract : kContracts) {
        if (!step(0.4 + 0.6 * static_cast<double>(number++) / static_cast<double>(kContracts.size()),
                  "measuring kernels")) {
          good = false;
          return;
        }
        if (!out_of_time("rates of " + std::string(contract.name))) measure_kernel(contract);
      }
    });
    pinned.join();
    return good;
  }

  void measure_kernel(const Contract& contract) {
    const kernels::KernelEntry* kernel = kernels::find_kernel(contract, isa_);
    if (kernel == nullptr) return;
    const uint32_t shapes = options_.quick ? 10 : 24;
    ShapeLimits limits;
    limits.panel_width = machine().panel_width;
    limits.most_flops = options_.quick ? 4'000'000 : 100'000'000;
    uint64_t last = uint64_t{8} << 20;
    for (const MachineCache& cache : machine().caches) last = cache.bytes;
    limits.most_bytes = options_.quick ? uint64_t{2} << 20 : std::min<uint64_t>(2 * last, uint64_t{96} << 20);
    const double seconds = 0.5 * kernel_seconds_ / static_cast<double>(kContracts.size() * shapes);
    std::vector<TimedOp> timed;
    for (uint32_t i = 0; i < shapes; ++i)
      if (auto op = sample_op(contract, i, shapes, limits)) timed.push_back(time_op(*kernel, *op, seconds));
    if (timed.empty()) return;
    machine().costs.push_back(rounded(cost_of(std::string(contract.name), timed)));
    for (KernelRate rate : rates_of(std::string(contract.name), timed, machine())) {
      rate.cost = rounded(rate.cost);
      machine().rates.push_back(std::move(rate));
    }
  }

  const Options& options_;
  const std::vector<uint32_t> cpus_;
  const kernels::Isa isa_;
  const double limit_seconds_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Calibration result_;
  double kernel_seconds_ = 0;  // what is left of the time for all kernels
  bool cancelled_ = false;
  std::string failure_;
};

}  // namespace

Result<Calibration> measure_machine(const Options& options) { return Calibrator(options).run(); }

}  // namespace rondo::calibrate
