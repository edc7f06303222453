#include "runtime/workers/chaos.h"

#include <algorithm>
#include <random>
#include <vector>
#include "runtime/floating_point.h"
#include "runtime/trace/ticks.h"
#include "runtime/workers/hang.h"

namespace rondo::runtime {
namespace {

constexpr uint32_t kRankingLasts = 24;  // turns, on average

class ChaosReplayer final : public Replayer {
 public:
  ChaosReplayer(const Schedule& schedule, const PartTables& tables, uint64_t seed)
      : schedule_(schedule), tables_(tables), seed_(seed) {
    std::vector<bool> runs(schedule.ops.size(), false);
    for (uint64_t i = 0; i < tables.op_count; ++i) runs[tables.order[i]] = true;
    for (const Stream& stream : schedule.streams)
      if (stream.op_count != 0 && runs[stream.first_op]) lines_.push_back({&stream, 0, {}});
    for (Line& line : lines_) line.in_flight.reserve(std::max<uint16_t>(line.stream->in_flight, 1));
    counts_.resize(schedule.tokens.size());
    ranking_.resize(lines_.size());
  }

  Status replay(const ReplayCall& call) override {
    const FloatingPointGuard guard;
    begin(call);
    uint64_t done = 0;
    while (done < tables_.op_count) {
      if (call.stop != nullptr && call.stop->load(std::memory_order_relaxed))
        return stopped_after(done, tables_.op_count);
      if (below(kRankingLasts) == 0) std::shuffle(ranking_.begin(), ranking_.end(), random_);
      bool moved = false;
      for (size_t i = 0; i < ranking_.size() && !moved; ++i) moved = go_on(lines_[ranking_[i]], call, done);
      if (!moved) return hang();
    }
    return {};
  }

 private:
  struct Flying {
    uint32_t op = 0;
    bool ran = false;
    uint64_t begin_ticks = 0;
  };
  struct Line {
    const Stream* stream = nullptr;
    uint32_t next = 0;  // of the stream's ops
    std::vector<Flying> in_flight;
  };

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  void begin(const ReplayCall& call) {
    random_.seed(seed_ + replays_++);
    for (Line& line : lines_) {
      line.next = 0;
      line.in_flight.clear();
    }
    std::fill(counts_.begin(), counts_.end(), 0);
    for (uint32_t i = 0; i < ranking_.size(); ++i) ranking_[i] = i;
    std::shuffle(ranking_.begin(), ranking_.end(), random_);
    if (call.recording.stamps != nullptr)
      for (uint64_t i = 0; i < tables_.op_count; ++i) call.recording.stamps[tables_.order[i]] = {};
    if (call.recording.workers != nullptr) std::fill_n(call.recording.workers, schedule_.streams.size(), 0);
  }

  bool may_begin(const Op& op) const {
    return std::all_of(std::begin(op.waits), std::end(op.waits),
                       [&](const Wait& wait) { return wait.token == kNone || counts_[wait.token] >= wait.count; });
  }

  // One thing that the stream can do: begin its next op, or bring one in flight on.
  bool go_on(Line& line, const ReplayCall& call, uint64_t& done) {
    const uint32_t room = std::max<uint32_t>(line.stream->in_flight, 1);
    const bool begins = line.next < line.stream->op_count && line.in_flight.size() < room &&
                        may_begin(tables_.ops[line.stream->first_op + line.next]);
    if (begins && (line.in_flight.empty() || below(2) == 0)) {
      line.in_flight.push_back({line.stream->first_op + line.next++, false, now_ticks()});
      return true;
    }
    if (line.in_flight.empty()) return false;
    const auto flying = line.in_flight.begin() + below(static_cast<uint32_t>(line.in_flight.size()));
    if (!flying->ran) {
      const Op& op = tables_.ops[flying->op];
      if (op.kernel != kNoKernel)
        tables_.view_offsets != nullptr ? run_op<true>(tables_, op, args_) : run_op<false>(tables_, op, args_);
      flying->ran = true;
      return true;
    }
    if (call.recording.stamps != nullptr) call.recording.stamps[flying->op] = {flying->begin_ticks, now_ticks()};
    for (const uint32_t token : tables_.ops[flying->op].signals)
      if (token != kNone) ++counts_[token];
    line.in_flight.erase(flying);
    ++done;
    return true;
  }

  // Every stream waits, and nothing is in flight.
  Error hang() const {
    for (const Line& line : lines_) {
      if (line.next == line.stream->op_count) continue;
      const uint32_t index = line.stream->first_op + line.next;
      const Op& op = tables_.ops[index];
      for (size_t which = 0; which < std::size(op.waits); ++which)
        if (op.waits[which].token != kNone && counts_[op.waits[which].token] < op.waits[which].count)
          return hang_of(schedule_, index, static_cast<uint16_t>(which), counts_[op.waits[which].token], 0);
    }
    return make_error(ErrorCode::kBug, "the replay stands still and no op waits");
  }

  const Schedule& schedule_;
  const PartTables& tables_;
  const uint64_t seed_;
  uint64_t replays_ = 0;
  std::mt19937_64 random_;
  std::vector<Line> lines_;
  std::vector<uint32_t> ranking_;  // of lines_
  std::vector<uint32_t> counts_;   // by token
  kernels::KernelArgs args_ = {};
};

}  // namespace

std::unique_ptr<Replayer> make_chaos_replayer(const Schedule& schedule, const PartTables& tables, uint64_t seed) {
  return std::make_unique<ChaosReplayer>(schedule, tables, seed);
}

}  // namespace rondo::runtime
