// What the operators of a problem compute, and which tensors its tensors are: all that a
// schedule needs and the problem does not say.
//
// A problem is sizes, a DAG and costs. A contest problem gets a fixed meaning
// (planner/fusion/graph/contest_graph.h); a problem made of a graph keeps the graph's.
// A plain value.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/graph.h"
#include "rondo/view.h"

namespace rondo::fusion {

// A tensor of the schedule.
struct Home {
  std::string name;
  TensorRole role = TensorRole::kIntermediate;  // input, constant, output or intermediate
  std::vector<uint32_t> shape;                  // outermost first
};

// A tensor of the problem: which one of the schedule it is, and whether its rows are the
// columns there.
struct TensorMeaning {
  uint32_t home = kNone;  // kNone: no operator reads or makes it
  bool transposed = false;
};

// What a kernel reads.
struct Source {
  enum class Of : uint8_t {
    kInput,  // the operator's input at position `index`
    kSoFar,  // what the call before has made
    kAside,  // home `index`, of one row, one column or one element, broadcast: no tensor of the problem
  };
  Of of = Of::kInput;
  uint32_t index = 0;
};

// One kernel of an operator. It writes where the operator's result goes.
struct KernelCall {
  std::string_view kernel;  // by its contract's name
  std::array<uint32_t, 4> params = {};
  std::vector<Source> sources;
  uint32_t result = kNone;  // the home that its result is a value of
};

struct Meaning {
  std::vector<Home> homes;
  std::vector<TensorMeaning> tensors;          // by tensor of the problem
  std::vector<std::vector<KernelCall>> calls;  // by operator; of a MatMul one
};

}  // namespace rondo::fusion
