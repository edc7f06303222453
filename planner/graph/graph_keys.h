// The keys of graph files: what the reader accepts and docs/graph-format.md lists.
// Attributes of operators are in kOperators (rondo/graph.h).
#pragma once
#include <array>
#include <string_view>

namespace rondo {

struct GraphKey {
  std::string_view name;
  std::string_view value;     // what it takes
  std::string_view fallback;  // what holds without it; "" where it must be given
  std::string_view what;
};

inline constexpr std::array<GraphKey, 6> kGraphKeys = {{
    {"graph", "text", "no name", "name of the graph"},
    {"scalars", "map from names to scalars", "no scalars", "integers the caller sets for each run"},
    {"states", "map from names to states", "no states", "what persists from run to run, like a cache"},
    {"tables", "map from names to tables", "no tables", "row numbers the caller sets, checked against a limit"},
    {"tensors", "map from names to tensors", "", "inputs, constants and outputs; intermediates may be listed too"},
    {"operators", "list of operators", "", "in any order"},
}};

inline constexpr std::array<GraphKey, 3> kTensorKeys = {{
    {"role", "`input`, `constant`, `output` or `intermediate`", "",
     "who provides it: the caller for each run, the caller once, or an operator"},
    {"shape", "list of 1 to 4 extents, each at least 1", "inferred, where an operator produces the tensor",
     "outermost axis first; at most 2^40 bytes in all"},
    {"dtype", "`f32`, `f64`, `f16`, `bf16`, `i8`, `u8`, `i32` or `i64`", "`f32`",
     "element type; operators compute with f32 only so far, row numbers are i32 or i64"},
}};

inline constexpr std::array<GraphKey, 2> kScalarKeys = {{
    {"min", "integer", "0", "smallest value a run accepts"},
    {"max", "integer, at least `min`", "", "largest value a run accepts"},
}};

inline constexpr std::array<GraphKey, 3> kStateKeys = {{
    {"shape", "list of 1 to 4 extents, each at least 1", "", "outermost axis first"},
    {"dtype", "as of a tensor", "`f32`", "element type"},
    {"filled", "a scalar, or `all`", "`all`", "how many rows of axis 0 hold something when a run begins"},
}};

inline constexpr std::array<GraphKey, 4> kTableKeys = {{
    {"shape", "list of 1 to 4 extents, each at least 1", "", "outermost axis first"},
    {"dtype", "`i32` or `i64`", "`i32`", "element type"},
    {"limit", "integer, at least 1", "", "every entry is at least 0 and below this"},
    {"distinct", "`true` or `false`", "`false`", "whether no entry may occur twice"},
}};

inline constexpr std::array<GraphKey, 4> kOperatorKeys = {{
    {"op", "an operator of the table below", "", "what it computes"},
    {"inputs", "list of tensor names", "", "in the order of the table below"},
    {"output", "tensor name", "", "a listed tensor, or a new intermediate"},
    {"name", "text", "`<op>_<position>`", "unique; used in messages, phases and traces"},
}};

}  // namespace rondo
