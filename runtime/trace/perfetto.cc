// TraceBuffer -> native Perfetto protobuf.
//
// What is the same in every replay (names, arguments, edges) is encoded once; a
// replay adds times and flow ids. One packet sequence; its names are defined anew
// every few MB, so that any later part of a large file can be read by itself.
#include <unistd.h>
#include <algorithm>
#include <map>
#include <unordered_map>
#include "rondo/trace.h"
#include "runtime/memory.h"
#include "runtime/roofline/op_cost.h"
#include "runtime/trace/flows.h"
#include "runtime/trace/live_bytes.h"
#include "runtime/trace/perfetto_fields.h"
#include "runtime/trace/protobuf.h"
#include "runtime/trace/trace_recorder.h"

namespace rondo {
namespace runtime {
namespace {

using namespace perfetto;

constexpr uint64_t kSequence = 1;
constexpr size_t kGenerationBytes = size_t{4} << 20;
constexpr uint64_t kLiveRunLimit = uint64_t{1} << 20;  // above it an arena gets no counter

// Strings of one interned family; ids start at 1.
class Interner {
 public:
  explicit Interner(uint32_t field) : field_(field) {}
  uint64_t id(const std::string& text) {
    const auto [at, added] = ids_.emplace(text, texts_.size() + 1);
    if (added) texts_.push_back(text);
    return at->second;
  }
  void write(ProtoWriter& writer) const {
    for (size_t i = 0; i < texts_.size(); ++i)
      writer.message(field_, [&] {
        writer.uint(interned::kIid, i + 1);
        writer.text(interned::kText, texts_[i]);
      });
  }

 private:
  uint32_t field_;
  std::unordered_map<std::string, uint64_t> ids_;
  std::vector<std::string> texts_;
};

// Neighbouring inputs give far apart results (splitmix64).
uint64_t scattered(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

const char* engine_name(uint8_t engine) {
  constexpr const char* kNames[] = {"compute", "copy in", "copy out"};
  return engine < std::size(kNames) ? kNames[engine] : "engine";
}

class Encoder {
 public:
  Encoder(const Program& program, const PerfettoOptions& options)
      : program_(program),
        schedule_(program.schedule()),
        order_(program.verified().order(Part::kReplay)),
        options_(options),
        writer_(out_) {}

  std::string encode(const std::vector<ReplayTimes>& replays) {
    if (replays.empty()) return {};
    begin_ns_ = replays.front().begin_ns;
    // Ids are global to a trace, and traces can be merged: not 1, 2, 3.
    uuid_ = scattered(begin_ns_ ^ static_cast<uint64_t>(getpid()) << 32) | 1;
    know_ops(replays.front());
    for (const ReplayTimes& replay : replays)
      for (const OpTimes& op : replay.ops)
        if (op.ran()) workers_ = std::max(workers_, op.worker + 1);
    for (const ReplayTimes& replay : replays) place_ops(replay);
    describe_tracks();
    for (const ReplayTimes& replay : replays) write_replay(replay);
    return std::move(out_);
  }

 private:
  // ---- Once -------------------------------------------------------------------

  void know_ops(const ReplayTimes& first) {
    flows_ = flows_of(schedule_, order_);
    for (const Phase& phase : schedule_.phases)
      phase_names_.push_back(names_.id(printable(schedule_.name(phase.name))));
    stream_of_.resize(schedule_.ops.size());
    for (uint32_t stream = 0; stream < schedule_.streams.size(); ++stream)
      std::fill_n(stream_of_.begin() + schedule_.streams[stream].first_op, schedule_.streams[stream].op_count, stream);
    for (const uint32_t op : order_) {
      const OpCost cost = cost_of(schedule_, schedule_.ops[op], first.scalars);
      if (cost.varies) varying_.push_back(op_fields_.size());
      knows_flops_ &= cost.flops.has_value();
      knows_bytes_ &= cost.bytes.has_value();
      flops_.push_back(cost.flops.value_or(0));
      bytes_.push_back(cost.bytes.value_or(0));
      op_fields_.push_back(fields_of(op, cost));
    }
    know_live_bytes();
    replay_name_ = names_.id("replay");
    for (const Stream& stream : schedule_.streams)
      lane_names_.emplace(stream.lane, names_.id("lane " + std::to_string(stream.lane)));
  }

  // Of each space the sum over its arenas; none where one of them falls into too many runs.
  void know_live_bytes() {
    for (uint32_t space = 0; space < schedule_.spaces.size(); ++space) {
      std::vector<uint64_t> sum;
      bool known = true;
      for (uint32_t arena = 0; known && arena < schedule_.arenas.size(); ++arena) {
        if (schedule_.arenas[arena].prepared != 0 || schedule_.arenas[arena].space != space) continue;
        const auto live = live_bytes(schedule_, order_, arena, kLiveRunLimit);
        known = live.has_value();
        if (!known) break;
        sum.resize(live->size());
        for (size_t position = 0; position < sum.size(); ++position) sum[position] += (*live)[position];
      }
      if (known && !sum.empty()) live_.push_back({space, std::move(sum)});
    }
  }

  // The fields of the event that begins op, without time and flows.
  std::string fields_of(uint32_t index, const OpCost& cost) {
    const Op& op = schedule_.ops[index];
    std::string fields;
    ProtoWriter writer(fields);
    const std::string kernel(kernel_name(schedule_, op));
    const std::string_view tensor = result_tensor(schedule_, op);
    writer.uint(event::kCategoryIids, categories_.id(category_of(op)));
    writer.uint(event::kNameIid, names_.id(printable(tensor.empty() ? kernel : kernel + " " + std::string(tensor))));
    const auto add = [&](const char* name, uint32_t field, uint64_t value) {
      writer.short_message(event::kDebugAnnotations, [&] {
        writer.uint(annotation::kNameIid, argument_names_.id(name));
        writer.uint(field, value);
      });
    };
    const auto add_text = [&](const char* name, const std::string& text) {
      if (!text.empty()) add(name, annotation::kStringIid, strings_.id(text));
    };
    add("op", annotation::kUint, index);
    if (index < schedule_.op_lines.size()) add("line", annotation::kUint, schedule_.op_lines[index]);
    if (op.phase < schedule_.phases.size())
      add_text("phase", printable(schedule_.name(schedule_.phases[op.phase].name)));
    if (op.kernel != kNoKernel && op.kernel < program_.kernel_names().size())
      add_text("kernel", program_.kernel_names()[op.kernel]);
    add_text("shape", cost.shape);
    if (cost.flops) add("flops", annotation::kUint, *cost.flops);
    if (cost.bytes) add("bytes", annotation::kUint, *cost.bytes);
    return fields;
  }

  const char* category_of(const Op& op) const {
    if (op.kernel == kNoKernel) return "sync";
    return schedule_.streams[stream_of_[static_cast<size_t>(&op - schedule_.ops.data())]].engine ==
                   static_cast<uint8_t>(Engine::kCompute)
               ? "compute"
               : "copy";
  }

  // ---- Tracks, in the order they are shown --------------------------------------

  void describe_tracks() {
    packet(begin_ns_, packet::kStateCleared, packet::kTrackDescriptor, [&] {
      writer_.uint(track::kUuid, uuid_);
      writer_.message(track::kProcess, [&] {
        writer_.uint(process::kPid, static_cast<uint64_t>(getpid()));
        writer_.text(process::kProcessName, printable(options_.process));
      });
      writer_.uint(track::kChildOrdering, track::kExplicitOrder);
    });
    replay_track_ = describe("replays");
    if (!schedule_.phases.empty()) phase_tracks_.push_back(describe("phases"));
    for (uint32_t worker = 0; worker < workers_ && schedule_.backend == "cpu"; ++worker)
      worker_tracks_.push_back(
          describe("worker " + std::to_string(worker) + (worker == 0 ? " (the thread that replays)" : "")));
    stream_tracks_.resize(schedule_.streams.size());
    for (uint32_t index = 0; index < schedule_.streams.size(); ++index) {
      const Stream& stream = schedule_.streams[index];
      if (stream.part != static_cast<uint8_t>(Part::kReplay) || stream.op_count == 0) continue;
      const std::string name = printable(schedule_.name(stream.name));
      for (size_t row = 0; row < std::max<size_t>(rows_[index].size(), 1); ++row)
        stream_tracks_[index].push_back(describe((name.empty() ? "stream " + std::to_string(index) : name) +
                                                 (row == 0 ? "" : " " + std::to_string(row + 1)) + " (lane " +
                                                 std::to_string(stream.lane) + ", " + engine_name(stream.engine) +
                                                 ")"));
    }
    for (const Live& live : live_)
      live_tracks_.push_back(
          describe_counter("live bytes of " + printable(schedule_.name(schedule_.spaces[live.space].name)),
                           [&] { writer_.uint(counter::kUnit, counter::kBytes); }));
    if (knows_flops_)
      flops_track_ =
          describe_counter("GFLOP/s of running phases", [&] { writer_.text(counter::kUnitName, "GFLOP/s"); });
    if (knows_bytes_)
      bytes_track_ =
          describe_counter("GB/s of operands of running phases", [&] { writer_.text(counter::kUnitName, "GB/s"); });
  }

  uint64_t describe(const std::string& name) {
    return describe_with(name, [] {});
  }
  template <class Write>
  uint64_t describe_counter(const std::string& name, Write write) {
    return describe_with(name, [&] { writer_.message(track::kCounter, write); });
  }
  template <class Write>
  uint64_t describe_with(const std::string& name, Write write) {
    const uint64_t rank = ++track_count_;
    packet(begin_ns_, packet::kNeedsState, packet::kTrackDescriptor, [&] {
      writer_.uint(track::kUuid, uuid_ + rank);
      writer_.uint(track::kParentUuid, uuid_);
      writer_.text(track::kName, name);
      writer_.uint(track::kSiblingOrderRank, rank);
      writer_.uint(track::kSiblingMergeBehavior, track::kNeverMerge);
      write();
    });
    return uuid_ + rank;
  }

  // ---- Replays ------------------------------------------------------------------

  // The work of ops that a scalar bounds.
  void settle_work(const ReplayTimes& replay) {
    for (const size_t position : varying_) {
      const OpCost cost = cost_of(schedule_, schedule_.ops[order_[position]], replay.scalars);
      flops_[position] = cost.flops.value_or(0);
      bytes_[position] = cost.bytes.value_or(0);
      op_fields_[position] = fields_of(order_[position], cost);
    }
  }

  void write_replay(const ReplayTimes& replay) {
    settle_work(replay);
    if (out_.size() >= generation_end_) define_names();
    begin_slice(replay.begin_ns, replay_track_, "replay", replay_name_, [&] {
      writer_.short_message(event::kDebugAnnotations, [&] {
        writer_.uint(annotation::kNameIid, argument_names_.id("number"));
        writer_.uint(annotation::kUint, replay.number);
      });
    });
    end_slice(replay.end_ns, replay_track_);
    write_phases(replay);
    write_workers(replay);
    write_ops(replay);
    for (size_t i = 0; i < live_.size(); ++i) write_live(replay, live_[i].bytes, live_tracks_[i]);
    if (knows_flops_) write_rate(replay, flops_, flops_track_);
    if (knows_bytes_) write_rate(replay, bytes_, bytes_track_);
    flow_base_ += flows_.size();
  }

  // From the begin of its first op to the end of its last. Phases that overlap, which
  // depends on the replay where several workers run it, lie on tracks of their own.
  void write_phases(const ReplayTimes& replay) {
    struct Seen {
      uint64_t begin_ns = UINT64_MAX, end_ns = 0;
      size_t name = 0;
    };
    std::vector<Seen> seen(phase_names_.size());
    for (size_t phase = 0; phase < seen.size(); ++phase) seen[phase].name = phase;
    for (size_t position = 0; position < replay.ops.size(); ++position) {
      const OpTimes& op = replay.ops[position];
      const uint16_t phase = schedule_.ops[order_[position]].phase;
      if (!op.ran() || phase >= seen.size()) continue;
      seen[phase].begin_ns = std::min(seen[phase].begin_ns, op.begin_ns);
      seen[phase].end_ns = std::max(seen[phase].end_ns, op.end_ns);
    }
    std::erase_if(seen, [](const Seen& span) { return span.begin_ns == UINT64_MAX; });
    std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.begin_ns < b.begin_ns; });
    std::vector<uint64_t> free_at;
    for (const Seen& span : seen) {
      size_t lane = 0;
      while (lane < free_at.size() && free_at[lane] > span.begin_ns) ++lane;
      if (lane == free_at.size()) free_at.push_back(0);
      if (lane == phase_tracks_.size()) phase_tracks_.push_back(describe("phases " + std::to_string(lane + 1)));
      free_at[lane] = span.end_ns;
      begin_slice(span.begin_ns, phase_tracks_[lane], "phase", phase_names_[span.name], [] {});
      end_slice(span.end_ns, phase_tracks_[lane]);
    }
  }

  // A slice for each stretch in which a worker ran ops of one lane. On a device a
  // worker is a lane of it, and its own stream tracks say all there is.
  void write_workers(const ReplayTimes& replay) {
    if (schedule_.backend != "cpu") return;
    struct Stretch {
      uint64_t begin_ns = 0, end_ns = 0;
      uint32_t lane = kNone;
    };
    std::vector<Stretch> open(worker_tracks_.size());
    const auto close = [&](uint32_t worker) {
      const Stretch& stretch = open[worker];
      if (stretch.lane == kNone) return;
      begin_slice(stretch.begin_ns, worker_tracks_[worker], "worker", lane_names_.at(stretch.lane), [] {});
      end_slice(stretch.end_ns, worker_tracks_[worker]);
    };
    std::vector<uint32_t> ran;
    for (uint32_t position = 0; position < replay.ops.size(); ++position)
      if (replay.ops[position].ran()) ran.push_back(position);
    std::stable_sort(ran.begin(), ran.end(),
                     [&](uint32_t a, uint32_t b) { return replay.ops[a].begin_ns < replay.ops[b].begin_ns; });
    for (const uint32_t position : ran) {
      const OpTimes& op = replay.ops[position];
      Stretch& stretch = open[op.worker];
      const uint32_t lane = schedule_.streams[stream_of_[order_[position]]].lane;
      if (stretch.lane != lane) {
        close(op.worker);
        stretch = {op.begin_ns, op.end_ns, lane};
      }
      stretch.end_ns = op.end_ns;
    }
    for (uint32_t worker = 0; worker < open.size(); ++worker) close(worker);
  }

  // Ops of a stream that overlap (in_flight above 1) lie on rows of their own: the
  // first that is free. Fills row_of_; rows_ has as many as any replay so far needed.
  void place_ops(const ReplayTimes& replay) {
    row_of_.assign(replay.ops.size(), 0);
    rows_.resize(schedule_.streams.size());
    for (std::vector<uint64_t>& free_at : rows_) std::fill(free_at.begin(), free_at.end(), 0);
    for (size_t position = 0; position < replay.ops.size(); ++position) {
      const OpTimes& op = replay.ops[position];
      if (!op.ran()) continue;
      std::vector<uint64_t>& free_at = rows_[stream_of_[order_[position]]];
      size_t row = 0;
      while (row < free_at.size() && free_at[row] > op.begin_ns) ++row;
      if (row == free_at.size()) free_at.push_back(0);
      free_at[row] = op.end_ns;
      row_of_[position] = static_cast<uint32_t>(row);
    }
  }

  void write_ops(const ReplayTimes& replay) {
    place_ops(replay);
    // Flows are sorted by where they end; by where they begin here.
    if (flow_from_.empty()) {
      flow_from_.resize(flows_.size());
      for (uint32_t i = 0; i < flow_from_.size(); ++i) flow_from_[i] = i;
      std::stable_sort(flow_from_.begin(), flow_from_.end(),
                       [&](uint32_t a, uint32_t b) { return flows_[a].from < flows_[b].from; });
    }
    const auto ran = [&](uint32_t position) { return replay.ops[position].ran(); };
    size_t from = 0, to = 0;
    for (uint32_t position = 0; position < replay.ops.size(); ++position) {
      const auto write_flows = [&] {
        for (; from < flows_.size() && flows_[flow_from_[from]].from == position; ++from)
          if (ran(position) && ran(flows_[flow_from_[from]].to))
            writer_.fixed64(event::kFlowIds, flow_id(flow_from_[from]));
        for (; to < flows_.size() && flows_[to].to == position; ++to)
          if (ran(position)) writer_.fixed64(event::kTerminatingFlowIds, flow_id(to));
      };
      if (!ran(position)) {
        write_flows();
        continue;
      }
      const OpTimes& op = replay.ops[position];
      const uint64_t on = stream_tracks_[stream_of_[order_[position]]][row_of_[position]];
      packet(op.begin_ns, packet::kNeedsState, packet::kTrackEvent, [&] {
        writer_.uint(event::kType, event::kSliceBegin);
        writer_.uint(event::kTrackUuid, on);
        out_ += op_fields_[position];
        if (!worker_tracks_.empty())
          writer_.short_message(event::kDebugAnnotations, [&] {
            writer_.uint(annotation::kNameIid, argument_names_.id("worker"));
            writer_.uint(annotation::kUint, op.worker);
          });
        write_flows();
      });
      end_slice(op.end_ns, on);
    }
  }

  // A sample wherever the number changes; where workers overlap, at the latest begin so far.
  void write_live(const ReplayTimes& replay, const std::vector<uint64_t>& live, uint64_t on) {
    uint64_t shown = UINT64_MAX, now = replay.begin_ns;
    for (size_t position = 0; position < replay.ops.size(); ++position) {
      if (!replay.ops[position].ran()) continue;
      now = std::max(now, replay.ops[position].begin_ns);
      if (live[position] == shown) continue;
      shown = live[position];
      sample(now, on, [&] { writer_.uint(event::kCounterValue, shown); });
    }
    if (shown != 0) sample(replay.end_ns, on, [&] { writer_.uint(event::kCounterValue, 0); });
  }

  // Of each phase its work over its time, for as long as it runs; of phases that run
  // at the same time the sum. One unit a ns is a G-unit a second.
  void write_rate(const ReplayTimes& replay, const std::vector<uint64_t>& work, uint64_t on) {
    std::vector<double> sums(std::max<size_t>(1, schedule_.phases.size()), 0);
    std::vector<std::pair<uint64_t, uint64_t>> spans(sums.size(), {UINT64_MAX, 0});
    for (size_t position = 0; position < replay.ops.size(); ++position) {
      const OpTimes& op = replay.ops[position];
      const size_t phase = schedule_.ops[order_[position]].phase;
      if (!op.ran()) continue;
      const size_t at = phase < sums.size() ? phase : 0;
      sums[at] += static_cast<double>(work[position]);
      spans[at] = {std::min(spans[at].first, op.begin_ns), std::max(spans[at].second, op.end_ns)};
    }
    std::map<uint64_t, double> changes = {{replay.begin_ns, 0}, {replay.end_ns, 0}};
    for (size_t phase = 0; phase < sums.size(); ++phase) {
      const auto [begin, end] = spans[phase];
      if (begin >= end) continue;
      const double rate = sums[phase] / static_cast<double>(end - begin);
      changes[begin] += rate;
      changes[end] -= rate;
    }
    double now = 0, shown = -1;
    for (const auto& [ns, change] : changes) {
      now = ns == changes.rbegin()->first ? 0 : std::max(0.0, now + change);
      if (now != shown) sample(ns, on, [&] { writer_.real(event::kDoubleCounterValue, now); });
      shown = now;
    }
  }

  // ---- Packets --------------------------------------------------------------------

  uint64_t flow_id(uint32_t flow) const { return flow_id(static_cast<size_t>(flow)); }
  uint64_t flow_id(size_t flow) const { return uuid_ + flow_base_ + flow; }

  // Names as events refer to them, valid until they are defined again.
  void define_names() {
    generation_end_ = out_.size() + kGenerationBytes;
    for (const char* name : {"replay", "phase", "worker"}) categories_.id(name);
    for (const char* name : {"number", "worker"}) argument_names_.id(name);
    packet(begin_ns_, packet::kStateCleared, packet::kInternedData, [&] {
      categories_.write(writer_);
      names_.write(writer_);
      argument_names_.write(writer_);
      strings_.write(writer_);
    });
  }

  template <class Write>
  void begin_slice(uint64_t ns, uint64_t on, const char* category, uint64_t name, Write write) {
    packet(ns, packet::kNeedsState, packet::kTrackEvent, [&] {
      writer_.uint(event::kType, event::kSliceBegin);
      writer_.uint(event::kTrackUuid, on);
      writer_.uint(event::kCategoryIids, categories_.id(category));
      writer_.uint(event::kNameIid, name);
      write();
    });
  }
  void end_slice(uint64_t ns, uint64_t on) {
    packet(ns, packet::kNeedsState, packet::kTrackEvent, [&] {
      writer_.uint(event::kType, event::kSliceEnd);
      writer_.uint(event::kTrackUuid, on);
    });
  }
  template <class Write>
  void sample(uint64_t ns, uint64_t on, Write write) {
    packet(ns, packet::kNeedsState, packet::kTrackEvent, [&] {
      writer_.uint(event::kType, event::kCounterSample);
      writer_.uint(event::kTrackUuid, on);
      write();
    });
  }
  template <class Write>
  void packet(uint64_t ns, uint64_t flags, uint32_t payload, Write write) {
    writer_.message(trace::kPacket, [&] {
      writer_.uint(packet::kTimestamp, ns);
      writer_.uint(packet::kSequenceId, kSequence);
      writer_.uint(packet::kSequenceFlags, flags);
      writer_.message(payload, write);
    });
  }

  struct Live {
    uint32_t space = 0;
    std::vector<uint64_t> bytes;
  };

  const Program& program_;
  const Schedule& schedule_;
  const std::vector<uint32_t>& order_;
  const PerfettoOptions& options_;
  std::string out_;
  ProtoWriter writer_;
  size_t generation_end_ = 0;
  uint64_t begin_ns_ = 0, uuid_ = 0, track_count_ = 0, flow_base_ = 1;

  Interner categories_{interned::kCategories}, names_{interned::kEventNames},
      argument_names_{interned::kAnnotationNames}, strings_{interned::kStrings};
  uint64_t replay_name_ = 0;
  std::vector<std::string> op_fields_;   // by position
  std::vector<size_t> varying_;          // positions of ops whose work a scalar bounds
  std::vector<uint64_t> flops_, bytes_;  // by position
  bool knows_flops_ = true, knows_bytes_ = true;
  std::vector<uint32_t> stream_of_;  // by op
  std::vector<Flow> flows_;
  std::vector<uint32_t> flow_from_;    // flows in the order they begin
  std::vector<uint64_t> phase_names_;  // beside Schedule::phases
  std::vector<Live> live_;

  uint64_t replay_track_ = 0, flops_track_ = 0, bytes_track_ = 0;
  std::vector<uint64_t> phase_tracks_, worker_tracks_, live_tracks_;
  std::map<uint32_t, uint64_t> lane_names_;  // by lane
  uint32_t workers_ = 1;
  std::vector<std::vector<uint64_t>> stream_tracks_;  // per stream and row
  std::vector<std::vector<uint64_t>> rows_;           // per stream: when each row is free
  std::vector<uint32_t> row_of_;                      // of the replay being placed, by position
};

}  // namespace
}  // namespace runtime

Result<std::string> perfetto_trace(const Program& program, const TraceBuffer& trace, const PerfettoOptions& options) {
  return runtime::without_exceptions([&]() -> Result<std::string> {
    if (!TraceRecorder::is_for(trace, TraceRecorder::serial_of(program)))
      return make_error(ErrorCode::kInvalidArgument, "the trace buffer was made for another program");
    const Result<std::vector<ReplayTimes>> replays = trace.replays();
    if (!replays) return replays.error();
    return runtime::Encoder(program, options).encode(*replays);
  });
}

}  // namespace rondo
