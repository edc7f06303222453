// A server in an arena of oneTBB: requests are tasks of the arena, and each replay takes
// threads of the same arena for its lanes, so that the process has one set of threads.
// argv: a schedule of rows.yaml, requests.
#include <rondo/load.h>
#include <rondo/runtime.h>
#include <rondo/tbb.h>
#include <rondo/verify.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr size_t kElements = 90 * 52;

int fail(const rondo::Error& error) {
  std::fprintf(stderr, "%s: %s\n", rondo::name_of(error.code), error.to_string().c_str());
  return 1;
}

std::vector<float> request(int number) {
  std::vector<float> x(kElements);
  for (size_t i = 0; i < kElements; ++i)
    x[i] = static_cast<float>((i * 37 + static_cast<size_t>(number) * 11) % 97) / 50;
  return x;
}

// Nothing where it failed.
std::vector<float> answer(const rondo::Program& program, int number) {
  const std::vector<float> x = request(number);
  std::vector<float> y(kElements);
  auto session = program.session();
  if (!session || !session->bind("x", x) || !session->bind("y", y) || !session->replay()) return {};
  return y;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto bytes = rondo::read_file(argv[1]);
  if (!bytes) return fail(bytes.error());
  auto schedule = rondo::parse_binary(*bytes, argv[1]);
  if (!schedule) return fail(schedule.error());
  const rondo::Verification verification = rondo::verify(*std::move(schedule));
  if (!verification.schedule) return std::puts(verification.report.summary().c_str()), 1;
  const auto alone = rondo::Runtime().prepare(*verification.schedule, {});
  if (!alone) return fail(alone.error());

  const int requests = std::atoi(argv[2]);
  std::atomic<int> wrong{0};
  tbb::task_arena arena(4);
  const int code = arena.execute([&] {
    const auto executor = rondo::TbbExecutor::current();
    if (!executor) return fail(executor.error());
    const rondo::Runtime runtime({.workers = 2, .executor = executor->executor()});
    const auto program = runtime.prepare(*verification.schedule, {});
    if (!program) return fail(program.error());
    tbb::parallel_for(0, requests, [&](int number) {
      const std::vector<float> y = answer(*program, number);
      if (y.empty() || y != answer(*alone, number)) ++wrong;
    });
    return 0;
  });
  if (code != 0) return code;
  std::printf("%d requests in an arena of oneTBB: %d wrong\n", requests, wrong.load());
  return wrong == 0 ? 0 : 1;
}
