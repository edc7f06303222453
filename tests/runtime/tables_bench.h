// A schedule as executors see it, without a program: tables over memory of the test,
// so that schedules the verifier refuses can be run, and kernels can be watched.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "rondo/schedule.h"
#include "runtime/part_tables.h"
#include "runtime/serial.h"
#include "tests/runtime/fixtures.h"

namespace rondo::fixtures {

// Kernels of watched tables count their calls here and can set a stop flag at one of them.
struct KernelWatch {
  static inline std::atomic<uint64_t> calls{0};
  static inline std::atomic<uint64_t> stop_at{UINT64_MAX};  // the call, from 0, that sets `stop`
  static inline std::atomic<bool> stop{false};
  static inline std::atomic<int> active{0};

  static void reset(uint64_t stop_at_call = UINT64_MAX) {
    calls = 0;
    stop_at = stop_at_call;
    stop = false;
  }
  // The kernels of `schedule`, watched. At most 8; one set at a time in a process.
  static std::vector<runtime::ResolvedKernel> watched(const Schedule& schedule) {
    std::vector<runtime::ResolvedKernel> kernels;
    for (const KernelRef& ref : schedule.kernels) {
      const Contract* contract = find_contract(schedule.name(ref.name));
      const size_t i = kernels.size();
      real[i] = kernels::find_kernel(*contract, kernels::detect_isa())->fn;
      kernels.push_back({kHooks[i], contract->operand_count});
    }
    return kernels;
  }

 private:
  static inline kernels::KernelFn real[8] = {};
  template <int i>
  static void hook(const kernels::KernelArgs& args) {
    active.fetch_add(1, std::memory_order_relaxed);
    if (calls.fetch_add(1, std::memory_order_relaxed) == stop_at.load(std::memory_order_relaxed)) stop = true;
    real[i](args);
    active.fetch_sub(1, std::memory_order_relaxed);
  }
  static constexpr kernels::KernelFn kHooks[8] = {hook<0>, hook<1>, hook<2>, hook<3>,
                                                  hook<4>, hook<5>, hook<6>, hook<7>};
};

// Memory for every arena and binding of the replay part of `schedule`, in the order
// `order`; the first binding is read, the last is y.
class TablesBench {
 public:
  TablesBench(Schedule schedule_, std::vector<uint32_t> order_)
      : schedule(std::move(schedule_)), order(std::move(order_)), kernels(KernelWatch::watched(schedule)) {
    for (const Arena& arena : schedule.arenas) add_memory(arena.bytes);
    for (const Binding& binding : schedule.bindings) add_memory(bytes_of(binding));
    const std::vector<float> x = values(memory[schedule.arenas.size()].size() / 4, 9);
    std::memcpy(memory[schedule.arenas.size()].data(), x.data(), x.size() * 4);
    tables.ops = schedule.ops.data();
    tables.operands = schedule.operands.data();
    tables.order = order.data();
    tables.op_count = order.size();
    tables.kernels = kernels.data();
    tables.bases = bases.data();
    tables.views = schedule.views.data();
  }
  TablesBench(const TablesBench&) = delete;

  std::vector<std::byte>& y() { return memory.back(); }
  // Everything but x, as no replay would leave it.
  void clear() {
    for (size_t base = 0; base < memory.size(); ++base)
      if (base != schedule.arenas.size()) std::fill(memory[base].begin(), memory[base].end(), std::byte{0x7f});
  }
  // What the serial executor makes of x.
  std::vector<std::byte> expected() {
    clear();
    runtime::run_serial({tables, nullptr, nullptr});
    return y();
  }

  const Schedule schedule;
  const std::vector<uint32_t> order;
  std::vector<runtime::ResolvedKernel> kernels;
  std::vector<std::vector<std::byte>> memory;  // by base; a schedule of f32 is content with what new aligns to
  std::vector<std::byte*> bases;
  runtime::PartTables tables;

 private:
  void add_memory(uint64_t bytes) {
    memory.emplace_back(bytes);
    bases.push_back(memory.back().data());
  }
};

}  // namespace rondo::fixtures
