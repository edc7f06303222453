/* Rondo from C: load a schedule, prove it, prepare it, replay it.
 *
 *   rondo_schedule  a file that was read and proven safe; says what memory it needs.
 *   rondo_runtime   what the host decides once: memory, limits, instruction set.
 *   rondo_program   a schedule on this machine with its constants packed.
 *   rondo_state     what persists between replays (a KV cache): one per conversation.
 *   rondo_session   arenas and bound buffers for one replay in flight.
 *   rondo_trace     when each op of a replay began and completed, when asked for.
 *
 * Every function returns a status and, where it can fail for a reason worth telling,
 * fills `error` (which may be NULL). Results come through the last pointer before
 * `error`; it is set to NULL or 0 when the call fails. Passing NULL where an object,
 * a name or a result is expected is RONDO_INVALID_ARGUMENT, never a crash.
 *
 * Lifetimes: an object keeps what it was made from alive, so that objects may be
 * destroyed in any order; none during a replay that uses it. `_destroy(NULL)` does
 * nothing. Strings belong to the object they were asked of.
 *
 * Thread safety: schedules, runtimes and programs may be used from any number of
 * threads at once. A session, a state and a trace belong to one thread at a time;
 * different sessions of one program may replay at the same time. A rondo_stop may be
 * requested from any thread or signal handler. Functions of the host are called on the
 * thread that called the library, unless their description says otherwise.
 *
 * Nothing prints, throws, aborts or reads the environment. Out of memory is
 * RONDO_DOES_NOT_FIT. Compiles as C11 and as C++; rondo/rondo.hpp wraps it for C++17.
 */
#ifndef RONDO_RONDO_H_
#define RONDO_RONDO_H_
#include <stdint.h>

#define RONDO_VERSION_MAJOR 0
#define RONDO_VERSION_MINOR 1
#define RONDO_VERSION_PATCH 0
/* Grows when a program built against an older header no longer works; 0 until 1.0:
 * every minor version may break. */
#define RONDO_ABI_VERSION 0

#if defined(__GNUC__)
#define RONDO_API __attribute__((visibility("default")))
#else
#define RONDO_API
#endif

#ifdef __cplusplus
#define RONDO_NOEXCEPT noexcept
extern "C" {
#else
#define RONDO_NOEXCEPT
#endif

/* ---- Versions ------------------------------------------------------------------ */

/* Of the library that is linked, which a shared one may change later: "0.1.0". */
RONDO_API const char* rondo_version(void) RONDO_NOEXCEPT;
RONDO_API int32_t rondo_abi_version(void) RONDO_NOEXCEPT;

/* Structs that may grow begin with `struct_size`, which the INIT macro beside each
 * sets. They only grow at the end. A field that is 0 means the default; what lies
 * beyond the fields this library knows must be 0, so that an option an old library
 * does not know is refused and not ignored. */

/* ---- Errors -------------------------------------------------------------------- */

typedef int32_t rondo_status;
enum {
  RONDO_OK = 0,
  RONDO_INVALID_ARGUMENT = 1,    /* the call itself is wrong: fix the program */
  RONDO_INVALID_SCHEDULE = 2,    /* the file is malformed or refuted: plan it again */
  RONDO_INVALID_GRAPH = 3,       /* not from this API */
  RONDO_INVALID_MACHINE = 4,     /* not from this API */
  RONDO_DOES_NOT_FIT = 5,        /* some memory is too small; the message says the least that works */
  RONDO_TOO_COMPLEX = 6,         /* the file exceeds the verifier's work budget */
  RONDO_UNAVAILABLE = 7,         /* this build or CPU lacks what the schedule needs */
  RONDO_FAILED_PRECONDITION = 8, /* right call, wrong moment: unbound input, restart needed */
  RONDO_NOT_FOUND = 9,           /* no file, binding, scalar or state of that name */
  RONDO_IO = 10,                 /* the operating system refused */
  RONDO_CANCELLED = 11,          /* the host asked to stop */
  RONDO_BUG = 12                 /* an invariant of the library broke: report it */
};
/* "ok", "invalid-argument", ...; "unknown" for another number. */
RONDO_API const char* rondo_status_name(rondo_status status) RONDO_NOEXCEPT;

#define RONDO_NO_OP UINT32_MAX
#define RONDO_NO_OFFSET UINT64_MAX

/* Memory of the caller; written only when a call fails. */
typedef struct rondo_error {
  uint32_t struct_size;
  rondo_status status;
  uint32_t op;            /* index of the op at fault in the schedule, or RONDO_NO_OP */
  uint32_t message_bytes; /* of the whole message, which `message` may hold only the beginning of */
  char rule[8];           /* the verifier's rule ("H01"), or "" */
  char message[512];      /* one sentence, UTF-8, ends with 0 */
  uint64_t file_offset;   /* first byte at fault of a schedule file, or RONDO_NO_OFFSET */
  uint32_t other_ops[2];  /* ops that witness with `op`, as in a race; RONDO_NO_OP where there are fewer */
  uint32_t line;          /* of `op` in the text that the schedule was made from; 0: unknown */
  uint32_t finding_count; /* of the verifier; this is the first, a logger hears them all. 0: not from it */
} rondo_error;
#define RONDO_ERROR_INIT \
  { sizeof(rondo_error), RONDO_OK, RONDO_NO_OP, 0, {0}, {0}, RONDO_NO_OFFSET, {RONDO_NO_OP, RONDO_NO_OP}, 0, 0 }

/* ---- Messages ------------------------------------------------------------------ */

/* A host that gives a `log` function hears what no caller is told as an error; without
 * one the library is silent. */
enum {
  RONDO_LOG_DEFAULT = 0, /* as RONDO_LOG_WARNING */
  RONDO_LOG_ERROR = 1,   /* each finding of a refuted schedule */
  RONDO_LOG_WARNING = 2, /* slower or larger than asked for, and why */
  RONDO_LOG_INFO = 3,    /* what was loaded and prepared, how long it took */
  RONDO_LOG_DEBUG = 4    /* each object made and kernel chosen */
};

/* Belongs to the library; read only while the function that it was given to runs.
 * Later versions may be longer. */
typedef struct rondo_log_record {
  uint32_t struct_size;
  uint32_t level;         /* RONDO_LOG_ERROR, ... */
  uint32_t op;            /* index in the schedule, or RONDO_NO_OP */
  uint32_t message_bytes; /* without the 0 that ends it */
  const char* rule;       /* the verifier's rule, or "" */
  const char* message;    /* one sentence, UTF-8 */
} rondo_log_record;

/* Called on any thread that calls the library, by several at once if they call at once;
 * never during a replay. May not call the library, throw or jump out. */
typedef void (*rondo_log_function)(void* context, const rondo_log_record* record);

/* ---- Schedules ----------------------------------------------------------------- */

typedef struct rondo_schedule rondo_schedule;

typedef struct rondo_load_options {
  uint32_t struct_size;
  uint32_t work_multiple;    /* the verifier's budget per operand; 0: 64 */
  uint64_t file_limit_bytes; /* larger files are not read; 0: 4 GiB */
  rondo_log_function log;    /* may be NULL */
  void* log_context;
  uint32_t log_level; /* the least that is told; RONDO_LOG_DEFAULT, ... */
  uint32_t reserved;  /* 0 */
} rondo_load_options;
#define RONDO_LOAD_OPTIONS_INIT \
  { sizeof(rondo_load_options), 0, 0, 0, 0, 0, 0 }

/* Reads a binary schedule and proves it; the bytes are copied. `options` may be NULL.
 * RONDO_INVALID_SCHEDULE: the error names the first finding, its rule and op. */
RONDO_API rondo_status rondo_schedule_parse(const void* data, uint64_t bytes, const rondo_load_options* options,
                                            rondo_schedule** schedule, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API rondo_status rondo_schedule_load(const char* path, const rondo_load_options* options,
                                           rondo_schedule** schedule, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_schedule_destroy(rondo_schedule* schedule) RONDO_NOEXCEPT;

/* What a replay needs, known before anything is allocated. */
typedef struct rondo_schedule_info {
  uint32_t struct_size;
  uint32_t faithful; /* 1: also proven to compute what it names; 0: safe, nothing said of values */
  uint32_t arena_count;
  uint32_t binding_count;
  uint32_t scalar_count;
  uint32_t lane_count;
  uint32_t prepare_op_count;
  uint32_t replay_op_count;
  uint64_t program_bytes; /* once per program */
  uint64_t session_bytes; /* once per session */
  uint64_t state_bytes;   /* once per state */
  const char* digest;     /* sha256 of the meaning, hex */
  const char* backend;    /* what it was planned for: "cpu" */
  uint32_t member_count;  /* schedules in the file; op counts are those of the first */
  uint32_t reserved;      /* 0 */
  const char* member;     /* name of the first */
} rondo_schedule_info;
#define RONDO_SCHEDULE_INFO_INIT \
  { sizeof(rondo_schedule_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
RONDO_API rondo_status rondo_schedule_get_info(const rondo_schedule* schedule, rondo_schedule_info* info,
                                               rondo_error* error) RONDO_NOEXCEPT;

/* A file may hold several schedules over the same bindings, such as the prefill and the
 * decoding of one model: its members. This is one of them on its own, to be asked what it
 * uses; programs are made of the whole file. */
RONDO_API rondo_status rondo_schedule_get_member(const rondo_schedule* schedule, uint32_t member,
                                                 rondo_schedule** alone, rondo_error* error) RONDO_NOEXCEPT;

typedef struct rondo_arena_info {
  uint32_t struct_size;
  uint32_t prepared; /* 1: belongs to the program; 0: to each session */
  const char* name;
  uint64_t bytes;
  uint64_t align_bytes;           /* least legal alignment */
  uint64_t preferred_align_bytes; /* larger where huge pages help */
} rondo_arena_info;
#define RONDO_ARENA_INFO_INIT \
  { sizeof(rondo_arena_info), 0, 0, 0, 0, 0 }
RONDO_API rondo_status rondo_schedule_get_arena(const rondo_schedule* schedule, uint32_t arena, rondo_arena_info* info,
                                                rondo_error* error) RONDO_NOEXCEPT;

enum { RONDO_INPUT = 0, RONDO_OUTPUT = 1, RONDO_CONSTANT = 2, RONDO_STATE = 3, RONDO_TABLE = 4 };
enum {
  RONDO_F32 = 0,
  RONDO_F64 = 1,
  RONDO_F16 = 2,
  RONDO_BF16 = 3,
  RONDO_I8 = 4,
  RONDO_U8 = 5,
  RONDO_I32 = 6,
  RONDO_I64 = 7
};

/* A tensor the host lends: dense, row-major. */
typedef struct rondo_binding_info {
  uint32_t struct_size;
  uint32_t role;  /* RONDO_INPUT, ... */
  uint32_t dtype; /* RONDO_F32, ... */
  uint32_t rank;
  uint64_t shape[4]; /* in elements, outermost first; 1 beyond the rank */
  uint64_t bytes;
  uint64_t align_bytes;
  const char* name;
  uint32_t read_in_prepare; /* 1 for constants that are packed once */
  uint32_t used_in_replay;
} rondo_binding_info;
#define RONDO_BINDING_INFO_INIT \
  { sizeof(rondo_binding_info), 0, 0, 0, {0}, 0, 0, 0, 0, 0 }
RONDO_API rondo_status rondo_schedule_get_binding(const rondo_schedule* schedule, uint32_t binding,
                                                  rondo_binding_info* info, rondo_error* error) RONDO_NOEXCEPT;

typedef struct rondo_scalar_info {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
  const char* name;
  int64_t min; /* inclusive */
  int64_t max; /* inclusive */
} rondo_scalar_info;
#define RONDO_SCALAR_INFO_INIT \
  { sizeof(rondo_scalar_info), 0, 0, 0, 0 }
RONDO_API rondo_status rondo_schedule_get_scalar(const rondo_schedule* schedule, uint32_t scalar,
                                                 rondo_scalar_info* info, rondo_error* error) RONDO_NOEXCEPT;

/* ---- Runtime ------------------------------------------------------------------- */

typedef struct rondo_runtime rondo_runtime;

enum { RONDO_ISA_ANY = 0, RONDO_ISA_REFERENCE = 1, RONDO_ISA_AVX2 = 2, RONDO_ISA_AVX512 = 3 };

/* A part of a replay, for an executor to run. */
typedef void (*rondo_task_function)(void* argument, uint32_t index);

enum {
  RONDO_LAUNCH_AUTO = 0,       /* one launch where all lanes are resident, else one for each cut */
  RONDO_LAUNCH_PERSISTENT = 1, /* one launch runs the whole replay */
  RONDO_LAUNCH_BY_PHASES = 2   /* a launch for the phases between two cuts of the file */
};

/* The device that schedules of its backend are replayed on. */
typedef struct rondo_device_options {
  uint32_t struct_size;
  uint32_t launching;          /* RONDO_LAUNCH_AUTO, ... */
  const char* backend;         /* "emulated"; NULL or "": no device */
  uint64_t memory_bytes;       /* of the device; 0: the physical memory */
  uint32_t max_resident_lanes; /* that one launch keeps in progress side by side; 0: 64 */
  uint32_t threads;            /* of each queue of the emulated device; 0: 2 */
  uint64_t seed;               /* draws in which order its unfinished ops complete; 0: the oldest first */
} rondo_device_options;
#define RONDO_DEVICE_OPTIONS_INIT \
  { sizeof(rondo_device_options), RONDO_LAUNCH_AUTO, 0, 0, 0, 0, 0 }

typedef struct rondo_runtime_options {
  uint32_t struct_size;
  uint32_t instruction_set; /* the widest that kernels may use; never more than the CPU has */
  /* Of all memory that programs, states and sessions hold at one time; asking for
   * more is RONDO_DOES_NOT_FIT, before any of it is touched. 0: the physical memory. */
  uint64_t memory_limit_bytes;
  /* Where arenas, states and tables come from: both functions or neither (then the
   * heap). Called from any thread, never during a replay; `allocate` returns NULL when
   * it cannot. The context must outlive every object of the runtime. The few hundred
   * bytes of the objects themselves come from the C++ heap. */
  void* allocator_context;
  void* (*allocate)(void* context, uint64_t bytes, uint64_t align_bytes);
  void (*release)(void* context, void* data, uint64_t bytes, uint64_t align_bytes);
  rondo_log_function log; /* may be NULL; the context must outlive every object of the runtime */
  void* log_context;
  uint32_t log_level; /* the least that is told; RONDO_LOG_DEFAULT, ... */
  /* Of a replay, the calling thread included; 1 to 256, 0: 1. Lanes are dealt to them, so a
   * schedule of n lanes keeps at most n busy; results are the same bits for any number.
   * Above 1 the runtime starts workers - 1 threads of its own, unless an executor lends some. */
  uint32_t workers;
  /* How long a worker that waits keeps its CPU before it sleeps. 0: longer than waking it takes. */
  uint64_t spin_ns;
  /* A replay in which no worker is busy and none gets on for so long ends with RONDO_BUG
   * and the op, stream, token and count that hang. 0: 10 s; UINT64_MAX: never. Slow ops are not hung. */
  uint64_t watchdog_ns;
  /* Threads of the host: both functions or neither. They may be called from any thread that
   * replays, during replays, and should neither block nor take long. Must outlive every
   * object of the runtime. */
  void* executor_context;
  /* How many tasks could run at once besides the thread that asks. */
  uint32_t (*executor_concurrency)(void* context);
  /* Takes up to `count` tasks, task(argument, 0) to task(argument, count - 1), and returns at
   * once how many it took: the first so many. Each of those is called exactly once on another
   * thread, sooner or later; one called when the replay is over returns at once, so its threads
   * may be few or busy, and are joined only after they are idle. */
  uint32_t (*executor_start)(void* context, uint32_t count, rondo_task_function task, void* argument);
  const rondo_device_options* device; /* read while the runtime is created; NULL: no device */
} rondo_runtime_options;
#define RONDO_RUNTIME_OPTIONS_INIT \
  { sizeof(rondo_runtime_options), RONDO_ISA_ANY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* `options` may be NULL. */
RONDO_API rondo_status rondo_runtime_create(const rondo_runtime_options* options, rondo_runtime** runtime,
                                            rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_runtime_destroy(rondo_runtime* runtime) RONDO_NOEXCEPT;
/* Bytes that programs, states and sessions of this runtime hold now. */
RONDO_API rondo_status rondo_runtime_get_bytes_in_use(const rondo_runtime* runtime, uint64_t* bytes,
                                                      rondo_error* error) RONDO_NOEXCEPT;

/* ---- Programs ------------------------------------------------------------------ */

typedef struct rondo_program rondo_program;

/* The content of a constant binding. Constants that only the prepare part reads are
 * borrowed until rondo_program_prepare returns; the others as long as the program or
 * a session of it lives, unless `copy_constants` is set. Never grows. */
typedef struct rondo_constant {
  const char* name;
  const void* data;
  uint64_t bytes;
  uint32_t dtype;
  uint32_t reserved; /* 0 */
} rondo_constant;

/* Memory the host lends for one arena, at least as large and aligned as it says.
 * Sessions that never replay at the same time may share it. Never grows. */
typedef struct rondo_supplied_arena {
  uint32_t arena;
  uint32_t reserved; /* 0 */
  void* data;
  uint64_t bytes;
} rondo_supplied_arena;

typedef struct rondo_prepare_options {
  uint32_t struct_size;
  uint32_t copy_constants;
  const rondo_constant* constants;
  uint64_t constant_count;
  const rondo_supplied_arena* arenas; /* prepared ones; borrowed as long as the program lives */
  uint64_t arena_count;
} rondo_prepare_options;
#define RONDO_PREPARE_OPTIONS_INIT \
  { sizeof(rondo_prepare_options), 0, 0, 0, 0, 0 }

/* Allocates the prepared arenas and packs the constants into them. `options` may be NULL. */
RONDO_API rondo_status rondo_program_prepare(const rondo_runtime* runtime, const rondo_schedule* schedule,
                                             const rondo_prepare_options* options, rondo_program** program,
                                             rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_program_destroy(rondo_program* program) RONDO_NOEXCEPT;
/* Which instruction set its kernels use: RONDO_ISA_REFERENCE, ... */
RONDO_API rondo_status rondo_program_get_instruction_set(const rondo_program* program, uint32_t* instruction_set,
                                                         rondo_error* error) RONDO_NOEXCEPT;

/* How its replays are carried out. */
typedef struct rondo_program_info {
  uint32_t struct_size;
  uint32_t instruction_set; /* RONDO_ISA_REFERENCE, ... */
  uint32_t workers;         /* that a replay keeps busy at most, the calling thread included */
  uint32_t launches;        /* of the device, in one replay; 0 on the host */
  uint32_t lanes;           /* of the largest launch */
  uint32_t resident_lanes;  /* that the device holds; 0 on the host */
  const char* backend;      /* "cpu", "emulated" */
} rondo_program_info;
#define RONDO_PROGRAM_INFO_INIT \
  { sizeof(rondo_program_info), 0, 0, 0, 0, 0, 0 }
RONDO_API rondo_status rondo_program_get_info(const rondo_program* program, rondo_program_info* info,
                                              rondo_error* error) RONDO_NOEXCEPT;

/* Found once by name, good in every session of the program; 0 is none. */
typedef uint64_t rondo_binding;
typedef uint64_t rondo_scalar;
/* RONDO_NOT_FOUND lists the names there are. Constants have no handle. */
RONDO_API rondo_status rondo_program_find_binding(const rondo_program* program, const char* name,
                                                  rondo_binding* binding, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API rondo_status rondo_program_find_scalar(const rondo_program* program, const char* name, rondo_scalar* scalar,
                                                 rondo_error* error) RONDO_NOEXCEPT;

/* The program as the member of that name; a program begins as the first. All share their
 * prepared constants, handles and states. Traces are of one member. */
RONDO_API rondo_status rondo_program_find_member(const rondo_program* program, const char* name, rondo_program** member,
                                                 rondo_error* error) RONDO_NOEXCEPT;

/* ---- States -------------------------------------------------------------------- */

typedef struct rondo_state rondo_state;

/* Memory for every state binding of the program, zero-filled. */
RONDO_API rondo_status rondo_state_create(const rondo_program* program, rondo_state** state,
                                          rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_state_destroy(rondo_state* state) RONDO_NOEXCEPT;
/* Zero-fills, and lifts the mark that an interrupted replay leaves. */
RONDO_API rondo_status rondo_state_clear(rondo_state* state, rondo_error* error) RONDO_NOEXCEPT;
/* Copies bytes of one state binding, from `begin_byte` on, to or from the host, wherever the state lies: to save,
 * restore or seed a conversation. RONDO_INVALID_ARGUMENT: beyond its end; RONDO_FAILED_PRECONDITION during a replay. */
RONDO_API rondo_status rondo_state_read(const rondo_state* state, const char* name, uint64_t begin_byte, void* to,
                                        uint64_t bytes, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API rondo_status rondo_state_write(rondo_state* state, const char* name, uint64_t begin_byte, const void* from,
                                         uint64_t bytes, rondo_error* error) RONDO_NOEXCEPT;
/* Where the memory of one state binding lies; RONDO_UNAVAILABLE on a device that the host does not reach. `bytes` may
 * be NULL. */
RONDO_API rondo_status rondo_state_get_bytes(rondo_state* state, const char* name, void** data, uint64_t* bytes,
                                             rondo_error* error) RONDO_NOEXCEPT;

/* ---- Sessions ------------------------------------------------------------------ */

typedef struct rondo_session rondo_session;

typedef struct rondo_session_options {
  uint32_t struct_size;
  uint32_t without_state;             /* 1: none is made; its state bindings are bound or attached */
  const rondo_supplied_arena* arenas; /* not prepared ones; borrowed as long as the session lives */
  uint64_t arena_count;
} rondo_session_options;
#define RONDO_SESSION_OPTIONS_INIT \
  { sizeof(rondo_session_options), 0, 0, 0 }

/* `options` may be NULL. */
RONDO_API rondo_status rondo_session_create(const rondo_program* program, const rondo_session_options* options,
                                            rondo_session** session, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_session_destroy(rondo_session* session) RONDO_NOEXCEPT;

/* Lends a buffer for an input, output or state until it is replaced, unbound or the
 * session ends. RONDO_INVALID_ARGUMENT: not of that size, element type or alignment,
 * or overlapping what is written; the old buffer then stays. */
RONDO_API rondo_status rondo_session_bind(rondo_session* session, rondo_binding binding, void* data, uint64_t bytes,
                                          uint32_t dtype, rondo_error* error) RONDO_NOEXCEPT;
/* The same for memory that must not be written: inputs. */
RONDO_API rondo_status rondo_session_bind_const(rondo_session* session, rondo_binding binding, const void* data,
                                                uint64_t bytes, uint32_t dtype, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API rondo_status rondo_session_unbind(rondo_session* session, rondo_binding binding,
                                            rondo_error* error) RONDO_NOEXCEPT;
/* Copies and checks a table; the old content stays when it is refused. */
RONDO_API rondo_status rondo_session_set_table(rondo_session* session, rondo_binding binding, const void* entries,
                                               uint64_t bytes, uint32_t dtype, rondo_error* error) RONDO_NOEXCEPT;
/* In force from the next replay on. */
RONDO_API rondo_status rondo_session_set_scalar(rondo_session* session, rondo_scalar scalar, int64_t value,
                                                rondo_error* error) RONDO_NOEXCEPT;
/* Uses `state` for the state bindings from now on. */
RONDO_API rondo_status rondo_session_attach(rondo_session* session, const rondo_state* state,
                                            rondo_error* error) RONDO_NOEXCEPT;

/* Replays another member of the same file from now on; a session begins with that of the
 * program that made it. What was bound stays, and so does the state. Allocates nothing. */
RONDO_API rondo_status rondo_session_select(rondo_session* session, const rondo_program* member,
                                            rondo_error* error) RONDO_NOEXCEPT;

/* A wish to stop a replay, looked at before every op. */
typedef struct rondo_stop rondo_stop;
RONDO_API rondo_status rondo_stop_create(rondo_stop** stop, rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_stop_destroy(rondo_stop* stop) RONDO_NOEXCEPT;
/* Both do nothing for NULL. */
RONDO_API void rondo_stop_request(rondo_stop* stop) RONDO_NOEXCEPT;
RONDO_API void rondo_stop_reset(rondo_stop* stop) RONDO_NOEXCEPT;

/* Runs the replay part on the calling thread and the other workers of the runtime, and
 * returns when every op has completed; allocates nothing. `stop` may be NULL. RONDO_CANCELLED: outputs and state are
 * unspecified, and the session wants a restart. */
RONDO_API rondo_status rondo_session_replay(rondo_session* session, const rondo_stop* stop,
                                            rondo_error* error) RONDO_NOEXCEPT;
/* Begins a replay on the threads of the runtime and returns. Until rondo_session_wait has
 * returned, the session and its buffers are in use: everything but _is_done, _cancel and
 * _wait answers RONDO_FAILED_PRECONDITION, and destroying the session cancels and waits.
 * RONDO_UNAVAILABLE: the runtime has no threads but the caller's. */
RONDO_API rondo_status rondo_session_submit(rondo_session* session, rondo_error* error) RONDO_NOEXCEPT;
/* `done` becomes 1 when the submitted replay has ended or none was submitted, else 0. Never blocks. */
RONDO_API rondo_status rondo_session_is_done(const rondo_session* session, uint32_t* done,
                                             rondo_error* error) RONDO_NOEXCEPT;
/* Ends the submitted replay early, as a stop would; does not wait. From any thread. Nothing for NULL. */
RONDO_API void rondo_session_cancel(rondo_session* session) RONDO_NOEXCEPT;
/* Works along until the submitted replay has ended, and answers what rondo_session_replay
 * would have. RONDO_FAILED_PRECONDITION: none was submitted. */
RONDO_API rondo_status rondo_session_wait(rondo_session* session, rondo_error* error) RONDO_NOEXCEPT;
/* After a replay that was stopped, or to begin a new conversation: zero-fills the state. */
RONDO_API rondo_status rondo_session_restart(rondo_session* session, rondo_error* error) RONDO_NOEXCEPT;
/* Completed replays. */
RONDO_API rondo_status rondo_session_get_epoch(const rondo_session* session, uint64_t* epoch,
                                               rondo_error* error) RONDO_NOEXCEPT;

/* ---- Traces -------------------------------------------------------------------- */

typedef struct rondo_trace rondo_trace;

/* Room for the last `replays` replays (at least 1) of sessions of the program, taken at once. */
RONDO_API rondo_status rondo_trace_create(const rondo_program* program, uint64_t replays, rondo_trace** trace,
                                          rondo_error* error) RONDO_NOEXCEPT;
RONDO_API void rondo_trace_destroy(rondo_trace* trace) RONDO_NOEXCEPT;

/* rondo_session_replay that also notes when each op completed: a few ns an op, no
 * allocation. `stop` may be NULL. The trace must be of the session's program. */
RONDO_API rondo_status rondo_session_replay_traced(rondo_session* session, rondo_trace* trace, const rondo_stop* stop,
                                                   rondo_error* error) RONDO_NOEXCEPT;

typedef struct rondo_trace_info {
  uint32_t struct_size;
  uint32_t reserved;    /* 0 */
  uint64_t capacity;    /* replays it has room for */
  uint64_t recorded;    /* replays it holds */
  uint64_t overwritten; /* replays it held and gave up for later ones */
} rondo_trace_info;
#define RONDO_TRACE_INFO_INIT \
  { sizeof(rondo_trace_info), 0, 0, 0, 0 }
RONDO_API rondo_status rondo_trace_get_info(const rondo_trace* trace, rondo_trace_info* info,
                                            rondo_error* error) RONDO_NOEXCEPT;

/* Where bytes go: a file, a socket, a buffer of the host. Called in order until all are
 * written; another answer than 0 ends the writing with RONDO_IO. */
typedef int32_t (*rondo_write_function)(void* context, const void* data, uint64_t bytes);

typedef struct rondo_perfetto_options {
  uint32_t struct_size;
  uint32_t reserved;   /* 0 */
  const char* process; /* what the process track is called; NULL: "rondo" */
} rondo_perfetto_options;
#define RONDO_PERFETTO_OPTIONS_INIT \
  { sizeof(rondo_perfetto_options), 0, 0 }

/* The replays that the trace holds, as the content of a .pftrace file for
 * https://ui.perfetto.dev. `options` may be NULL. */
RONDO_API rondo_status rondo_trace_write_perfetto(const rondo_trace* trace, const rondo_perfetto_options* options,
                                                  rondo_write_function write, void* context,
                                                  rondo_error* error) RONDO_NOEXCEPT;

typedef struct rondo_roofline_options {
  uint32_t struct_size;
  uint32_t reserved;  /* 0 */
  const char* run_id; /* content of the columns of that name; NULL: empty */
  const char* schedule;
} rondo_roofline_options;
#define RONDO_ROOFLINE_OPTIONS_INIT \
  { sizeof(rondo_roofline_options), 0, 0, 0 }

/* Time, work and rates per kernel and phase, over the complete replays that the trace
 * holds, as the content of a .csv file; the columns are in docs/observation.md. `options`
 * may be NULL. */
RONDO_API rondo_status rondo_trace_write_roofline(const rondo_trace* trace, const rondo_roofline_options* options,
                                                  rondo_write_function write, void* context,
                                                  rondo_error* error) RONDO_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif /* RONDO_RONDO_H_ */
