#include "tests/whole/replay_graph.h"

#include <cstring>
#include <map>

#include "planner/evaluate/usual_errors.h"
#include "rondo/verify.h"

namespace rondo::testing {

namespace {

std::vector<Constant> constants_of(const Schedule& schedule, const GraphRun& run) {
  std::vector<Constant> constants;
  for (const Binding& binding : schedule.bindings)
    if (binding.role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back(
          Constant{schedule.name(binding.name), Buffer(run.data.find(schedule.name(binding.name))->second)});
  return constants;
}

// What a session is given before it replays; outputs are bound to `outputs`, row numbers
// live in `entries`.
Status give(const Schedule& schedule, const GraphRun& run, const Program& program, Session& session, Data& outputs,
            std::map<std::string, std::vector<std::byte>>& entries) {
  for (const Binding& binding : schedule.bindings) {
    const std::string name(schedule.name(binding.name));
    Status bound;
    switch (static_cast<Role>(binding.role)) {
      case Role::kInput:
        if (const auto dtype = static_cast<DType>(binding.dtype); dtype != DType::kF32) {
          entries[name] = run.entries(name, dtype);
          const std::vector<std::byte>& rows = entries[name];
          bound = session.bind(name, Buffer(rows.data(), rows.size(), dtype));
        } else {
          bound = session.bind(name, Buffer(run.data.find(name)->second));
        }
        break;
      case Role::kOutput: {
        std::vector<float>& output = outputs[name];
        output.assign(bytes_of(binding) / sizeof(float), 12345.0f);
        bound = session.bind(name, output);
        break;
      }
      case Role::kTable: {
        const auto dtype = static_cast<DType>(binding.dtype);
        const std::vector<std::byte>& rows = entries[name] = run.entries(name, dtype);
        const Result<BindingHandle> table = program.binding(name);
        if (!table.ok()) return table.error();
        bound = session.set_table(*table, Buffer(rows.data(), rows.size(), dtype));
        break;
      }
      default:
        break;
    }
    if (!bound.ok()) return bound;
  }
  for (const Scalar& scalar : schedule.scalars) {
    const std::string name(schedule.name(scalar.name));
    if (const Status set = session.set_scalar(name, run.scalars.at(name)); !set.ok()) return set;
  }
  return {};
}

}  // namespace

Replayed replay_schedule(const Schedule& schedule, const Graph& graph, const GraphRun& run, InstructionSet limit,
                         bool must_be_faithful) {
  Replayed result;
  Verification verification = verify(schedule);
  if (!verification.schedule || (must_be_faithful && !verification.report.faithful())) {
    result.failure = "verify: " + verification.report.summary();
    for (const Finding& finding : verification.report.findings)
      result.failure += "\n  " + std::string(finding.rule) + " " + finding.message;
    return result;
  }
  RuntimeOptions options;
  options.limit = limit;
  const Runtime runtime(options);
  const std::vector<Constant> constants = constants_of(schedule, run);
  Result<Program> program = runtime.prepare(*verification.schedule, constants);
  if (!program.ok()) return {"prepare: " + program.error().to_string()};
  Result<Session> session = program->session();
  if (!session.ok()) return {"session: " + session.error().to_string()};
  std::map<std::string, std::vector<std::byte>> entries;
  if (const Status given = give(schedule, run, *program, *session, result.outputs, entries); !given.ok())
    return {"bind: " + given.error().to_string()};
  std::vector<std::string> states;
  for (const Binding& binding : schedule.bindings)
    if (binding.role == static_cast<uint8_t>(Role::kState)) states.emplace_back(schedule.name(binding.name));
  for (const std::string& name : states) {
    Result<State> state = session->state();
    if (!state.ok()) return {"state: " + state.error().to_string()};
    const Result<std::span<std::byte>> bytes = state->bytes(name);
    if (!bytes.ok()) return {"state: " + bytes.error().to_string()};
    std::memcpy(bytes->data(), run.data.find(name)->second.data(), bytes->size());
  }
  if (const Status replayed = session->replay(); !replayed.ok()) return {"replay: " + replayed.error().to_string()};
  for (const std::string& name : states) {
    const Result<std::span<std::byte>> bytes = session->state()->bytes(name);
    if (!bytes.ok()) return {"state: " + bytes.error().to_string()};
    std::vector<float>& after = result.outputs[name];
    after.resize(bytes->size() / sizeof(float));
    std::memcpy(after.data(), bytes->data(), bytes->size());
  }

  const auto expected = evaluate_graph(graph, run.spans(), true, kErrorFactor);
  if (!expected.ok()) return {"evaluate: " + expected.error().to_string()};
  const auto usual = usual_errors(graph, run.spans(), *expected);
  if (!usual.ok()) return {"evaluate: " + usual.error().to_string()};
  for (const auto& [name, values] : *expected) {
    const auto output = result.outputs.find(name);
    if (output == result.outputs.end()) return {"the schedule has no output '" + name + "'"};
    result.worst_ratio = std::max(result.worst_ratio, compare(values, output->second).worst_ratio);
    result.most_unusual =
        std::max(result.most_unusual, most_unusual(values, usual->find(name)->second, output->second).ratio);
  }
  return result;
}

}  // namespace rondo::testing
