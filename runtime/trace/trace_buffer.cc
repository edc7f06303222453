#include <algorithm>
#include <new>
#include "runtime/memory.h"
#include "runtime/program.h"
#include "runtime/trace/trace_recorder.h"

namespace rondo {
namespace {

constexpr uint64_t kCalibrationNs = 10'000'000;  // 50 ns of error at either end are 10 parts in a million

}  // namespace

TraceBuffer::TraceBuffer(std::unique_ptr<Data> data) : data_(std::move(data)) {}
TraceBuffer::TraceBuffer(TraceBuffer&&) noexcept = default;
TraceBuffer& TraceBuffer::operator=(TraceBuffer&&) noexcept = default;
TraceBuffer::~TraceBuffer() = default;

Result<TraceBuffer> TraceBuffer::make(const Program& program, uint64_t replays) {
  return runtime::without_exceptions([&]() -> Result<TraceBuffer> {
    if (replays == 0) return make_error(ErrorCode::kInvalidArgument, "a trace of 0 replays records nothing");
    auto data = std::make_unique<Data>();
    data->program = TraceRecorder::serial_of(program);
    data->op_count = program.verified().order(Part::kReplay).size();
    data->capacity = replays;
    uint64_t stamps = 0, bytes = 0;
    if (!__builtin_mul_overflow(replays, data->op_count + 1, &stamps) &&
        !__builtin_mul_overflow(stamps, sizeof(uint64_t), &bytes) && bytes <= PTRDIFF_MAX) {
      // Written once here, so that a replay does not fault the pages in.
      data->stamps.reset(new (std::nothrow) uint64_t[stamps]());
    }
    if (data->stamps == nullptr)
      return make_error(ErrorCode::kDoesNotFit, "no memory for a trace of " + std::to_string(replays) + " replays of " +
                                                    std::to_string(data->op_count) + " ops");
    data->done.resize(replays);
    data->made = runtime::this_moment();
    return TraceBuffer(std::move(data));
  });
}

uint64_t TraceBuffer::capacity() const { return data_->capacity; }
uint64_t TraceBuffer::recorded() const { return std::min(data_->begun, data_->capacity); }
uint64_t TraceBuffer::overwritten() const { return data_->begun - recorded(); }

Result<std::vector<ReplayTimes>> TraceBuffer::replays() const {
  return runtime::without_exceptions([&]() -> Result<std::vector<ReplayTimes>> {
    runtime::Moment now = runtime::this_moment();
    while (now.ns - data_->made.ns < kCalibrationNs) now = runtime::this_moment();
    const runtime::TickScale scale(data_->made, now);
    std::vector<ReplayTimes> list(recorded());
    uint64_t latest = 0;
    for (uint64_t i = 0; i < list.size(); ++i) {
      ReplayTimes& times = list[i];
      times.number = overwritten() + i;
      const uint64_t slot = times.number % data_->capacity;
      const uint64_t* stamps = data_->stamps.get() + slot * (data_->op_count + 1);
      times.complete = data_->done[slot] == data_->op_count;
      times.ns.resize(data_->done[slot] + 1);
      // A thread that moves to another core may see its counter a little behind.
      for (uint64_t j = 0; j < times.ns.size(); ++j) times.ns[j] = latest = std::max(latest, scale.ns(stamps[j]));
    }
    return list;
  });
}

}  // namespace rondo
