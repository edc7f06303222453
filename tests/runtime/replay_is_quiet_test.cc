// A replay allocates nothing, takes no lock and makes no system call, save that several
// workers sleep and wake each other by futex; and whatever allocation fails before it,
// the library answers with an error.
//
// This program stands between the library and the C library: malloc, free and the
// pthread locks are defined here and pass on to the real ones, counting while a test
// asks. System calls are counted in a forked child by a seccomp filter that turns
// each into SIGSYS; futex calls pass through syscall(), which is counted here too. Under a sanitizer, which interposes
// itself, the tests skip.
#include <gtest/gtest.h>
#include <atomic>
#include "rondo/executor.h"
#include "tests/runtime/fixtures.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RONDO_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RONDO_SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && defined(__x86_64__) && !defined(RONDO_SANITIZED)
#define RONDO_CAN_INTERPOSE 1
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstddef>
#include <mutex>
#include <thread>
#include "tests/runtime/random_lanes.h"
#endif

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

#if defined(RONDO_CAN_INTERPOSE)

std::atomic<bool> counting{false};
std::atomic<int> heap_calls{0}, lock_calls{0};
std::atomic<int> futex_waits{0}, futex_wakes{0}, other_calls{0};  // through syscall()
std::atomic<int> fail_heap_call{-1};                              // the call, counted from 0, that finds no memory

bool heap_call_fails() {
  return counting.load(std::memory_order_relaxed) && heap_calls.fetch_add(1) == fail_heap_call.load();
}
void count_lock_call() {
  if (counting.load(std::memory_order_relaxed)) lock_calls.fetch_add(1);
}

#endif

}  // namespace
}  // namespace rondo

#if defined(RONDO_CAN_INTERPOSE)

extern "C" {
void* __libc_malloc(size_t);
void __libc_free(void*);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) { return rondo::heap_call_fails() ? nullptr : __libc_malloc(bytes); }
void free(void* data) {
  if (data != nullptr && rondo::counting.load(std::memory_order_relaxed)) rondo::heap_calls.fetch_add(1);
  __libc_free(data);
}
void* calloc(size_t count, size_t bytes) { return rondo::heap_call_fails() ? nullptr : __libc_calloc(count, bytes); }
void* realloc(void* data, size_t bytes) { return rondo::heap_call_fails() ? nullptr : __libc_realloc(data, bytes); }
void* memalign(size_t align, size_t bytes) {
  return rondo::heap_call_fails() ? nullptr : __libc_memalign(align, bytes);
}
void* aligned_alloc(size_t align, size_t bytes) {
  return rondo::heap_call_fails() ? nullptr : __libc_memalign(align, bytes);
}
int posix_memalign(void** data, size_t align, size_t bytes) {
  *data = rondo::heap_call_fails() ? nullptr : __libc_memalign(align, bytes);
  return *data == nullptr ? ENOMEM : 0;
}

#define RONDO_PASS_ON(function, type)                                                       \
  int function(type* lock) noexcept {                                                       \
    static const auto real = reinterpret_cast<int (*)(type*)>(dlsym(RTLD_NEXT, #function)); \
    rondo::count_lock_call();                                                               \
    return real(lock);                                                                      \
  }
RONDO_PASS_ON(pthread_mutex_lock, pthread_mutex_t)
RONDO_PASS_ON(pthread_mutex_trylock, pthread_mutex_t)
RONDO_PASS_ON(pthread_mutex_unlock, pthread_mutex_t)
RONDO_PASS_ON(pthread_rwlock_rdlock, pthread_rwlock_t)
RONDO_PASS_ON(pthread_rwlock_wrlock, pthread_rwlock_t)
RONDO_PASS_ON(pthread_spin_lock, pthread_spinlock_t volatile)
RONDO_PASS_ON(pthread_cond_signal, pthread_cond_t)
RONDO_PASS_ON(pthread_cond_broadcast, pthread_cond_t)

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  const int what = static_cast<int>(a[1]) & FUTEX_CMD_MASK;
  if (rondo::counting.load(std::memory_order_relaxed))
    ++(number != SYS_futex ? rondo::other_calls : what == FUTEX_WAIT ? rondo::futex_waits : rondo::futex_wakes);
  long result = number;
  register long r10 asm("r10") = a[3];
  register long r8 asm("r8") = a[4];
  register long r9 asm("r9") = a[5];
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}
}

namespace rondo {
namespace {

struct Counts {
  int heap = 0, locks = 0;
};
template <class Function>
Counts count_during(Function&& function) {
  heap_calls = lock_calls = 0;
  counting = true;
  function();
  counting = false;
  return {heap_calls.load(), lock_calls.load()};
}

// The exit code of a child that counts the system calls of `function`; 200 when
// seccomp is not to be had, more calls than 100 count as 100.
constexpr int kNoSeccomp = 200;
volatile sig_atomic_t trapped_calls = 0;

void count_trapped_call(int, siginfo_t*, void* context) {
  trapped_calls = trapped_calls + 1;
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
}

bool trap_system_calls() {
  struct sigaction action = {};
  action.sa_sigaction = count_trapped_call;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  const sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof filter / sizeof filter[0], const_cast<sock_filter*>(filter)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

template <class Function>
int count_system_calls(Function&& function) {
  const pid_t child = fork();
  if (child == 0) {
    if (!trap_system_calls()) _exit(kNoSeccomp);
    function();
    _exit(trapped_calls > 100 ? 100 : trapped_calls);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// One session of each kind of schedule, bound and replayed once.
class QuietReplay : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    const Constant constants[] = {{"w", w_}, {"bias", bias_}};
    if (kind == "chain") program_.emplace(must(runtime_.prepare(proven(fixtures::chain(1000)))));
    if (kind == "packed")
      program_.emplace(must(runtime_.prepare(proven(fixtures::packed_matmul(4, 16, 16)), constants)));
    if (kind == "state") program_.emplace(must(runtime_.prepare(proven(fixtures::append_to_state()))));
    session_.emplace(must(program_->session()));
    x_.resize(program_->requirements().bindings[0].bytes / 4);
    y_.resize(program_->requirements().bindings.back().bytes / 4);
    ASSERT_EQ(text_of(session_->bind("x", x_)), "ok");
    ASSERT_EQ(text_of(session_->bind("y", y_)), "ok");
    if (kind == "state") {
      ASSERT_EQ(text_of(session_->set_scalar("pos", 3)), "ok");
    }
    ASSERT_EQ(text_of(session_->replay()), "ok");
  }

  Runtime runtime_;
  std::vector<float> w_ = std::vector<float>(256, 1.0f), bias_ = std::vector<float>(16), x_, y_;
  std::optional<Program> program_;
  std::optional<Session> session_;
};

TEST_P(QuietReplay, AllocatesNothingAndTakesNoLock) {
  const BindingHandle x = must(program_->binding("x"));
  const ScalarHandle position = GetParam() == std::string("state") ? must(program_->scalar("pos")) : ScalarHandle{};
  std::string text;
  const Counts counts = count_during([&] {
    for (int replay = 0; replay < 10; ++replay) {
      if (position.scalar != kNone) (void)session_->set_scalar(position, replay % 8);
      if (!session_->replay().ok()) std::abort();
    }
  });
  EXPECT_EQ(counts.heap, 0);
  EXPECT_EQ(counts.locks, 0);
  EXPECT_EQ(text_of(session_->bind(x, x_)), "ok");
}

TEST_P(QuietReplay, MakesNoSystemCall) {
  const int calls = count_system_calls([&] {
    for (int replay = 0; replay < 10; ++replay)
      if (!session_->replay().ok()) _exit(101);
  });
  if (calls == kNoSeccomp) GTEST_SKIP() << "seccomp filters are not available here";
  EXPECT_EQ(calls, 0);
}

INSTANTIATE_TEST_SUITE_P(Schedules, QuietReplay, ::testing::Values("chain", "packed", "state"),
                         [](const auto& kind) { return std::string(kind.param); });

// ---- Several workers -------------------------------------------------------------

// A session of four lanes on two workers, replayed once after the other thread had begun.
struct TwoWorkers {
  explicit TwoWorkers(uint64_t spin_ns)
      : pool(must(ThreadPool::make({.threads = 1, .spin_ns = spin_ns}))),
        program(must(Runtime({.workers = 2, .executor = pool.executor(), .spin_ns = spin_ns})
                         .prepare(proven(fixtures::random_lanes(3, {.lanes = 4, .ops = 200}))))),
        session(must(program.session())),
        x(program.requirements().bindings[0].bytes / 4, 0.5f),
        y(program.requirements().bindings[1].bytes / 4) {
    std::atomic<bool> begun{false};
    const Executor executor = pool.executor();
    executor.start(
        executor.context, 1, [](void* flag, uint32_t) { *static_cast<std::atomic<bool>*>(flag) = true; }, &begun);
    while (!begun) std::this_thread::yield();
    if (!session.bind("x", x).ok() || !session.bind("y", y).ok() || !session.replay().ok()) std::abort();
  }
  ThreadPool pool;
  Program program;
  Session session;
  std::vector<float> x, y;
};

constexpr uint64_t kNeverParkNs = 20'000'000'000, kParkSoonNs = 50'000;

TEST(QuietWorkers, AllocateNothingTakeNoLockAndAreSilentWhileAwake) {
  TwoWorkers workers(kNeverParkNs);
  futex_waits = futex_wakes = other_calls = 0;
  const Counts counts = count_during([&] {
    for (int replay = 0; replay < 20; ++replay)
      if (!workers.session.replay().ok()) std::abort();
  });
  EXPECT_EQ(counts.heap, 0);
  EXPECT_EQ(counts.locks, 0);
  EXPECT_EQ(futex_waits, 0);
  EXPECT_EQ(futex_wakes, 0);
  EXPECT_EQ(other_calls, 0);
}

// With pauses in which the other thread goes to sleep.
TEST(QuietWorkers, SleepAndWakeEachOtherByFutexAlone) {
  TwoWorkers workers(kParkSoonNs);
  futex_waits = futex_wakes = other_calls = 0;
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const Counts counts = count_during([&] {
    while ((futex_waits == 0 || futex_wakes == 0) && std::chrono::steady_clock::now() < late) {
      if (!workers.session.replay().ok()) std::abort();
      usleep(1000);
    }
  });
  EXPECT_EQ(counts.heap, 0);
  EXPECT_EQ(counts.locks, 0);
  EXPECT_EQ(other_calls, 0);
  EXPECT_GT(futex_waits, 0);
  EXPECT_GT(futex_wakes, 0);
}

// In a child: a filter on all its threads lets futex calls pass and turns every other
// into SIGSYS, which is counted on the calling thread and ends the process on another.
TEST(QuietWorkers, MakeNoSystemCallsButFutex) {
  const pid_t child = fork();
  if (child == 0) {
    TwoWorkers workers(kParkSoonNs);
    struct sigaction action = {};
    action.sa_sigaction = count_trapped_call;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    const sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {sizeof filter / sizeof filter[0], const_cast<sock_filter*>(filter)};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
      _exit(kNoSeccomp);
    for (int replay = 0; replay < 200; ++replay)
      if (!workers.session.replay().ok()) _exit(101);
    _exit(trapped_calls > 100 ? 100 : trapped_calls);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status) << ": a pool thread made another call";
  if (WEXITSTATUS(status) == kNoSeccomp) GTEST_SKIP() << "seccomp filters are not available here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// The counters count: without this the zeros above would mean nothing.
TEST(Counters, SeeAllocationsLocksAndSystemCalls) {
  std::mutex mutex;
  const Counts counts = count_during([&] {
    const std::lock_guard<std::mutex> guard(mutex);
    delete new volatile int(3);
  });
  EXPECT_EQ(counts.heap, 2);
  EXPECT_EQ(counts.locks, 2);
  const int calls = count_system_calls([] {
    for (int i = 0; i < 3; ++i) syscall(SYS_getppid);
  });
  if (calls == kNoSeccomp) GTEST_SKIP() << "seccomp filters are not available here";
  EXPECT_EQ(calls, 3);
}

// Every heap allocation of prepare, session and bind fails once.
TEST(HeapFailure, IsAnErrorWhereverItStrikes) {
  const VerifiedSchedule schedule = proven(fixtures::packed_matmul(2, 16, 16));
  std::vector<float> w(256), bias(16), x(32), y(32);
  const Constant constants[] = {{"w", w}, {"bias", bias}};
  int failures = 0;
  for (int call = 0;; ++call) {
    fail_heap_call = call;
    bool failed = false;
    ErrorCode code = ErrorCode::kBug;
    const Counts counts = count_during([&] {
      Runtime runtime;
      const auto note = [&](const auto& result) {
        if (result.ok()) return true;
        failed = true;
        code = result.error().code;
        return false;
      };
      Result<Program> program = runtime.prepare(schedule, constants);
      if (!note(program)) return;
      Result<Session> session = program->session();
      if (!note(session)) return;
      if (!note(session->bind("x", x)) || !note(session->bind("y", y))) return;
      (void)note(session->replay());
    });
    if (call >= counts.heap) break;
    if (!failed) continue;  // this call was a free
    ++failures;
    EXPECT_EQ(code, ErrorCode::kDoesNotFit) << "heap call " << call;
  }
  fail_heap_call = -1;
  EXPECT_GT(failures, 20);
}

}  // namespace
}  // namespace rondo

#else

TEST(QuietReplay, CannotBeCountedHere) {
  GTEST_SKIP() << "a sanitizer (or another C library) stands where this test would count";
}

#endif
