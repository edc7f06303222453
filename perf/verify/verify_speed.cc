// How long verification takes: a planned-looking schedule of 1,000,000 ops at 8 and
// at 264 streams with tiles of 128 separate rows, and every adversary. Prints
// CPU seconds (one thread) of the best of three, work units per operand, and peak memory.
//
//   perf_verify [ops]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include "perf/schedules/generate_schedule.h"
#include "perf/verify/adversaries.h"
#include "rondo/verify.h"

namespace {

// Of this process: what others do to the machine is not ours to report.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double peak_mib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void measure(const std::string& name, const rondo::Schedule& schedule) {
  double best = 1e9;
  rondo::Verification verification;
  for (int run = 0; run < 3; ++run) {
    rondo::Schedule copy = schedule;
    const double begin = cpu_seconds();
    verification = rondo::verify(std::move(copy));
    const double seconds = cpu_seconds() - begin;
    if (seconds < best) best = seconds;
  }
  const rondo::Report& report = verification.report;
  const double operands = schedule.operands.empty() ? 1 : static_cast<double>(schedule.operands.size());
  std::printf("%-26s %9zu ops %9zu operands %6zu streams  %6.3f s  %7.2f units/operand  peak %6.0f MiB  %s\n",
              name.c_str(), schedule.ops.size(), schedule.operands.size(), schedule.streams.size(), best,
              static_cast<double>(report.work_units) / operands, peak_mib(),
              report.safe ? "safe" : std::string(report.findings[0].rule).c_str());
  if (!report.safe) std::printf("  %s\n", report.findings[0].message.c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto ops = static_cast<uint32_t>(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000000);
  for (const uint32_t streams : {8u, 264u, 792u})
    measure("planned, " + std::to_string(streams), rondo::perf::generate_schedule({.ops = ops, .streams = streams}));
  measure("planned, 8, with values", rondo::perf::generate_schedule({.ops = ops, .streams = 8, .values = true}));
  measure("planned, 264, with values", rondo::perf::generate_schedule({.ops = ops, .streams = 264, .values = true}));
  for (const rondo::perf::Adversary& adversary : rondo::perf::adversaries())
    measure(std::string(adversary.name), adversary.make(ops));
  return 0;
}
