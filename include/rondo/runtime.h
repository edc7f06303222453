// Replays proven schedules: what a host program links.
//
//   Runtime  what the host decides once: memory, limits, instruction set.
//   Program  a VerifiedSchedule on this machine with its constants packed. Immutable.
//   State    what persists between replays (a KV cache): one per conversation.
//   Session  arenas and bound buffers for one replay in flight. Cheap.
//
// Thread safety: Runtime and Program may be used from any number of threads at
// once; copies share. A Session and a State belong to one thread at a time;
// different sessions of one program may replay at the same time. Objects may be
// destroyed in any order, none of them during a replay that uses it.
//
// Nothing prints, throws, aborts or reads the environment. Out of memory is an
// error of code kDoesNotFit. A replay allocates nothing, takes no lock, and leaves the
// floating-point mode as it found it. On the calling thread alone it makes no system
// call; several workers make futex calls to sleep and to wake each other, no others.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>
#include "rondo/device.h"
#include "rondo/dtype.h"
#include "rondo/executor.h"
#include "rondo/logger.h"
#include "rondo/result.h"
#include "rondo/schedule.h"
#include "rondo/verify.h"

namespace rondo {

// ---- What a schedule needs, known before anything is allocated ----------------

struct ArenaRequirement {
  uint32_t arena = 0;  // its index in the schedule: what SuppliedArena names
  std::string name;
  uint64_t bytes = 0;
  uint64_t align_bytes = 64;            // least legal alignment
  uint64_t preferred_align_bytes = 64;  // 2 MiB for arenas that huge pages help
  bool prepared = false;                // belongs to the program; the others to each session
};

struct BindingRequirement {
  uint32_t binding = 0;  // its index in the schedule
  std::string name;
  Role role = Role::kInput;
  DType dtype = DType::kF32;
  std::vector<uint32_t> shape;  // dense, row-major
  uint64_t bytes = 0;
  uint64_t align_bytes = 1;
  bool read_in_prepare = false;  // constants: packed once
  bool used_in_replay = false;
};

struct ScalarRequirement {
  uint32_t scalar = 0;  // its index in the schedule
  std::string name;
  int64_t min = 0, max = 0;     // a value outside is refused
  bool used_in_replay = false;  // a replay needs a value
};

struct Requirements {
  std::vector<ArenaRequirement> arenas;      // all, in the order of the schedule
  std::vector<BindingRequirement> bindings;  // all, in the order of the schedule
  std::vector<ScalarRequirement> scalars;    // all, in the order of the schedule
  uint64_t program_bytes = 0;                // prepared arenas: once per program
  uint64_t session_bytes = 0;                // other arenas and tables: once per session
  uint64_t state_bytes = 0;                  // once per state
};
// Of a set: what its members need together, `used_in_replay` by any of them. What one
// of them uses: requirements_of(verified.member(m)).
Requirements requirements_of(const VerifiedSchedule& verified);

// ---- Host memory ----------------------------------------------------------------

template <class T>
constexpr bool has_dtype() {
  using U = std::remove_cv_t<T>;
  return std::is_same_v<U, float> || std::is_same_v<U, double> || std::is_same_v<U, int8_t> ||
         std::is_same_v<U, uint8_t> || std::is_same_v<U, int32_t> || std::is_same_v<U, int64_t>;
}
template <class T>
constexpr DType dtype_of() {
  using U = std::remove_cv_t<T>;
  static_assert(has_dtype<U>(), "no element type of that name; fill a Buffer by hand");
  if constexpr (std::is_same_v<U, float>) return DType::kF32;
  if constexpr (std::is_same_v<U, double>) return DType::kF64;
  if constexpr (std::is_same_v<U, int8_t>) return DType::kI8;
  if constexpr (std::is_same_v<U, uint8_t>) return DType::kU8;
  if constexpr (std::is_same_v<U, int32_t>) return DType::kI32;
  return DType::kI64;
}

// Borrowed memory of the host. Converts from any contiguous container of a known
// element type: `session.bind(x, values)`.
struct Buffer {
  const void* data = nullptr;
  uint64_t bytes = 0;
  DType dtype = DType::kF32;
  bool read_only = true;

  Buffer() = default;
  Buffer(void* data_, uint64_t bytes_, DType dtype_) : data(data_), bytes(bytes_), dtype(dtype_), read_only(false) {}
  Buffer(const void* data_, uint64_t bytes_, DType dtype_) : data(data_), bytes(bytes_), dtype(dtype_) {}
  template <class Container, class Element = std::remove_pointer_t<decltype(std::data(std::declval<Container&>()))>>
  requires(has_dtype<Element>()) Buffer(Container& values)
      : data(std::data(values)),
        bytes(static_cast<uint64_t>(std::size(values)) * sizeof(Element)),
        dtype(dtype_of<Element>()),
        read_only(std::is_const_v<Element>) {}
  // A temporary is a view of memory that lives elsewhere, such as a span.
  template <class Span, class Element = std::remove_pointer_t<decltype(std::data(std::declval<const Span&>()))>>
  requires(has_dtype<Element>()) Buffer(const Span& values)
      : data(std::data(values)),
        bytes(static_cast<uint64_t>(std::size(values)) * sizeof(Element)),
        dtype(dtype_of<Element>()),
        read_only(std::is_const_v<Element>) {}
};

// The content of a constant binding, by name. Constants that only `prepare` reads
// are borrowed until prepare returns. The others are read by every replay where
// they lie: borrowed as long as the program or a session of it lives, unless
// PrepareOptions::copy_constants is set. The content must not change meanwhile.
struct Constant {
  std::string_view name;
  Buffer buffer;
};

// Memory the host lends for one arena, at least as large and aligned as required.
// Sessions that never replay at the same time may share that of a non-prepared one.
struct SuppliedArena {
  uint32_t arena = 0;  // ArenaRequirement::arena
  void* data = nullptr;
  uint64_t bytes = 0;
};

// Where arenas, states and tables come from; both functions may be called from any
// thread, never during a replay. `allocate` returns nullptr when it cannot.
struct Allocator {
  void* context = nullptr;
  void* (*allocate)(void* context, uint64_t bytes, uint64_t align_bytes) = nullptr;
  void (*release)(void* context, void* data, uint64_t bytes, uint64_t align_bytes) = nullptr;
};

class Program;
class TraceBuffer;  // rondo/trace.h

// ---- Objects --------------------------------------------------------------------

// The widest instruction set kernels may use; never more than the CPU has.
enum class InstructionSet : uint8_t { kReference = 0, kAvx2 = 1, kAvx512 = 2 };
// "reference", "avx2", "avx512".
const char* name_of(InstructionSet set);
// What this CPU and its operating system support.
InstructionSet detect_instruction_set();

struct RuntimeOptions {
  InstructionSet limit = InstructionSet::kAvx512;
  // Both functions or neither; without them the C++ heap, with huge pages where they help.
  Allocator allocator = {};
  // Of all memory that programs, states and sessions of this runtime hold at one
  // time; 0: the physical memory of the machine. Asking for more is kDoesNotFit,
  // before any of it is touched. Memory the host supplies does not count.
  uint64_t memory_limit_bytes = 0;
  // Schedules planned for a device need it here; those for the host are replayed as ever.
  DeviceOptions device = {};

  // Workers of a replay, the calling thread included; 1 to 256. Lanes are dealt to
  // them, so a schedule of n lanes keeps at most n busy; results are the same bits for
  // any number. Above 1 the runtime starts an own pool of workers - 1 threads, unless
  // `executor` lends some.
  uint32_t workers = 1;
  Executor executor = {};  // borrowed as long as anything of the runtime lives
  // How long a worker that waits, and an idle thread of the own pool, keeps its CPU
  // before it sleeps. 0: longer than waking up takes (runtime/workers/tuning.h), or
  // hardly at all where the process has fewer CPUs than workers.
  uint64_t spin_ns = 0;
  // A replay in which no worker is busy and none gets on for so long ends with kBug and
  // the op, stream, token and count that hang; 0: it is waited for. Slow ops are not
  // hung. Proven schedules do not hang: this tells of defects of the library.
  uint64_t watchdog_ns = 10'000'000'000;
  // Tests: above 0, ops run one at a time in an order that the tokens allow and that is
  // as far from the usual one as the seed makes it. Finds missing tokens.
  uint64_t chaos_seed = 0;

  Logger logger = {};  // none: silent
  // Released with the last object of the runtime: what the contexts above point to.
  std::shared_ptr<const void> contexts = {};
};

struct PrepareOptions {
  bool copy_constants = false;             // see Constant
  std::vector<SuppliedArena> arenas = {};  // prepared arenas; borrowed as long as the program lives
};

// Resolved once by name, valid in every session of the program that gave it.
struct BindingHandle {
  uint32_t binding = kNone;
  uint32_t program = 0;
};
struct ScalarHandle {
  uint32_t scalar = kNone;
  uint32_t program = 0;
};

namespace runtime {  // not for hosts: what the handles below point to (runtime/*.h)
struct Core;
struct ProgramData;
struct StateData;
struct SessionData;
}  // namespace runtime

// Memory for every state binding of a program, zero-filled. Exclusive to one
// replay at a time; sessions of one conversation take turns with it. Copies share.
// Of a schedule with a space of kind device it is memory of the device for as long as
// the state lives: no replay copies it.
class State {
 public:
  // Zero-fills, and lifts the mark an interrupted replay leaves. kFailedPrecondition during a replay.
  Status clear();
  // Copies the bytes of one state binding from `begin_byte` on to or from the host,
  // wherever the state lies: to save, restore or seed a conversation. kNotFound names
  // the state bindings there are; kInvalidArgument: beyond the end of the state;
  // kFailedPrecondition during a replay.
  Status read(std::string_view name, std::span<std::byte> to, uint64_t begin_byte = 0) const;
  Status write(std::string_view name, std::span<const std::byte> from, uint64_t begin_byte = 0);
  // The memory of one state binding; kUnavailable where it lies on a device that the
  // host does not reach.
  Result<std::span<std::byte>> bytes(std::string_view name);
  bool interrupted() const;

 private:
  explicit State(std::shared_ptr<runtime::StateData> data) : data_(std::move(data)) {}
  std::shared_ptr<runtime::StateData> data_;
  friend class Program;
  friend class Session;
};

struct SessionOptions {
  std::vector<SuppliedArena> arenas = {};  // non-prepared arenas; borrowed as long as the session lives
  // False: no state is made for the session; its state bindings are bound by the
  // host (`bind`) or come from a State (`attach`).
  bool own_state = true;
};

class Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Lends a buffer for an input, output or state binding until it is replaced,
  // unbound, or the session ends. It must not be touched by others during a replay.
  // kInvalidArgument: not of that size, element type or alignment, read-only where
  // it is written, or overlapping another buffer, constant, arena or state of the
  // session (buffers that are only read may overlap). The old buffer then stays.
  // A buffer for a state that lies on a device is copied there before each replay and
  // back after it; kDoesNotFit where the device has no room for that copy.
  Status bind(BindingHandle handle, Buffer buffer);
  Status bind(std::string_view name, Buffer buffer);
  Status unbind(BindingHandle handle);
  // Copies a table; kInvalidArgument if an entry is outside its range, or equal to
  // another where they must differ. The old content then stays.
  Status set_table(BindingHandle handle, Buffer entries);
  // In force from the next replay on; kInvalidArgument outside its [min, max].
  Status set_scalar(ScalarHandle handle, int64_t value);
  Status set_scalar(std::string_view name, int64_t value);
  // Uses `state` for the state bindings from now on. kInvalidArgument for a state of another program.
  Status attach(const State& state);
  // Replays another member of the same file from now on; a session begins with the
  // member of the program that made it. What was bound stays, and so does the state.
  // kInvalidArgument: the program is of another file; kFailedPrecondition during a replay.
  Status select(const Program& member);
  // The state in use; kNotFound when the session has none.
  Result<State> state() const;

  // Runs the replay part on the calling thread and the other workers of the runtime,
  // and returns when every op has completed. kFailedPrecondition: a binding, table or scalar is missing (all are
  // named), a replay of this session or its state is in flight, or an earlier one
  // was interrupted.
  Status replay();
  // The same, looking at `stop` before every op: kCancelled once it is true. Outputs
  // and state are then unspecified and the session answers kFailedPrecondition until `restart`.
  Status replay(const std::atomic<bool>& stop);
  // The same, recording when each op completed. kInvalidArgument: `trace` was made
  // for another program.
  Status replay(TraceBuffer& trace);
  Status replay(TraceBuffer& trace, const std::atomic<bool>& stop);
  // A replay that ended early returns when nothing touches memory of the host any more.
  // Where a device does not come to rest within RuntimeOptions::watchdog_ns it returns
  // kBug and the session is *lost*: it stays in use, with its buffers and its state, and
  // its destruction waits for the device.
  // After an interrupted replay, or to start a new conversation: zero-fills the
  // state (not state buffers that the host bound: their content is the host's).
  Status restart();

  // Begins a replay on the threads of the runtime and returns. Until `wait` has
  // returned, the session and its buffers are in use: everything but `done`, `cancel`
  // and `wait` answers kFailedPrecondition. Destroying the session cancels it and
  // waits. kUnavailable: the runtime has no threads but the caller's.
  Status submit();
  // The submitted replay has ended, or none was submitted. Never blocks.
  bool done() const;
  // Ends the submitted replay early, as a stop flag would. Does not wait. May be called
  // from any thread.
  void cancel();
  // Works along until the submitted replay has ended, and returns what `replay` would
  // have. kFailedPrecondition: none was submitted.
  Status wait();

  // Completed replays.
  uint64_t epoch() const;

 private:
  explicit Session(std::unique_ptr<runtime::SessionData> data);
  std::unique_ptr<runtime::SessionData> data_;
  friend class Program;
};

// Of a file with several schedules a Program stands for one member, at first the first
// one. The programs of its members share prepared constants, handles, states and
// sessions: what was prepared once serves all.
class Program {
 public:
  // The same program as another member of its file; kNotFound lists the names there are.
  Result<Program> member(std::string_view name) const;

  // Of a set: the member on its own.
  const VerifiedSchedule& verified() const;
  const Schedule& schedule() const { return verified().schedule(); }
  const Requirements& requirements() const;
  // The instruction set kernels were looked up for, and the kernel each entry of
  // Schedule::kernels became ("matmul_f32_avx512").
  InstructionSet instruction_set() const;
  const std::vector<std::string>& kernel_names() const;
  // Where and in how many launches replays are carried out.
  const ReplayWay& way() const;
  // How many workers a replay keeps busy at most: RuntimeOptions::workers or the lanes
  // that the schedule uses, whichever is fewer.
  uint32_t workers() const;

  // kNotFound lists the names there are. Constants have no handle: they belong to the program.
  Result<BindingHandle> binding(std::string_view name) const;
  Result<ScalarHandle> scalar(std::string_view name) const;

  Result<State> state() const;
  Result<Session> session(const SessionOptions& options = {}) const;

 private:
  explicit Program(std::shared_ptr<const runtime::ProgramData> data) : data_(std::move(data)) {}
  std::shared_ptr<const runtime::ProgramData> data_;
  friend class Runtime;
  friend class Session;
  friend struct TraceRecorder;
};

class Runtime {
 public:
  explicit Runtime(RuntimeOptions options = {});

  // Allocates the prepared arenas and replays the `prepare` part into them.
  // kUnavailable: the schedule is for another backend, or needs numerics that no
  // kernel here has, or an op reaches for memory that its engine does not have there. kInvalidArgument: a constant is
  // missing (all are named), unknown, or of the wrong size, type or alignment. kDoesNotFit: memory.
  Result<Program> prepare(const VerifiedSchedule& verified, std::span<const Constant> constants = {},
                          const PrepareOptions& options = {}) const;

  // Bytes that programs, states and sessions of this runtime hold now.
  uint64_t bytes_in_use() const;

 private:
  std::shared_ptr<runtime::Core> core_;
};

}  // namespace rondo
