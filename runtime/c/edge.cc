#include "runtime/c/edge.h"

#include "rondo/schedule.h"

namespace rondo::c {

static_assert(RONDO_NO_OFFSET == Place::kNoOffset && RONDO_NO_OP == Place::kNoOp && RONDO_NO_OP == kNone);
static_assert(status_of(ErrorCode::kInvalidArgument) == RONDO_INVALID_ARGUMENT &&
              status_of(ErrorCode::kInvalidSchedule) == RONDO_INVALID_SCHEDULE &&
              status_of(ErrorCode::kInvalidGraph) == RONDO_INVALID_GRAPH &&
              status_of(ErrorCode::kInvalidMachine) == RONDO_INVALID_MACHINE &&
              status_of(ErrorCode::kDoesNotFit) == RONDO_DOES_NOT_FIT &&
              status_of(ErrorCode::kTooComplex) == RONDO_TOO_COMPLEX &&
              status_of(ErrorCode::kUnavailable) == RONDO_UNAVAILABLE &&
              status_of(ErrorCode::kFailedPrecondition) == RONDO_FAILED_PRECONDITION &&
              status_of(ErrorCode::kNotFound) == RONDO_NOT_FOUND && status_of(ErrorCode::kIo) == RONDO_IO &&
              status_of(ErrorCode::kCancelled) == RONDO_CANCELLED && status_of(ErrorCode::kBug) == RONDO_BUG);

namespace {

// At most `room` bytes of `text` that do not end inside a UTF-8 character.
size_t whole_characters(std::string_view text, size_t room) {
  if (text.size() <= room) return text.size();
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xc0) == 0x80) --room;
  return room;
}

void copy_text(std::string_view text, char* out, size_t capacity) {
  const size_t bytes = whole_characters(text, capacity - 1);
  text.copy(out, bytes);
  out[bytes] = '\0';
}

// As much as the caller's struct holds. What a newer one has beyond keeps the value of
// its INIT macro, which says that nothing is known.
void give(rondo_error known, rondo_error* error) {
  known.struct_size = error->struct_size;
  std::memcpy(error, &known, std::min<size_t>(known.struct_size, sizeof known));
}

}  // namespace

bool is_usable(const rondo_error* error) noexcept {
  return error == nullptr || error->struct_size >= kFirstSize<rondo_error>;
}

rondo_status report(rondo_error* error, ErrorCode code, std::string_view message) noexcept {
  if (error != nullptr) {
    rondo_error known = RONDO_ERROR_INIT;
    known.status = status_of(code);
    known.message_bytes = static_cast<uint32_t>(message.size());
    copy_text(message, known.message, sizeof known.message);
    give(known, error);
  }
  return status_of(code);
}

rondo_status report(rondo_error* error, const Failure& failure) {
  const rondo_status status = status_of(failure.error.code);
  if (error == nullptr) return status;
  const std::string message = failure.error.to_string();
  rondo_error known = RONDO_ERROR_INIT;
  known.status = status;
  known.op = failure.ops[0] != RONDO_NO_OP ? failure.ops[0] : failure.error.place.op;
  known.message_bytes = static_cast<uint32_t>(message.size());
  copy_text(failure.rule, known.rule, sizeof known.rule);
  copy_text(message, known.message, sizeof known.message);
  known.file_offset = failure.error.place.offset;
  known.other_ops[0] = failure.ops[1];
  known.other_ops[1] = failure.ops[2];
  known.line = failure.line;
  known.finding_count = failure.finding_count;
  give(known, error);
  return status;
}

}  // namespace rondo::c

extern "C" const char* rondo_status_name(rondo_status status) noexcept {
  if (status == RONDO_OK) return "ok";
  if (status < RONDO_OK || status > RONDO_BUG) return "unknown";
  return rondo::name_of(static_cast<rondo::ErrorCode>(status - 1));
}
