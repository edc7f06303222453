// A value or an error with a code, one sentence and a place.
//
// Every fallible function outside a replay returns Result<T> or Status. Nothing
// in the library throws, prints or aborts. The code says what the caller can do
// about it; the message carries the numbers; the place says where in the input.
#pragma once
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo {

enum class ErrorCode : uint8_t {
  kInvalidArgument,     // the call itself is wrong: fix the program. Not for bad files.
  kInvalidSchedule,     // a schedule file or its tables are malformed or refuted: re-plan it.
  kInvalidGraph,        // a graph file is malformed or does not type-check: fix the graph.
  kInvalidMachine,      // a machine file is malformed or contradicts itself.
  kDoesNotFit,          // the input is fine but some memory is too small; the message says the least that works.
  kTooComplex,          // an untrusted file exceeds the verifier's work budget.
  kUnavailable,         // this build or host lacks the backend, instruction set or kernel that is asked for.
  kFailedPrecondition,  // right call, wrong moment: unbound input, replay in flight, restart needed.
  kNotFound,            // a named thing (file, binding, operator) does not exist.
  kIo,                  // the operating system refused: unreadable or unwritable file.
  kCancelled,           // the host asked to stop.
  kBug,                 // an invariant of the library broke: report it.
};

// The spelling used in messages and JSON.
constexpr const char* name_of(ErrorCode code) {
  constexpr const char* kNames[] = {"invalid-argument", "invalid-schedule",
                                    "invalid-graph",    "invalid-machine",
                                    "does-not-fit",     "too-complex",
                                    "unavailable",      "failed-precondition",
                                    "not-found",        "io",
                                    "cancelled",        "bug"};
  return kNames[static_cast<uint8_t>(code)];
}

// Where in an input an error lies: of a text line and column, which count from 1 (0 is
// unknown); of a binary file the offset of the first byte at fault; of a schedule the
// index of the op.
struct Place {
  static constexpr uint64_t kNoOffset = ~uint64_t{0};
  static constexpr uint32_t kNoOp = ~uint32_t{0};

  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint64_t offset = kNoOffset;
  uint32_t op = kNoOp;
};

struct Error {
  ErrorCode code = ErrorCode::kBug;
  std::string message;
  Place place;

  // "mlp.yaml:12:3: message", leaving out what is unknown.
  std::string to_string() const {
    std::string text = place.file;
    if (place.line != 0) text += (text.empty() ? "line " : ":") + std::to_string(place.line);
    if (place.line != 0 && place.column != 0) text += ":" + std::to_string(place.column);
    if (!text.empty()) text += ": ";
    return text + message;
  }
};

inline Error make_error(ErrorCode code, std::string message, Place place = {}) {
  return Error{code, std::move(message), std::move(place)};
}

// A T or an Error. Its union is written out because std::variant<T, Error> takes gcc 12 some
// 60 ms for each T and clang with sanitizers 170 ms, in every file that names it; this takes 3 and 25.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)), ok_(true) {}
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  Result(Result&& other) noexcept : ok_(other.ok_) {
    static_assert(std::is_nothrow_move_constructible_v<T>);  // for a strong operator=
    if (ok_)
      ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    else
      ::new (static_cast<void*>(&error_)) Error(std::move(other.error_));
  }
  Result(const Result& other) requires std::is_copy_constructible_v<T> : ok_(other.ok_) {
    if (ok_)
      ::new (static_cast<void*>(&value_)) T(other.value_);
    else
      ::new (static_cast<void*>(&error_)) Error(other.error_);
  }
  Result& operator=(Result other) noexcept {
    this->~Result();
    return *::new (static_cast<void*>(this)) Result(std::move(other));
  }
  ~Result() {
    if (ok_)
      value_.~T();
    else
      error_.~Error();
  }

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  // Precondition of the accessors: ok() for the value, !ok() for the error.
  T& value() & { return value_; }
  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }
  T& operator*() & { return value_; }
  const T& operator*() const& { return value_; }
  T&& operator*() && { return std::move(value_); }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }
  const Error& error() const { return error_; }

 private:
  union {
    T value_;
    Error error_;
  };
  bool ok_;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace rondo
