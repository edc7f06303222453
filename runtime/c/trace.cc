// Traces: recorded by replays, written through a function of the host.
#include "rondo/trace.h"
#include "runtime/c/edge.h"
#include "runtime/c/objects.h"
#include "runtime/roofline/roofline.h"

namespace rondo::c {
namespace {

Outcome write_pieces(const std::string& content, rondo_write_function write, void* context) {
  constexpr size_t kPieceBytes = size_t{1} << 20;  // so that a host can show progress, or give up
  for (size_t offset = 0; offset < content.size(); offset += kPieceBytes) {
    const size_t piece = std::min(kPieceBytes, content.size() - offset);
    if (const int32_t answer = write(context, content.data() + offset, piece); answer != 0)
      return make_error(ErrorCode::kIo, "the write function answered " + std::to_string(answer) + " after " +
                                            std::to_string(offset) + " of " + std::to_string(content.size()) + " B");
  }
  return {};
}

}  // namespace
}  // namespace rondo::c

using namespace rondo::c;

extern "C" {

rondo_status rondo_trace_create(const rondo_program* program, uint64_t replays, rondo_trace** trace,
                                rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (trace == nullptr) return null_argument("trace");
    *trace = nullptr;
    if (program == nullptr) return null_argument("program");
    auto made = rondo::TraceBuffer::make(program->program, replays);
    if (!made) return made.error();
    *trace = new rondo_trace{program->program, *std::move(made)};
    return {};
  });
}

void rondo_trace_destroy(rondo_trace* trace) noexcept { destroy(trace); }

rondo_status rondo_session_replay_traced(rondo_session* session, rondo_trace* trace, const rondo_stop* stop,
                                         rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (session == nullptr) return null_argument("session");
    if (trace == nullptr) return null_argument("trace");
    return stop == nullptr ? session->session.replay(trace->buffer)
                           : session->session.replay(trace->buffer, stop->requested);
  });
}

rondo_status rondo_trace_get_info(const rondo_trace* trace, rondo_trace_info* info, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (trace == nullptr) return null_argument("trace");
    if (info == nullptr) return null_argument("info");
    rondo_trace_info known = {};
    known.capacity = trace->buffer.capacity();
    known.recorded = trace->buffer.recorded();
    known.overwritten = trace->buffer.overwritten();
    return write_info(known, info);
  });
}

rondo_status rondo_trace_write_perfetto(const rondo_trace* trace, const rondo_perfetto_options* options,
                                        rondo_write_function write, void* context, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (trace == nullptr) return null_argument("trace");
    if (write == nullptr) return null_argument("write");
    const auto known = read_options(options);
    if (!known) return known.error();
    if (known->reserved != 0) return refuse("reserved is not 0");
    rondo::PerfettoOptions settings;
    if (known->process != nullptr) settings.process = known->process;
    const auto bytes = rondo::perfetto_trace(trace->program, trace->buffer, settings);
    if (!bytes) return bytes.error();
    return write_pieces(*bytes, write, context);
  });
}

rondo_status rondo_trace_write_roofline(const rondo_trace* trace, const rondo_roofline_options* options,
                                        rondo_write_function write, void* context, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (trace == nullptr) return null_argument("trace");
    if (write == nullptr) return null_argument("write");
    const auto known = read_options(options);
    if (!known) return known.error();
    if (known->reserved != 0) return refuse("reserved is not 0");
    const auto rows = rondo::runtime::roofline_of(trace->program, trace->buffer);
    if (!rows) return rows.error();
    rondo::runtime::RooflineLabels labels;
    if (known->run_id != nullptr) labels.run_id = known->run_id;
    if (known->schedule != nullptr) labels.schedule = known->schedule;
    labels.schedule_hash = trace->program.verified().report().digest;
    return write_pieces(rondo::runtime::roofline_csv(*rows, labels), write, context);
  });
}

}  // extern "C"
