// A C++ program that replays a schedule: y = relu(x w + b), affine.rondo as argv[1].
#include <rondo/load.h>
#include <rondo/runtime.h>
#include <rondo/verify.h>
#include <array>
#include <cstdio>

namespace {

int fail(const rondo::Error& error) {
  std::fprintf(stderr, "%s: %s\n", rondo::name_of(error.code), error.to_string().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::array<float, 8> x = {1, 2, 3, 4, -1, -2, -3, -4};
  const std::array<float, 12> w = {1, 0, 2, 0, 1, 2, 1, 0, 2, 0, 1, 2};
  const std::array<float, 3> b = {1, 20, 30};
  std::array<float, 6> y = {};
  if (argc != 2) return 2;

  const auto bytes = rondo::read_file(argv[1]);
  if (!bytes) return fail(bytes.error());
  auto schedule = rondo::parse_binary(*bytes, argv[1]);
  if (!schedule) return fail(schedule.error());
  const rondo::Verification verification = rondo::verify(*std::move(schedule));
  if (!verification.schedule) return std::puts(verification.report.summary().c_str()), 1;

  const rondo::Constant constants[] = {{"w", w}, {"b", b}};
  const auto program = rondo::Runtime().prepare(*verification.schedule, constants);
  if (!program) return fail(program.error());
  auto session = program->session();
  if (!session) return fail(session.error());
  if (auto bound = session->bind("x", x); !bound) return fail(bound.error());
  if (auto bound = session->bind("y", y); !bound) return fail(bound.error());
  if (auto done = session->replay(); !done) return fail(done.error());

  for (int row = 0; row < 2; ++row) std::printf("%g %g %g\n", y[3 * row], y[3 * row + 1], y[3 * row + 2]);
  return 0;
}
