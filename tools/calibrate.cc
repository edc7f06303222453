// rondo calibrate: this machine, measured, as a machine file.
#include "tools/calibrate/calibrate.h"
#include <cmath>
#include <ostream>
#include "tools/commands.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

std::string residual_text(double part) { return number_text(std::round(1000 * part) / 10) + " %"; }

void print_summary(const Machine& machine, std::ostream& out) {
  using enum Table::Align;
  Table facts({"", ""}, {kLeft, kLeft});
  facts.add({"machine", machine.name});
  facts.add({"cpu", machine.measured.cpu + ", " + counted(machine.lanes, "core") + ", " + machine.measured.isa});
  std::string caches;
  for (const MachineCache& cache : machine.caches)
    caches += (caches.empty() ? "" : ", ") + cache.name + " " + bytes_text(cache.bytes) +
              (cache.cores > 1 ? " for " + std::to_string(cache.cores) + " cores" : "");
  facts.add({"caches", caches.empty() ? "not known" : caches});
  facts.add({"panel width", std::to_string(machine.panel_width)});
  out << facts.text() << '\n';

  Table figures({"figure", "threads", "value", "low", "high", ""}, {kLeft, kRight, kRight, kRight, kRight, kLeft});
  for (const Figure& figure : machine.figures)
    figures.add({figure.name, std::to_string(figure.threads), number_text(figure.value), number_text(figure.low),
                 number_text(figure.high), std::string(unit_of(figure.kind))});
  out << figures.text();

  if (machine.costs.empty()) return;
  Table costs({"kernel", "fixed ns", "GFLOP/s", "GB/s", "residual", "shapes"},
              {kLeft, kRight, kRight, kRight, kRight, kRight});
  for (const KernelCost& cost : machine.costs)
    costs.add({cost.kernel, number_text(cost.fixed_ns), cost.ns_per_flop > 0 ? number_text(1 / cost.ns_per_flop) : "",
               cost.ns_per_byte > 0 ? number_text(1 / cost.ns_per_byte) : "", residual_text(cost.residual),
               std::to_string(cost.shapes)});
  out << '\n' << costs.text();
}

Json cost_json(const KernelCost& cost) {
  return Json::object()
      .set("kernel", cost.kernel)
      .set("fixed_ns", cost.fixed_ns)
      .set("ns_per_flop", cost.ns_per_flop)
      .set("ns_per_byte", cost.ns_per_byte)
      .set("ns_per_row", cost.ns_per_row)
      .set("residual", cost.residual)
      .set("low", cost.low)
      .set("high", cost.high)
      .set("shapes", cost.shapes);
}

Json machine_json(const calibrate::Calibration& calibration, const std::string& output) {
  const Machine& machine = calibration.machine;
  Json caches = Json::array(), figures = Json::array(), costs = Json::array(), rates = Json::array(),
       left_out = Json::array();
  for (const MachineCache& cache : machine.caches)
    caches.add(Json::object().set("name", cache.name).set("bytes", cache.bytes).set("cores", cache.cores));
  for (const Figure& figure : machine.figures)
    figures.add(Json::object()
                    .set("kind", name_of(figure.kind))
                    .set("name", figure.name)
                    .set("unit", unit_of(figure.kind))
                    .set("value", figure.value)
                    .set("low", figure.low)
                    .set("high", figure.high)
                    .set("threads", figure.threads)
                    .set("clock_mhz", figure.clock_mhz != 0 ? Json(figure.clock_mhz) : Json())
                    .set("method", figure.method));
  for (const KernelCost& cost : machine.costs) costs.add(cost_json(cost));
  for (const KernelRate& rate : machine.rates) rates.add(cost_json(rate.cost).set("level", rate.level));
  for (const std::string& line : calibration.left_out) left_out.add(line);
  return Json::object()
      .set("machine", machine.name)
      .set("cpu", machine.measured.cpu)
      .set("isa", machine.measured.isa)
      .set("when", machine.measured.when)
      .set("lanes", machine.lanes)
      .set("token_ns", machine.token_ns)
      .set("wake_ns", machine.wake_ns)
      .set("panel_width", machine.panel_width)
      .set("caches", caches)
      .set("figures", figures)
      .set("costs", costs)
      .set("rates", rates)
      .set("left_out", left_out)
      .set("written", output.empty() ? Json() : Json(output));
}

}  // namespace

int run_calibrate(const CalibrateCommand& command, Console& console) {
  const bool to_stdout = command.output == "-" || command.ceilings == "-";
  if (to_stdout && (console.json || command.output == command.ceilings))
    return console.fail(kUsage, "two things cannot both go to stdout; write one to a file");
  if (!command.name.empty()) {
    Machine named = default_machine();
    named.name = command.name;
    if (const Result<Machine> read = parse_machine(print_machine(named)); !read.ok())
      return console.fail(kUsage, "--name: " + read.error().message);
  }
  calibrate::Options options;
  options.name = command.name;
  options.quick = command.quick;
  options.seconds = command.time_limit_seconds;
  options.kernels = !command.no_kernels;
  options.progress = [&console](double fraction, const char* what) { return console.progress(fraction, what); };
  const Result<calibrate::Calibration> calibration = calibrate::measure_machine(options);
  console.end_progress();
  if (!calibration.ok()) return console.fail(calibration.error());
  const Machine& machine = calibration->machine;
  for (const std::string& line : calibration->left_out) console.note("left out: " + line);

  const std::string text = print_machine(machine);
  if (const Result<Machine> again = parse_machine(text); !again.ok())
    return console.fail(
        make_error(ErrorCode::kBug, "the machine file would not be read back: " + again.error().message));
  if (!command.output.empty())
    if (const Status written = write_output(command.output, text, console); !written.ok())
      return console.fail(written.error());
  if (!command.ceilings.empty())
    if (const Status written = write_output(command.ceilings, ceilings_csv(machine), console); !written.ok())
      return console.fail(written.error());
  if (console.json) {
    console.print(machine_json(*calibration, command.output));
  } else if (!to_stdout && console.verbosity >= 0) {
    print_summary(machine, console.out());
    if (!command.output.empty()) console.out() << "\nwrote " << command.output << '\n';
    if (!command.ceilings.empty()) console.out() << "wrote " << command.ceilings << '\n';
  }
  return kGood;
}

}  // namespace rondo::cli
