#include "tests/whole/replay_graph.h"

#include "rondo/verify.h"

namespace rondo::testing {

Replayed replay_schedule(const Schedule& schedule, const Graph& graph, const Data& data, InstructionSet limit,
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
  std::vector<Constant> constants;
  for (const Binding& binding : schedule.bindings)
    if (binding.role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back(
          Constant{schedule.name(binding.name), Buffer(data.find(schedule.name(binding.name))->second)});
  Result<Program> program = runtime.prepare(*verification.schedule, constants);
  if (!program.ok()) return {"prepare: " + program.error().to_string()};
  Result<Session> session = program->session();
  if (!session.ok()) return {"session: " + session.error().to_string()};
  for (const Binding& binding : schedule.bindings) {
    const std::string name(schedule.name(binding.name));
    Status bound;
    if (binding.role == static_cast<uint8_t>(Role::kInput))
      bound = session->bind(name, Buffer(data.find(name)->second));
    if (binding.role == static_cast<uint8_t>(Role::kOutput)) {
      std::vector<float>& output = result.outputs[name];
      output.assign(bytes_of(binding) / sizeof(float), 12345.0f);
      bound = session->bind(name, output);
    }
    if (!bound.ok()) return {"bind: " + bound.error().to_string()};
  }
  if (const Status replayed = session->replay(); !replayed.ok()) return {"replay: " + replayed.error().to_string()};

  NamedData named;
  for (const auto& [name, values] : data) named.emplace(name, values);
  const auto expected = evaluate_graph(graph, named, true, kErrorFactor);
  if (!expected.ok()) return {"evaluate: " + expected.error().to_string()};
  for (const auto& [name, values] : *expected) {
    const auto output = result.outputs.find(name);
    if (output == result.outputs.end()) return {"the schedule has no output '" + name + "'"};
    result.worst_ratio = std::max(result.worst_ratio, compare(values, output->second).worst_ratio);
  }
  return result;
}

}  // namespace rondo::testing
