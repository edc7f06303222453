// rondo run: verify, prepare, replay, and say what came out.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>
#include "planner/claims/derive_claims.h"
#include "rondo/load.h"
#include "rondo/runtime.h"
#include "rondo/verify.h"
#include "runtime/physical_memory.h"
#include "schedules/digest/sha256.h"
#include "schedules/yaml/document.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/findings.h"
#include "tools/graph_check.h"
#include "tools/npy.h"
#include "tools/observation.h"
#include "tools/schedule_file.h"
#include "tools/table.h"
#include "tools/tensor_data.h"

namespace rondo::cli {
namespace {

// The memory of one binding during the run.
struct Tensor {
  const BindingRequirement* need = nullptr;
  AlignedBytes data;
  std::vector<std::byte> before;  // of a state that will be compared: its content before the run
};

bool is_given(Role role) { return role != Role::kOutput; }
bool must_be_given(Role role) { return role == Role::kInput || role == Role::kConstant || role == Role::kTable; }

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

// The binding called `name`, if its role is one the option takes; else a usage error that lists them.
Result<const BindingRequirement*> find_binding(const Requirements& needs, const std::string& name, bool given,
                                               const char* option) {
  std::vector<std::string_view> names;
  std::string list;
  for (const BindingRequirement& need : needs.bindings) {
    if (is_given(need.role) != given) continue;
    if (need.name == name) return &need;
    names.push_back(need.name);
    list += (list.empty() ? "" : ", ") + need.name;
  }
  return make_error(ErrorCode::kInvalidArgument, std::string(option) + " " + name + "=...: the schedule has no such " +
                                                     (given ? "input" : "output") + yaml::did_you_mean(name, names) +
                                                     "; it has " + (list.empty() ? "none" : list));
}

Status check_names(const RunCommand& command, const Requirements& needs) {
  using enum Table::Align;
  for (const bool given : {true, false}) {
    const std::vector<NamedFile>& files = given ? command.inputs : command.outputs;
    const char* option = given ? "--input" : "--output";
    for (size_t i = 0; i < files.size(); ++i) {
      if (auto found = find_binding(needs, files[i].first, given, option); !found.ok()) return found.error();
      for (size_t j = 0; j < i; ++j)
        if (files[j].first == files[i].first)
          return make_error(ErrorCode::kInvalidArgument,
                            std::string(option) + " " + files[i].first + " is given twice");
    }
  }
  if (command.random_seed) return {};
  Table missing({"", ""}, {kLeft, kLeft});
  for (const BindingRequirement& need : needs.bindings) {
    const bool given = std::any_of(command.inputs.begin(), command.inputs.end(),
                                   [&](const NamedFile& file) { return file.first == need.name; });
    if (!must_be_given(need.role) || given) continue;
    missing.add({"--input " + need.name + "=FILE.npy", role_name(static_cast<uint8_t>(need.role)) + ", " +
                                                           std::string(info(need.dtype).name) + " " +
                                                           shape_text(need.shape)});
  }
  if (missing.empty()) return {};
  return make_error(ErrorCode::kInvalidArgument,
                    command.schedule + " needs\n" + missing.text() + "or --random-inputs SEED");
}

struct Memory {
  uint64_t tensors = 0, program = 0, session = 0, state = 0, limit = 0;
  uint64_t total() const {  // saturating: sizes come from the file
    uint64_t sum = 0;
    for (const uint64_t part : {tensors, program, session, state})
      if (__builtin_add_overflow(sum, part, &sum)) return UINT64_MAX;
    return sum;
  }
};

Memory memory_of(const Requirements& needs, const RunCommand& command) {
  Memory memory;
  for (const BindingRequirement& need : needs.bindings)
    if (need.role != Role::kState && __builtin_add_overflow(memory.tensors, need.bytes, &memory.tensors))
      memory.tensors = UINT64_MAX;
  memory.program = needs.program_bytes;
  memory.session = needs.session_bytes;
  memory.state = needs.state_bytes;
  memory.limit =
      command.memory_limit_bytes != 0 ? command.memory_limit_bytes : runtime::physical_memory_bytes() / 4 * 3;
  return memory;
}

int dry_run(const Requirements& needs, const Memory& memory, const VerifiedSchedule& verified, Console& console) {
  using enum Table::Align;
  if (console.json) {
    console.print(Json::object()
                      .set("dry_run", true)
                      .set("tensor_bytes", memory.tensors)
                      .set("program_bytes", memory.program)
                      .set("session_bytes", memory.session)
                      .set("state_bytes", memory.state)
                      .set("total_bytes", memory.total())
                      .set("limit_bytes", memory.limit));
    return kGood;
  }
  std::ostream& out = console.out();
  Table arenas({"arena", "bytes", "aligned to", "for"}, {kLeft, kRight, kRight, kLeft});
  for (const ArenaRequirement& arena : needs.arenas)
    arenas.add({arena.name, with_commas(arena.bytes), with_commas(arena.align_bytes),
                arena.prepared ? "the program: filled once" : "each session"});
  Table table({"", "", ""}, {kLeft, kRight, kLeft});
  table.add({"inputs and outputs", with_commas(memory.tensors), "bytes"});
  table.add({"program", with_commas(memory.program), "bytes"});
  table.add({"session", with_commas(memory.session), "bytes"});
  if (memory.state != 0) table.add({"state", with_commas(memory.state), "bytes"});
  table.add({"together", with_commas(memory.total()), "bytes, of " + with_commas(memory.limit) + " allowed"});
  out << console.toned(Tone::kGood, verified.report().summary()) << "\n\n";
  if (!arenas.empty()) out << arenas.text() << '\n';
  out << table.text() << "\ndry run: nothing was replayed\n";
  return kGood;
}

// Everything the host lends, in the order of the bindings.
Result<std::vector<Tensor>> gather_tensors(const RunCommand& command, const Requirements& needs,
                                           const Schedule& schedule) {
  std::vector<Tensor> tensors;
  for (const BindingRequirement& need : needs.bindings) {
    Tensor tensor{&need, {}, {}};
    const auto file = std::find_if(command.inputs.begin(), command.inputs.end(),
                                   [&](const NamedFile& named) { return named.first == need.name; });
    if (file != command.inputs.end()) {
      Result<AlignedBytes> read = read_npy(file->second, {need.name, need.dtype, need.shape, need.align_bytes});
      if (!read.ok()) return read.error();
      tensor.data = *std::move(read);
    } else {
      tensor.data = AlignedBytes(need.bytes, need.align_bytes);
      if (tensor.data.data() == nullptr)
        return make_error(ErrorCode::kDoesNotFit,
                          "no memory for the " + with_commas(need.bytes) + " bytes of " + in_quotes(need.name));
      if (need.role == Role::kTable) {
        const Status filled = fill_random_table(tensor.data.bytes(), schedule.bindings[need.binding],
                                                command.random_seed.value_or(0), need.name);
        if (!filled.ok()) return filled.error();
      } else if (must_be_given(need.role)) {
        fill_random(tensor.data.bytes(), schedule.bindings[need.binding], command.random_seed.value_or(0), need.name);
      } else {
        std::fill_n(tensor.data.data(), need.bytes, std::byte{0});
      }
    }
    // Whoever reads a row of a state that is written reads what was written (rule M05), so every
    // replay of the same inputs leaves what the first one left.
    if (need.role == Role::kState && !command.check.empty())
      tensor.before.assign(tensor.data.bytes().begin(), tensor.data.bytes().end());
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Result<Program> prepare(const RunCommand& command, const VerifiedSchedule& verified, const std::vector<Tensor>& tensors,
                        uint64_t memory_limit) {
  RuntimeOptions options;
  options.memory_limit_bytes = memory_limit;
  options.workers = command.workers;
  for (const InstructionSet set : {InstructionSet::kReference, InstructionSet::kAvx2, InstructionSet::kAvx512})
    if (command.isa == name_of(set)) options.limit = set;
  if (options.limit > detect_instruction_set() && !command.isa.empty())
    return make_error(ErrorCode::kUnavailable,
                      "this CPU has no " + command.isa + "; its best is " + name_of(detect_instruction_set()));
  if (const std::string& backend = verified.schedule().backend; backend != "cpu") {
    options.device.backend = backend;
    options.device.launching = command.launching;
    if (command.resident_lanes != 0) options.device.emulated.max_resident_lanes = command.resident_lanes;
    options.device.emulated.ns_per_cost = command.pace;
  }
  std::vector<Constant> constants;
  for (const Tensor& tensor : tensors)
    if (tensor.need->role == Role::kConstant)
      constants.push_back({tensor.need->name, Buffer(static_cast<const void*>(tensor.data.data()), tensor.data.size(),
                                                     tensor.need->dtype)});
  return Runtime(options).prepare(verified, constants);
}

Result<Session> open_session(const RunCommand& command, const Program& program, std::vector<Tensor>& tensors) {
  SessionOptions options;
  options.own_state = false;
  Result<Session> session = program.session(options);
  if (!session.ok()) return session;
  for (Tensor& tensor : tensors) {
    if (tensor.need->role == Role::kConstant) continue;
    const Result<BindingHandle> handle = program.binding(tensor.need->name);
    if (!handle.ok()) return handle.error();
    const Buffer buffer(static_cast<void*>(tensor.data.data()), tensor.data.size(), tensor.need->dtype);
    const Status bound =
        tensor.need->role == Role::kTable ? session->set_table(*handle, buffer) : session->bind(*handle, buffer);
    if (!bound.ok()) return bound.error();
  }
  for (const auto& [name, value] : command.scalars)
    if (const Status set = session->set_scalar(name, value); !set.ok()) return set.error();
  return session;
}

// Times of all replays, in ns.
Result<std::vector<double>> replay(Session& session, uint32_t repeat, TraceBuffer* trace, Console& console) {
  std::vector<double> times;
  for (uint32_t i = 0; i < repeat; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Status status = trace != nullptr ? session.replay(*trace) : session.replay();
    const auto end = std::chrono::steady_clock::now();
    if (!status.ok()) return status.error();
    times.push_back(static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count()));
    if (!console.progress(static_cast<double>(i + 1) / repeat, "replaying")) break;
  }
  console.end_progress();
  return times;
}

uint64_t replay_flops(const Schedule& schedule) {
  uint64_t flops = 0;
  for (const Stream& stream : schedule.streams)
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
      if (stream.part == static_cast<uint8_t>(Part::kReplay)) flops += flops_of(schedule, schedule.ops[op]);
  return flops;
}

struct Times {
  double min_ns = 0, median_ns = 0;
  uint64_t replays = 0;
};

Times summarize(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.size()};
}

void print_outputs(const std::vector<Tensor>& tensors, std::ostream& out) {
  using enum Table::Align;
  Table table({"output", "type", "shape", "min", "max", "mean", "sha256", ""},
              {kLeft, kLeft, kLeft, kRight, kRight, kRight, kLeft, kLeft});
  for (const Tensor& tensor : tensors) {
    if (tensor.need->role != Role::kOutput) continue;
    const Statistics statistics = statistics_of(tensor.data.bytes(), tensor.need->dtype);
    table.add({tensor.need->name, std::string(info(tensor.need->dtype).name), shape_text(tensor.need->shape),
               number_text(statistics.min), number_text(statistics.max), number_text(statistics.mean),
               sha256_hex(tensor.data.bytes()).substr(0, 12),
               statistics.nans != 0 ? counted(statistics.nans, "NaN") : ""});
  }
  out << table.text();
}

Json outputs_json(const std::vector<Tensor>& tensors) {
  Json outputs = Json::array();
  for (const Tensor& tensor : tensors) {
    if (tensor.need->role != Role::kOutput) continue;
    const Statistics statistics = statistics_of(tensor.data.bytes(), tensor.need->dtype);
    Json shape = Json::array();
    for (const uint32_t extent : tensor.need->shape) shape.add(extent);
    outputs.add(Json::object()
                    .set("name", tensor.need->name)
                    .set("dtype", info(tensor.need->dtype).name)
                    .set("shape", shape)
                    .set("min", statistics.min)
                    .set("max", statistics.max)
                    .set("mean", statistics.mean)
                    .set("nans", statistics.nans)
                    .set("sha256", sha256_hex(tensor.data.bytes())));
  }
  return outputs;
}

Status write_outputs(const RunCommand& command, const std::vector<Tensor>& tensors, Console& console) {
  for (const auto& [name, path] : command.outputs)
    for (const Tensor& tensor : tensors) {
      if (tensor.need->name != name) continue;
      const Result<std::string> file = npy_file(tensor.need->dtype, tensor.need->shape, tensor.data.bytes());
      if (!file.ok()) return file.error();
      if (Status written = write_output(path, *file, console); !written.ok()) return written;
      console.detail("wrote " + path + ": " + bytes_text(file->size()));
    }
  return {};
}

int refuse(const RunCommand& command, const Schedule& schedule, const Report& report, Console& console) {
  if (console.json) console.print(Json::object().set("replayed", false).set("verification", report.summary()));
  return fail_with_findings(schedule, report,
                            command.schedule + " is not replayed: " + report.summary() + " (`rondo verify` tells all)",
                            console);
}

// The member that --member names, else the first one.
Result<VerifiedSchedule> choose_member(const RunCommand& command, const VerifiedSchedule& verified) {
  if (command.member.empty()) return verified.member(0);
  const Schedule& file = verified.schedule();
  std::string known;
  for (uint32_t member = 0; member < verified.member_count(); ++member) {
    const std::string_view name = file.name(file.members[member].name);
    if (name == command.member) return verified.member(member);
    known += (member == 0 ? "" : ", ") + in_quotes(name);
  }
  return make_error(ErrorCode::kNotFound, "there is no member " + in_quotes(command.member) + "; the file has " + known,
                    {command.schedule, 0, 0});
}

// What --check compares with, in the words of graph_check.h.
std::vector<NamedTensor> named(const std::vector<Tensor>& tensors) {
  std::vector<NamedTensor> list;
  for (const Tensor& tensor : tensors) {
    const bool state = tensor.need->role == Role::kState;
    list.push_back({tensor.need->name, tensor.need->role, tensor.need->dtype, tensor.need->shape,
                    state ? std::span<const std::byte>(tensor.before) : tensor.data.bytes(),
                    state ? tensor.data.bytes() : std::span<const std::byte>()});
  }
  return list;
}

}  // namespace

int run_run(const RunCommand& command, Console& console) {
  Result<Schedule> loaded = load(command.schedule);
  if (!loaded.ok()) return console.fail(loaded.error());
  const Schedule whole = *loaded;
  const Verification verification = verify(*std::move(loaded));
  if (!verification.schedule) return refuse(command, whole, verification.report, console);
  const Result<VerifiedSchedule> chosen = choose_member(command, *verification.schedule);
  if (!chosen.ok()) return console.fail(chosen.error(), kUsage);
  const VerifiedSchedule& verified = *chosen;
  const Schedule& schedule = verified.schedule();
  console.detail(verification.report.summary());

  Requirements needs = requirements_of(verified);
  if (whole.members.size() > 1)  // what other members use is not asked for
    std::erase_if(needs.bindings,
                  [](const BindingRequirement& need) { return !need.read_in_prepare && !need.used_in_replay; });
  const Memory memory = memory_of(needs, command);
  if (command.dry_run) return dry_run(needs, memory, verified, console);
  if (const Status names = check_names(command, needs); !names.ok()) return console.fail(names.error());
  Result<Graph> graph = Graph{};
  if (!command.check.empty()) {
    graph = load_graph(command.check);
    if (!graph.ok()) return console.fail(graph.error());
  }
  if (memory.total() > memory.limit)
    return console.fail(
        make_error(ErrorCode::kDoesNotFit,
                   "needs " + bytes_text(memory.total()) + " of memory, " + bytes_text(memory.limit) + " are allowed",
                   {command.schedule, 0, 0}));

  Result<std::vector<Tensor>> tensors = gather_tensors(command, needs, schedule);
  if (!tensors.ok()) return console.fail(tensors.error());
  const Result<Program> program = prepare(command, verified, *tensors, memory.limit);
  if (!program.ok()) return console.fail(program.error());
  Result<Session> session = open_session(command, *program, *tensors);
  if (!session.ok()) return console.fail(session.error());
  Result<Observation> observation = make_observation(command, *program);
  if (!observation.ok()) return console.fail(observation.error());
  TraceBuffer* trace = observation->trace ? &*observation->trace : nullptr;
  const Result<std::vector<double>> all_times = replay(*session, command.repeat, trace, console);
  if (!all_times.ok())
    return console.fail(all_times.error(), all_times.error().code == ErrorCode::kFailedPrecondition
                                               ? kUsage
                                               : exit_code_of(all_times.error().code));
  const Times times = summarize(*all_times);
  if (const Status written = write_outputs(command, *tensors, console); !written.ok())
    return console.fail(written.error());
  const Result<std::optional<PlanComparison>> comparison = write_observation(command, *program, *observation, console);
  if (!comparison.ok()) return console.fail(comparison.error());

  std::optional<GraphCheck> check;
  if (!command.check.empty()) {
    Result<GraphCheck> compared =
        check_graph(*graph, named(*tensors), {command.scalars.begin(), command.scalars.end()});
    if (!compared.ok()) return console.fail(compared.error());
    check = *std::move(compared);
  }
  const bool data_on_stdout = std::any_of(command.outputs.begin(), command.outputs.end(),
                                          [](const NamedFile& file) { return file.second == "-"; });
  const double gflops = times.min_ns > 0 ? static_cast<double>(replay_flops(schedule)) / times.min_ns : 0;
  if (console.json) {
    Json kernels = Json::array();
    for (const std::string& name : program->kernel_names()) kernels.add(name);
    Json json = Json::object();
    json.set("file", command.schedule).set("digest", verification.report.digest);
    json.set("verification", verification.report.summary());
    json.set("instruction_set", name_of(program->instruction_set())).set("kernels", kernels);
    json.set("workers", program->workers());
    json.set("backend", program->way().backend).set("launches", program->way().launches);
    json.set("replays", times.replays);
    json.set("time_ns", Json::object()
                            .set("min", static_cast<uint64_t>(times.min_ns))
                            .set("median", static_cast<uint64_t>(times.median_ns)))
        .set("gflop_s", gflops);
    json.set("outputs", outputs_json(*tensors));
    if (check) json.set("check", check->json());
    if (*comparison && command.compare_plan) json.set("plan", (*comparison)->json());
    console.print(json);
  } else if (!data_on_stdout && console.verbosity >= 0) {
    std::ostream& out = console.out();
    out << "verified  " << verification.report.summary() << '\n';
    out << "replayed  " << counted(verified.order(Part::kReplay).size(), "op") << " on "
        << name_of(program->instruction_set()) << ", ";
    if (program->way().launches != 0) out << program->way().text() << ", ";
    if (command.workers > 1) out << counted(program->workers(), "worker") << ", ";
    if (times.replays == 1)
      out << time_text(times.min_ns);
    else
      out << with_commas(times.replays) << " times: min " << time_text(times.min_ns) << ", median "
          << time_text(times.median_ns);
    if (gflops > 0) out << " (" << number_text(gflops) << " GFLOP/s)";
    out << "\n\n";
    print_outputs(*tensors, out);
    if (check) out << '\n' << check->text();
    if (*comparison && command.compare_plan) out << '\n' << (*comparison)->text();
  }
  if (check && !check->good())
    return console.fail(kBad, command.schedule + " does not compute " + command.check + ": " + check->failure());
  return console.interrupted() ? kInterrupted : kGood;
}

}  // namespace rondo::cli
