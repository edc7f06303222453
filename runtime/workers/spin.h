// Waiting on a CPU: short turns, with a look at the clock now and then.
#pragma once
#include <cstdint>
#include "runtime/trace/ticks.h"

namespace rondo::runtime {

inline void spin_pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// Clock ticks of a time; found once in a process, good to about a percent.
uint64_t ticks_of(uint64_t ns);
uint64_t ns_of(uint64_t ticks);

// Keeps what came before from being overtaken by the next stamp.
inline void order_stamp() {
#if defined(__x86_64__)
  _mm_lfence();
#endif
}

// How many CPUs the threads of this process may use.
uint32_t usable_cpus();

}  // namespace rondo::runtime
