// rondo show: what a schedule file says, for people; or the same file in its other form.
#include <algorithm>
#include <bit>
#include <map>
#include <ostream>
#include "rondo/contracts.h"
#include "rondo/load.h"
#include "rondo/verify.h"
#include "schedules/order/canonical_order.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/memory_chart.h"
#include "tools/schedule_file.h"
#include "tools/table.h"
#include "tools/timeline.h"

namespace rondo::cli {
namespace {

constexpr uint64_t kMaxSteps = uint64_t{1} << 28;  // streams looked at while ordering a hostile file

std::string owner_text(const Schedule& schedule, const Arena& arena) {
  switch (static_cast<OwnerKind>(arena.owner_kind)) {
    case OwnerKind::kLane:
      return "lane " + std::to_string(arena.owner);
    case OwnerKind::kGroup:
      return "group " +
             std::string(arena.owner < schedule.groups.size() ? schedule.name(schedule.groups[arena.owner].name) : "?");
    case OwnerKind::kEveryone:
      return "everyone";
  }
  return "?";
}

std::string space_text(const Schedule& schedule, uint16_t space) {
  if (space >= schedule.spaces.size()) return space == 0xffff ? "host" : "?";
  return std::string(schedule.name(schedule.spaces[space].name));
}

const char* part_name(uint8_t part) { return part == static_cast<uint8_t>(Part::kPrepare) ? "prepare" : "replay"; }

void print_identity(const Schedule& schedule, Console& console) {
  using enum Table::Align;
  std::ostream& out = console.out();
  out << console.toned(Tone::kStrong, schedule.file.empty() ? std::string("schedule") : schedule.file) << '\n';
  Table table({"", ""}, {kLeft, kLeft});
  if (!schedule.producer.empty()) table.add({"made by", schedule.producer});
  if (!schedule.source.empty()) table.add({"from", schedule.source});
  table.add({"for", (schedule.machine.empty() ? "" : schedule.machine + ", ") + "backend " + schedule.backend + ", " +
                        counted(schedule.lane_count, "lane")});
  table.add({"digest", digest_of(schedule)});
  out << table.text();
}

void print_bindings(const Schedule& schedule, std::ostream& out) {
  using enum Table::Align;
  Table table({"binding", "role", "type", "shape", "bytes"}, {kLeft, kLeft, kLeft, kLeft, kRight});
  for (uint32_t i = 0; i < schedule.bindings.size(); ++i) {
    const Binding& binding = schedule.bindings[i];
    table.add({base_name(schedule, static_cast<uint32_t>(schedule.arenas.size()) + i), role_name(binding.role),
               dtype_name(binding.dtype), shape_text(std::span(binding.shape, binding.rank)),
               with_commas(bytes_of(binding))});
  }
  if (!table.empty()) out << "\nTensors from outside\n" << table.text();
}

void print_arenas(const Schedule& schedule, std::ostream& out) {
  using enum Table::Align;
  Table table({"arena", "space", "owner", "bytes", "of capacity", "filled by"},
              {kLeft, kLeft, kLeft, kRight, kRight, kLeft});
  for (uint32_t i = 0; i < schedule.arenas.size(); ++i) {
    const Arena& arena = schedule.arenas[i];
    const uint64_t capacity = arena.space < schedule.spaces.size() ? schedule.spaces[arena.space].capacity_bytes : 0;
    table.add({base_name(schedule, i), space_text(schedule, arena.space), owner_text(schedule, arena),
               with_commas(arena.bytes), with_commas(capacity),
               arena.prepared != 0 ? "prepare, once" : "every replay"});
  }
  if (!table.empty()) out << "\nArenas: memory the replay works in\n" << table.text();
}

// "44 matmul, 43 copy": the kernels of a run of ops, most frequent first.
std::string kernel_counts(const Schedule& schedule, uint32_t first, uint32_t count) {
  std::map<std::string, uint64_t> counts;
  for (uint32_t op = first; op < first + count; ++op) ++counts[kernel_name(schedule, schedule.ops[op])];
  std::vector<std::pair<uint64_t, std::string>> sorted;
  sorted.reserve(counts.size());
  for (const auto& [name, number] : counts) sorted.emplace_back(number, name);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::string text;
  for (const auto& [number, name] : sorted) text += (text.empty() ? "" : ", ") + with_commas(number) + " " + name;
  return text;
}

void print_streams(const Schedule& schedule, std::ostream& out) {
  using enum Table::Align;
  Table table({"stream", "part", "lane", "engine", "in flight", "ops", "kernels"},
              {kLeft, kLeft, kRight, kLeft, kRight, kRight, kLeft});
  for (uint32_t i = 0; i < schedule.streams.size(); ++i) {
    const Stream& stream = schedule.streams[i];
    table.add({stream_name(schedule, i), part_name(stream.part), std::to_string(stream.lane),
               engine_name(stream.engine), std::to_string(stream.in_flight), with_commas(stream.op_count),
               kernel_counts(schedule, stream.first_op, stream.op_count)});
  }
  if (!table.empty()) {
    out << "\nStreams: each issues its operations in order";
    if (!schedule.tokens.empty())
      out << "; " << counted(schedule.tokens.size(), "token") << (schedule.tokens.size() == 1 ? " orders" : " order")
          << " them";
    out << '\n' << table.text();
  }
}

void print_phases(const Schedule& schedule, std::ostream& out) {
  using enum Table::Align;
  if (schedule.phases.empty()) return;
  std::vector<uint64_t> ops(schedule.phases.size(), 0);
  for (const Op& op : schedule.ops)
    if (op.phase < ops.size()) ++ops[op.phase];
  Table table({"phase", "ops"}, {kLeft, kRight});
  for (uint32_t i = 0; i < schedule.phases.size(); ++i) table.add({phase_name(schedule, i), with_commas(ops[i])});
  out << "\nPhases: labels for reading, they order nothing\n" << table.text();
}

struct ClaimText {
  std::string what, value, method;
};

ClaimText claim_text(const Schedule& schedule, const Claim& claim) {
  const std::string method(schedule.name(claim.method));
  const auto how = [&](const char* otherwise) { return method.empty() ? std::string(otherwise) : method; };
  const std::string arena = base_name(schedule, claim.a);
  const std::string number = with_commas(claim.value);
  const double real = std::bit_cast<double>(claim.value);
  switch (static_cast<ClaimKind>(claim.kind)) {
    case ClaimKind::kOps:
      return {"operations", number, how("of the replay, those that only wait included")};
    case ClaimKind::kCopies:
      return {"copies", number, how("of the replay, packing included")};
    case ClaimKind::kBytesMoved:
      return {"bytes moved, " + space_text(schedule, claim.a) + " to " + space_text(schedule, claim.b), number,
              how("by copies")};
    case ClaimKind::kFlops:
      return {"flops", number, how("by the formulas of the kernels' contracts")};
    case ClaimKind::kExtentPeak:
      return {"bytes used of arena " + arena, number, how("the highest address")};
    case ClaimKind::kLivePeak:
      return {"most bytes live in arena " + arena, number, how("in the order of a serial replay")};
    case ClaimKind::kPrepareOps:
      return {"operations of prepare", number, method};
    case ClaimKind::kMakespan:
      return {"makespan", number_text(real), how("each engine serving its streams in order, by the cost table")};
    case ClaimKind::kLowerBound:
      return {"lower bound", number_text(real), method};
    case ClaimKind::kLoadsEliminated:
      return {"loads eliminated", number, method};
  }
  return {"claim " + std::to_string(claim.kind), number, method};
}

void print_claims(const Schedule& schedule, const Report& report, Console& console) {
  using enum Table::Align;
  console.out() << "\nClaims: derived ones are recomputed by the verifier, stated ones where the file allows it\n";
  Table table({"claim", "value", "kind", "how"}, {kLeft, kRight, kLeft, kLeft});
  for (const Claim& claim : schedule.claims) {
    const ClaimText text = claim_text(schedule, claim);
    table.add(
        {text.what, text.value, is_derived(static_cast<ClaimKind>(claim.kind)) ? "derived" : "stated", text.method});
  }
  console.out() << (table.empty() ? "  none\n" : table.text());
  for (const Finding& finding : report.findings)
    if (finding.level == Level::kFaithful)
      console.out() << "  " << console.toned(Tone::kBad, finding.rule) << ": " << finding.message << '\n';
  console.out() << "  "
                << console.toned(report.claims_false == 0 && report.safe ? Tone::kGood : Tone::kBad, report.summary())
                << '\n';
}

std::string wait_text(const Schedule& schedule, const Op& op) {
  std::string text;
  const auto token = [&](uint32_t index) {
    const std::string name(index < schedule.tokens.size() ? schedule.name(schedule.tokens[index].name) : "");
    return name.empty() ? "t" + std::to_string(index) : name;
  };
  for (const Wait& wait : op.waits)
    if (wait.token != kNone) text += "  wait " + token(wait.token) + ">=" + std::to_string(wait.count);
  for (uint32_t slot = 0; slot < 2; ++slot)
    if (op.signals[slot] != kNone)
      text += std::string("  signal ") + token(op.signals[slot]) +
              (op.signal_kinds[slot] == static_cast<uint8_t>(SignalKind::kRead) ? " when read" : "");
  return text;
}

std::string flag_text(uint16_t flags) {
  std::string text;
  if ((flags & kOpInit) != 0) text += " init";
  if ((flags & kOpAccumulate) != 0) text += " accumulate";
  if ((flags & kOpFinal) != 0) text += " final";
  return text;
}

// " act=relu eps=1e-05": parameters by the kernel's contract; a choice of "none" is left out.
std::string parameter_text(const Schedule& schedule, const Op& op) {
  const Contract* contract = find_contract(kernel_name(schedule, op));
  if (contract == nullptr) return {};
  std::string text;
  for (size_t i = 0; i < contract->params.size(); ++i) {
    const ParamContract& param = contract->params[i];
    if (param.kind == ParamKind::kF32)
      text += " " + std::string(param.name) + "=" + number_text(std::bit_cast<float>(op.params[i]));
    if (param.kind != ParamKind::kEnum || op.params[i] >= word_count(param.choices)) continue;
    const std::string_view choice = word_at(param.choices, op.params[i]);
    if (choice != "none") text += " " + std::string(param.name) + "=" + std::string(choice);
  }
  return text;
}

void print_ops(const Schedule& schedule, const std::vector<uint32_t>& order, Part part, std::ostream& out) {
  using enum Table::Align;
  if (order.empty()) return;
  out << "\nOperations of " << part_name(static_cast<uint8_t>(part)) << ", in the order of a serial replay\n";
  Table table({"op", "stream", "kernel", "operands, waits and signals"}, {kRight, kLeft, kLeft, kLeft});
  for (const uint32_t index : order) {
    const Op& op = schedule.ops[index];
    std::string operands;
    for (uint32_t i = 0; i < op.operand_count; ++i) operands += (i == 0 ? "" : "  ") + operand_text(schedule, op, i);
    const std::string how = flag_text(op.flags) + parameter_text(schedule, op);
    if (!how.empty()) operands += " " + how;
    table.add({std::to_string(index), stream_name(schedule, stream_of(schedule, index)), kernel_name(schedule, op),
               operands + wait_text(schedule, op)});
  }
  out << table.text();
}

void print_memory(const Schedule& schedule, const std::vector<uint32_t>& order, Console& console) {
  std::ostream& out = console.out();
  for (uint32_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    if (schedule.arenas[arena].prepared != 0) continue;
    out << "\nmemory: bytes of arena " << base_name(schedule, arena) << " in use over the replay, ";
    const auto live = live_bytes(schedule, order, arena);
    if (!live) {
      out << "not drawn: too many separate rows\n";
      continue;
    }
    const auto peak = std::max_element(live->begin(), live->end());
    if (peak == live->end() || *peak == 0) {
      out << "never used\n";
      continue;
    }
    out << "at most " << with_commas(*peak) << " of " << with_commas(schedule.arenas[arena].bytes) << "\n"
        << memory_text(*live, console.columns(), 8);
    out << "  fullest at " << op_title(schedule, order[static_cast<size_t>(peak - live->begin())]) << '\n';
  }
}

Json claim_json(const Schedule& schedule, const Claim& claim) {
  const ClaimText text = claim_text(schedule, claim);
  const auto kind = static_cast<ClaimKind>(claim.kind);
  const bool real = kind == ClaimKind::kMakespan || kind == ClaimKind::kLowerBound;
  Json json = Json::object();
  json.set("what", text.what).set("value", real ? Json(std::bit_cast<double>(claim.value)) : Json(claim.value));
  json.set("derived", is_derived(kind));
  if (!text.method.empty()) json.set("method", text.method);
  return json;
}

Json overview_json(const Schedule& schedule) {
  Json json = Json::object();
  json.set("file", schedule.file).set("producer", schedule.producer).set("source", schedule.source);
  json.set("backend", schedule.backend).set("machine", schedule.machine).set("lanes", schedule.lane_count);
  json.set("digest", digest_of(schedule));
  Json bindings = Json::array(), arenas = Json::array(), streams = Json::array(), claims = Json::array(),
       phases = Json::array();
  for (uint32_t i = 0; i < schedule.bindings.size(); ++i) {
    const Binding& binding = schedule.bindings[i];
    Json shape = Json::array();
    for (uint32_t axis = 0; axis < binding.rank; ++axis) shape.add(binding.shape[axis]);
    bindings.add(Json::object()
                     .set("name", base_name(schedule, static_cast<uint32_t>(schedule.arenas.size()) + i))
                     .set("role", role_name(binding.role))
                     .set("dtype", dtype_name(binding.dtype))
                     .set("shape", shape)
                     .set("bytes", bytes_of(binding)));
  }
  for (uint32_t i = 0; i < schedule.arenas.size(); ++i) {
    const Arena& arena = schedule.arenas[i];
    arenas.add(Json::object()
                   .set("name", base_name(schedule, i))
                   .set("space", space_text(schedule, arena.space))
                   .set("owner", owner_text(schedule, arena))
                   .set("bytes", arena.bytes)
                   .set("prepared", arena.prepared != 0));
  }
  for (uint32_t i = 0; i < schedule.streams.size(); ++i) {
    const Stream& stream = schedule.streams[i];
    streams.add(Json::object()
                    .set("name", stream_name(schedule, i))
                    .set("part", part_name(stream.part))
                    .set("lane", stream.lane)
                    .set("engine", engine_name(stream.engine))
                    .set("in_flight", stream.in_flight)
                    .set("ops", stream.op_count));
  }
  for (uint32_t i = 0; i < schedule.phases.size(); ++i) phases.add(phase_name(schedule, i));
  for (const Claim& claim : schedule.claims) claims.add(claim_json(schedule, claim));
  json.set("bindings", bindings).set("arenas", arenas).set("streams", streams);
  json.set("tokens", schedule.tokens.size()).set("ops", schedule.ops.size()).set("values", schedule.values.size());
  return json.set("phases", phases).set("claims", claims);
}

Json timeline_json(const Schedule& schedule, const Timeline& timeline) {
  Json spans = Json::array();
  for (const OpTime& span : timeline.spans)
    spans.add(Json::object()
                  .set("op", span.op)
                  .set("stream", stream_name(schedule, span.stream))
                  .set("kernel", kernel_name(schedule, schedule.ops[span.op]))
                  .set("begin", span.begin)
                  .set("end", span.end));
  return Json::object().set("end", timeline.end).set("from_costs", timeline.from_costs).set("spans", spans);
}

Json memory_json(const Schedule& schedule, const std::vector<uint32_t>& order) {
  Json json = Json::object();
  for (uint32_t arena = 0; arena < schedule.arenas.size(); ++arena) {
    if (schedule.arenas[arena].prepared != 0) continue;
    Json live = Json::array();
    if (const auto bytes = live_bytes(schedule, order, arena))
      for (const uint64_t count : *bytes) live.add(count);
    json.set(base_name(schedule, arena), live);
  }
  return json;
}

int convert(const ShowCommand& command, const Schedule& schedule, Console& console) {
  const bool text = writes_text(command.form, command.output);
  if (command.output != "-" && same_file(command.output, command.schedule))
    return console.fail(kUsage, "-o " + command.output + " would overwrite the input");
  const std::string bytes = encode(schedule, text);
  const std::string what = command.output + ": " + bytes_text(bytes.size()) + ", " + (text ? "text" : "binary");
  if (command.dry_run) {
    console.note("dry run: not written: " + what);
    return kGood;
  }
  if (const Status written = write_output(command.output, bytes, console); !written.ok())
    return console.fail(written.error());
  if (command.output != "-") console.note("wrote " + what);
  return kGood;
}

}  // namespace

int run_show(const ShowCommand& command, Console& console) {
  Result<Schedule> loaded = load(command.schedule);
  if (!loaded.ok()) return console.fail(loaded.error());
  const Schedule& schedule = *loaded;
  if (!command.output.empty()) return convert(command, schedule, console);
  if (command.canonical) {
    console.out() << print_text(schedule);
    return kGood;
  }

  CanonicalOrder replay;
  if (command.ops || command.timeline || command.memory) {
    replay = canonical_order(schedule, Part::kReplay, kMaxSteps);
    for (const CanonicalOrder::Stuck& stuck : replay.stuck)
      console.note("rondo: the replay hangs: " + op_title(schedule, stuck.op) +
                   " waits for ever; what is shown ends before it");
  }
  const bool overview = !command.ops && !command.timeline && !command.memory && !command.claims;
  if (console.json) {
    Json json = overview_json(schedule);
    if (command.timeline) json.set("timeline", timeline_json(schedule, predict_timeline(schedule, replay.ops)));
    if (command.memory) json.set("memory", memory_json(schedule, replay.ops));
    if (command.ops) {
      Json ops = Json::array();
      for (const uint32_t op : replay.ops) {
        Json operands = Json::array();
        for (uint32_t i = 0; i < schedule.ops[op].operand_count; ++i)
          operands.add(operand_text(schedule, schedule.ops[op], i));
        ops.add(Json::object()
                    .set("op", op)
                    .set("stream", stream_name(schedule, stream_of(schedule, op)))
                    .set("kernel", kernel_name(schedule, schedule.ops[op]))
                    .set("operands", operands));
      }
      json.set("replay", ops);
    }
    console.print(json);
    return kGood;
  }
  print_identity(schedule, console);
  if (overview) {
    print_bindings(schedule, console.out());
    print_arenas(schedule, console.out());
    print_streams(schedule, console.out());
    print_phases(schedule, console.out());
  }
  if (overview || command.claims) print_claims(schedule, verify(schedule).report, console);
  if (command.ops) {
    print_ops(schedule, canonical_order(schedule, Part::kPrepare, kMaxSteps).ops, Part::kPrepare, console.out());
    print_ops(schedule, replay.ops, Part::kReplay, console.out());
  }
  if (command.timeline)
    console.out() << '\n' << timeline_text(schedule, predict_timeline(schedule, replay.ops), console.columns());
  if (command.memory) print_memory(schedule, replay.ops, console);
  return kGood;
}

}  // namespace rondo::cli
