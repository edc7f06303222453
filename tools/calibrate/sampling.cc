#include "tools/calibrate/sampling.h"
#include <sched.h>
#include <time.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace rondo::calibrate {
namespace {

// Seven samples, but three are enough where they alone take several times the time given.
constexpr size_t kLeastSamples = 7, kFewestSamples = 3, kMostSamples = 4096;

double seconds_of(const Work& work, uint64_t rounds) {
  const double begin = thread_seconds();
  work(rounds);
  return thread_seconds() - begin;
}

}  // namespace

double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Rate sample_rate(double units, double seconds, const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const auto end = Clock::now() + time, latest = end + 2 * time;
  uint64_t rounds = 1;
  work(1);  // faults pages in, fills caches
  for (double took = seconds_of(work, rounds); took < kSampleSeconds && rounds < uint64_t{1} << 40;
       took = seconds_of(work, rounds))
    rounds *= took > 0 ? std::clamp<uint64_t>(static_cast<uint64_t>(1.3 * kSampleSeconds / took), 2, 100) : 100;
  std::vector<double> rates;
  const auto enough = [&] {
    const auto now = Clock::now();
    const size_t least = now < latest ? kLeastSamples : kFewestSamples;
    return rates.size() >= least && (now >= end || rates.size() >= kMostSamples);
  };
  while (!enough())
    if (const double took = seconds_of(work, rounds); took > 0)
      rates.push_back(units * static_cast<double>(rounds) / took);
  std::sort(rates.begin(), rates.end());
  const size_t count = rates.size();
  return {rates[count - 1 - count / 8], rates[count / 2], rates[count - 1]};
}

std::vector<uint32_t> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<uint32_t> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

void pin_to(uint32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

Rate sample_rate_on(const std::vector<uint32_t>& cpus, uint32_t threads, double units, double seconds,
                    const std::function<Work(uint32_t thread)>& make) {
  std::vector<Rate> rates(threads);
  std::atomic<uint32_t> waiting{0};
  std::vector<std::thread> workers;
  for (uint32_t thread = 0; thread < threads; ++thread)
    workers.emplace_back([&, thread] {
      pin_to(cpus[thread % cpus.size()]);
      const Work work = make(thread);
      work(1);
      waiting.fetch_add(1);
      while (waiting.load() < threads) std::this_thread::yield();
      rates[thread] = sample_rate(units, seconds, work);
    });
  for (std::thread& worker : workers) worker.join();
  Rate sum;
  for (const Rate& rate : rates) sum.value += rate.value, sum.low += rate.low, sum.high += rate.high;
  return sum;
}

}  // namespace rondo::calibrate
