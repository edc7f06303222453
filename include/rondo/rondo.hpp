// Rondo from C++17: the objects of rondo/rondo.h as classes that own what they name.
//
//   using namespace rondo::host;
//   auto schedule = Schedule::load("mlp.rondo").or_throw();
//   auto runtime = Runtime::make().or_throw();
//   auto program = runtime.prepare(schedule, {constant("w", w), constant("b", b)}).or_throw();
//   auto session = program.session().or_throw();
//   session.bind(program.binding("x").or_throw(), x).or_throw();
//   session.bind(program.binding("y").or_throw(), y).or_throw();
//   session.replay().or_throw();
//
// Header only, over the C interface alone: it serves librondo.a and librondo.so, and
// any compiler that has C++17. What may fail returns a Status or a Result<T>; with
// exceptions, or_throw() turns either into its value or an Exception. Without them
// (-fno-exceptions) all but or_throw() is there. Nothing here allocates, throws or has
// state of its own. Errors, lifetimes and thread safety are those of rondo/rondo.h;
// objects move, an object that was moved from may only be assigned to or destroyed.
//
// Hosts in C++20 that link statically have more in rondo/runtime.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include "rondo/rondo.h"

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define RONDO_HPP_EXCEPTIONS 1
#include <stdexcept>
#else
#define RONDO_HPP_EXCEPTIONS 0
#endif

namespace rondo::host {

// ---- Numbers of the C interface as types -----------------------------------------

enum class Code : rondo_status {
  kOk = RONDO_OK,
  kInvalidArgument = RONDO_INVALID_ARGUMENT,
  kInvalidSchedule = RONDO_INVALID_SCHEDULE,
  kInvalidGraph = RONDO_INVALID_GRAPH,
  kInvalidMachine = RONDO_INVALID_MACHINE,
  kDoesNotFit = RONDO_DOES_NOT_FIT,
  kTooComplex = RONDO_TOO_COMPLEX,
  kUnavailable = RONDO_UNAVAILABLE,
  kFailedPrecondition = RONDO_FAILED_PRECONDITION,
  kNotFound = RONDO_NOT_FOUND,
  kIo = RONDO_IO,
  kCancelled = RONDO_CANCELLED,
  kBug = RONDO_BUG
};
// "invalid-argument", ...
inline const char* name_of(Code code) noexcept { return rondo_status_name(static_cast<rondo_status>(code)); }

enum class DType : uint32_t {
  kF32 = RONDO_F32,
  kF64 = RONDO_F64,
  kF16 = RONDO_F16,
  kBF16 = RONDO_BF16,
  kI8 = RONDO_I8,
  kU8 = RONDO_U8,
  kI32 = RONDO_I32,
  kI64 = RONDO_I64
};

// The element type of T; f16 and bf16 have none and take a Buffer made by hand.
template <class T>
constexpr std::optional<DType> dtype_of() noexcept {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, float>)
    return DType::kF32;
  else if constexpr (std::is_same_v<U, double>)
    return DType::kF64;
  else if constexpr (std::is_same_v<U, int8_t>)
    return DType::kI8;
  else if constexpr (std::is_same_v<U, uint8_t>)
    return DType::kU8;
  else if constexpr (std::is_same_v<U, int32_t>)
    return DType::kI32;
  else if constexpr (std::is_same_v<U, int64_t>)
    return DType::kI64;
  else
    return std::nullopt;
}

// ---- Errors ----------------------------------------------------------------------

// Why a call failed. Holds its text; copies are plain bytes.
class Error {
 public:
  // Only the head: zeroing the text would cost more than an empty replay.
  Error() noexcept {
    raw_.struct_size = sizeof raw_;
    raw_.status = RONDO_OK;
    raw_.op = RONDO_NO_OP;
    raw_.message_bytes = 0;
    raw_.rule[0] = raw_.message[0] = '\0';
    raw_.file_offset = RONDO_NO_OFFSET;
    raw_.other_ops[0] = raw_.other_ops[1] = RONDO_NO_OP;
    raw_.line = raw_.finding_count = 0;
  }
  Code code() const noexcept { return static_cast<Code>(raw_.status); }
  const char* message() const noexcept { return raw_.message; }  // at most 511 bytes of it
  const char* rule() const noexcept { return raw_.rule; }        // of the verifier ("H01"), or ""
  // The op at fault, and those that witness with it.
  std::optional<uint32_t> op() const noexcept { return known(raw_.op); }
  std::optional<uint32_t> other_op(int which) const noexcept { return known(raw_.other_ops[which != 0]); }
  // The first byte at fault of a schedule file.
  std::optional<uint64_t> file_offset() const noexcept {
    return raw_.file_offset == RONDO_NO_OFFSET ? std::nullopt : std::optional<uint64_t>(raw_.file_offset);
  }
  // All there is, for what has no accessor; the C functions fill it.
  const rondo_error& raw() const noexcept { return raw_; }
  rondo_error* fill() noexcept { return &raw_; }

 private:
  static std::optional<uint32_t> known(uint32_t op) noexcept {
    return op == RONDO_NO_OP ? std::nullopt : std::optional<uint32_t>(op);
  }
  rondo_error raw_;
};

#if RONDO_HPP_EXCEPTIONS
class Exception : public std::runtime_error {
 public:
  explicit Exception(const Error& error) : std::runtime_error(error.message()), error_(error) {}
  const Error& error() const noexcept { return error_; }
  Code code() const noexcept { return error_.code(); }

 private:
  Error error_;
};
#endif

class [[nodiscard]] Status {
 public:
  // Calls `call(rondo_error*)`, which answers a rondo_status.
  template <class Call>
  static Status of(Call&& call) noexcept {
    Status status;
    status.ok_ = call(status.error_.fill()) == RONDO_OK;
    return status;
  }
  bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  const Error& error() const noexcept { return error_; }
#if RONDO_HPP_EXCEPTIONS
  void or_throw() const {
    if (!ok_) throw Exception(error_);
  }
#endif

 private:
  Status() noexcept = default;
  Error error_;
  bool ok_ = false;
};

// A value, or why there is none. value(), * and -> need ok().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)) {}
  Result(const Error& error) noexcept : error_(error) {}
  bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  const Error& error() const noexcept { return error_; }
  T& value() & noexcept { return *value_; }
  const T& value() const& noexcept { return *value_; }
  T&& value() && noexcept { return std::move(*value_); }
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return std::move(*value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }
#if RONDO_HPP_EXCEPTIONS
  T or_throw() && {
    if (!ok()) throw Exception(error_);
    return std::move(*value_);
  }
#endif

 private:
  std::optional<T> value_;
  Error error_;
};

// ---- Memory of the host ------------------------------------------------------------

// A view of contiguous elements, as std::span is in C++20.
template <class T>
class Span {
 public:
  Span() noexcept = default;
  Span(T* data, size_t size) noexcept : data_(data), size_(size) {}
  template <class Container,
            class = std::enable_if_t<std::is_convertible_v<decltype(std::data(std::declval<Container&>())), T*>>>
  Span(Container&& container) noexcept : data_(std::data(container)), size_(std::size(container)) {}
  T* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](size_t index) const noexcept { return data_[index]; }
  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

// Borrowed memory with its element type; from any contiguous container of a known one.
// What is const cannot be bound where a replay writes.
struct Buffer {
  const void* data = nullptr;
  uint64_t bytes = 0;
  DType dtype = DType::kF32;
  bool read_only = true;

  Buffer(void* data_, uint64_t bytes_, DType dtype_) noexcept
      : data(data_), bytes(bytes_), dtype(dtype_), read_only(false) {}
  Buffer(const void* data_, uint64_t bytes_, DType dtype_) noexcept : data(data_), bytes(bytes_), dtype(dtype_) {}
  template <class Container, class Element = std::remove_pointer_t<decltype(std::data(std::declval<Container&>()))>,
            class = std::enable_if_t<dtype_of<Element>().has_value()>>
  Buffer(Container&& values) noexcept
      : data(std::data(values)),
        bytes(static_cast<uint64_t>(std::size(values)) * sizeof(Element)),
        dtype(*dtype_of<Element>()),
        read_only(std::is_const_v<Element>) {}
};

// The content of a constant binding, for Runtime::prepare.
inline rondo_constant constant(const char* name, const Buffer& content) noexcept {
  return {name, content.data, content.bytes, static_cast<uint32_t>(content.dtype), 0};
}
// Memory for one arena.
inline rondo_supplied_arena supplied_arena(uint32_t arena, void* data, uint64_t bytes) noexcept {
  return {arena, 0, data, bytes};
}

// ---- Options: the structs of the C interface with their defaults ---------------------

// Messages go to `log(const rondo_log_record&)`, an object that outlives its users.
template <class Options, class Log>
void log_to(Options& options, Log& log, uint32_t level = RONDO_LOG_DEFAULT) noexcept {
  options.log_context = &log;
  options.log_level = level;
  options.log = [](void* context, const rondo_log_record* record) { (*static_cast<Log*>(context))(*record); };
}

struct LoadOptions : rondo_load_options {
  LoadOptions() noexcept : rondo_load_options RONDO_LOAD_OPTIONS_INIT {}
};
struct RuntimeOptions : rondo_runtime_options {
  RuntimeOptions() noexcept : rondo_runtime_options RONDO_RUNTIME_OPTIONS_INIT {}
  // Memory comes from `memory.allocate(bytes, align_bytes)`, nullptr where there is none,
  // and goes to `memory.release(data, bytes, align_bytes)`; it outlives all objects.
  template <class Memory>
  void allocate_from(Memory& memory) noexcept {
    allocator_context = &memory;
    allocate = [](void* context, uint64_t bytes, uint64_t align_bytes) -> void* {
      return static_cast<Memory*>(context)->allocate(bytes, align_bytes);
    };
    release = [](void* context, void* data, uint64_t bytes, uint64_t align_bytes) {
      static_cast<Memory*>(context)->release(data, bytes, align_bytes);
    };
  }
  // Replays run on threads of the host: `threads.concurrency()` tasks at once, which
  // `threads.start(count, task, argument)` takes; it outlives all objects.
  template <class Threads>
  void run_on(Threads& threads) noexcept {
    executor_context = &threads;
    executor_concurrency = [](void* context) -> uint32_t { return static_cast<Threads*>(context)->concurrency(); };
    executor_start = [](void* context, uint32_t count, rondo_task_function task, void* argument) -> uint32_t {
      return static_cast<Threads*>(context)->start(count, task, argument);
    };
  }
};
struct DeviceOptions : rondo_device_options {
  DeviceOptions() noexcept : rondo_device_options RONDO_DEVICE_OPTIONS_INIT {}
};
struct PrepareOptions : rondo_prepare_options {
  PrepareOptions() noexcept : rondo_prepare_options RONDO_PREPARE_OPTIONS_INIT {}
};
struct SessionOptions : rondo_session_options {
  SessionOptions() noexcept : rondo_session_options RONDO_SESSION_OPTIONS_INIT {}
};

// ---- Objects -------------------------------------------------------------------------

// Owns one object of the C interface.
template <class Raw, void (*kDestroy)(Raw*) noexcept>
class Owner {
 public:
  Raw* get() const noexcept { return raw_.get(); }
  Raw* release() noexcept { return raw_.release(); }

 protected:
  explicit Owner(Raw* raw) noexcept : raw_(raw) {}

 private:
  struct Destroy {
    void operator()(Raw* raw) const noexcept { kDestroy(raw); }
  };
  std::unique_ptr<Raw, Destroy> raw_;
};

// What `make(Raw**, rondo_error*)` makes, owned.
template <class Object, class Raw, class Make>
Result<Object> made(Make&& make) noexcept {
  Error error;
  Raw* raw = nullptr;
  if (make(&raw, error.fill()) != RONDO_OK) return error;
  return Object(raw);
}
// What `ask(Info*, rondo_error*)` fills in.
template <class Info, class Ask>
Result<Info> asked(Info info, Ask&& ask) noexcept {
  Error error;
  if (ask(&info, error.fill()) != RONDO_OK) return error;
  return info;
}

// A schedule that was read and proven safe.
class Schedule : public Owner<rondo_schedule, rondo_schedule_destroy> {
 public:
  explicit Schedule(rondo_schedule* owned) noexcept : Owner(owned) {}
  static Result<Schedule> load(const char* path, const rondo_load_options& options = LoadOptions()) noexcept {
    return made<Schedule, rondo_schedule>(
        [&](rondo_schedule** raw, rondo_error* error) { return rondo_schedule_load(path, &options, raw, error); });
  }
  static Result<Schedule> parse(const void* data, uint64_t bytes,
                                const rondo_load_options& options = LoadOptions()) noexcept {
    return made<Schedule, rondo_schedule>([&](rondo_schedule** raw, rondo_error* error) {
      return rondo_schedule_parse(data, bytes, &options, raw, error);
    });
  }
  rondo_schedule_info info() const noexcept {
    rondo_schedule_info info = RONDO_SCHEDULE_INFO_INIT;
    rondo_schedule_get_info(get(), &info, nullptr);
    return info;
  }
  // One schedule of a file that has several, on its own: to be asked what it uses.
  Result<Schedule> member(uint32_t index) const noexcept {
    return made<Schedule, rondo_schedule>(
        [&](rondo_schedule** raw, rondo_error* error) { return rondo_schedule_get_member(get(), index, raw, error); });
  }
  // kInvalidArgument beyond the counts of info().
  Result<rondo_arena_info> arena(uint32_t index) const noexcept {
    return asked(rondo_arena_info RONDO_ARENA_INFO_INIT, [&](rondo_arena_info* info, rondo_error* error) {
      return rondo_schedule_get_arena(get(), index, info, error);
    });
  }
  Result<rondo_binding_info> binding(uint32_t index) const noexcept {
    return asked(rondo_binding_info RONDO_BINDING_INFO_INIT, [&](rondo_binding_info* info, rondo_error* error) {
      return rondo_schedule_get_binding(get(), index, info, error);
    });
  }
  Result<rondo_scalar_info> scalar(uint32_t index) const noexcept {
    return asked(rondo_scalar_info RONDO_SCALAR_INFO_INIT, [&](rondo_scalar_info* info, rondo_error* error) {
      return rondo_schedule_get_scalar(get(), index, info, error);
    });
  }
};

// A wish to stop a replay; request() may come from any thread or signal handler.
class Stop : public Owner<rondo_stop, rondo_stop_destroy> {
 public:
  explicit Stop(rondo_stop* owned) noexcept : Owner(owned) {}
  static Result<Stop> make() noexcept { return made<Stop, rondo_stop>(rondo_stop_create); }
  void request() const noexcept { rondo_stop_request(get()); }
  void reset() const noexcept { rondo_stop_reset(get()); }
};

// What persists between replays: one per conversation.
class State : public Owner<rondo_state, rondo_state_destroy> {
 public:
  explicit State(rondo_state* owned) noexcept : Owner(owned) {}
  Status clear() noexcept {
    return Status::of([&](rondo_error* error) { return rondo_state_clear(get(), error); });
  }
  // Copies bytes of one state binding to or from the host, wherever the state lies.
  Status read(const char* name, Span<std::byte> to, uint64_t begin_byte = 0) const noexcept {
    return Status::of(
        [&](rondo_error* error) { return rondo_state_read(get(), name, begin_byte, to.data(), to.size(), error); });
  }
  Status write(const char* name, Span<const std::byte> from, uint64_t begin_byte = 0) noexcept {
    return Status::of([&](rondo_error* error) {
      return rondo_state_write(get(), name, begin_byte, from.data(), from.size(), error);
    });
  }
  // Where the memory of one state binding lies.
  Result<Span<std::byte>> bytes(const char* name) noexcept {
    Error error;
    void* data = nullptr;
    uint64_t count = 0;
    if (rondo_state_get_bytes(get(), name, &data, &count, error.fill()) != RONDO_OK) return error;
    return Span<std::byte>(static_cast<std::byte*>(data), static_cast<size_t>(count));
  }
};

// When each op of the last replays began and completed.
class Trace : public Owner<rondo_trace, rondo_trace_destroy> {
 public:
  explicit Trace(rondo_trace* owned) noexcept : Owner(owned) {}
  rondo_trace_info info() const noexcept {
    rondo_trace_info info = RONDO_TRACE_INFO_INIT;
    rondo_trace_get_info(get(), &info, nullptr);
    return info;
  }
  // The content of a .pftrace file, in pieces, to `write(const void*, uint64_t)`, which
  // answers 0 to go on. It must not throw.
  template <class Write>
  Status write_perfetto(Write&& write, const char* process = nullptr) const noexcept {
    rondo_perfetto_options options = RONDO_PERFETTO_OPTIONS_INIT;
    options.process = process;
    return Status::of([&](rondo_error* error) {
      return rondo_trace_write_perfetto(get(), &options, forward<Write>, context_of(write), error);
    });
  }
  // The same for the content of a .csv file: time, work and rates per kernel and phase.
  template <class Write>
  Status write_roofline(Write&& write, const char* run_id = nullptr, const char* schedule = nullptr) const noexcept {
    rondo_roofline_options options = RONDO_ROOFLINE_OPTIONS_INIT;
    options.run_id = run_id;
    options.schedule = schedule;
    return Status::of([&](rondo_error* error) {
      return rondo_trace_write_roofline(get(), &options, forward<Write>, context_of(write), error);
    });
  }

 private:
  template <class Write>
  static int32_t forward(void* context, const void* data, uint64_t bytes) noexcept {
    return (*static_cast<std::remove_reference_t<Write>*>(context))(data, bytes);
  }
  template <class Write>
  static void* context_of(Write& write) noexcept {
    return const_cast<void*>(static_cast<const volatile void*>(std::addressof(write)));
  }
};

// Found once by name, good in every session of the program that gave it.
struct Binding {
  rondo_binding handle = 0;
};
struct Scalar {
  rondo_scalar handle = 0;
};

class Program;

// Arenas and bound buffers for one replay in flight.
class Session : public Owner<rondo_session, rondo_session_destroy> {
 public:
  explicit Session(rondo_session* owned) noexcept : Owner(owned) {}
  // Lends the buffer until it is replaced, unbound or the session ends.
  Status bind(Binding binding, const Buffer& buffer) noexcept {
    const auto dtype = static_cast<uint32_t>(buffer.dtype);
    return Status::of([&](rondo_error* error) {
      return buffer.read_only ? rondo_session_bind_const(get(), binding.handle, buffer.data, buffer.bytes, dtype, error)
                              : rondo_session_bind(get(), binding.handle, const_cast<void*>(buffer.data), buffer.bytes,
                                                   dtype, error);
    });
  }
  Status unbind(Binding binding) noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_unbind(get(), binding.handle, error); });
  }
  // Copies and checks the entries.
  Status set_table(Binding binding, const Buffer& entries) noexcept {
    const auto dtype = static_cast<uint32_t>(entries.dtype);
    return Status::of([&](rondo_error* error) {
      return rondo_session_set_table(get(), binding.handle, entries.data, entries.bytes, dtype, error);
    });
  }
  Status set_scalar(Scalar scalar, int64_t value) noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_set_scalar(get(), scalar.handle, value, error); });
  }
  Status attach(const State& state) noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_attach(get(), state.get(), error); });
  }
  // Replays another member of the same file from now on.
  Status select(const Program& member) noexcept;
  Status replay() noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_replay(get(), nullptr, error); });
  }
  Status replay(const Stop& stop) noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_replay(get(), stop.get(), error); });
  }
  Status replay(Trace& trace) noexcept {
    return Status::of(
        [&](rondo_error* error) { return rondo_session_replay_traced(get(), trace.get(), nullptr, error); });
  }
  Status replay(Trace& trace, const Stop& stop) noexcept {
    return Status::of(
        [&](rondo_error* error) { return rondo_session_replay_traced(get(), trace.get(), stop.get(), error); });
  }
  // A replay that does not block; see rondo_session_submit.
  Status submit() noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_submit(get(), error); });
  }
  bool done() const noexcept {
    uint32_t done = 0;
    rondo_session_is_done(get(), &done, nullptr);
    return done != 0;
  }
  void cancel() noexcept { rondo_session_cancel(get()); }
  Status wait() noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_wait(get(), error); });
  }
  Status restart() noexcept {
    return Status::of([&](rondo_error* error) { return rondo_session_restart(get(), error); });
  }
  uint64_t epoch() const noexcept {
    uint64_t epoch = 0;
    rondo_session_get_epoch(get(), &epoch, nullptr);
    return epoch;
  }
};

// A schedule on this machine with its constants packed.
class Program : public Owner<rondo_program, rondo_program_destroy> {
 public:
  explicit Program(rondo_program* owned) noexcept : Owner(owned) {}
  Result<Binding> binding(const char* name) const noexcept {
    Error error;
    Binding found;
    if (rondo_program_find_binding(get(), name, &found.handle, error.fill()) != RONDO_OK) return error;
    return found;
  }
  Result<Scalar> scalar(const char* name) const noexcept {
    Error error;
    Scalar found;
    if (rondo_program_find_scalar(get(), name, &found.handle, error.fill()) != RONDO_OK) return error;
    return found;
  }
  // The program as another member of its file, for Session::select.
  Result<Program> member(const char* name) const noexcept {
    return made<Program, rondo_program>(
        [&](rondo_program** raw, rondo_error* error) { return rondo_program_find_member(get(), name, raw, error); });
  }
  // How its replays are carried out.
  rondo_program_info info() const noexcept {
    rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
    rondo_program_get_info(get(), &info, nullptr);
    return info;
  }
  // Memory for every state binding, zero-filled.
  Result<State> state() const noexcept {
    return made<State, rondo_state>(
        [&](rondo_state** raw, rondo_error* error) { return rondo_state_create(get(), raw, error); });
  }
  Result<Session> session(const rondo_session_options& options = SessionOptions()) const noexcept {
    return made<Session, rondo_session>(
        [&](rondo_session** raw, rondo_error* error) { return rondo_session_create(get(), &options, raw, error); });
  }
  // Room for the last `replays` replays of its sessions.
  Result<Trace> trace(uint64_t replays) const noexcept {
    return made<Trace, rondo_trace>(
        [&](rondo_trace** raw, rondo_error* error) { return rondo_trace_create(get(), replays, raw, error); });
  }
};

inline Status Session::select(const Program& member) noexcept {
  return Status::of([&](rondo_error* error) { return rondo_session_select(get(), member.get(), error); });
}

// What the host decides once: memory, limits, instruction set, messages, threads.
class Runtime : public Owner<rondo_runtime, rondo_runtime_destroy> {
 public:
  explicit Runtime(rondo_runtime* owned) noexcept : Owner(owned) {}
  static Result<Runtime> make(const rondo_runtime_options& options = RuntimeOptions()) noexcept {
    return made<Runtime, rondo_runtime>(
        [&](rondo_runtime** raw, rondo_error* error) { return rondo_runtime_create(&options, raw, error); });
  }
  // Packs the constants, which are given here or in `options`, not in both.
  Result<Program> prepare(const Schedule& schedule, Span<const rondo_constant> constants = {},
                          const rondo_prepare_options& options = PrepareOptions()) const noexcept {
    rondo_prepare_options all = options;
    if (!constants.empty()) {
      all.constants = constants.data();
      all.constant_count = constants.size();
    }
    return made<Program, rondo_program>([&](rondo_program** raw, rondo_error* error) {
      return rondo_program_prepare(get(), schedule.get(), &all, raw, error);
    });
  }
  Result<Program> prepare(const Schedule& schedule, std::initializer_list<rondo_constant> constants,
                          const rondo_prepare_options& options = PrepareOptions()) const noexcept {
    return prepare(schedule, Span<const rondo_constant>(constants.begin(), constants.size()), options);
  }
  // Bytes that its programs, states and sessions hold now.
  uint64_t bytes_in_use() const noexcept {
    uint64_t bytes = 0;
    rondo_runtime_get_bytes_in_use(get(), &bytes, nullptr);
    return bytes;
  }
};

}  // namespace rondo::host
