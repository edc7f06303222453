#include "runtime/workers/worker_replayer.h"

#include "runtime/serial.h"
#include "runtime/workers/hang.h"

namespace rondo::runtime {
namespace {

class WorkerReplayer final : public Replayer {
 public:
  WorkerReplayer(const Schedule& schedule, const Dealing& dealing, const PartTables& tables, const Executor& executor,
                 const CrewOptions& options)
      : schedule_(schedule),
        dealing_(dealing),
        tables_(tables),
        executor_(executor),
        crew_(Crew::make(dealing, tables, options)) {}
  ~WorkerReplayer() override {
    if (started_) (void)crew_->finish();
    crew_->release();
  }
  WorkerReplayer(const WorkerReplayer&) = delete;

  // One share is the whole part in canonical order: nobody else could do any of it.
  Status replay(const ReplayCall& call) override {
    if (crew_->share_count() != 1) return status_of(crew_->run(call, executor_));
    const uint64_t done = run_serial({tables_, call.stop, call.recording.stamps});
    if (call.recording.workers != nullptr) call.recording.workers[0] = 0;
    if (done != tables_.op_count) [[unlikely]]
      return stopped_after(done, tables_.op_count);
    return {};
  }

  Status start(const ReplayCall& call) override {
    if (executor_.start == nullptr || executor_.concurrency(executor_.context) == 0) return Replayer::start(call);
    crew_->start(call, executor_);
    started_ = true;
    return {};
  }
  bool finished() override { return !started_ || crew_->finished(executor_); }
  Status finish() override {
    if (!started_) return {};
    started_ = false;
    return status_of(crew_->finish());
  }

 private:
  Status status_of(const CrewEnd& end) const {
    if (end.kind == CrewEnd::Kind::kComplete) [[likely]]
      return {};
    if (end.kind == CrewEnd::Kind::kStopped) return stopped_after(end.steps_done, tables_.op_count);
    const uint32_t op = dealing_.shares[end.share].steps[end.step].op;
    return hang_of(schedule_, op, end.wait.which, count_of(schedule_.ops[op].waits[end.wait.which].token),
                   end.waited_ns);
  }

  // Signals of `token` that were sent in the replay that has ended.
  uint32_t count_of(uint32_t token) const {
    uint32_t count = 0;
    for (uint32_t share = 0; share < dealing_.shares.size(); ++share) {
      const std::vector<Step>& steps = dealing_.shares[share].steps;
      for (uint32_t step = 0; step < crew_->steps_done(share); ++step)
        for (const uint32_t signal : schedule_.ops[steps[step].op].signals) count += signal == token;
    }
    return count;
  }

  const Schedule& schedule_;
  const Dealing& dealing_;
  const PartTables& tables_;
  const Executor executor_;
  Crew* const crew_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Replayer> make_worker_replayer(const Schedule& schedule, const Dealing& dealing,
                                               const PartTables& tables, const Executor& executor,
                                               const CrewOptions& options) {
  return std::make_unique<WorkerReplayer>(schedule, dealing, tables, executor, options);
}

}  // namespace rondo::runtime
