#include <algorithm>
#include <new>
#include "runtime/memory.h"
#include "runtime/program.h"
#include "runtime/trace/trace_recorder.h"

namespace rondo {
namespace {

constexpr uint64_t kCalibrationNs = 10'000'000;  // 50 ns of error at either end are 10 parts in a million

}  // namespace

// Puts the records of a slot into the order of positions. A thread that moves to
// another core may see its counter a little behind: along a track begins never fall.
void TraceRecorder::read_ops(const TraceBuffer& trace, uint64_t slot, const runtime::TickScale& scale,
                             ReplayTimes& times, std::vector<uint64_t>& latest) {
  const TraceBuffer::Data& data = *trace.data_;
  const runtime::RecordingLayout& layout = data.layout;
  const runtime::OpStamps* stamps = data.stamps.get() + slot * layout.record_count;
  for (uint64_t position = 0; position < times.ops.size(); ++position) {
    const uint32_t track = layout.track_of.empty() ? 0 : layout.track_of[position];
    const runtime::OpStamps& record = stamps[layout.record_of.empty() ? position : layout.record_of[position]];
    if (record.end == 0) continue;
    OpTimes& op = times.ops[position];
    op.begin_ns = latest[track] = std::max(latest[track], scale.ns(record.begin));
    op.end_ns = std::max(op.begin_ns, scale.ns(record.end));
    op.worker = data.workers[slot * layout.track_count + track];
  }
}

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
    data->layout = TraceRecorder::data_of(program).recording;
    uint64_t stamps = 0, bytes = 0;
    if (!__builtin_mul_overflow(replays, data->layout.record_count + 1, &stamps) &&
        !__builtin_mul_overflow(stamps, sizeof(runtime::OpStamps), &bytes) && bytes <= PTRDIFF_MAX) {
      // Written once here, so that a replay does not fault the pages in.
      data->stamps.reset(new (std::nothrow) runtime::OpStamps[stamps]());
    }
    if (data->stamps == nullptr)
      return make_error(ErrorCode::kDoesNotFit, "no memory for a trace of " + std::to_string(replays) + " replays of " +
                                                    std::to_string(data->op_count) + " ops");
    data->scalar_count = program.schedule().scalars.size();
    data->scalars.resize(replays * data->scalar_count);
    data->slots.resize(replays);
    data->workers.resize(replays * data->layout.track_count);
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
    std::vector<uint64_t> latest(data_->layout.track_count);  // begin on each track
    for (uint64_t i = 0; i < list.size(); ++i) {
      ReplayTimes& times = list[i];
      times.number = overwritten() + i;
      const uint64_t slot = times.number % data_->capacity;
      times.complete = data_->slots[slot].complete;
      times.begin_ns = scale.ns(data_->slots[slot].begin_ticks);
      times.end_ns = std::max(times.begin_ns, scale.ns(data_->slots[slot].end_ticks));
      times.ops.resize(data_->op_count);
      const auto scalars = data_->scalars.begin() + static_cast<ptrdiff_t>(slot * data_->scalar_count);
      times.scalars.assign(scalars, scalars + static_cast<ptrdiff_t>(data_->scalar_count));
      TraceRecorder::read_ops(*this, slot, scale, times, latest);
    }
    return list;
  });
}

}  // namespace rondo
