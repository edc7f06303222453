#include "tests/backends/twice_replayed.h"

#include <cstring>
#include <random>
#include "rondo/verify.h"
#include "tests/whole/without_meaning.h"

namespace rondo::testing {
namespace {

struct Side {
  std::string failure;
  std::map<std::string, std::vector<std::byte>> content;  // of outputs and states
  ReplayWay way;
  bool unfaithful = false;
};

// Numbers of both signs; row numbers of a table as it wants them, of an input also beyond
// the rows there are.
std::vector<std::byte> content_of(const Binding& binding, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> made(bytes_of(binding));
  const auto dtype = static_cast<DType>(binding.dtype);
  const size_t element = size_of(dtype);
  for (size_t i = 0; i * element < made.size(); ++i) {
    int64_t row = static_cast<int64_t>(random() % 90) - 5;
    if (binding.role == static_cast<uint8_t>(Role::kTable))
      row = static_cast<int64_t>(binding.distinct != 0 ? i : random() % binding.index_limit);
    const auto narrow = static_cast<int32_t>(row);
    const float value = static_cast<float>(static_cast<int64_t>(random() % 2001) - 1000) / 512.0f;
    const void* from = dtype == DType::kI64   ? static_cast<const void*>(&row)
                       : dtype == DType::kI32 ? static_cast<const void*>(&narrow)
                                              : &value;
    std::memcpy(made.data() + i * element, from, element);
  }
  return made;
}

Buffer buffer_of(const Binding& binding, std::vector<std::byte>& bytes) {
  return Buffer(static_cast<void*>(bytes.data()), bytes.size(), static_cast<DType>(binding.dtype));
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
  std::map<std::string, std::vector<std::byte>> data;
  std::vector<Constant> constants;
  for (uint32_t i = 0; i < proven.bindings.size(); ++i) {
    const Binding& binding = proven.bindings[i];
    std::vector<std::byte>& bytes = data[std::string(proven.name(binding.name))] = content_of(binding, seed * 31 + i);
    if (binding.role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back({proven.name(binding.name), buffer_of(binding, bytes)});
  }
  const Result<Program> program = Runtime(options).prepare(*verification.schedule, constants);
  if (!program.ok()) return {"prepare: " + program.error().to_string()};
  side.way = program->way();
  // States in memory of their own, or bound like inputs and outputs.
  const bool own_state = seed % 2 == 0;
  SessionOptions session_options;
  session_options.own_state = own_state;
  Result<Session> session = program->session(session_options);
  if (!session.ok()) return {"session: " + session.error().to_string()};
  for (const Binding& binding : proven.bindings) {
    if (binding.role == static_cast<uint8_t>(Role::kConstant)) continue;
    const std::string name(proven.name(binding.name));
    std::vector<std::byte>& bytes = data[name];
    Status given;
    if (binding.role == static_cast<uint8_t>(Role::kTable))
      given = session->set_table(*program->binding(name), buffer_of(binding, bytes));
    else if (binding.role == static_cast<uint8_t>(Role::kState) && own_state)
      given = session->state()->write(name, bytes);
    else
      given = session->bind(name, buffer_of(binding, bytes));
    if (!given.ok()) return {"bind: " + given.error().to_string()};
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
  for (const Binding& binding : proven.bindings) {
    const bool state = binding.role == static_cast<uint8_t>(Role::kState);
    if (binding.role != static_cast<uint8_t>(Role::kOutput) && !state) continue;
    const std::string name(proven.name(binding.name));
    if (state && own_state)
      if (const Status read = session->state()->read(name, data[name]); !read.ok())
        return {"read: " + read.error().to_string()};
    side.content[name] = data[name];
  }
  return side;
}

}  // namespace

TwiceReplayed replay_twice(Schedule schedule, const DeviceOptions& device, uint64_t seed, uint32_t replays) {
  TwiceReplayed result;
  result.ops = schedule.ops.size();
  const Side host = replay_on(schedule, {}, seed, replays);
  if (!host.failure.empty()) return {"on the host: " + host.failure};
  Side other = replay_on(std::move(schedule), device, seed, replays);
  if (!other.failure.empty()) return {"on the device: " + other.failure};
  result.way = other.way;
  result.unfaithful = host.unfaithful || other.unfaithful;
  for (const auto& [name, values] : host.content) {
    const std::vector<std::byte>& found = other.content.at(name);
    const auto number = [](const std::vector<std::byte>& bytes, size_t i) {
      float value = 0;
      std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
      return std::to_string(value);
    };
    for (size_t i = 0; (i + 1) * sizeof(float) <= values.size() && result.difference.empty(); ++i)
      if (std::memcmp(values.data() + i * sizeof(float), found.data() + i * sizeof(float), sizeof(float)) != 0)
        result.difference = name + "[" + std::to_string(i) + "]: " + number(values, i) + " on the host, " +
                            number(found, i) + " on the device";
  }
  result.content = std::move(other.content);
  return result;
}

}  // namespace rondo::testing
