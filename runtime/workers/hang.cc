#include "runtime/workers/hang.h"

#include <string>
#include "runtime/requirements.h"

namespace rondo::runtime {
namespace {

std::string stream_of(const Schedule& schedule, uint32_t op) {
  for (uint32_t i = 0; i < schedule.streams.size(); ++i) {
    const Stream& stream = schedule.streams[i];
    if (op < stream.first_op || op - stream.first_op >= stream.op_count) continue;
    const std::string_view name = schedule.name(stream.name);
    return name.empty() ? std::to_string(i) : quoted(name);
  }
  return "?";
}

}  // namespace

Error hang_of(const Schedule& schedule, uint32_t index, uint16_t which, uint32_t count, uint64_t waited_ns) {
  const Op& op = schedule.ops[index];
  const Wait& wait = op.waits[which];
  const std::string_view token = schedule.name(schedule.tokens[wait.token].name);
  std::string text = "op " + std::to_string(index) + " (";
  text += op.kernel == kNoKernel ? "sync" : schedule.name(schedule.kernels[op.kernel].name);
  if (index < schedule.op_lines.size()) text += ", line " + std::to_string(schedule.op_lines[index]);
  text += ") of stream " + stream_of(schedule, index) + " waited " + std::to_string(waited_ns / 1000000) +
          " ms for token " + (token.empty() ? std::to_string(wait.token) : quoted(token)) + " to count " +
          std::to_string(wait.count) + "; it counts " + std::to_string(count) + " and no worker is busy";
  Error error = make_error(ErrorCode::kBug, std::move(text));
  error.place.op = index;
  return error;
}

}  // namespace rondo::runtime
