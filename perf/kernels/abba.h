// Two things measured side by side: what a shared machine does to one it does to
// the other, so only their ratio is believed.
#pragma once
#include <time.h>
#include <algorithm>
#include <vector>

namespace rondo::perf {

struct Comparison {
  double ratio = 0;      // median of time b / time a over the quietest half of the pairs
  double a_seconds = 0;  // of one call, median over the same pairs
  double b_seconds = 0;
};

// CPU time of this thread: what others do to it between its turns does not count.
inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Each pair times a, b, b, a, `calls` calls each, and sums both. For work that stays
// on the calling thread.
template <class A, class B>
Comparison compare_abba(const A& a, const B& b, int pairs, int calls) {
  const auto time = [calls](auto& f) {
    const double begin = thread_seconds();
    for (int i = 0; i < calls; ++i) f();
    return thread_seconds() - begin;
  };
  struct Pair {
    double a, b;
  };
  std::vector<Pair> measured;
  time(a), time(b);
  for (int i = 0; i < pairs; ++i) {
    const double a1 = time(a), b1 = time(b), b2 = time(b), a2 = time(a);
    measured.push_back({(a1 + a2) / (2 * calls), (b1 + b2) / (2 * calls)});
  }
  std::sort(measured.begin(), measured.end(), [](const Pair& x, const Pair& y) { return x.a + x.b < y.a + y.b; });
  measured.resize(std::max<size_t>(1, measured.size() / 2));
  std::vector<double> ratios, as, bs;
  for (const Pair& pair : measured) {
    ratios.push_back(pair.b / pair.a);
    as.push_back(pair.a);
    bs.push_back(pair.b);
  }
  return {median(ratios), median(as), median(bs)};
}

}  // namespace rondo::perf
