// The program of the README, whole: plans a graph, proves the plan, replays it.
#include <cstdio>
#include <vector>
#include "rondo/load.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto graph = rondo::load_graph(argv[1]);
  if (!graph) return std::fprintf(stderr, "%s\n", graph.error().to_string().c_str()), 1;
  const auto plan = rondo::plan_tiles(*graph, rondo::default_machine());
  const auto proof = rondo::verify(plan->schedule);  // a private copy, proven
  if (!proof.schedule) return std::fprintf(stderr, "%s\n", proof.report.summary().c_str()), 1;

  const std::vector<float> x(128 * 128, 0.5f), w1(128 * 64, 0.01f), w2(64 * 32, 0.01f), w3(32 * 32, 0.01f);
  const rondo::Constant constants[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}};
  const rondo::Runtime runtime;
  const auto program = runtime.prepare(*proof.schedule, constants);  // packed once, shared by threads
  if (!program) return std::fprintf(stderr, "%s\n", program.error().to_string().c_str()), 1;

  std::vector<float> y(128 * 32);
  auto session = program->session();  // cheap; one replay in flight
  if (!session->bind("x", x).ok() || !session->bind("t5", y).ok()) return 1;
  if (!session->replay().ok()) return 1;  // no allocation, no lock
  std::printf("t5[0, 0] = %.4f\n", y[0]);
}
