// When the ops of a replay run: the event model of claim kMakespan (rondo/schedule.h), for
// whoever asks for the makespan, the times behind it, or what lanes that hear of one another
// late make of them. The verifier has a model of its own.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

// In the unit of schedule.costs.
struct OpTime {
  uint32_t op = 0;
  uint32_t stream = 0;
  double begin = 0, end = 0;
};

// What the schedule's cost table says of an op: 0 for a sync op and a kernel it does not list.
double cost_of(const Schedule& schedule, const Op& op);

// Every queue (lane, engine) serves its ops in the order they are given in; an op begins when
// its queue and its stream are free and its waits are met.
class EventModel {
 public:
  // What one lane signals another one sees `token` later. `schedule` must outlive the model.
  explicit EventModel(const Schedule& schedule, double token = 0);

  // The next op of the replay part; all that it waits for were given before.
  OpTime serve(uint32_t op, double duration);

  // The latest completion so far.
  double end() const { return end_; }

 private:
  struct Raised {
    double at = 0;
    uint32_t lane = 0;
  };
  const Schedule& schedule_;
  double token_ = 0, end_ = 0;
  std::vector<uint32_t> stream_of_;  // by op
  std::vector<double> stream_free_;
  std::map<std::pair<uint32_t, uint8_t>, double> queue_free_;  // by lane and engine
  std::vector<std::vector<Raised>> raised_;                    // by token; [n - 1]: when it counts n
};

}  // namespace rondo
