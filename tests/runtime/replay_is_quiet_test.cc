// A replay allocates nothing, takes no lock and makes no system call; and whatever
// allocation fails before it, the library answers with an error.
//
// This program stands between the library and the C library: malloc, free and the
// pthread locks are defined here and pass on to the real ones, counting while a test
// asks. System calls are counted in a forked child by a seccomp filter that turns
// each into SIGSYS. Under a sanitizer, which interposes itself, the tests skip.
#include <gtest/gtest.h>
#include <atomic>
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
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <mutex>
#endif

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

#if defined(RONDO_CAN_INTERPOSE)

std::atomic<bool> counting{false};
std::atomic<int> heap_calls{0}, lock_calls{0};
std::atomic<int> fail_heap_call{-1};  // the call, counted from 0, that finds no memory

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
