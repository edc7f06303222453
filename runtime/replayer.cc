#include "runtime/replayer.h"

#include <string>
#include "runtime/backends/device_replayer.h"
#include "runtime/program.h"
#include "runtime/serial.h"
#include "runtime/workers/chaos.h"
#include "runtime/workers/worker_replayer.h"

namespace rondo::runtime {
namespace {

// The calling thread alone.
class SerialReplayer final : public Replayer {
 public:
  explicit SerialReplayer(const PartTables& tables) : tables_(tables) {}

  Status replay(const ReplayCall& call) override {
    const uint64_t done = run_serial({tables_, call.stop, call.recording.stamps});
    if (call.recording.workers != nullptr) call.recording.workers[0] = 0;
    if (done != tables_.op_count) [[unlikely]]
      return stopped_after(done, tables_.op_count);
    return {};
  }

 private:
  const PartTables& tables_;
};

}  // namespace

Status Replayer::start(const ReplayCall&) {
  return make_error(ErrorCode::kUnavailable, "only the calling thread replays here: there is nothing to submit to");
}

Result<std::unique_ptr<Replayer>> make_replayer(const ProgramData& program, const PartTables& tables) {
  if (program.device != nullptr) return make_device_replayer(program, tables);
  if (const uint64_t seed = program.core->options.chaos_seed; seed != 0)
    return make_chaos_replayer(program.schedule(), tables, seed);
  if (program.dealing) {
    const RuntimeOptions& options = program.core->options;
    return make_worker_replayer(program.schedule(), *program.dealing, tables, program.core->executor,
                                {.spin_ns = options.spin_ns, .watchdog_ns = options.watchdog_ns});
  }
  return std::unique_ptr<Replayer>(std::make_unique<SerialReplayer>(tables));
}

Error stopped_after(uint64_t done, uint64_t op_count) {
  return make_error(ErrorCode::kCancelled, "the replay was stopped after " + std::to_string(done) + " of " +
                                               std::to_string(op_count) + " ops");
}

}  // namespace rondo::runtime
