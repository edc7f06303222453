// The same without exceptions or run-time types, as games and firmware are built.
#include <array>
#include <cstdio>
#include <rondo/rondo.hpp>

namespace {

using namespace rondo::host;

int fail(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", name_of(error.code()), error.message());
  return 1;
}

Status bind(Session& session, const Program& program, const char* name, const Buffer& buffer) {
  const Result<Binding> binding = program.binding(name);
  return session.bind(binding ? *binding : Binding(), buffer);  // no binding is refused there
}

}  // namespace

int main(int argc, char** argv) {
  const std::array<float, 8> x = {1, 2, 3, 4, -1, -2, -3, -4};
  const std::array<float, 12> w = {1, 0, 2, 0, 1, 2, 1, 0, 2, 0, 1, 2};
  const std::array<float, 3> b = {1, 20, 30};
  std::array<float, 6> y = {};
  if (argc != 2) return 2;

  const auto schedule = Schedule::load(argv[1]);
  if (!schedule) return fail(schedule.error());
  const auto runtime = Runtime::make();
  if (!runtime) return fail(runtime.error());
  const auto program = runtime->prepare(*schedule, {constant("w", w), constant("b", b)});
  if (!program) return fail(program.error());
  auto session = program->session();
  if (!session) return fail(session.error());
  if (const Status bound = bind(*session, *program, "x", x); !bound) return fail(bound.error());
  if (const Status bound = bind(*session, *program, "y", y); !bound) return fail(bound.error());
  if (const Status done = session->replay(); !done) return fail(done.error());

  for (const float* row = y.data(); row != y.data() + 6; row += 3) std::printf("%g %g %g\n", row[0], row[1], row[2]);
  return 0;
}
