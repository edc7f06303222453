// Reading, proving and asking schedules.
#include <span>
#include <string>
#include "rondo/load.h"
#include "runtime/c/edge.h"
#include "runtime/c/host_log.h"
#include "runtime/c/objects.h"
#include "schedules/binary/record_offset.h"

namespace rondo::c {
namespace {

void tell_of(const HostLog& log, const Report& report) {
  if (!log.hears(RONDO_LOG_ERROR)) return;
  for (const Finding& finding : report.findings) {
    const std::string message = std::string(finding.rule) + ": " + finding.message;
    log.tell(RONDO_LOG_ERROR, message, finding.ops[0], std::string(finding.rule).c_str());
  }
  if (report.findings_dropped != 0)
    log.tell(RONDO_LOG_ERROR, std::to_string(report.findings_dropped) + " more findings of the same rules");
}

// The first finding is the error; a logger hears all.
Failure why_refused(std::span<const std::byte> bytes, const Report& report, const std::string& file) {
  if (report.findings.empty())
    return make_error(ErrorCode::kInvalidSchedule, "the schedule is refuted: " + report.summary(), {file});
  const Finding& first = report.findings.front();
  const uint64_t count = report.findings.size() + report.findings_dropped;
  const ErrorCode code = first.rule == "B01" ? ErrorCode::kTooComplex : ErrorCode::kInvalidSchedule;
  const std::string more = count > 1 ? " (the first of " + std::to_string(count) + " findings)" : "";
  Failure failure = make_error(code, first.message + more, {file});
  if (first.ops[0] != kNone) failure.error.place.offset = record_offset(bytes, Table::kOps, first.ops[0]);
  std::copy(std::begin(first.ops), std::end(first.ops), failure.ops);
  failure.line = first.line;
  failure.finding_count = static_cast<uint32_t>(std::min<uint64_t>(count, UINT32_MAX));
  failure.rule = first.rule;
  return failure;
}

Outcome prove(std::span<const std::byte> bytes, const std::string& file, const rondo_load_options& options,
              rondo_schedule** out) {
  if (options.reserved != 0) return refuse("reserved is not 0");
  const Result<HostLog> log = read_log(options.log, options.log_context, options.log_level);
  if (!log) return log.error();
  Result<Schedule> schedule = parse_binary(bytes, file);
  if (!schedule) return schedule.error();
  VerifyOptions limits;
  if (options.work_multiple != 0) limits.work_multiple = options.work_multiple;
  Verification verification = verify(*std::move(schedule), limits);
  if (!verification.schedule) {
    tell_of(*log, verification.report);
    return why_refused(bytes, verification.report, file);
  }
  if (log->hears(RONDO_LOG_INFO))
    log->tell(RONDO_LOG_INFO, (file.empty() ? "schedule" : file) + ": " + verification.report.summary());
  *out = new rondo_schedule(*std::move(verification.schedule));
  return {};
}

template <class Info, class Records, class Fill>
Outcome describe(const rondo_schedule* schedule, const Records& records, uint32_t index, Info* info, const char* what,
                 Fill&& fill) {
  if (info == nullptr) return null_argument("info");
  if (index >= records.size())
    return make_error(ErrorCode::kInvalidArgument, std::string("there is no ") + what + " " + std::to_string(index) +
                                                       "; the schedule has " + std::to_string(records.size()));
  Info known = {};
  fill(*schedule, records[index], known);
  return write_info(known, info);
}

}  // namespace
}  // namespace rondo::c

using namespace rondo::c;

extern "C" {

rondo_status rondo_schedule_parse(const void* data, uint64_t bytes, const rondo_load_options* options,
                                  rondo_schedule** schedule, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    *schedule = nullptr;
    if (data == nullptr) return null_argument("data");
    const auto known = read_options(options);
    if (!known) return known.error();
    return prove({static_cast<const std::byte*>(data), bytes}, "", *known, schedule);
  });
}

rondo_status rondo_schedule_load(const char* path, const rondo_load_options* options, rondo_schedule** schedule,
                                 rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    *schedule = nullptr;
    if (path == nullptr) return null_argument("path");
    const auto known = read_options(options);
    if (!known) return known.error();
    constexpr uint64_t kFileLimitBytes = uint64_t{4} << 30;
    const auto bytes = rondo::read_file(path, known->file_limit_bytes != 0 ? known->file_limit_bytes : kFileLimitBytes);
    if (!bytes) return bytes.error();
    return prove(*bytes, path, *known, schedule);
  });
}

void rondo_schedule_destroy(rondo_schedule* schedule) noexcept { destroy(schedule); }

rondo_status rondo_schedule_get_info(const rondo_schedule* schedule, rondo_schedule_info* info,
                                     rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    if (info == nullptr) return null_argument("info");
    const rondo::Schedule& tables = schedule->verified.schedule();
    rondo_schedule_info known = {};
    known.faithful = schedule->verified.report().faithful();
    known.arena_count = static_cast<uint32_t>(tables.arenas.size());
    known.binding_count = static_cast<uint32_t>(tables.bindings.size());
    known.scalar_count = static_cast<uint32_t>(tables.scalars.size());
    known.lane_count = tables.lane_count;
    known.prepare_op_count = static_cast<uint32_t>(schedule->verified.order(rondo::Part::kPrepare).size());
    known.replay_op_count = static_cast<uint32_t>(schedule->verified.order(rondo::Part::kReplay).size());
    known.program_bytes = schedule->needs.program_bytes;
    known.session_bytes = schedule->needs.session_bytes;
    known.state_bytes = schedule->needs.state_bytes;
    known.digest = schedule->verified.report().digest.c_str();
    known.backend = tables.backend.c_str();
    known.member_count = schedule->verified.member_count();
    known.member = tables.names[tables.members[0].name].c_str();
    return write_info(known, info);
  });
}

rondo_status rondo_schedule_get_member(const rondo_schedule* schedule, uint32_t member, rondo_schedule** alone,
                                       rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (alone == nullptr) return null_argument("alone");
    *alone = nullptr;
    if (schedule == nullptr) return null_argument("schedule");
    if (const uint32_t count = schedule->verified.member_count(); member >= count)
      return refuse("there is no member " + std::to_string(member) + "; the file has " + std::to_string(count));
    *alone = new rondo_schedule(schedule->verified.member(member));
    return {};
  });
}

rondo_status rondo_schedule_get_arena(const rondo_schedule* schedule, uint32_t arena, rondo_arena_info* info,
                                      rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    return describe(schedule, schedule->needs.arenas, arena, info, "arena",
                    [](const rondo_schedule&, const rondo::ArenaRequirement& need, rondo_arena_info& known) {
                      known.prepared = need.prepared;
                      known.name = need.name.c_str();
                      known.bytes = need.bytes;
                      known.align_bytes = need.align_bytes;
                      known.preferred_align_bytes = need.preferred_align_bytes;
                    });
  });
}

rondo_status rondo_schedule_get_binding(const rondo_schedule* schedule, uint32_t binding, rondo_binding_info* info,
                                        rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    return describe(schedule, schedule->needs.bindings, binding, info, "binding",
                    [](const rondo_schedule&, const rondo::BindingRequirement& need, rondo_binding_info& known) {
                      known.role = static_cast<uint32_t>(need.role);
                      known.dtype = static_cast<uint32_t>(need.dtype);
                      known.rank = static_cast<uint32_t>(need.shape.size());
                      for (size_t axis = 0; axis < std::size(known.shape); ++axis)
                        known.shape[axis] = axis < need.shape.size() ? need.shape[axis] : 1;
                      known.bytes = need.bytes;
                      known.align_bytes = need.align_bytes;
                      known.name = need.name.c_str();
                      known.read_in_prepare = need.read_in_prepare;
                      known.used_in_replay = need.used_in_replay;
                    });
  });
}

rondo_status rondo_schedule_get_scalar(const rondo_schedule* schedule, uint32_t scalar, rondo_scalar_info* info,
                                       rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (schedule == nullptr) return null_argument("schedule");
    return describe(schedule, schedule->verified.schedule().scalars, scalar, info, "scalar",
                    [](const rondo_schedule& of, const rondo::Scalar& record, rondo_scalar_info& known) {
                      known.name = of.verified.schedule().names[record.name].c_str();
                      known.min = record.min;
                      known.max = record.max;
                    });
  });
}

}  // extern "C"

// The numbers that C hosts see are the numbers of the format.
static_assert(RONDO_INPUT == static_cast<int>(rondo::Role::kInput) &&
              RONDO_OUTPUT == static_cast<int>(rondo::Role::kOutput) &&
              RONDO_CONSTANT == static_cast<int>(rondo::Role::kConstant) &&
              RONDO_STATE == static_cast<int>(rondo::Role::kState) &&
              RONDO_TABLE == static_cast<int>(rondo::Role::kTable));
static_assert(RONDO_F32 == static_cast<int>(rondo::DType::kF32) && RONDO_F64 == static_cast<int>(rondo::DType::kF64) &&
              RONDO_F16 == static_cast<int>(rondo::DType::kF16) &&
              RONDO_BF16 == static_cast<int>(rondo::DType::kBF16) && RONDO_I8 == static_cast<int>(rondo::DType::kI8) &&
              RONDO_U8 == static_cast<int>(rondo::DType::kU8) && RONDO_I32 == static_cast<int>(rondo::DType::kI32) &&
              RONDO_I64 == static_cast<int>(rondo::DType::kI64));
