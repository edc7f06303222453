#include "tests/backends/twice_replayed.h"

#include <cstring>
#include <map>
#include <random>
#include <vector>
#include "rondo/verify.h"

namespace rondo::testing {
namespace {

// What is proven of any file: safe.
Schedule without_meaning(Schedule schedule) {
  schedule.tensors.clear();
  schedule.values.clear();
  schedule.labels.clear();
  schedule.rings.clear();
  schedule.claims.clear();
  schedule.costs.clear();
  return schedule;
}

struct Side {
  std::string failure;
  std::map<std::string, std::vector<float>> content;  // of outputs and state
  ReplayWay way;
  bool unfaithful = false;
};

std::vector<float> numbers(uint64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> made(count);
  for (float& value : made) value = static_cast<float>(static_cast<int64_t>(random() % 2001) - 1000) / 512.0f;
  return made;
}

Side replay_on(Schedule schedule, const DeviceOptions& device, uint64_t seed, uint32_t replays) {
  Side side;
  schedule.backend = device.backend.empty() ? "cpu" : device.backend;
  for (Space& space : schedule.spaces)
    if (device.backend.empty() && space.kind == static_cast<uint8_t>(SpaceKind::kDevice)) {
      space.kind = static_cast<uint8_t>(SpaceKind::kHost);  // the host has no other memory
      std::erase_if(schedule.claims,
                    [](const Claim& claim) { return claim.kind == static_cast<uint16_t>(ClaimKind::kBytesMoved); });
    }
  Verification verification = verify(schedule);
  if (!verification.schedule && verification.report.safe) {
    side.unfaithful = true;
    verification = verify(without_meaning(std::move(schedule)));
  }
  if (!verification.schedule) {
    side.failure = "verify: " + verification.report.summary();
    for (const Finding& finding : verification.report.findings)
      side.failure += "\n  " + std::string(finding.rule) + " " + finding.message;
    return side;
  }
  const Schedule& proven = verification.schedule->schedule();
  RuntimeOptions options;
  options.device = device;
  std::map<std::string, std::vector<float>> data;
  std::vector<Constant> constants;
  for (uint32_t i = 0; i < proven.bindings.size(); ++i) {
    const Binding& binding = proven.bindings[i];
    const std::string name(proven.name(binding.name));
    std::vector<float>& values = data[name] = numbers(bytes_of(binding) / sizeof(float), seed * 31 + i);
    if (binding.role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back({proven.name(binding.name), Buffer(values)});
  }
  const Result<Program> program = Runtime(options).prepare(*verification.schedule, constants);
  if (!program.ok()) return {"prepare: " + program.error().to_string()};
  side.way = program->way();
  SessionOptions session_options;
  session_options.own_state = false;
  Result<Session> session = program->session(session_options);
  if (!session.ok()) return {"session: " + session.error().to_string()};
  for (const Binding& binding : proven.bindings) {
    if (binding.role == static_cast<uint8_t>(Role::kConstant)) continue;
    const std::string name(proven.name(binding.name));
    if (const Status bound = session->bind(name, data[name]); !bound.ok())
      return {"bind: " + bound.error().to_string()};
  }
  for (uint32_t i = 0; i < replays; ++i) {
    for (const Scalar& scalar : proven.scalars) {
      const auto range = static_cast<uint64_t>(scalar.max - scalar.min) + 1;
      const int64_t value = scalar.min + static_cast<int64_t>((seed * 7 + i * 5) % range);
      if (const Status set = session->set_scalar(proven.name(scalar.name), value); !set.ok())
        return {"scalar: " + set.error().to_string()};
    }
    if (const Status replayed = session->replay(); !replayed.ok()) return {"replay: " + replayed.error().to_string()};
  }
  for (const Binding& binding : proven.bindings)
    if (binding.role == static_cast<uint8_t>(Role::kOutput) || binding.role == static_cast<uint8_t>(Role::kState))
      side.content[std::string(proven.name(binding.name))] = data[std::string(proven.name(binding.name))];
  return side;
}

}  // namespace

TwiceReplayed replay_twice(Schedule schedule, const DeviceOptions& device, uint64_t seed, uint32_t replays) {
  TwiceReplayed result;
  result.ops = schedule.ops.size();
  const Side host = replay_on(schedule, {}, seed, replays);
  if (!host.failure.empty()) return {"on the host: " + host.failure};
  const Side other = replay_on(std::move(schedule), device, seed, replays);
  if (!other.failure.empty()) return {"on the device: " + other.failure};
  result.way = other.way;
  result.unfaithful = host.unfaithful || other.unfaithful;
  for (const auto& [name, values] : host.content) {
    const std::vector<float>& found = other.content.at(name);
    for (size_t i = 0; i < values.size() && result.difference.empty(); ++i)
      if (std::memcmp(&values[i], &found[i], sizeof(float)) != 0)
        result.difference = name + "[" + std::to_string(i) + "]: " + std::to_string(values[i]) + " on the host, " +
                            std::to_string(found[i]) + " on the device";
  }
  return result;
}

}  // namespace rondo::testing
