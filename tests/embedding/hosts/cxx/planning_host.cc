// A C++ program that plans: graph file in, binary schedule out.
#include <rondo/graph.h>
#include <rondo/load.h>
#include <rondo/machine.h>
#include <rondo/plan.h>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto graph = rondo::load_graph(argv[1]);
  if (!graph) return std::fprintf(stderr, "%s\n", graph.error().to_string().c_str()), 1;
  const auto plan = rondo::plan_tiles(*graph, rondo::default_machine());
  if (!plan) return std::fprintf(stderr, "%s\n", plan.error().to_string().c_str()), 1;
  const auto written = rondo::write_file(argv[2], rondo::write_binary(plan->schedule));
  if (!written) return std::fprintf(stderr, "%s\n", written.error().to_string().c_str()), 1;
  return 0;
}
