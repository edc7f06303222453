// The edge between C callers and the C++ library: what every rondo_* function is
// wrapped in. Results become status codes, errors are copied into the caller's
// struct without allocating, and no exception passes.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include "rondo/result.h"
#include "rondo/rondo.h"

namespace rondo::c {

// An error, and where in the schedule it lies.
struct Failure {
  Failure(Error error_) : error(std::move(error_)) {}

  Error error;
  uint32_t ops[3] = {RONDO_NO_OP, RONDO_NO_OP, RONDO_NO_OP};  // the first is the op at fault
  uint32_t line = 0;                                          // of that op, in the text of the schedule
  uint32_t finding_count = 0;
  std::string_view rule;  // of the verifier's rule list, so it outlives every call
};

// How large each versioned struct was in the first version of the interface: what the
// oldest host may pass. A struct that is not named here has not grown.
template <class Struct>
inline constexpr size_t kFirstSize = sizeof(Struct);
template <>
inline constexpr size_t kFirstSize<rondo_error> = offsetof(rondo_error, file_offset);
template <>
inline constexpr size_t kFirstSize<rondo_schedule_info> = offsetof(rondo_schedule_info, member_count);
template <>
inline constexpr size_t kFirstSize<rondo_load_options> = offsetof(rondo_load_options, log);
template <>
inline constexpr size_t kFirstSize<rondo_runtime_options> = offsetof(rondo_runtime_options, log);

// What the body of a C function answers.
class [[nodiscard]] Outcome {
 public:
  Outcome() = default;
  Outcome(Failure failure) : failure_(std::move(failure)) {}
  Outcome(Error error) : failure_(Failure(std::move(error))) {}
  Outcome(const Status& status) {
    if (!status) failure_ = Failure(status.error());
  }
  bool ok() const { return !failure_.has_value(); }
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

constexpr rondo_status status_of(ErrorCode code) { return static_cast<rondo_status>(code) + 1; }

// Fills `error` when it is not NULL; returns the status.
rondo_status report(rondo_error* error, const Failure& failure);
rondo_status report(rondo_error* error, ErrorCode code, std::string_view message) noexcept;
// NULL, or at least as large as in the first version.
bool is_usable(const rondo_error* error) noexcept;

inline Error refuse(std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); }
inline Error null_argument(std::string_view what) { return refuse(std::string(what) + " is NULL"); }

template <class Body>
rondo_status at_edge(rondo_error* error, Body&& body) noexcept {
  if (!is_usable(error)) return RONDO_INVALID_ARGUMENT;
  try {
    const Outcome outcome = body();
    return outcome.ok() ? RONDO_OK : report(error, outcome.failure());
  } catch (const std::bad_alloc&) {
    return report(error, ErrorCode::kDoesNotFit, "out of memory");
  } catch (...) {
    return report(error, ErrorCode::kBug, "an exception reached the C interface");
  }
}

// Deletes a handle; what it holds releases memory through functions of the host.
template <class Handle>
void destroy(Handle* handle) noexcept {
  delete handle;
}

// A copy of the caller's options as this library knows them: defaults (zero) where
// the caller's struct is older and shorter, refused where it is longer and its tail
// is not zero. NULL gives the defaults.
template <class Options>
Result<Options> read_options(const Options* given) {
  constexpr size_t oldest = kFirstSize<Options>;
  Options options = {};
  if (given == nullptr) return options;
  const size_t size = given->struct_size;
  if (size < oldest)
    return refuse("struct_size is " + std::to_string(size) + ", the smallest version has " + std::to_string(oldest) +
                  " bytes: begin with the INIT macro");
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (size_t i = sizeof(Options); i < size; ++i)
    if (bytes[i] != 0)
      return refuse("byte " + std::to_string(i) + " of the options is set; this library knows only the first " +
                    std::to_string(sizeof(Options)) + ": it is older than the program");
  std::memcpy(&options, given, std::min(size, sizeof(Options)));
  return options;
}

// Gives the caller as much of `info` as its struct holds, and zeroes what this
// library does not know.
template <class Info>
Outcome write_info(Info info, Info* out) {
  constexpr size_t oldest = kFirstSize<Info>;
  const size_t size = out->struct_size;
  if (size < oldest)
    return refuse("struct_size is " + std::to_string(size) + ", the smallest version has " + std::to_string(oldest) +
                  " bytes: begin with the INIT macro");
  info.struct_size = out->struct_size;
  std::memcpy(out, &info, std::min(size, sizeof(Info)));
  if (size > sizeof(Info)) std::memset(reinterpret_cast<unsigned char*>(out) + sizeof(Info), 0, size - sizeof(Info));
  return {};
}

}  // namespace rondo::c
