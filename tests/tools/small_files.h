// Graphs and schedules that the tests of several verbs start from.
#pragma once
#include <string>
#include "rondo/load.h"
#include "tests/tools/scratch_folder.h"

namespace rondo::cli {

// y = relu(x w + b), ragged on purpose.
inline constexpr const char* kLayerGraph = R"(graph: layer
tensors:
  x: {shape: [5, 7], role: input}
  w: {shape: [7, 3], role: constant}
  b: {shape: [3], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w], output: h}
  - {op: bias, inputs: [h, b], output: s}
  - {op: relu, inputs: [s], output: y}
)";

// y = x + x, 2 x 3.
inline constexpr const char* kDoubleGraph = R"(graph: double
tensors:
  x: {shape: [2, 3], role: input}
  y: {role: output}
operators:
  - {op: add, inputs: [x, x], output: y}
)";

inline const std::string kLibrary = RONDO_SOURCE_DIR "/schedules/library/";
inline const std::string kAccelerator = kLibrary + "machines/tile-accelerator.yaml";

// A folder with layer.yaml and its schedules layer.rondo and layer.rondo.yaml.
struct LayerFolder : ScratchFolder {
  LayerFolder() {
    write_bytes("layer.yaml", kLayerGraph);
    rondo({"plan", "layer.yaml", "-q"});
    rondo({"plan", "layer.yaml", "-q", "--text"});
  }
};

// Reads a schedule, changes its tables and writes it under another name, by the name's ending.
template <class Change>
void edit(const std::string& from, const std::string& to, Change change) {
  Schedule schedule = *load(from);
  change(schedule);
  const auto binary = write_binary(schedule);
  write_bytes(to, to.ends_with(".yaml") ? print_text(schedule)
                                        : std::string(reinterpret_cast<const char*>(binary.data()), binary.size()));
}

// `text` with the first `from` replaced; the text itself if there is none.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace rondo::cli
