// Replays on workers: the calling thread and whoever the executor of the runtime sends.
#pragma once
#include <memory>
#include "runtime/replayer.h"
#include "runtime/workers/crew.h"

namespace rondo::runtime {

// `dealing` (of the same part as `tables`) outlives the replayer.
std::unique_ptr<Replayer> make_worker_replayer(const Schedule& schedule, const Dealing& dealing,
                                               const PartTables& tables, const Executor& executor,
                                               const CrewOptions& options);

}  // namespace rondo::runtime
