// A C++17 program that replays a schedule, with exceptions: y = relu(x w + b),
// affine.rondo as argv[1].
#include <array>
#include <cstdio>
#include <rondo/rondo.hpp>
#include <vector>

namespace host = rondo::host;

int main(int argc, char** argv) try {
  const std::vector<float> x = {1, 2, 3, 4, -1, -2, -3, -4};
  const std::array<float, 12> w = {1, 0, 2, 0, 1, 2, 1, 0, 2, 0, 1, 2};
  const float b[] = {1, 20, 30};
  std::array<float, 6> y = {};
  if (argc != 2) return 2;

  const auto schedule = host::Schedule::load(argv[1]).or_throw();
  const auto runtime = host::Runtime::make().or_throw();
  const auto program = runtime.prepare(schedule, {host::constant("w", w), host::constant("b", b)}).or_throw();
  auto session = program.session().or_throw();
  session.bind(program.binding("x").or_throw(), x).or_throw();
  session.bind(program.binding("y").or_throw(), y).or_throw();
  session.replay().or_throw();

  for (const float* row = y.data(); row != y.data() + 6; row += 3) std::printf("%g %g %g\n", row[0], row[1], row[2]);
  return 0;
} catch (const host::Exception& exception) {
  std::fprintf(stderr, "%s: %s\n", host::name_of(exception.code()), exception.what());
  return 1;
}
